"""Jacobians and Hessians of random systems: against central differences, every step verified, printed and read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.verify.differences import numeric_derivative
from chainrule.verify.sampling import random_inputs
from chainrule.verify.verification import Verification
from property.random_systems import PARAMS, systems
from property.witness import Tally, compare_to
from support import examples


def test_jacobians_of_random_systems_agree_with_central_differences() -> None:
    tally = Tally()

    @examples(20)
    @given(text=systems(), wrt=st.sampled_from(PARAMS), seed=st.integers(0, 100))
    def check(text: str, wrt: str, seed: int) -> None:
        found = cr.jacobian(cr.parse(text), of="h1", wrt=wrt)
        evaluation = evaluate_all(found, random_inputs(found, seed))
        actual = evaluation.values[found.result.name]
        compare_to(numeric_derivative(evaluation, "h1", wrt), actual, evaluation.values["h1"], tally)

    check()
    tally.assert_mostly_compared()


def test_hessians_of_random_systems_agree_with_central_differences_of_the_gradient() -> None:
    tally = Tally()

    @examples(12)
    @given(text=systems(most=2), wrt=st.sampled_from(PARAMS), seed=st.integers(0, 100))
    def check(text: str, wrt: str, seed: int) -> None:
        found = cr.hessian(cr.parse(text), wrt=wrt)
        evaluation = evaluate_all(found, random_inputs(found, seed))
        gradient = f"∂C/∂{wrt}"
        actual = evaluation.values[found.result.name]
        compare_to(numeric_derivative(evaluation, gradient, wrt), actual, evaluation.values[gradient], tally)

    check()
    tally.assert_mostly_compared()


def test_every_step_of_random_jacobians_is_verified() -> None:
    found = {"verified": 0, "unverified": 0}

    @examples(5)
    @given(text=systems(most=2))
    def check(text: str) -> None:
        for wrt in PARAMS:
            jacobian = cr.jacobian(cr.parse(text), of="C", wrt=wrt)
            for name in (e.name for e in jacobian.equations if e.name.startswith("∂")):
                report = jacobian.derivation(name).verify()
                assert isinstance(report, Verification)
                found["verified"] += len(report.checks) - len(report.unverified)
                found["unverified"] += len(report.unverified)

    check()
    assert found["verified"] > 30
    assert found["unverified"] <= 0.05 * found["verified"]


@examples(12)
@given(text=systems(), wrt=st.sampled_from(PARAMS))
def test_a_jacobian_is_read_back_as_it_was_printed(text: str, wrt: str) -> None:
    found = cr.jacobian(cr.parse(text), of="h1", wrt=wrt)
    again = cr.parse(str(found))
    assert str(again) == str(found)
    assert again == found

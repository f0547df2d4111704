"""Random systems: gradients against central differences, every step verified, printed systems read back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.reference.evaluation import evaluate
from chainrule.expr.symbols import Derivative
from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from chainrule.verify.sampling import random_inputs
from chainrule.verify.verification import Verification
from property.random_systems import PARAMS, systems
from property.witness import Tally, compare
from support import assert_close, examples


def test_gradients_of_random_systems_agree_with_central_differences() -> None:
    tally = Tally()

    @examples(25)
    @given(text=systems(), seed=st.integers(0, 100))
    def check(text: str, seed: int) -> None:
        system = parse(text)
        inputs = random_inputs(system, seed)
        _, gradients = value_and_grad(system, inputs)
        assert tuple(gradients) == PARAMS
        compare(system, inputs, gradients, tally)

    check()
    tally.assert_mostly_compared()


def test_every_step_of_random_derivations_is_verified() -> None:
    found = {"verified": 0, "unverified": 0}

    @examples(10)
    @given(text=systems(most=2))
    def check(text: str) -> None:
        back = backprop(parse(text))
        for param in PARAMS:
            report = back.derivation(param).verify()
            assert isinstance(report, Verification)
            found["verified"] += len(report.checks) - len(report.unverified)
            found["unverified"] += len(report.unverified)

    check()
    assert found["verified"] > 50
    assert found["unverified"] <= 0.02 * found["verified"]


@examples(15)
@given(text=systems(), seed=st.integers(0, 100))
def test_what_is_derived_is_read_back_with_the_same_numbers(text: str, seed: int) -> None:
    system = parse(text)
    back = backprop(system)
    for param, line in back.result().items():
        assert back.system.defined[Derivative("C", param)] == line
    inputs = random_inputs(system, seed)
    expected = evaluate(back.system, inputs)
    actual = evaluate(parse(str(back)), inputs)
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        scale = max(1.0, float(np.abs(value).max(initial=0.0)))
        assert_close(actual[name] / scale, value / scale, rtol=1e-11, atol=1e-11)

"""stop(x): the value of x, held constant. Targets, estimators of a gradient, what is not to be learned through."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import NotationError
from chainrule.verify.verification import Verification

CODEBOOK = """
data x[i]
param w[j,i], v[i,j]
z[j] = tanh(sum(i) w[j,i]*x[i])
q[j] = z[j] + stop(sign(z[j]) - z[j])
r[i] = sum(j) v[i,j]*q[j]
cost C = sum(i) (r[i] - x[i])^2 + 0.25*(sum(j) (z[j] - stop(q[j]))^2)
"""


def derivative(text: str, wrt: str = "x") -> str:
    return str(cr.backprop(cr.parse(text)).result((wrt,))[wrt]).partition(" = ")[2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("stop(x)", "0"),
        ("x*stop(x)", "stop(x)"),
        ("(x - stop(x))^2", "2·(x − stop(x))"),
        ("stop(x^2)*x^3", "3·x^2·stop(x^2)"),
        ("detach(x)*x", "stop(x)"),
        ("stop_gradient(x)*x", "stop(x)"),
    ],
)
def test_what_is_held_constant_has_the_derivative_0(value: str, expected: str) -> None:
    assert derivative(f"param x\ncost C = {value}") == expected


def test_its_value_is_that_of_its_argument() -> None:
    assert float(cr.evaluate(cr.parse("param x\ncost C = x*stop(x^2)"), {"x": 3.0})["C"]) == 27.0


def test_every_step_is_verified_with_what_is_held_constant_standing_still() -> None:
    for tensor in ("z", "w", "q"):
        report = cr.backprop(cr.parse(CODEBOOK)).derivation(tensor).verify()
        assert isinstance(report, Verification)
        assert len(report.checks) > 2
        assert report.unverified == ()


def test_a_derivative_that_goes_through_it_is_wrong_and_one_that_does_not_is_right() -> None:
    system = cr.parse("data y\nparam x\nz = x^2\ncost C = (z - stop(z*y))^2")
    assert cr.check(system, "∂C/∂z = 2*(z - z*y)").right
    assert not cr.check(system, "∂C/∂z = 2*(z - z*y)*(1 - y)").right


def test_the_gradients_that_are_checked_hold_it_still() -> None:
    system = cr.parse(CODEBOOK)
    inputs = {"x": [0.4, -0.8], "w": [[0.3, 0.1], [-0.7, 0.2], [0.5, -0.9]], "v": np.full((2, 3), 0.3)}
    assert cr.gradient_check(system, inputs)


def test_the_functions_of_a_system_hold_their_arguments_still_too() -> None:
    text = "param x\ndef f(t) = t*stop(t)\ncost C = f(x^2)"
    report = cr.backprop(cr.parse(text)).derivation("x").verify()
    assert isinstance(report, Verification)
    assert report.checks
    assert not report.unverified
    assert derivative(text) == "2·x·stop(x^2)"


@pytest.mark.parametrize(
    ("text", "wrt", "expected"),
    [
        ("param stop\ncost C = stop^2", "stop", "2·stop"),
        ("param x\ndef stop(t) = t^3\ncost C = stop(x)", "x", "3·x^2"),
        ("param x\nstop = x^2\ncost C = 3*stop", "x", "6·x"),
    ],
)
def test_a_system_may_use_the_name_for_something_else(text: str, wrt: str, expected: str) -> None:
    assert derivative(text, wrt) == expected


def test_an_unknown_function_of_that_name_is_refused() -> None:
    with pytest.raises(NotationError, match="stop"):
        cr.parse("param x\nabstract stop(t)\ncost C = stop(x)")


def test_a_second_derivative_holds_it_still() -> None:
    found = cr.hessian(cr.parse("param x\ncost C = x^2*stop(x) + stop(x)^4"), wrt="x")
    assert str(found.result) == "∂²C/∂x∂x = 2·stop(x)"

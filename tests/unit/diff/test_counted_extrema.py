"""Maxima and minima of the entries for which a condition holds, as in padded max pooling."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import NotationError
from chainrule.verify.verification import Verification

PADDED = """
data x[p], y[r]
param w
index r = 3
h[p] = w*x[p]
a[r] = max(u<3) [0 <= 2*r+u-1 < 6]*h[2*r+u-1]
cost C = sum(r) (a[r] - y[r])^2
"""
VALUES = {"x": [-1.0, -4.0, -3.0, -2.0, -5.0, -6.0], "y": [0.5, 0.0, 1.0], "w": 0.7}


def value(text: str, **inputs: object) -> float:
    return float(cr.evaluate(cr.parse(text), inputs)["C"])


def test_entries_for_which_the_condition_does_not_hold_are_left_out() -> None:
    text = "param x[i]\ncost C = max(i) [x[i] < 2]*x[i]"
    assert value(text, x=[-3.0, 5.0, -1.0]) == -1.0
    assert value(text.replace("[x[i] < 2]*x[i]", "([x[i] < 2]*x[i])"), x=[-3.0, 5.0, -1.0]) == 0.0
    assert value("param x[i]\ncost C = min(i) [x[i] > 0]*x[i]", x=[-3.0, 5.0, 1.5]) == 1.5


def test_of_nothing_there_is_no_maximum() -> None:
    assert value("param x[i]\ncost C = max(i) [x[i] < 0]*x[i]", x=[1.0, 2.0]) == -math.inf


def test_padding_is_never_the_maximum() -> None:
    found = cr.evaluate(cr.parse(PADDED), VALUES)["a"]
    np.testing.assert_allclose(found, 0.7 * np.array([-1.0, -2.0, -2.0]))


@pytest.mark.parametrize(
    "text",
    [
        PADDED,
        "param w[i], t\ncost C = max(i) [w[i] < t]*w[i]^2",
        "param w[i]\ncost C = 3*(min(i) [w[i] > 0]*[w[i] < 2]*w[i])",
        "param w[i], v[i]\ncost C = max(i) [v[i] > 0 or w[i] < 0]*(w[i]*v[i])",
    ],
)
def test_it_is_read_back_as_it_was_printed(text: str) -> None:
    system = cr.parse(text)
    assert cr.parse(str(system)) == system


@pytest.mark.parametrize("tensor", ["w", "h", "x"])
def test_every_step_is_verified(tensor: str) -> None:
    report = cr.backprop(cr.parse(PADDED)).derivation(tensor).verify()
    assert isinstance(report, Verification)
    assert report.checks
    assert not report.unverified


def test_ties_among_those_that_count_share_the_derivative() -> None:
    _, gradients = cr.value_and_grad(
        cr.parse("param x[i]\ncost C = max(i) [x[i] < 2]*x[i]"), {"x": [1.0, 5.0, 1.0, -3.0]}
    )
    np.testing.assert_array_equal(gradients["x"], [0.5, 0.0, 0.5, 0.0])


def test_machine_code_pads_as_the_reference_does() -> None:
    system = cr.parse(PADDED)
    cost, gradients = cr.value_and_grad(system, VALUES)
    found_cost, found = cr.compile(system, dtype="float64").value_and_grad(VALUES)
    assert found_cost == pytest.approx(cost, rel=1e-12)
    np.testing.assert_allclose(found["w"], gradients["w"], rtol=1e-12)


def test_gradients_of_padded_pooling_agree_with_differences() -> None:
    assert cr.gradient_check(cr.parse(PADDED), VALUES)


@pytest.mark.parametrize(
    "body",
    ["[x[i] > 0]*x[i]*x[i]", "x[i]*[x[i] > 0]", "[x[i] > 0]/x[i]", "x[i]*x[i]", "[x[i] > 0]*[x[i] < 1]"],
)
def test_a_body_that_could_end_earlier_needs_parentheses_as_before(body: str) -> None:
    with pytest.raises(NotationError, match="has more than one factor and no parentheses"):
        cr.parse(f"param x[i]\ncost C = max(i) {body}")


def test_a_product_does_not_leave_factors_out() -> None:
    with pytest.raises(NotationError, match="has more than one factor and no parentheses"):
        cr.parse("param x[i]\ncost C = prod(i) [x[i] > 0]*x[i]")

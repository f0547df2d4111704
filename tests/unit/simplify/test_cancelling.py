"""A factor and its inverse in a sum meet: x·(a/x + b) = a + b·x, whatever stands between them."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from support import assert_close

LABELS = "data y : int(k)\ndata e\nparam z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
DERIVED = {
    "a sum": ("param x, a, b\ncost C = x^2*(a/x + b)/2", "x", "a/2 + x·b"),
    "its only factor": (
        LABELS + "cost C = 2*(1 - a[y]) - log(a[y])",
        "z",
        "(a[k] − [y = k])·(1 + 2·a[y])",
    ),
    "an index that is looked up": (
        LABELS + "cost C = -(1 - e)*log(a[y]) - e*(mean(k) log(a[k]))",
        "z",
        "a[k] − [y = k]·(1 − e) − e/extent(k)",
    ),
    "an exponent that is no number": (
        "data y : int(k)\ndata q\nparam z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = (1 - a[y]^q)/q",
        "z",
        "[q ≠ 0]·a[y]^q·(a[k] − [y = k])",
    ),
}


@pytest.mark.parametrize(("text", "tensor", "expected"), DERIVED.values(), ids=DERIVED)
def test_they_do_not_stand_side_by_side(text: str, tensor: str, expected: str) -> None:
    back = cr.backprop(cr.parse(text))
    assert str(back.derivation(tensor)).partition(" = ")[2] == expected
    back.derivation(tensor).verify()


SIMPLIFIED = {
    "x*(b + c*(d + f/x))": "x·b + c·(f + x·d)",
    "x*(sum(i) (u[i]/x + v[i]))": "Σ_i (u[i] + x·v[i])",
    "x^3*(b + c/x^2)": "x·(c + b·x^2)",
    "x*(b + c*x^(d - 1))": "x·b + c·x^d",
    "x*(1 - x)*(b/x + c/(1 - x))": "b + x·c − x·b",
}


@pytest.mark.parametrize(("text", "expected"), SIMPLIFIED.items())
def test_the_value_stays_and_is_there_where_the_factor_is_0(text: str, expected: str) -> None:
    system = cr.parse(f"data x, b, c, d, f, u[i], v[i]\nparam s\ncost C = s*{text}")
    back = cr.backprop(system)
    assert str(back.derivation("s")) == f"∂C/∂s = {expected}"
    back.derivation("s").verify()
    inputs = {"x": 0.5, "b": 2.0, "c": 3.0, "d": 4.0, "f": 5.0, "u": [1.0, -2.0], "v": [3.0, 4.0], "s": 1.0}
    cost, gradients = cr.value_and_grad(system, inputs)
    assert_close(gradients["s"], cost)
    assert np.isfinite(cr.value_and_grad(system, {**inputs, "x": 0.0})[1]["s"])


def test_a_root_meets_as_much_as_it_has() -> None:
    system = cr.parse("data x, b, c\nparam s\ncost C = s*x^(1/2)*(b + c/x)")
    _, gradients = cr.value_and_grad(system, {"x": 0.25, "b": 2.0, "c": 3.0, "s": 1.0})
    assert_close(gradients["s"], 0.5 * 14.0)


def test_a_looked_up_number_takes_the_place_of_no_index_that_is_shifted() -> None:
    text = "data y : int(k)\nparam x[k], w[k]\ncost C = sum(k) [y = k]*w[k]*(x?[k+1]^2/w[y] + x[y])"
    back = cr.backprop(cr.parse(text))
    back.derivation("x").verify()
    inputs = {"y": 0, "x": [1.0, 2.0], "w": [3.0, 4.0]}
    assert_close(cr.value_and_grad(cr.parse(text), inputs)[0], 7.0)

"""A one-hot label closes the sums that it opens: what it picks is divided out, or called by the name of the sum."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from printed import assert_lines, assert_right, printed, system_of
from support import assert_close

HEAD = "data y[k]; param z[k]; given onehot(k) y[k]; a[k] = exp(z[k])/(sum(m) exp(z[m])); "
LINES = {
    "the logarithm of what is picked": (f"{HEAD}cost C = -log(sum(k) y[k]*a[k])", "a[k] − y[k]"),
    "what is picked has a name": (f"{HEAD}p = sum(k) y[k]*a[k]; cost C = -log(p)", "a[k] − y[k]"),
    "a focal cost": (
        f"const g = 2; {HEAD}p = sum(k) y[k]*a[k]; cost C = -(1 - p)^g*log(p)",
        "(a[k] − y[k])·((1 − p)^g − g·p·log(p)·(1 − p)^(g − 1))",
    ),
    "one label for each row": (
        (
            "data y[n,k]; param z[n,k]; given onehot(k) y[n,k]; a[n,k] = exp(z[n,k])/(sum(m) exp(z[n,m])); "
            "p[n] = sum(k) y[n,k]*a[n,k]; cost C = -sum(n) log(p[n])"
        ),
        "a[n,k] − y[n,k]",
    ),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_a_one_hot_label_closes_its_sums(text: str, expected: str) -> None:
    assert_lines(text, {"z": expected})


NOT_HOT = {
    "a label that is not one-hot": "data y[k]; param z[k]; given sum(k) y[k] = 1; given y[k] > 0; "
    "a[k] = exp(z[k])/(sum(m) exp(z[m])); cost C = -log(sum(k) y[k]*a[k])",
    "one-hot along another axis": "data y[n,k]; param z[n,k]; given onehot(n) y[n,k]; "
    "a[n,k] = exp(z[n,k])/(sum(m) exp(z[n,m])); cost C = sum(n) exp(sum(k) y[n,k]*a[n,k])",
    "another sum": f"data w[k]; given w[k] > 0; {HEAD}p = sum(k) w[k]*a[k]; cost C = -log(p)",
}


@pytest.mark.parametrize("text", NOT_HOT.values(), ids=NOT_HOT)
def test_no_other_sum_is_closed(text: str) -> None:
    assert any("Σ" in line or "/p" in line or "exp" in line for line in printed(text).values())
    assert_right(text)


def test_a_saturated_softmax_has_a_gradient_where_its_cost_is_finite() -> None:
    system = system_of(LINES["what is picked has a name"][0])
    with np.errstate(all="ignore"):
        gradients = cr.value_and_grad(system, {"y": [1, 0, 0], "z": [800.0, 0.0, 1.0]})[1]
    assert_close(gradients["z"], [0, 0, 0])


def test_the_fact_is_named_in_its_step() -> None:
    steps = cr.backprop(system_of(LINES["what is picked has a name"][0])).derivation("z").steps
    assert any(step.rule == "given" and "onehot" in step.assumption for step in steps)

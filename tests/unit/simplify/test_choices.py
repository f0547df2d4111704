"""A choice whose other branch is 0 is a bracket; every other choice stays, and what a choice guards stays guarded."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from printed import assert_lines, system_of
from support import assert_close

LINES = {
    "the chosen branch": (
        "data c[i]; param a[i]; cost C = sum(i) where(c[i] > 0, a[i]^2, 0)",
        "2·[c[i] > 0]·a[i]",
    ),
    "the other branch": (
        "data c[i]; param a[i]; cost C = sum(i) where(c[i] > 0, 0, a[i]^2)",
        "2·[not (c[i] > 0)]·a[i]",
    ),
    "a choice by indices": (
        "data c[t]; param a[s]; cost C = sum(s,t) where(s <= t, 0, a[s]^2*c[t])",
        "2·a[s]·Σ_t [s > t]·c[t]",
    ),
    "a choice within a choice": (
        "data c[i]; param a[i]; cost C = sum(i) where(c[i] > 0, where(a[i] > 0, sqrt(a[i]), 0), 0)",
        "[c[i] > 0]·[a[i] > 0]/(2·sqrt(a[i]))",
    ),
    "several conditions": (
        "data c[i]; param a[i]; cost C = sum(i) where(c[i] > 0 and a[i] < 5, a[i]^2, 0)",
        "2·[a[i] < 5]·[c[i] > 0]·a[i]",
    ),
    "a choice that has a name": (
        "param a[i]; h[i] = where(a[i] > 0, a[i], 0); cost C = sum(i) h[i]^2",
        "2·[a[i] > 0]·h[i]",
    ),
    "two branches": (
        "data c[i]; param a[i]; cost C = sum(i) where(c[i] > 0, a[i]^2, a[i])",
        "where(c[i] > 0, 2·a[i], 1)",
    ),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_only_a_branch_of_0_makes_a_bracket(text: str, expected: str) -> None:
    assert_lines(text, {"a": expected})


GUARDED = {
    "a root": ("where(x[i] > 0, sqrt(x[i]), 0)", [-1, 0, 4], [0, 0, 0.25]),
    "a logarithm in the other branch": ("where(x[i] <= 0, 0, log(x[i]))", [-1, 0, 4], [0, 0, 0.25]),
    "a quotient": ("where(x[i] = 0, 0, 1/x[i])", [0, 2, -1], [0, -0.25, -1]),
    "what stands beside it": ("where(x[i] > 0, x[i], 0)*log(x[i])", [-1, 0, 1], [0, 0, 1]),
}


@pytest.mark.parametrize(("value", "at", "expected"), GUARDED.values(), ids=GUARDED)
def test_what_a_choice_guards_stays_guarded(value: str, at: list[float], expected: list[float]) -> None:
    system = system_of(f"param x[i]; cost C = sum(i) {value}")
    with np.errstate(all="ignore"):
        assert_close(cr.value_and_grad(system, {"x": at})[1]["x"], expected)

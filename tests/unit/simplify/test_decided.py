"""Brackets that the ranges of indices decide are not printed, and marks that say nothing neither; all others stay."""

from __future__ import annotations

import pytest

import chainrule as cr
from printed import assert_lines, system_of
from support import assert_close

LINES = {
    "a range as declared": (
        "index p = 6; param x[p]; cost C = sum(p) [0 <= p and p < 6]*x[p]^2",
        {"x": "2·x[p]"},
    ),
    "more than is declared": ("index p = 6; param x[p]; cost C = sum(p) [2*p + 1 <= 11]*x[p]^2", {"x": "2·x[p]"}),
    "one that never holds": ("index p = 6; param x[p]; cost C = sum(p) ([p > 5] + 1)*x[p]^2", {"x": "2·x[p]"}),
    "fractions, up to the end": ("index p = 2; param x[p]; cost C = sum(p) [p/2 <= 1/2]*x[p]^2", {"x": "2·x[p]"}),
    "fractions that end beyond": (
        "index p = 2; param x[p]; cost C = sum(p) [p/2 <= 1/4]*x[p]^2",
        {"x": "2·[p/2 ≤ 1/4]·x[p]"},
    ),
    "fractions from below": (
        "index p = 2; param x[p]; cost C = sum(p) [-1/4 < p/2 and p/2 >= 0]*x[p]^2",
        {"x": "2·x[p]"},
    ),
    "never equal": ("index p = 2; param x[p]; cost C = sum(p) [p != 5]*x[p]^2", {"x": "2·x[p]"}),
    "a choice": ("index p = 6; param x[p]; cost C = sum(p) where(p < 6, x[p]^2, x[p])", {"x": "2·x[p]"}),
    "an end of a range": (
        "param x[t]; z[t] = x?[t-1]*x[t]; cost C = sum(t) z[t]",
        {"x": "x?[t+1] + x?[t-1]"},
    ),
    "a shift upwards": (
        "data y[t]; param x[t]; z[t] = y?[t-1]*x?[t-1]^2; cost C = sum(t) z[t]^2",
        {"x": "4·y[t]·x[t]·z?[t+1]"},
    ),
    "an extent that data bring": (
        "index p = 6; data y[p], u[s]; param x[p]; z[s] = y[s+2]*x[s+2]^2; cost C = sum(s) u[s]*z[s]*z[s]",
        {"x": "4·[0 ≤ p-2 < extent(s)]·y[p]·u[p-2]·x[p]·z[p-2]"},
    ),
    "half a range may be undecided": (
        "index p = 6; param x[p]; cost C = sum(p) [1 <= p and p < 6]*x[p]^2",
        {"x": "2·[1 ≤ p]·x[p]"},
    ),
    "a range that is not declared": ("param x[p]; cost C = sum(p) [p < 6]*x[p]^2", {"x": "2·[p < 6]·x[p]"}),
    "a range that is longer": ("index p = 7; param x[p]; cost C = sum(p) [p < 6]*x[p]^2", {"x": "2·[p < 6]·x[p]"}),
    "a mark on a plain index": (
        "data y[c]; param a[c], w; cost C = sum(c) a?[c]*y[c]*w",
        {"a": "w·y[c]", "w": "Σ_c y[c]·a[c]"},
    ),
    "a mark in what has a name": (
        "param a[c], w[c]; h[c] = tanh(a?[c]*w[c]); cost C = sum(c) h[c]",
        {"a": "w[c]·(1 − h[c]^2)"},
    ),
    "a mark beyond a shorter axis": (
        "index p = 3, q = 4; param x[q]; z[p] = x?[p+2]; cost C = sum(p) z[p]*x?[p+2]",
        {"x": "z?[q-2] + [0 ≤ q-2]·x[q]"},
    ),
    "a mark that is never needed": (
        "index p = 3, q = 5; param x[q]; z[p] = x?[p+2]; cost C = sum(p) z[p]^2",
        {"x": "2·z?[q-2]"},
    ),
    "a mark on what is looked up inside": (
        "data tok[t] : int(k); param y[k], x[t]; cost C = sum(t) (y?[tok[t]] + x[t])^2",
        {"x": "2·(y[tok[t]] + x[t])"},
    ),
    "a mark on what may be looked up outside": (
        "data tok[t] : int(k); param y[k], x[p]; h[i] = (y?[tok[i+2]] + x[i])^2; cost C = sum(i) h[i]",
        {"x": "2·(x[p] + y?[tok[p+2]])"},
    ),
    "a mark on an index of another range": (
        "index c = 3, d = 5; param a[c], w[d]; cost C = sum(d) a?[d]*w[d]",
        {"a": "w?[c]", "w": "a?[d]"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_only_what_is_undecided_is_printed(text: str, expected: dict[str, str]) -> None:
    assert_lines(text, expected)


def test_an_undecided_bracket_keeps_what_it_guards() -> None:
    text = "index p = 3; param x[p]; cost C = sum(p) [p > 0 and p < 3]*log(x[p])"
    assert_close(cr.value_and_grad(system_of(text), {"x": [0, 2, 4]})[1]["x"], [0, 0.5, 0.25])


def test_a_mark_on_a_longer_index_reads_0_outside() -> None:
    text = "index c = 2, d = 3; param a[c], w[d]; cost C = sum(d) a?[d]*w[d]"
    _, gradients = cr.value_and_grad(system_of(text), {"a": [2, 3], "w": [5, 7, 11]})
    assert_close(gradients["w"], [2, 3, 0])
    assert_close(gradients["a"], [5, 7])

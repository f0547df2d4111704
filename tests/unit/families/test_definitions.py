"""What is wrong with families is said of the statement, with its place, before anything is derived."""

from __future__ import annotations

import pytest

import chainrule as cr
from unit.families.family_systems import MLP, RNN, SKIP

HEAD = "data x[i], u[t,i]\nparam w, W[l; k,j]\n"

WRONG = [
    ("h[0;] = w\nfor t = 1..T:\n    h[t;] = w*h[t;]\ncost C = h[T;]", 5, "h[1;] is defined by itself at t = 1"),
    ("for t = 1..T:\n    h[t;] = w*h[t-1;]\ncost C = h[T;]", 4, "h[0;] is read at t = 1"),
    ("h[0;] = w\nfor t = 2..T:\n    h[t;] = w*h[t-1;]\ncost C = h[T;]", 5, "h[1;] is read at t = 2"),
    ("h[0;] = w\nfor t = 1..T:\n    h[t;] = w*h[t-2;]\ncost C = h[T;]", 5, "h[-1;] is read at t = 1"),
    ("h[0;] = w\nfor t = 0..T:\n    h[t;] = w*t\ncost C = h[T;]", 5, "h[0;] is defined twice at t = 0"),
    ("for t = 1..T:\n    h[t;] = w\nfor t = T..T+1:\n    h[t;] = w\ncost C = h[T;]", 6, "is defined twice at t ="),
    ("h[0;] = w\nfor t = 1..T:\n    h[t;] = h[t-1;] + h[t+1;]\nh[T+1;] = w\ncost C = h[T;]", 5, "is used before it is"),
    (
        "for t = 1..T:\n    a[t;] = b[t;]\n    b[t;] = w\ncost C = a[T;]",
        4,
        "b[1;] is used before it is computed at t = 1",
    ),
    (
        "h[0; i] = 0*x[i]\nfor t = 1..T:\n    h[t; i] = h[t-1; i] + u[t,i]\ncost C = sum(i) h[T; i]",
        5,
        "the position t in u",
    ),
    ("for t = 1..T:\n    h[2;] = w\ncost C = h[2;]", 4, "h[2;] is defined twice at t = 2"),
    ("h[0;] = w\nfor t = 1..T:\n    h[t;] = w*g[t-1;]\ncost C = h[T;]", 5, "no tensor is named g"),
    ("h[0;] = w\nfor t = 1..T:\n    h[t;] = w*h[t-1; k]\ncost C = h[T;]", 5, "h[0;] has no index"),
    ("h[0; i] = x[i]\nfor l = 1..L:\n    h[l; k] = sum(j) W[l; k]*h[l-1; j]\ncost C = sum(k) h[L; k]", 5, "W[1;]"),
    (
        "for t = 1..T:\n    h[t;] = w\nfor t = 2..S:\n    g[t;] = w\ncost C = sum(t) g[t;]*h[t;]",
        7,
        "the sum over t could",
    ),
    ("for t = 1..T:\n    h[t;] = w\ncost C = max(t) h[t;]", 5, "max goes over indices, and t is a step"),
    (
        "for t = 1..T:\n    h[t;] = w\nfor t = 1..T:\n    g[t;] = sum(t) h[t;]\ncost C = w",
        6,
        "the sum over t stands where t is one step already",
    ),
    ("for t = 1..T:\ncost C = w", 3, "nothing is repeated for t"),
    ("for t = 1..T: h[t;] = w\ncost C = w", 3, "a statement stands behind the colon"),
    ("for t in 1..T:\n    h[t;] = w\ncost C = w", 3, "this line cannot be read"),
    ("for t = 1..2*T:\n    h[t;] = w\ncost C = w", 3, "2*T is no end of a range"),
    ("for t = S..T:\n    h[t;] = w\ncost C = w", 3, "the range goes from S to T"),
    ("for t = 1..T:\n    for s = 1..t:\n        h[t,s;] = w\ncost C = w", 4, "the range depends on the step t"),
    ("for t = 1..T:\n    for t = 1..2:\n        h[t,t;] = w\ncost C = w", 4, "t is a step of a block around"),
    ("for w = 1..T:\n    h[w;] = 1\ncost C = 1", 3, "w could be the step or the tensor w"),
    ("for t = 1..T:\n    cost C = w", 4, "a cost line stands in a block of steps"),
    ("for t = 1..T:\n    param v\n    h[t;] = w\ncost C = w", 4, "the param line of v stands in the block of t"),
    ("  for t = 1..T:\n    h[t;] = w\ncost C = w", 3, "this line is indented as no other"),
    ("for t = 1..T:\n    h[t;] = w\n      g[t;] = w\ncost C = w", 5, "this line is indented as no other"),
    ("for t = 1..T:\n    h[2*t;] = w\ncost C = w", 4, "this is no superscript"),
    ("for t = 1..10001:\n    h[t;] = w\ncost C = h[1;]", 4, "there are more than 10000 equations"),
]


@pytest.mark.parametrize(("text", "line", "what"), WRONG, ids=[what for *_, what in WRONG])
def test_an_error_names_the_statement_and_the_step(text: str, line: int, what: str) -> None:
    with pytest.raises(cr.NotationError) as caught:
        cr.parse(HEAD + text)
    assert what in caught.value.what
    assert caught.value.line == line


RIGHT = [
    "for t = 1..T:\n    b[t;] = w\n    a[t;] = b[t;]\ncost C = a[T;]",
    "h[T+1;] = w\nfor t = T..1:\n    h[t;] = w*h[t+1;]\ncost C = h[1;]",
    "h[0; i] = 0*x[i]\nfor t = 1..T:\n    h[t; i] = h[t-1; i] + u[t-1,i]\ncost C = sum(i) h[T; i]",
    "h[0; i] = u[0,i]\nfor t = 1..T:\n    h[t; i] = h[t-1; i] + u[t,i]\ncost C = sum(i) h[T; i]",
    "h[0; i] = 0*x[i]\nfor t = 1..T:\n    h[t; i] = h[t-1; i] + u?[t-2,i]\ncost C = sum(i) h[T; i]",
    "for t = 1..T:\n    h[t;] = w\nfor t = T+1..T+3:\n    h[t;] = h[t-1;]\ncost C = h[T+3;]",
    "for t = 1..T:\n    h[t;] = w\nfor s = 2..T:\n    g[s;] = h[s;]\ncost C = sum(s) g[s;]*h[s;]",
    "index T = 2\nfor t = 1..T:\n    h[t;] = w\ncost C = h[2;]",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_near_a_mistake_is_none(text: str) -> None:
    families = cr.parse(HEAD + text)
    assert cr.parse(str(families)) == families


@pytest.mark.parametrize(("text", "fewest"), [(MLP, {"L": 0}), (RNN, {"T": 1}), (SKIP, {"L": 0})])
def test_too_few_steps_are_told_where_the_number_is_given(text: str, fewest: dict[str, int]) -> None:
    families = cr.parse(text)
    with pytest.raises(cr.ChainruleError, match="no number of steps"):
        families.at(**dict.fromkeys(fewest, -1))


def test_a_number_of_steps_at_which_something_is_missing_is_refused() -> None:
    families = cr.parse("param w\nfor l = 1..L:\n    a[l;] = w\ncost C = a[2;]*a[L;]")
    assert families.at(L=2).cost == "C"
    with pytest.raises(cr.ChainruleError, match=r"with L = 1: a\[2;\] is read, and no equation defines it"):
        families.at(L=1)
    with pytest.raises(cr.ChainruleError, match="nothing says how many steps L stands for"):
        families.at()
    with pytest.raises(cr.ChainruleError, match="T counts no steps here"):
        families.at(T=2)

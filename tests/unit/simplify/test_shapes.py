"""Which expressions are one problem in other names: numbers of entries are names along axes of one size."""

from __future__ import annotations

import pytest

from chainrule.expr.skeleton import bare
from chainrule.notation import parse
from chainrule.simplify.simplifier import simplifier_of

ALIKE = [
    ("x[2]*u[3]", "y[3]*v[2]"),
    ("x[0]*u[0]", "x[1]*u[3]"),
    ("x[2]*y[2]*u[3]", "x[3]*y[3]*u[3]"),
    ("(sum(t) [t = 2]*x[t])*u[1]", "(sum(t) [t = 0]*y[t])*u[0]"),
    ("E[tok[2],1]", "E[tok[3],0]"),
]
UNLIKE = [
    ("x[2]*y[2]", "x[2]*y[3]"),
    ("x[2]*x[3]", "x[3]*x[3]"),
    ("x[2]*y[2]*x[3]", "x[2]*y[3]*x[3]"),
    ("x[2]*u[2]", "x[2]*y[2]"),
    ("(sum(t) [t = 2]*x[t])*y[2]", "(sum(t) [t = 2]*x[t])*y[3]"),
    ("sum(t) [t = 1]*x[t]", "sum(t) [t = 2]*x[t]"),
    ("(sum(t) [t = 2]*x[t])*y[1]", "(sum(t) [t = 2]*x[t])*y[0]"),
    ("(sum(t) t*x[t])*y[2]", "(sum(t) t*x[t])*y[3]"),
    ("(sum(t<2) x[t])*y[2]", "(sum(t<2) x[t])*y[3]"),
    ("x?[2]", "x?[3]"),
    ("inv(A)[2,3]*A[2,3]", "inv(A)[2,3]*A[3,2]"),
    ("sum(s) [s = 2]*w[s]", "sum(s) [s = 3]*w[s]"),
]


def _keys(left: str, right: str) -> tuple[object, object]:
    """Return the keys of two expressions of one system, whose t and g are 4 each, and whose s may be anything."""
    declared = "data x[t], y[t], u[g], v[g], w[s], A[i,j], tok[t] : int(c)\nparam E[c,g]\nindex t = 4, g = 4"
    cost = "cost C = E[3,3]*inv(A)[0,0]*w[0]"
    simplifier = simplifier_of(parse(f"{declared}\n{cost}"))
    system = parse(f"{declared}\na = {left}\nb = {right}\n{cost}")
    first, second = (simplifier.shape([bare(system.defined[name].value)]).key for name in "ab")
    return first, second


@pytest.mark.parametrize(("left", "right"), ALIKE)
def test_numbers_of_entries_are_names(left: str, right: str) -> None:
    first, second = _keys(left, right)
    assert first == second


@pytest.mark.parametrize(("left", "right"), UNLIKE)
def test_numbers_that_matter_are_told_apart(left: str, right: str) -> None:
    first, second = _keys(left, right)
    assert first != second

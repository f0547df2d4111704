"""Closing a reduction: its indices stand in the order that gives the sorted body the least key, however they came."""

from __future__ import annotations

from itertools import permutations

import pytest

from chainrule.expr.binding import rename_indices
from chainrule.expr.nodes import Index, Indexed, IndexValue, Reduce, delta, times
from chainrule.expr.sizes import Declared
from chainrule.simplify.arithmetic import add, close, multiply, resort
from chainrule.simplify.ordering import sort_key

P = Declared("p")
I, J, K = (Index(f"~{n}", P, letter) for n, letter in enumerate("ijk", start=1))
F = Index("f", P, "f")


def _a(*indices: Index) -> Indexed:
    return Indexed("A", indices)


BODIES = {
    "no factors alike": times(Indexed("x", (I,)), _a(J, K)),
    "two factors alike, one index in each": times(_a(I, F), _a(J, F), Indexed("y", (K,))),
    "two factors alike, sharing an index": times(_a(I, J), _a(J, K)),
    "two factors alike, turned round": times(_a(I, J), _a(J, I), Indexed("y", (K,))),
    "two terms alike": add((times(_a(I, K), _a(K, F)), times(_a(J, K), _a(K, F)))),
    "sides of a delta": times(delta(J, I), _a(I, K)),
    "an index in no factor": times(Indexed("x", (J,)), Indexed("y", (I,))),
    "alike inside a sum": times(close("sum", [F], multiply((_a(F, I), _a(F, J)))), Indexed("y", (K,))),
    "index values": times(IndexValue(J), IndexValue(K), IndexValue(I)),
}


@pytest.mark.parametrize("name", BODIES)
def test_the_order_in_which_bound_indices_are_given_does_not_matter(name: str) -> None:
    body = multiply((BODIES[name],))
    assert len({close("sum", order, body) for order in permutations((I, J, K))}) == 1


@pytest.mark.parametrize("name", BODIES)
def test_no_other_order_of_bound_indices_has_a_lesser_key(name: str) -> None:
    found = close("sum", (I, J, K), multiply((BODIES[name],)))
    assert isinstance(found, Reduce)
    for order in permutations(found.indices):
        names = dict(zip(found.indices, order, strict=True))
        other = resort(rename_indices(found.body, names), frozenset(order))
        assert sort_key(found.body) <= sort_key(other)

"""Sums of products: brackets without an index, the layout of arrays in memory, and what is shared by many."""

from __future__ import annotations

import numpy as np

from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.expr.nodes import Bracket, Expr, number, times
from support import assert_close
from unit.execute.build import compare, entry, index, total

i, j = index("i"), index("j")
DRAW = np.random.default_rng(0)
W, X = DRAW.normal(size=(3, 4)), DRAW.normal(size=4)
SCOPE = Scope({"W": W, "x": X, "s": np.asarray(2.0)}, {i.extent: 3, j.extent: 4})
SUM = total(j, times(entry("W", i, j), entry("x", j)))


def test_a_bracket_without_an_index_may_stand_in_a_sum() -> None:
    def under(relation: str) -> Expr:
        bracket = Bracket(compare(entry("s"), relation, number(1)))
        return total(j, times(bracket, entry("W", i, j), entry("x", j)))

    assert_close(evaluate_in(SCOPE, under(">"), (i,)), W @ X)
    assert_close(evaluate_in(SCOPE, under("<"), (i,)), np.zeros(3))


def test_the_last_bits_of_a_sum_do_not_depend_on_how_arrays_lie_in_memory() -> None:
    turned = Scope({**SCOPE.values, "W": np.asfortranarray(W)}, SCOPE.sizes)
    assert np.array_equal(evaluate_in(SCOPE, SUM, (i,)), evaluate_in(turned, SUM, (i,)))


def test_with_a_memory_a_shared_part_is_computed_once_and_values_are_the_same() -> None:
    memory = SCOPE.keeping()
    assert memory.kept == {}
    first = evaluate_in(memory, times(SUM, SUM), (i,))
    assert np.array_equal(first, evaluate_in(SCOPE, times(SUM, SUM), (i,)))
    assert memory.kept is not None
    assert SUM in memory.kept
    kept = memory.kept[SUM]
    evaluate_in(memory, times(number(2), SUM), (i,))
    assert memory.kept[SUM] is kept
    assert SCOPE.kept is None


def test_what_is_wanted_under_a_bracket_only_is_not_kept() -> None:
    memory = SCOPE.keeping()
    guarded = times(Bracket(compare(entry("s"), "<", number(1))), SUM)
    assert_close(evaluate_in(memory, guarded, (i,)), np.zeros(3))
    assert memory.kept is not None
    assert SUM not in memory.kept

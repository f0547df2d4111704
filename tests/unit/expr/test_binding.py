"""Free and bound indices: canonical names, fresh names, and substitution that captures nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.expr.binding import (
    Fresh,
    binder_height,
    expressions_in,
    free_in_order,
    free_indices,
    map_operands,
    node_count,
    open_reduce,
    position_indices,
    reduce_over,
    rename_indices,
    rewrite_bottom_up,
    shift_position,
    substitute_indices,
    tensors_in,
    with_expressions,
)
from chainrule.expr.combinations import affine
from chainrule.expr.nodes import (
    ONE,
    Affine,
    Bracket,
    Comparison,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Partial,
    Product,
    Reduce,
    Select,
    Sum,
    plus,
    times,
)
from chainrule.expr.sizes import Declared
from property.loops import Loops
from property.random_expressions import FREE, SIZES, expressions, values
from support import assert_close, examples

P = Declared("p")
I, J, K = (Index(letter, P, letter) for letter in "ijk")


def x(index: Index) -> Indexed:
    return Indexed("x", (index,))


def a(row: Index, column: Index) -> Indexed:
    return Indexed("A", (row, column))


def test_inner_binders_have_lower_numbers_than_outer_ones() -> None:
    inner = reduce_over("sum", [J], times(a(I, J), x(J)))
    outer = reduce_over("sum", [I], times(x(I), inner))
    assert isinstance(inner, Reduce)
    assert isinstance(outer, Reduce)
    assert [i.name for i in inner.indices] == ["%1"]
    assert [i.name for i in outer.indices] == ["%2"]
    assert (binder_height(inner), binder_height(outer), binder_height(x(I))) == (1, 2, 0)


def test_nested_sums_of_one_letter_are_told_apart() -> None:
    """Σ_i x[i]·Σ_i x[i] is not Σ_i x[i]·x[i] summed twice over one name."""
    inner = reduce_over("sum", [I], x(I))
    outer = reduce_over("sum", [I], times(x(I), inner))
    assert free_indices(outer) == frozenset()
    assert isinstance(outer, Reduce)
    indices, body = open_reduce(outer, Fresh())
    assert body == times(x(indices[0]), inner)


def test_a_reduction_over_nothing_is_its_body() -> None:
    assert reduce_over("sum", [], x(I)) == x(I)


def test_opening_and_closing_gives_the_same() -> None:
    made = reduce_over("max", [I, J], a(I, J))
    assert isinstance(made, Reduce)
    indices, body = open_reduce(made, Fresh())
    assert [i.name for i in indices] == ["~1", "~2"]
    assert [i.preferred for i in indices] == ["i", "j"]
    assert reduce_over("max", indices, body) == made


def test_names_given_back_are_handed_out_again_and_a_body_is_opened_once_at_each_depth() -> None:
    made, fresh = reduce_over("sum", [I], x(I)), Fresh()
    assert isinstance(made, Reduce)
    first, inside = open_reduce(made, fresh), open_reduce(made, fresh)
    assert first[0] != inside[0]
    assert fresh.level == 2
    fresh.level = 0
    assert open_reduce(made, fresh) is first
    rewrite_bottom_up(times(x(J), made), lambda part: part, fresh)
    assert fresh.level == 1


def test_fresh_names_depend_on_the_input_alone() -> None:
    first, second = Fresh(), Fresh()
    assert [first.index(I), first.index(J)] == [second.index(I), second.index(J)]
    assert first.index(I) != first.index(I)


def test_free_indices_stand_in_the_order_of_appearance() -> None:
    expr = plus(a(K, I), reduce_over("sum", [J], a(J, K)), Bracket(Comparison("=", IndexValue(J), IndexValue(I))))
    assert free_in_order(expr) == (K, I, J)
    assert free_indices(Partial(x(I), (x(J),))) == {I, J}


def test_substitution_does_not_go_under_a_binder_of_that_name() -> None:
    made = reduce_over("sum", [I], a(I, J))
    assert substitute_indices(made, {I: K}) == made
    assert substitute_indices(made, {J: K}) == reduce_over("sum", [I], a(I, K))
    assert substitute_indices(made, {J: I}) == reduce_over("sum", [K], a(K, I))


def test_indices_are_swapped_at_once() -> None:
    assert rename_indices(a(I, J), {I: J, J: I}) == a(J, I)


def test_positions_are_put_into_positions() -> None:
    doubled = Affine(((I, 2),), 1)
    assert shift_position(doubled, {I: Affine(((J, 3),), -1)}) == Affine(((J, 6),), -1)
    assert shift_position(Affine(((I, 1), (J, -1)), 0), {I: J}) == Affine((), 0)
    assert affine({I: 1}) == I
    assert affine({I: 0, J: 1}, 2) == Affine(((J, 1),), 2)
    assert position_indices(doubled) == (I,)
    assert position_indices(I) == (I,)


def test_what_does_not_change_is_the_same_object() -> None:
    expr = plus(times(x(I), x(J)), reduce_over("sum", [K], a(K, I)))
    assert map_operands(expr, lambda part: part) is expr
    assert substitute_indices(expr, {K: I}) is expr


def test_a_derivative_of_an_unknown_is_an_atom_for_passes() -> None:
    partial = Partial(x(I), (x(J),))
    assert map_operands(partial, lambda part: ONE) is partial
    assert substitute_indices(partial, {J: K}) == Partial(x(I), (x(K),))


def test_the_expressions_in_a_node_are_those_that_mapping_changes() -> None:
    first, second = Comparison("<", x(I), ONE), Comparison("=", x(J), x(K))
    choice = Select(Logic("and", (first, second)), a(I, J), ONE)
    seen: list[Expr] = []

    def note(part: Expr) -> Expr:
        seen.append(part)
        return part

    map_operands(choice, note)
    assert expressions_in(choice) == tuple(seen) == (x(I), ONE, x(J), x(K), a(I, J), ONE)
    assert expressions_in(Partial(x(I), (x(J),))) == ()
    changed = (ONE, x(I), x(J), x(K), a(J, I), ONE)
    assert expressions_in(with_expressions(choice, changed)) == changed
    assert with_expressions(choice, seen) is choice


def test_rewriting_reaches_every_node_operands_first() -> None:
    seen: list[str] = []

    def note(node: Expr) -> Expr:
        seen.append(type(node).__name__)
        return node

    expr = reduce_over("sum", [I], times(x(I), plus(x(I), ONE)))
    assert rewrite_bottom_up(expr, note, Fresh()) == expr
    assert seen == ["Indexed", "Indexed", "Number", "Sum", "Product", "Reduce"]


def test_tensors_and_nodes_are_counted() -> None:
    expr = Product((x(I), Sum((a(I, J), Indexed("s")))))
    assert tensors_in(expr) == {"x", "A", "s"}
    assert tensors_in(Partial(Indexed("h"), (Indexed("g", (I,)),))) == {"h", "g"}
    assert node_count(expr) == 5


@examples(40)
@given(expr=expressions(depth=3), seed=st.integers(0, 100))
def test_reopening_every_binder_keeps_expression_and_value(expr: Expr, seed: int) -> None:
    again = rewrite_bottom_up(expr, lambda node: node, Fresh())
    assert again == expr
    assert hash(again) == hash(expr)
    tensors = values(seed)
    np.testing.assert_array_equal(Loops(tensors, SIZES).array(again, FREE), Loops(tensors, SIZES).array(expr, FREE))


@examples(40)
@given(expr=expressions(depth=3), seed=st.integers(0, 100))
def test_a_renamed_expression_is_the_transposed_array(expr: Expr, seed: int) -> None:
    """Swapping two free indices of one range swaps the axes, whatever is bound inside."""
    i, j, k = FREE
    tensors = values(seed)
    before = Loops(tensors, SIZES).array(expr, FREE)
    after = Loops(tensors, SIZES).array(rename_indices(expr, {j: k, k: j}), (i, j, k))
    defined = np.isfinite(before)
    assert_close(after.swapaxes(1, 2)[defined], before[defined], rtol=0, atol=0)

"""Nodes are data: equal by structure up to bound letters, hashed once, flat, and never simplified by a constructor."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import get_args

import pytest

from chainrule.expr.binding import reduce_over
from chainrule.expr.functions import ARITY, REDUCTIONS, RELATIONS
from chainrule.expr.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    delta,
    minus,
    number,
    operands,
    over,
    plus,
    times,
    walk,
    with_operands,
)
from chainrule.expr.sizes import Declared

P = Declared("p")
I, J = Index("i", P, "i"), Index("j", P, "j")
X, Y, S = Indexed("x", (I,)), Indexed("y", (J,)), Indexed("s")


def total(index: Index) -> Expr:
    return reduce_over("sum", [index], Indexed("x", (index,)))


def test_letters_of_bound_indices_do_not_count() -> None:
    assert total(I) == total(J)
    assert hash(total(I)) == hash(total(J))
    assert {total(I): 1}[total(J)] == 1


def test_free_letters_and_all_else_count() -> None:
    different = [
        X,
        Indexed("x", (J,)),
        Indexed("y", (I,)),
        Indexed("x", (Index("i", Declared("q"), "i"),)),
        Indexed("x", (I,), guarded=True),
        S,
        Sum((X, S)),
        Sum((S, X)),
        Product((X, S)),
        Power(X, ONE),
        Call("exp", (X,)),
        Call("exp", (X,), 1),
        Partial(X, (S,)),
        Number(Fraction(1)),
        "x",
    ]
    for n, one in enumerate(different):
        for other in different[n + 1 :]:
            assert one != other
    assert len(set(different)) == len(different)


def test_the_preferred_letter_is_for_printers_only() -> None:
    named = Index("%1", P, "k")
    assert named == Index("%1", P)
    assert named.preferred == "k"
    assert Index("k", P).preferred == "k"


def test_sums_and_products_are_flat() -> None:
    assert plus(plus(X, Y), S) == Sum((X, Y, S))
    assert times(S, times(X, Y)) == Product((S, X, Y))
    assert plus() == ZERO
    assert times() == ONE
    assert plus(X) == times(X) == X


def test_constructors_never_simplify() -> None:
    assert plus(X, ZERO) == Sum((X, ZERO))
    assert times(ZERO, X) == Product((ZERO, X))
    assert over(X, X) == Product((X, Power(X, MINUS_ONE)))
    assert minus(minus(X)) == Product((MINUS_ONE, MINUS_ONE, X))
    assert number(2) == Number(Fraction(2))
    assert isinstance(delta(I, I), Bracket)


def test_numbers_are_exact() -> None:
    assert number(Fraction(1, 10)).value * 3 == Fraction(3, 10)


def test_operands_are_what_a_node_is_made_of_in_writing_order() -> None:
    condition = Comparison("<", IndexValue(I), X)
    assert operands(condition) == (IndexValue(I), X)
    assert operands(Bracket(condition)) == (condition,)
    assert operands(Select(condition, X, S)) == (condition, X, S)
    assert operands(Partial(X, (Y, S))) == (X, Y, S)
    assert operands(X) == operands(ONE) == ()


EVERY_KIND: tuple[Expr | Condition, ...] = (
    ONE,
    Constant("pi"),
    ExtentValue(P),
    IndexValue(I),
    X,
    Partial(X, (Y, S)),
    MatrixEntry("inv", "A", (I, J)),
    Sum((X, ONE)),
    Product((X, S)),
    Power(X, ONE),
    Call("sigma", (X,), 2),
    total(I),
    Comparison("<=", X, S),
    Logic("or", (Comparison("=", X, S), Comparison("<", X, ONE))),
    Bracket(Comparison("<", X, S)),
    Select(Comparison("<", X, S), X, Y),
)


def test_every_kind_of_node_is_rebuilt_of_its_operands_with_all_else_as_it_was() -> None:
    assert {type(node) for node in EVERY_KIND} == {*get_args(Expr), *get_args(Condition)}
    for node in EVERY_KIND:
        parts = operands(node)
        assert with_operands(node, parts) is node
        equal = [copy.copy(part) for part in parts]
        rebuilt = with_operands(node, equal)
        assert rebuilt == node
        assert all(a is b for a, b in zip(operands(rebuilt), equal, strict=True))


def test_operands_are_replaced_in_writing_order() -> None:
    test = Comparison("<", X, ONE)
    assert with_operands(Select(Comparison("<", X, S), X, Y), (test, Y, S)) == Select(test, Y, S)
    assert with_operands(Power(X, S), (S, X)) == Power(S, X)
    assert with_operands(Call("sigma", (X,), 2), (S,)) == Call("sigma", (S,), 2)
    assert with_operands(Partial(X, (Y,)), (S, X)) == Partial(S, (X,))
    with pytest.raises(AssertionError):
        with_operands(Sum((X, S)), (X,))


def test_walking_is_outermost_first_and_meets_no_recursion_limit() -> None:
    assert list(walk(Sum((Product((X, S)), Y)))) == [Sum((Product((X, S)), Y)), Product((X, S)), X, S, Y]
    deep: Expr = S
    for _ in range(5000):
        deep = Call("tanh", (deep,))
    assert sum(1 for _ in walk(deep)) == 5001


def test_nodes_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        X.tensor = "y"  # type: ignore[misc]


def test_the_lists_of_names_are_those_of_the_notation() -> None:
    assert len(ARITY) == 24
    assert ARITY["clip"] == 3
    assert REDUCTIONS == ("sum", "mean", "max", "min", "prod")
    assert RELATIONS == ("=", "!=", "<", "<=", ">", ">=")


def test_a_reduction_keeps_its_operator() -> None:
    for op in REDUCTIONS:
        made = reduce_over(op, [I], X)
        assert isinstance(made, Reduce)
        assert made.op == op
    assert len({reduce_over(op, [I], X) for op in REDUCTIONS}) == len(REDUCTIONS)

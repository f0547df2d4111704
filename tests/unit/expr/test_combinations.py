"""Positions and expressions as linear forms and back."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chainrule.expr.combinations import (
    affine,
    difference,
    expression_form,
    linear_form,
    position_of,
    position_value,
    solved_for,
)
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import (
    Affine,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    Number,
    Position,
    Power,
    Product,
    Sum,
    number,
)
from chainrule.expr.sizes import Axis

X = Axis("x", 0)
P, Q, U = (Index(letter, X) for letter in "pqu")
TOK = Lookup(Indexed("tok", (P,)), X)


@pytest.mark.parametrize("position", [P, TOK, affine({P: 2, Q: -1}, 3), affine({}, 4), affine({P: 1}, -1)])
def test_a_position_is_its_linear_form(position: Position) -> None:
    assert position_of(linear_form(position)) == position


def test_what_is_an_index_again_is_one() -> None:
    assert position_of(linear_form(affine({P: 1}, -1)).plus(1)) is P
    assert position_of(linear_form(P) - linear_form(P)) == Affine(())


def test_a_look_up_has_no_place_in_a_sum() -> None:
    assert position_of(difference(TOK, affine({}, 0))) == TOK
    with pytest.raises(AssertionError, match="stands alone"):
        position_of(difference(TOK, P))


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (affine({Q: 1, U: 1}), P, affine({P: 1, U: -1})),
        (affine({Q: -1}, 2), P, affine({P: -1}, 2)),
        (affine({Q: 2}), P, None),
        (P, U, None),
        (Q, TOK, TOK),
        (Q, affine({}, 3), affine({}, 3)),
        (affine({Q: 1}, 1), TOK, None),
    ],
)
def test_an_index_is_solved_for_where_that_is_a_position(left: Position, right: Position, found: Position) -> None:
    assert solved_for(Q, left, right) == found


def test_positive_terms_come_first_in_what_is_solved_for() -> None:
    assert solved_for(Q, affine({U: 1, Q: 1}), P) == affine({P: 1, U: -1})
    shown = solved_for(Q, affine({U: 1, Q: 1}), P)
    assert isinstance(shown, Affine)
    assert [index for index, _ in shown.terms] == [P, U]


def test_a_position_without_indices_is_a_number() -> None:
    assert position_value(affine({}, 3)) == number(3)
    assert position_value(affine({P: 1}, 3)) == IndexValue(affine({P: 1}, 3))


HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("expr", "form"),
    [
        (number(HALF), LinearForm({}, HALF)),
        (ExtentValue(X), LinearForm({X: 1}, 0)),
        (IndexValue(affine({P: 2}, 1)), LinearForm({P: 2}, 1)),
        (IndexValue(TOK), LinearForm({TOK: 1}, 0)),
        (
            Product((number(HALF), Sum((IndexValue(P), ExtentValue(X), number(3))))),
            LinearForm({P: HALF, X: HALF}, 3 * HALF),
        ),
        (Sum((IndexValue(P), Product((number(-1), IndexValue(P))))), LinearForm({}, 0)),
        (Indexed("c"), None),
        (Sum((IndexValue(P), Indexed("c"))), None),
        (Product((IndexValue(P), IndexValue(Q))), None),
        (Power(IndexValue(P), Number(Fraction(2))), None),
    ],
)
def test_an_expression_linear_in_indices_and_extents_is_a_form(expr: Expr, form: object) -> None:
    assert expression_form(expr) == form

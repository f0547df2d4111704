"""Signs: what the form of an expression says, what is known beside it, and nothing that is not so."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.reference.expressions import evaluate_expression
from chainrule.expr.combinations import affine
from chainrule.expr.nodes import Expr, ExtentValue, Index, Indexed, IndexValue, Number, Power, Product, Sum
from chainrule.expr.signs import MIRRORED, UNKNOWN, Sign, is_not_negative, is_not_positive, is_positive, sign_of
from chainrule.expr.sizes import Axis
from chainrule.notation.parser import parse_scalar
from property.random_expressions import FREE, SIZES, expressions, values
from support import examples

GIVEN = {"u": ">", "v": "<", "M": ">=", "s": "!=", "T": "<="}
HOLDS = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal, "!=": np.not_equal, "=": np.equal}
X, Y = Indexed("x"), Indexed("y")


def given_sign(expr: Expr) -> Sign:
    """Return the sign of an entry of the tensors above."""
    known = isinstance(expr, Indexed) and not expr.guarded and expr.tensor in GIVEN
    return Sign(GIVEN[expr.tensor], (expr.tensor,)) if known else UNKNOWN


def signed_values(seed: int) -> dict[str, np.ndarray]:
    """Return values that have these signs, 0 among those that may be."""
    found = values(seed)
    for name, relation in GIVEN.items():
        size = np.abs(found[name]) * {">": 1, ">=": 1, "<": -1, "<=": -1}.get(relation, np.sign(found[name]))
        found[name] = np.where(size < np.median(size), 0.0, size) if relation == ">=" else size
    return found


@examples(60)
@given(expressions(depth=3), st.integers(0, 3))
def test_no_value_of_an_expression_has_another_sign_than_is_said(expr: Expr, seed: int) -> None:
    sign = sign_of(expr, given_sign)
    if sign.relation:
        found = evaluate_expression(expr, signed_values(seed), SIZES, FREE)
        assert HOLDS[sign.relation](found[np.isfinite(found)], 0).all(), sign


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("exp(x) + x^2", ">"),
        ("-exp(x)", "<"),
        ("x*x", ">="),
        ("-2*x*x", "<="),
        ("x*y*x*y", ">="),
        ("x*y", ""),
        ("1/(1 + x^2)", ">"),
        ("sqrt(x)", ">="),
        ("x^(1/2)", ">="),
        ("x^(-1/2)", ">"),
        ("x^(-2)", ">"),
        ("x^3", ""),
        ("cosh(x)^y", ">"),
        ("relu(x)^y", ""),
        ("1/relu(x)", ">"),
        ("sigmoid(x) - 1", ""),
        ("pi", ">"),
        ("0", "="),
        ("0 + x^2", ">="),
        ("[x > y]*exp(x)", ">="),
        ("tanh(x)", ""),
    ],
)
def test_the_form_of_an_expression_says_its_sign(text: str, relation: str) -> None:
    assert sign_of(parse_scalar(text, ("x", "y"))) == Sign(relation)


def test_indices_and_their_extents_count_from_0() -> None:
    i = Index("i", Axis("x", 0))
    assert sign_of(IndexValue(i)).relation == ">="
    assert sign_of(Sum((IndexValue(i), Number(Fraction(1))))).relation == ">"
    assert sign_of(ExtentValue(i.extent)).relation == ">"
    assert sign_of(IndexValue(affine({i: 2}, 1))).relation == ">"
    assert sign_of(IndexValue(affine({i: 1}, -1))).relation == ""
    assert sign_of(IndexValue(affine({i: -1}, -1))).relation == "<"


def test_a_sign_names_what_it_rests_on_and_nothing_else() -> None:
    def known(expr: Expr) -> Sign:
        return Sign(">", ("x > 0",)) if expr == X else UNKNOWN

    assert sign_of(Product((X, Power(Y, Number(Fraction(2))))), known) == Sign(">=", ("x > 0",))
    assert sign_of(Power(Sum((X, Y)), Number(Fraction(2))), known) == Sign(">=")
    assert sign_of(Product((Number(Fraction(-3)), X)), known) == Sign("<", ("x > 0",))
    assert sign_of(Sum((X, Y)), known) == UNKNOWN


def test_what_is_known_of_a_product_goes_before_its_factors() -> None:
    def known(expr: Expr) -> Sign:
        return Sign(">", ("x·y > 0",)) if expr == Product((X, Y)) else UNKNOWN

    assert sign_of(Product((Number(Fraction(-2)), X, Y)), known) == Sign("<", ("x·y > 0",))


def test_questions_by_one_side_of_0() -> None:
    zero, square = Number(Fraction(0)), Power(X, Number(Fraction(2)))
    asked = (is_positive, is_not_negative, is_not_positive)
    assert [holds(zero) for holds in asked] == [False, True, True]
    assert [holds(square) for holds in asked] == [False, True, False]
    assert [holds(X) for holds in asked] == [False, False, False]


def test_turned_round_twice_a_relation_is_the_same() -> None:
    assert all(MIRRORED[MIRRORED[relation]] == relation for relation in MIRRORED)

"""What a book would write stands in no parentheses that the notation drops: it prints, and reads back as it was."""

from __future__ import annotations

from fractions import Fraction

import pytest

import chainrule as cr
from chainrule.expr.nodes import Expr, Indexed, Number, Sum, times
from chainrule.notation.parser import parse_expression
from chainrule.render.text import expression_text
from chainrule.simplify.presentation import present
from same_form import assert_same_form

A, B, C = (Indexed(name) for name in "abc")
TWICE = times(Number(Fraction(2)), B)
LESS_TWICE = times(Number(Fraction(-2)), B)


def scaled(coefficient: Fraction, *terms: Expr) -> Expr:
    return times(Number(coefficient), Sum(terms))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (scaled(Fraction(1, 2), A, TWICE), "c + a/2 + b"),
        (scaled(Fraction(-1, 2), A, LESS_TWICE), "c + b − a/2"),
        (scaled(Fraction(-1), A, LESS_TWICE), "c + 2·b − a"),
    ],
)
def test_a_sum_in_a_sum_joins_it(term: Expr, expected: str) -> None:
    found = present(Sum((C, term)))
    assert expression_text(found) == expected
    assert_same_form(found, parse_expression(expected, cr.parse("param a, b, c")))

"""Formulas in words, for those who hear them: every sign is said, and what is heard has one meaning."""

from __future__ import annotations

import pytest

from chainrule.expr.nodes import Expr, Indexed
from chainrule.expr.symbols import Derivative, Tensor
from chainrule.render.formula import formula
from chainrule.render.laws import law
from chainrule.render.spoken import spoken
from unit.render.cases import CASES, j, k


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("∂C/∂z[k]", "partial C over partial z of k"),
        ("a1[k]·(1 − a1[k])", "a 1 of k times open parenthesis 1 minus a 1 of k close parenthesis"),
        ("Σ_k x[k] + b", "the sum over k of x of k, end of sum, plus b"),
        ("(Σ_k x[k])^2", "open parenthesis the sum over k of x of k close parenthesis to the power 2"),
        ("exp(-z[k])/2", "exp of open parenthesis minus z of k close parenthesis over 2"),
        ("x[k+1] + 1", "x of index k plus 1 end index plus 1"),
        ("W[0,j]", "W of 0, j"),
        ("σ'(z)", "sigma prime of open parenthesis z close parenthesis"),
        ("[i = j]·a[i]", "open bracket i equals j close bracket times a of i"),
        ("where(x > 0, x, 0)", "x if x is greater than 0, otherwise 0 end of cases"),
        ("sqrt(x) ≤ y", "the square root of x end of root is at most y"),
        ("abs(x) ≠ y", "the absolute value of x end of absolute value is not equal to y"),
        ("det(K)", "the determinant of K"),
    ],
)  # fmt: skip
def test_a_formula_in_words(source: str, words: str) -> None:
    assert spoken(law(source)) == words


@pytest.mark.parametrize("expr", [expr for expr, _ in CASES], ids=[text for _, text in CASES])
def test_every_expression_has_words_of_letters_and_digits(expr: Expr) -> None:
    said = spoken(formula(expr))
    assert all(mark.isalnum() or mark in " ,.?" for mark in said), said
    assert "  " not in said


def test_a_step_is_said_beside_the_name() -> None:
    assert spoken(formula(Indexed(Tensor("z", (("l", 1),)), (k,)))) == "z l plus 1 of k"
    second = formula(Indexed(Derivative("C", "z", "z"), (j, k)))
    assert spoken(second) == "second partial C over partial z of j partial z of k"

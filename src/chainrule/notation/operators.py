"""What arithmetic as written means as nodes: flat sums and products, and the few numbers that are read as one.

A minus before a number is part of it (-2, but -x^2 = -(x^2) and -2^2 = -(2^2)), as is the slash between two numbers
that open a term (1/2). a - b is a + (-1)*b, and a - 2*b is a + (-2)*b; a/b is a*b^(-1), and a/(b*c) is
a*b^(-1)*c^(-1). Nothing else is computed. The printer follows the same rules, so that text and nodes are one to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from lark import Token, Tree

from chainrule.expr import combinations
from chainrule.expr.combinations import PositionForm
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import (
    MINUS_ONE,
    Expr,
    Index,
    IndexValue,
    Number,
    Position,
    Power,
    Product,
    Sum,
    minus,
    plus,
    times,
)

FRACTIONS = {"½": Fraction(1, 2), "⅓": Fraction(1, 3), "⅔": Fraction(2, 3), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
MAX_EXPONENT = 400
"""Largest decimal exponent: exact arithmetic with larger ones would not end."""
MAX_POSITION = 2**62
"""Largest number in a position: no tensor is longer, and products of larger ones would not end."""


def number_of(text: str) -> Fraction | None:
    """Return the exact value of a number as written, or None if it is far too large or too small.

    >>> number_of("0.1"), number_of("1e-5"), number_of("1e999999999")
    (Fraction(1, 10), Fraction(1, 100000), None)
    """
    if text in FRACTIONS:
        return FRACTIONS[text]
    _, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > MAX_EXPONENT:
        return None
    return Fraction(text)


def superscript_of(text: str) -> Number:
    """Return the number of a superscript.

    >>> superscript_of("⁻²").value
    Fraction(-2, 1)
    """
    return Number(Fraction(int(text.translate(SUPERSCRIPTS))))


def sum_of(tree: Tree[Token], terms: Sequence[Expr]) -> Expr:
    """Return the sum of terms joined by the + and - of a tree."""
    signed = [terms[0]]
    for operator, term in zip(tree.children[1::2], terms[1:], strict=True):
        signed.append(term if operator == "+" else subtracted(term))
    return plus(*signed)


def subtracted(term: Expr) -> Expr:
    """Return -term, with the sign in the number that opens the term if there is one."""
    match term:
        case Number(value):
            return Number(-value)
        case Product((Number(value), *rest)):
            return Product((Number(-value), *rest))
        case _:
            return minus(term)


def negative_of(tree: Tree[Token], operand: Expr) -> Expr:
    """Return the operand of a unary minus with the sign: -2 is a number, all else a product."""
    if is_literal(tree.children[1]) and isinstance(operand, Number):
        return Number(-operand.value)
    return minus(operand)


def product_of(tree: Tree[Token], factors: Sequence[Expr]) -> Expr:
    """Return the product of factors joined by the * and / of a tree."""
    trees, operators = tree.children[::2], [str(token) for token in tree.children[1::2]]
    first, second = factors[0], factors[1]
    done: list[Expr]
    if isinstance(first, Number) and operators[0] == "/" and is_signed_literal(trees[0]):
        if is_literal(trees[1]) and isinstance(second, Number) and second.value:
            done = [Number(first.value / second.value)]
        else:
            done = ([] if first.value == 1 else [first]) + [inverted(second)]
    else:
        done = [first, inverted(second) if operators[0] == "/" else second]
    for operator, factor in zip(operators[1:], factors[2:], strict=True):
        done.append(inverted(factor) if operator == "/" else factor)
    return times(*done)


def inverted(denominator: Expr) -> Expr:
    """Return 1/denominator, factor by factor."""
    if isinstance(denominator, Product):
        return Product(tuple(Power(factor, MINUS_ONE) for factor in denominator.factors))
    return Power(denominator, MINUS_ONE)


def is_literal(tree: Tree[Token] | Token) -> bool:
    """Say whether a tree is a number as written, without sign or parentheses."""
    return isinstance(tree, Tree) and tree.data == "number"


def is_signed_literal(tree: Tree[Token] | Token) -> bool:
    """Say whether a tree is a number as written, with at most one minus."""
    return is_literal(tree) or (isinstance(tree, Tree) and tree.data == "negative" and is_literal(tree.children[1]))


def position_of(value: Expr) -> Position | None:
    """Return an expression as a position of an entry, or None if it is no whole combination of indices."""
    form = _combination(value)
    return None if form is None else combinations.position_of(form)


def compared(value: Expr) -> Expr:
    """Return a side of a comparison: a combination of indices is one value, which brackets can be solved for."""
    form = _combination(value)
    return value if form is None or not form.terms else IndexValue(combinations.position_of(form))


def _combination(value: Expr) -> PositionForm | None:
    """Return a whole combination of indices as a linear form, or None."""
    match value:
        case Number(exact):
            return LinearForm({}, int(exact)) if exact.denominator == 1 and abs(exact) <= MAX_POSITION else None
        case IndexValue(Index() as index):
            return LinearForm({index: 1}, 0)
        case Sum(terms):
            parts = [_combination(term) for term in terms]
            known = [part for part in parts if part is not None]
            return sum(known[1:], known[0]) if len(known) == len(parts) else None
        case Product(factors):
            parts = [_combination(factor) for factor in factors]
            known = [part for part in parts if part is not None]
            return _multiplied(known) if len(known) == len(parts) else None
        case _:
            return None


def _multiplied(forms: Sequence[PositionForm]) -> PositionForm | None:
    """Return the product of forms of which at most one is no number."""
    total = forms[0]
    for form in forms[1:]:
        if total.terms and form.terms:
            return None
        total = total * form.constant if total.terms else form * total.constant
        if max(abs(c) for c in (total.constant, *total.terms.values())) > MAX_POSITION:
            return None
    return total

"""How expressions stand to 0, wherever they are defined: the one place that is asked.

What the form of an expression does not tell, whoever asks may know: from facts that are given, from equations. Each
sign comes with the assumptions that it rests on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from chainrule.expr.combinations import linear_form
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import (
    Bracket,
    Call,
    Constant,
    Expr,
    ExtentValue,
    IndexValue,
    Number,
    Position,
    Power,
    Product,
    Reduce,
    Sum,
    times,
)

MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "!=": "!=", "=": "=", "": ""}
"""The relation to 0 of −t, by that of t."""


class Sign(NamedTuple):
    """A relation to 0, one of > >= < <= != = or "" for none that is known, and what it rests on."""

    relation: str = ""
    assumptions: tuple[str, ...] = ()


UNKNOWN = Sign()
Known: TypeAlias = Callable[[Expr], Sign]
"""What is known of an expression beside its form."""


def sign_of(expr: Expr, known: Known = lambda expr: UNKNOWN) -> Sign:
    """Return how an expression stands to 0 wherever it is defined.

    >>> from chainrule.expr.nodes import Indexed, number
    >>> sign_of(Sum((Call("exp", (Indexed("x"),)), Power(Indexed("x"), number(2))))).relation
    '>'
    """
    if isinstance(expr, Number):
        return Sign(">" if expr.value > 0 else "<" if expr.value else "=")
    if isinstance(expr, Product) and isinstance(expr.factors[0], Number):
        first, *rest = expr.factors
        return _product_sign((sign_of(first), sign_of(times(*rest), known)))
    found = known(expr)
    return found if found.relation else _by_form(expr, known)


def is_positive(expr: Expr, known: Known = lambda expr: UNKNOWN) -> bool:
    """Say whether an expression is above 0 wherever it is defined."""
    return sign_of(expr, known).relation == ">"


def is_not_negative(expr: Expr, known: Known = lambda expr: UNKNOWN) -> bool:
    """Say whether an expression is nowhere below 0."""
    return sign_of(expr, known).relation in {">", ">=", "="}


def is_not_positive(expr: Expr, known: Known = lambda expr: UNKNOWN) -> bool:
    """Say whether an expression is nowhere above 0."""
    return sign_of(expr, known).relation in {"<", "<=", "="}


def _by_form(expr: Expr, known: Known) -> Sign:
    match expr:
        case Constant(name):
            return Sign("<" if name.startswith("-") else ">")
        case ExtentValue():
            return Sign(">")
        case Bracket():
            return Sign(">=")
        case IndexValue(position):
            return Sign(_position_sign(position))
        case Call(function, _, 0) if function in FUNCTIONS:
            return Sign(FUNCTIONS[function].values.sign)
        case Power(base, exponent):
            return _power_sign(sign_of(base, known), exponent)
        case Product(factors):
            return _product_sign(_factor_signs(factors, known))
        case Sum(terms):
            return _sum_sign(sign_of(term, known) for term in terms)
        case Reduce(op, _, body):
            return _reduced_sign(op, sign_of(body, known))
        case _:
            return UNKNOWN


def _position_sign(position: Position) -> str:
    """Return the relation of a position to 0, from which indices count."""
    form = linear_form(position)
    if form.constant >= 0 and all(c > 0 for c in form.terms.values()):
        return ">" if form.constant else ">="
    if form.constant <= 0 and all(c < 0 for c in form.terms.values()):
        return "<" if form.constant else "<="
    return ""


def _power_sign(base: Sign, exponent: Expr) -> Sign:
    if base.relation == ">":
        return base
    if not isinstance(exponent, Number):
        return UNKNOWN
    value = exponent.value
    if base.relation == ">=":
        return base if value > 0 else Sign(">", base.assumptions)
    if value.denominator % 2 == 0:
        return Sign(">=" if value > 0 else ">")
    if value.denominator != 1:
        return UNKNOWN
    strict = base.relation in {"<", "!="} or value < 0
    if value % 2 == 0:
        return Sign(">" if strict else ">=", base.assumptions)
    return Sign(base.relation[:1], base.assumptions) if base.relation == "<=" and strict else base


def _factor_signs(factors: Sequence[Expr], known: Known) -> Iterable[Sign]:
    """Yield the signs of factors; one that stands there twice is a square."""
    for factor, count in Counter(factors).items():
        sign = sign_of(factor, known)
        if count % 2:
            yield sign
        elif sign.relation:
            yield Sign(">" if sign.relation in {">", "<", "!="} else ">=", sign.assumptions)
        else:
            yield Sign(">=")


def _product_sign(signs: Iterable[Sign]) -> Sign:
    negative, weak, unequal = False, False, False
    assumptions: dict[str, None] = {}
    for sign in signs:
        if not sign.relation:
            return UNKNOWN
        negative ^= sign.relation[0] == "<"
        weak |= sign.relation in {">=", "<=", "="}
        unequal |= sign.relation == "!="
        assumptions |= dict.fromkeys(sign.assumptions)
    if unequal:
        return UNKNOWN if weak else Sign("!=", tuple(assumptions))
    return Sign(("<" if negative else ">") + ("=" if weak else ""), tuple(assumptions))


def _sum_sign(signs: Iterable[Sign]) -> Sign:
    direction, strict = "", False
    assumptions: dict[str, None] = {}
    for sign in signs:
        relation = sign.relation
        if relation in {"", "!="} or (direction and relation != "=" and relation[0] != direction):
            return UNKNOWN
        direction = direction if relation == "=" else relation[0]
        strict |= relation in {">", "<"}
        assumptions |= dict.fromkeys(sign.assumptions)
    return Sign(direction + ("" if strict else "=") if direction else "=", tuple(assumptions))


def _reduced_sign(op: str, body: Sign) -> Sign:
    """Return the sign of a reduction of a body with a sign; a sum of nothing is 0, a product of nothing 1."""
    if op == "onehot":
        return Sign(">=")
    if body.relation in {"", "!="} or (op == "prod" and body.relation[0] == "<"):
        return UNKNOWN
    weak = op == "sum" and body.relation != "="
    return Sign(body.relation[0] + "=" if weak else body.relation, body.assumptions)

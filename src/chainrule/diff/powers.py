"""The derivative of a power whose exponent is no plain number, right at a base of 0 too.

n·b^(n−1) is 0·∞ where n and b are 0, and b^n·log(b) is 0·(−∞) at b = 0, though b^0 = 1 for all b, and b^n has the
limit 0 there. Brackets, which are strongly zero, say so: [n ≠ 0]·n·b^(n−1) and [b ≠ 0]·b^n·log(b). Textbooks leave them
out where they say nothing, and so does this: where the base is plainly positive, or the exponent is plainly not 0, or a
const is declared to be another number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import prod

from chainrule.errors import DerivativeError
from chainrule.expr.nodes import (
    MINUS_ONE,
    ZERO,
    Bracket,
    Call,
    Comparison,
    Condition,
    Expr,
    Indexed,
    Number,
    Power,
    Product,
    Sum,
    number,
    operands,
    plus,
    times,
)
from chainrule.expr.signs import is_positive
from chainrule.system.model import Declaration

_HIGHEST_TOWER = 30
"""Exponents within exponents: each level has the whole derivative of the next in it, several times over."""


def refuse_tower(power: Power) -> None:
    """Raise DerivativeError for powers nested too deeply in exponents, before anybody spends half a minute on them."""
    stack: list[tuple[Expr | Condition, int]] = [(power, 0)]
    while stack:
        node, height = stack.pop()
        if height > _HIGHEST_TOWER:
            raise DerivativeError(
                "an equation is nested too deeply to be derived",
                expected=f"at most {_HIGHEST_TOWER} exponents within each other",
                advice="Give parts of it names, in equations of their own.",
            )
        for part in operands(node):
            raised = isinstance(node, Power) and part is node.exponent and not isinstance(part, Number)
            stack.append((part, height + raised))


def by_base(base: Expr, exponent: Expr, consts: Mapping[str, Fraction]) -> tuple[Expr, str]:
    """Return the derivative of base^exponent by the base, and the law: see `render.laws`. `consts` have values."""
    plain = times(exponent, Power(base, plus(exponent, MINUS_ONE)))
    if is_positive(base) or is_positive(exponent) or value_of(exponent, consts):
        return plain, "`(u^n)' = n·u^(n−1)·u'`"
    return times(_not_zero(exponent), plain), "`(u^n)' = n·u^(n−1)·u'`, and 0 where `n = 0`"


def by_exponent(base: Expr, exponent: Expr, consts: Mapping[str, Fraction]) -> tuple[Expr, str]:
    """Return the derivative of base^exponent by the exponent, and the law. `consts` have values."""
    plain = times(Power(base, exponent), Call("log", (base,)))
    if is_positive(base) or value_of(base, consts):
        return plain, "`(c^u)' = c^u·log(c)·u'`"
    return times(_not_zero(base), plain), "`(c^u)' = c^u·log(c)·u'`, and 0 where `c = 0`"


def values_of_consts(declarations: Iterable[Declaration]) -> Mapping[str, Fraction]:
    """Return the numbers that consts are declared to be, those that are made of others included."""
    found: dict[str, Fraction] = {}
    for one in declarations:
        value = None if one.role != "const" or one.value is None else value_of(one.value, found)
        if value is not None:
            found[one.tensor] = value
    return found


def value_of(expr: Expr, consts: Mapping[str, Fraction]) -> Fraction | None:
    """Return the number that a sum or product of numbers and consts is, else None."""
    match expr:
        case Number(value):
            return value
        case Indexed(tensor, ()):
            return consts.get(tensor)
        case Sum(parts) | Product(parts):
            values = [value_of(part, consts) for part in parts]
            known = [value for value in values if value is not None]
            if len(known) < len(values):
                return None
            return sum(known, Fraction(0)) if isinstance(expr, Sum) else prod(known, start=Fraction(1))
        case Power(base, Number(value)) if value == -1:
            below = value_of(base, consts)
            return 1 / below if below else None
        case _:
            return None


def _not_zero(expr: Expr) -> Bracket:
    """Return [expr ≠ 0], a number on its own side: [k ≠ 1], not [k − 1 ≠ 0]."""
    if isinstance(expr, Sum):
        rest = tuple(term for term in expr.terms if not isinstance(term, Number))
        known = sum(term.value for term in expr.terms if isinstance(term, Number))
        if rest and len(rest) < len(expr.terms):
            return Bracket(Comparison("!=", plus(*rest), number(-known)))
    return Bracket(Comparison("!=", expr, ZERO))

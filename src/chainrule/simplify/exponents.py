"""Powers whose exponent is no number: equal bases are one power, x·x^(k−1) = x^k, where that cancels or is shorter.

What is on the right is defined wherever the left is, and more: at x = 0, 0·0^(−1) is no number, and 0^0 is 1.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from chainrule.expr.nodes import ONE, ZERO, Bracket, Comparison, Expr, Number, Power, Product
from chainrule.rewrite.rules import Rule
from chainrule.simplify.arithmetic import add, factors_of, multiply, product_of, split_coefficient, terms_of
from chainrule.simplify.context import Context, length
from chainrule.simplify.evident import always_defined


def number_in(exponent: Expr) -> Fraction:
    """Return the number among the terms of an exponent, 0 where there is none."""
    return sum((term.value for term in terms_of(exponent) if isinstance(term, Number)), Fraction(0))


def one_power(expr: Expr, context: Context) -> Expr | None:
    """x*x^(q - 1) = x^q, and x*x^(q - 2) = x^(q - 1), also where that is longer."""
    if not isinstance(expr, Product):
        return None
    coefficient, factors = factors_of(expr)
    for raised, once in factors.items():
        if once != 1 or not isinstance(raised, Power):
            continue
        met = factors.get(raised.base, Fraction(0))
        missing = min(met, -number_in(raised.exponent))
        if missing <= 0:
            continue
        rest = {b: e - missing if b == raised.base else e for b, e in factors.items() if b != raised}
        merged = context.rebuild(Power(raised.base, add((raised.exponent, Number(missing)))))
        return multiply((product_of(coefficient, {b: e for b, e in rest.items() if e}), merged))
    return None


def equal_bases(expr: Expr, context: Context) -> Expr | None:
    """x*x^(k-1) = x^k, and x^a*x^b = x^(a+b), where that is shorter."""
    if not isinstance(expr, Product) or not any(isinstance(f, Power) and _is_unknown(f) for f in expr.factors):
        return None
    coefficient, found = factors_of(expr)
    powers = [p for p, e in found.items() if isinstance(p, Power) and e == 1]
    for power in powers:
        if found.get(power.base):
            rest = {b: e for b, e in found.items() if b not in (power, power.base)}
            joined = _joined(power.base, power.exponent, Number(found[power.base]))
            whole = multiply((product_of(coefficient, rest), joined))
            if length(whole) < length(expr):
                return whole
    for one, other in combinations(powers, 2):
        if one.base == other.base:
            rest = {b: e for b, e in found.items() if b not in (one, other)}
            whole = multiply((product_of(coefficient, rest), _joined(one.base, one.exponent, other.exponent)))
            if length(whole) < length(expr):
                return whole
    return None


def _is_unknown(power: Power) -> bool:
    return not isinstance(power.exponent, Number)


def _joined(base: Expr, *exponents: Expr) -> Expr:
    total = add(exponents)
    return ONE if total == ZERO else multiply((Power(base, total),))


def needless_exception(expr: Expr, context: Context) -> Expr | None:
    """[n != 0]*n*x^n = n*x^n: where n is 0 the rest is 0 as well, as x^0 is 1 whatever x is."""
    if not isinstance(expr, Product):
        return None
    for guard in expr.factors:
        match guard:
            case Bracket(Comparison("!=", left, right)):
                zero = split_coefficient(add((left, multiply((Number(Fraction(-1)), right)))))[1]
            case _:
                continue
        others = [f for f in expr.factors if f != guard]
        if zero in others and all(_defined_at_zero(f, zero) for f in others):
            return multiply(others)
    return None


def _defined_at_zero(expr: Expr, zero: Expr) -> bool:
    """Say whether a factor is a number at least where an expression is 0."""
    match expr:
        case Power(base, exponent) if not isinstance(exponent, Number):
            coefficient, rest = split_coefficient(exponent)
            return rest == zero and coefficient > 0 and always_defined(base)
        case _:
            return always_defined(expr)


CANCELLED_POWER: Rule[Context] = Rule("powers of one base", "`x·x^(q − 1) = x^q`", one_power, (Product,), (Power,))
EXPONENTS: tuple[Rule[Context], ...] = (
    Rule("powers of one base", "`x^a·x^b = x^(a + b)`", equal_bases, (Product,), (Power,)),
    Rule("needless bracket", "`[n ≠ 0]·n·x^n = n·x^n`, since `x^0 = 1`", needless_exception, (Product,), (Bracket,)),
)

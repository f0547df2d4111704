"""The last touch: the order in which a book writes factors and terms, signs, roots, fractions.

It changes no value and is never undone inside `simplify`: `arithmetic.normal` of what it returns is what it was given.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import partial

from chainrule.expr.binding import map_operands
from chainrule.expr.nodes import (
    MINUS_ONE,
    Bracket,
    Call,
    Comparison,
    Constant,
    Expr,
    ExtentValue,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Sum,
    number,
    plus,
    product_factors,
)
from chainrule.expr.symbols import Derivative
from chainrule.simplify.arithmetic import scaled, split_coefficient
from chainrule.simplify.recognise import is_constant
from chainrule.simplify.written import AS_IT_COMES, Written

_SMALL = 12
"""Larger denominators are not written as fractions."""


def present(expr: Expr, written: Written = AS_IT_COMES) -> Expr:
    """Return a normal expression as a book would write it, with differences as the system has them `written`."""
    return _arranged(written.restored(expr), written)


def _arranged(expr: Expr, written: Written) -> Expr:
    """Return what `present` does, differences being on their sides already; one frame for each level of nesting."""
    expr = _sign_into(expr, written)
    match expr:
        case Product() | Power():
            return _present_product(expr, written)
        case Sum(terms):
            return _arranged_sum(terms, written)
        case Reduce(op, indices, body):
            return Reduce(op, indices, _arranged(body, written))
        case _:
            return map_operands(expr, partial(_arranged, written=written))


def _arranged_sum(terms: Iterable[Expr], written: Written) -> Expr:
    """Return the sum of terms; one into which a sign or a number has gone is a sum itself, and joins the others."""
    whole = plus(*(_arranged(term, written) for term in terms))
    return Sum(tuple(sorted(whole.terms, key=_term_rank))) if isinstance(whole, Sum) else whole


def _term_rank(term: Expr) -> tuple[bool, bool, int]:
    """Positive terms first, and among them numbers; else the order stays."""
    coefficient, rest = split_coefficient(term)
    return coefficient < 0, not isinstance(term, Number), isinstance(rest, Reduce)


def _present_product(expr: Expr, written: Written) -> Expr:
    coefficient, rest = split_coefficient(expr)
    if isinstance(rest, Sum) and _better_multiplied_in(coefficient, rest, written):
        return _arranged_sum([scaled(coefficient * c, r) for c, r in map(split_coefficient, rest.terms)], written)
    coefficient, rest = _fraction_into_sum(coefficient, rest)
    above: list[Expr] = []
    below: list[Expr] = []
    roots: dict[Fraction, list[Expr]] = {}
    for factor in product_factors(rest):
        match factor:
            case Power(base, Number(value)) if value.denominator == 2 and is_constant(base):
                roots.setdefault(value, []).append(base)
            case Power(base, Number(value)) if value < 0:
                below.append(_root(_arranged(base, written), -value))
            case Power(base, Number(value)):
                above.append(_root(_arranged(base, written), value))
            case Power(base, exponent):
                above.append(Power(_arranged(base, written), _arranged(exponent, written)))
            case _ if factor == Number(Fraction(1)):
                pass
            case _:
                above.append(_arranged(factor, written))
    for value, bases in roots.items():
        bases.sort(key=_factor_rank)
        base = bases[0] if len(bases) == 1 else Product(tuple(bases))
        (below if value < 0 else above).append(_root(base, abs(value)))
    return _written(coefficient, above, below)


def _root(base: Expr, exponent: Fraction) -> Expr:
    if exponent == 1:
        return base
    if exponent == Fraction(1, 2):
        return Call("sqrt", (base,))
    return Power(base, Number(exponent))


def _written(coefficient: Fraction, above: list[Expr], below: list[Expr]) -> Expr:
    """Return the product in writing order: number, names, calls, parentheses, denominators, a reduction last."""
    above = _ranges(above)
    above.sort(key=_factor_rank)
    below.sort(key=_factor_rank)
    last = [f for f in above if isinstance(f, Reduce)][-1:]
    body = [f for f in above if f not in last]
    short = abs(coefficient.numerator) == 1 and not any(isinstance(f, Sum | Reduce | Bracket) for f in above)
    if 1 < coefficient.denominator <= _SMALL and (below or (short and above)):
        below.insert(0, number(coefficient.denominator))
        coefficient = Fraction(coefficient.numerator)
    inverse = [Power(f, MINUS_ONE) for f in below]
    parts = [*([] if coefficient == 1 else [Number(coefficient)]), *body, *inverse, *last]
    return parts[0] if len(parts) == 1 else Product(tuple(parts))


def _ranges(factors: list[Expr]) -> list[Expr]:
    """Return [0 <= i]*[i < n] as [0 <= i < n]."""
    done = list(factors)
    for lower in factors:
        for upper in factors:
            match lower, upper:
                case Bracket(Comparison("<=", Number(), middle) as low), Bracket(Comparison("<", same) as high) if (
                    same == middle and lower in done and upper in done
                ):
                    done[done.index(lower)] = Bracket(Logic("and", (low, high)))
                    done.remove(upper)
                case _:
                    pass
    return done


def _fraction_into_sum(coefficient: Fraction, rest: Expr) -> tuple[Fraction, Expr]:
    """Return 1/2*(1 + b + 2*c)*d as (1/2*(1 + b) + c)*d: a fraction goes where it cancels."""
    sums = [f for f in product_factors(rest) if isinstance(f, Sum)]
    if coefficient.denominator == 1 or len(sums) != 1:
        return coefficient, rest
    if coefficient < 0 and all(split_coefficient(term)[0] > 0 for term in sums[0].terms):
        positive, turned = _fraction_into_sum(-coefficient, rest)
        return -positive, turned
    parts = [(coefficient * c, r) for c, r in map(split_coefficient, sums[0].terms)]
    alike = [(c, r) for c, r in parts if c.denominator != 1]
    if len(alike) == len(parts) or len({abs(c) for c, _ in alike}) > 1:
        return coefficient, rest
    lead = alike[0][0]
    group = [scaled(c / lead, r) for c, r in alike]
    before = scaled(lead, group[0]) if len(group) == 1 else Product((Number(lead), Sum(tuple(group))))
    whole = Sum((before, *(scaled(c, r) for c, r in parts if c.denominator == 1)))
    return Fraction(1), Product(tuple(whole if f is sums[0] else f for f in product_factors(rest)))


def _factor_rank(factor: Expr) -> int:  # noqa: C901 -- one match over the nodes
    match factor:
        case Number():
            return 0
        case Constant():
            return 1
        case ExtentValue() | IndexValue():
            return 2
        case Bracket():
            return 3
        case Indexed(tensor):
            return 5 if isinstance(tensor, Derivative) else 4
        case MatrixEntry():
            return 4
        case Partial(of):
            return 7 if of.indices else 6
        case Power(base):
            return _factor_rank(base)
        case Call():
            return 8
        case Sum():
            return 9
        case Reduce():
            return 11
        case _:
            return 10


def _better_multiplied_in(coefficient: Fraction, rest: Sum, written: Written) -> bool:
    """A sign alone goes into a sum, and a number that meets a number or an extent there."""
    if coefficient in (1, -1):
        return coefficient == 1 or not written.knows(rest)
    return any(split_coefficient(t)[0].denominator != 1 or _has_count(t) for t in rest.terms)


def _has_count(term: Expr) -> bool:
    return any(isinstance(f, Power) and isinstance(f.base, ExtentValue) for f in product_factors(term))


def _sign_into(expr: Expr, written: Written) -> Expr:
    """Return -(y - a)*x as (a - y)*x, where turning a difference round removes the minus before the product."""
    coefficient, rest = split_coefficient(expr)
    if coefficient >= 0 or (coefficient == -1 and isinstance(rest, Sum)):
        return expr
    parts = list(product_factors(rest))
    for place, part in enumerate(parts):
        turned = _turned(part, written)
        if turned is not None:
            parts[place] = turned
            return scaled(-coefficient, parts[0] if len(parts) == 1 else Product(tuple(parts)))
    return expr


def _turned(part: Expr, written: Written) -> Expr | None:
    match part:
        case Sum(terms):
            signs = [split_coefficient(t)[0] < 0 for t in terms]
            has_number = any(isinstance(t, Number) and t.value > 0 for t in terms)
            fewer = len(signs) - sum(signs) <= sum(signs) + 1  # the minus before the product counts
            if has_number or not fewer or written.knows(part):
                return None
            return Sum(tuple(scaled(-c, r) for c, r in map(split_coefficient, terms)))
        case Reduce("sum", indices, Product(inner)):
            for place, factor in enumerate(inner):
                turned = _turned(factor, written)
                if turned is not None:
                    return Reduce("sum", indices, Product((*inner[:place], turned, *inner[place + 1 :])))
            return None
        case Reduce("sum", indices, body):
            turned = _turned(body, written) if isinstance(body, Sum) else None
            return None if turned is None else Reduce("sum", indices, turned)
        case _:
            return None

"""Arithmetic normal form: flat sorted sums and products, like terms and equal factors merged, numbers exact.

A product is a coefficient times factors base^exponent with rational exponents, so that quotients, roots and cancelling
are one mechanism; a sum is primitive: its content, sign included, stands before it as a coefficient, so that a - y and
y - a are the same base. `normal` brings any expression into this form; `add`, `multiply` and `close` expect operands
that are in it and keep it. These laws need no explanation, so they are no steps of a derivation. Nothing is multiplied
out or factored here but numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import permutations
from math import gcd, lcm
from operator import le
from typing import TypeAlias

from chainrule.expr.binding import (
    Fresh,
    binder_height,
    free_in_order,
    free_indices,
    map_condition,
    map_operands,
    open_reduce,
    reduce_over,
)
from chainrule.expr.combinations import difference
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import (
    ONE,
    ZERO,
    Affine,
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
    Number,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    number,
    operands,
    product_factors,
)
from chainrule.expr.shared import kept
from chainrule.expr.signs import is_not_negative
from chainrule.expr.sizes import Literal
from chainrule.simplify.ordering import Key, sort_key

Factors: TypeAlias = dict[Expr, Fraction]
"""base -> exponent of a product without its coefficient."""

_ONE = Fraction(1)
_LARGEST_DENOMINATOR = 12
_MOST_BITS = 4096
"""Of a power that is computed: no floating point number has half as many, and hardly any formula needs more."""


def normal(expr: Expr, fresh: Fresh) -> Expr:
    """Return the arithmetic normal form of any expression."""
    match expr:
        case Number() | Indexed() | Constant():
            return expr
        case Reduce(op):
            level = fresh.level
            indices, body = open_reduce(expr, fresh)
            closed = close(op, indices, normal(body, fresh))
            fresh.level = level
            return closed
        case IndexValue(Affine(terms, constant)):
            return add((*(scaled(Fraction(c), IndexValue(i)) for i, c in terms), Number(Fraction(constant))))
        case Bracket(condition):
            return renormal(Bracket(map_condition(condition, lambda side: _normal_side(side, fresh))))
        case Select(condition, then, otherwise):
            tested = map_condition(condition, lambda side: _normal_side(side, fresh))
            return renormal(Select(tested, normal(then, fresh), normal(otherwise, fresh)))
        case _:
            return renormal(map_operands(expr, lambda part: normal(part, fresh)))


def _normal_side(side: Expr, fresh: Fresh) -> Expr:
    """Return a side of a comparison; a position stays one, since [i+1 = j] is a delta."""
    return side if isinstance(side, IndexValue) else normal(side, fresh)


@kept
def renormal(expr: Expr) -> Expr:
    """Return the normal form of an expression whose operands are normal."""
    match expr:
        case Sum(terms):
            return add(terms)
        case Product() | Power():
            return multiply((expr,))
        case Call("sqrt", (argument,), 0):
            return power(argument, Fraction(1, 2))
        case Call(function, (Number(value),), 0) if value == 0:
            known = FUNCTIONS.get(function)
            return expr if known is None or known.at_zero is None else number(known.at_zero)
        case Call("log", (Number(value),), 0) if value == 1:
            return ZERO
        case Bracket(condition):
            return bracket(condition)
        case ExtentValue(extent) if isinstance(extent, Literal):
            return Number(Fraction(extent.count))
        case Select(_, then, otherwise) if then == otherwise:
            return then
        case Select(condition, then, otherwise):
            tested = bracket(condition)
            return then if tested == ONE else otherwise if tested == ZERO else expr
        case _:
            return expr


def bracket(condition: Condition) -> Expr:
    """Return the bracket; of a conjunction the product of brackets; 1 or 0 where the truth is plain."""
    match condition:
        case Logic("and", parts):
            return multiply(tuple(bracket(part) for part in parts))
        case Logic("not", (Logic("not", (inner,)),)):
            return bracket(inner)
        case Logic("not", (Comparison("=" | "!=" as relation, left, right),)):
            return bracket(Comparison("!=" if relation == "=" else "=", left, right))
        case Comparison(relation, left, right) if left == right and isinstance(left, IndexValue | Number):
            return ONE if relation in ("=", "<=", ">=") else ZERO
        case Comparison(relation, Number(left), Number(right)):
            return _truth(relation, left - right)
        case Comparison(relation, IndexValue(left), IndexValue(right)) if not difference(left, right).terms:
            return _truth(relation, Fraction(difference(left, right).constant))
        case Comparison("=" | "!=" as relation, left, right) if _sides(right) < _sides(left):
            return Bracket(Comparison(relation, right, left))
        case Comparison("=" | "!=" as relation, Product((Number(c), IndexValue() as index)), Number(n)):
            return _truth(relation, Fraction(1)) if n % c else bracket(Comparison(relation, index, Number(n / c)))
        case _:
            return Bracket(condition)


def _truth(relation: str, gap: Fraction) -> Expr:
    """Return 1 or 0 for a comparison of two numbers by their difference."""
    holds = {"=": gap == 0, "!=": gap != 0, "<": gap < 0, "<=": gap <= 0, ">": gap > 0, ">=": gap >= 0}
    return ONE if holds[relation] else ZERO


def _sides(expr: Expr) -> tuple[bool, bool, Key]:
    """Return the key by which the sides of an equality are sorted: numbers last, [i = 0]; sums first, [2*i+u = p]."""
    shifted = isinstance(expr, IndexValue) and not isinstance(expr.position, Index)
    return isinstance(expr, Number), not shifted, sort_key(expr)


def split_coefficient(expr: Expr) -> tuple[Fraction, Expr]:
    """Return (c, rest) with expr = c·rest, c a number; rest is 1 for a number."""
    match expr:
        case Number(value):
            return value, ONE
        case Product((Number(value), *rest)):
            return value, rest[0] if len(rest) == 1 else Product(tuple(rest))
        case _:
            return _ONE, expr


def scaled(coefficient: Fraction, rest: Expr) -> Expr:
    """Return coefficient·rest for a rest without coefficient."""
    if coefficient == 1:
        return rest
    if coefficient == 0 or rest == ONE:
        return Number(coefficient)
    return Product((Number(coefficient), *product_factors(rest)))


def terms_of(expr: Expr) -> tuple[Expr, ...]:
    """Return the terms of a sum, a number before it multiplied in; another expression is one term."""
    coefficient, rest = split_coefficient(expr)
    if not isinstance(rest, Sum):
        return () if expr == ZERO else (expr,)
    if coefficient == 1:
        return rest.terms
    return tuple(scaled(coefficient * c, r) for c, r in map(split_coefficient, rest.terms))


def add(terms: Iterable[Expr]) -> Expr:
    """Return the sum of normal terms: like terms merged, sorted, its content in front."""
    collected: dict[Expr, Fraction] = {}
    for term in terms:
        for part in terms_of(term):
            coefficient, rest = split_coefficient(part)
            known = collected.get(rest)
            collected[rest] = coefficient if known is None else known + coefficient
    kept = sorted(((rest, c) for rest, c in collected.items() if c), key=lambda item: sort_key(item[0]))
    if len(kept) <= 1:
        return scaled(kept[0][1], kept[0][0]) if kept else ZERO
    content = _content([c for _, c in kept])
    return scaled(content, Sum(tuple(scaled(c / content, rest) for rest, c in kept)))


def _content(coefficients: list[Fraction]) -> Fraction:
    """Return the greatest common divisor, with the sign of the first coefficient.

    Decimals such as the 1e-5 beside a variance have none but 1: 0.00001·(100000·v + 1) helps nobody.
    """
    denominator = lcm(*(c.denominator for c in coefficients))
    size = Fraction(gcd(*(c.numerator for c in coefficients)), denominator)
    if denominator > _LARGEST_DENOMINATOR:
        size = abs(coefficients[0]) if len({abs(c) for c in coefficients}) == 1 else Fraction(1)
    return size if coefficients[0] > 0 else -size


def factors_of(expr: Expr) -> tuple[Fraction, Factors]:
    """Return the monomial view of any expression: its coefficient, and base -> rational exponent."""
    coefficient, found = _factors_of(expr)
    return coefficient, found.copy()


@kept
def _factors_of(expr: Expr) -> tuple[Fraction, Factors]:
    coefficient, found, cancelled = _ONE, Factors(), False
    stack: list[tuple[Expr, Fraction]] = [(expr, _ONE)]
    while stack:
        node, exponent = stack.pop()
        match node:
            case Number(value) if (value != 0 or exponent > 0) and _is_short(value, exponent):
                coefficient *= value**exponent.numerator
            case Product(factors) if exponent.denominator == 1 or all(map(is_not_negative, factors)):
                stack.extend((f, exponent) for f in reversed(factors))
            case Power(base, Number(value)) if _powers_multiply(base, value, exponent):
                stack.append((base, value * exponent))
            case Power(base, Number(value)) if value.denominator == 1 and value % 2 == 0:
                stack.append((Call("abs", (base,)), value * exponent))
            case Sum():
                content, primitive = _primitive(node, exponent)
                coefficient *= content
                cancelled |= _multiplied(found, primitive, exponent)
            case Bracket():
                found[node] = _ONE if exponent > 0 else min(found.get(node, exponent), _ONE)
            case _:
                cancelled |= _multiplied(found, node, exponent)
    return coefficient, {base: e for base, e in found.items() if e} if cancelled else found


def _multiplied(found: Factors, base: Expr, exponent: Fraction) -> bool:
    """Multiply by a power; say whether there was one of the same base already, so that the two may cancel."""
    known = found.get(base)
    found[base] = exponent if known is None else known + exponent
    return known is not None or not exponent


def _is_short(base: Fraction, exponent: Fraction) -> bool:
    """Say whether base^exponent is a number that can be written down: 9^(9^9) has 369 million digits and stays."""
    longest = max(base.numerator.bit_length(), base.denominator.bit_length())
    return exponent.denominator == 1 and (longest == 1 or longest * abs(exponent.numerator) <= _MOST_BITS)


def _powers_multiply(base: Expr, inner: Fraction, outer: Fraction) -> bool:
    """(b^inner)^outer = b^(inner·outer): for whole outer powers always, else where b is not negative."""
    return outer.denominator == 1 or inner.denominator % 2 == 0 or inner % 2 == 1 or is_not_negative(base)


def _primitive(node: Sum, exponent: Fraction) -> tuple[Fraction, Sum]:
    """Return (content^exponent, primitive sum) where that is exact, else (1, the sum)."""
    content = _content([split_coefficient(t)[0] for t in node.terms])
    if content == 1 or not _is_short(content, exponent):
        return Fraction(1), node
    rescaled = tuple(scaled(c / content, r) for c, r in map(split_coefficient, node.terms))
    return content**exponent.numerator, Sum(rescaled)


def multiply(factors: Iterable[Expr]) -> Expr:
    """Return the product of normal factors: equal bases merged, sorted, its coefficient in front."""
    coefficient, found = factors_of(Product(tuple(factors)))
    return product_of(coefficient, found)


def product_of(coefficient: Fraction, factors: Factors) -> Expr:
    """Return the normal product of a coefficient and base -> exponent."""
    kept: list[Expr] = []
    for base, exponent in factors.items():
        if isinstance(base, Number) and base.value and _is_short(base.value, exponent):
            coefficient *= base.value**exponent.numerator
        elif isinstance(base, Bracket) and exponent > 0:
            kept.append(base)
        elif exponent:
            kept.append(base if exponent is _ONE or exponent == 1 else Power(base, Number(exponent)))
    if coefficient == 0:
        return ZERO
    kept.sort(key=sort_key)
    if not kept:
        return Number(coefficient)
    return scaled(coefficient, kept[0] if len(kept) == 1 else Product(tuple(kept)))


def power(base: Expr, exponent: Fraction) -> Expr:
    """Return base^exponent for a normal base."""
    return multiply((Power(base, Number(exponent)),))


def close(op: str, indices: Iterable[Index], body: Expr) -> Expr:
    """Return the reduction of a normal body, its indices in the order in which the sorted body names them.

    A mean is the sum divided by its number; a number comes out of a sum.
    """
    bound = list(indices)
    if not bound:
        return body
    if op == "mean":
        count = [power(renormal(ExtentValue(i.extent, i.preferred)), Fraction(-1)) for i in bound]
        return multiply((*count, close("sum", bound, body)))
    if op == "sum":
        coefficient, rest = split_coefficient(body)
        if coefficient == 0:
            return ZERO
        if coefficient != 1:
            return multiply((Number(coefficient), close("sum", bound, rest)))
    settled = _least(op, bound, body)
    coefficient, rest = split_coefficient(settled.body) if op == "sum" else (Fraction(1), body)
    if coefficient == 1:
        return settled
    return multiply((Number(coefficient), Reduce(op, settled.indices, rest)))


_MOST_PERMUTED = 4


def _least(op: str, bound: list[Index], body: Expr) -> Reduce:
    """Return the reduction with its indices in the order that gives the sorted body the least key.

    That is the order of first appearance, except where terms or factors differ in their indices only, so that the
    order of indices decides which of them comes first. For more indices than anybody writes it is not searched for.
    """
    order = {index: n for n, index in enumerate(free_in_order(body))}
    appearing = tuple(sorted(bound, key=lambda index: order.get(index, len(order))))
    if len(bound) == 1 or len(bound) > _MOST_PERMUTED:
        return _closed(op, appearing, body)
    one_digit = binder_height(body) + len(bound) < 10  # else %10 stands before %9
    if one_digit and all(index in order for index in bound) and not _tied(body, frozenset(bound)):
        return _closed(op, appearing, body)
    return min(
        (_closed(op, chosen, body) for chosen in permutations(appearing)),
        key=lambda made: (sort_key(made.body), str(made.indices)),
    )


def _tied(node: Expr | Condition, bound: frozenset[Index]) -> bool:
    """Say whether the names of bound indices decide the order of terms, of factors or of the sides of an equality."""
    if len(free_indices(node) & bound) < 2:
        return False
    if isinstance(node, Comparison):
        return True
    if isinstance(node, Sum | Product):
        alike: dict[tuple[str, tuple[str, ...]], frozenset[Index]] = {}
        for part in node.terms if isinstance(node, Sum) else node.factors:
            base = split_coefficient(part)[1]
            own = free_indices(base) & bound
            key = sort_key(base)[:2]
            if key in alike and len(own | alike[key]) > 1:
                return True
            alike[key] = own | alike.get(key, frozenset())
    return any(_tied(part, bound) for part in operands(node))


def _closed(op: str, bound: tuple[Index, ...], body: Expr) -> Reduce:
    made = reduce_over(op, bound, body)
    assert isinstance(made, Reduce)
    return Reduce(op, made.indices, resort(made.body, frozenset(made.indices)))


def resort(expr: Expr, renamed: frozenset[Index]) -> Expr:
    """Return the expression with terms and factors sorted again, after a change to these names and no other change."""
    if free_indices(expr).isdisjoint(renamed):
        return expr
    again = map_operands(expr, lambda part: resort(part, renamed))
    if isinstance(expr, Reduce):
        return again
    if again is expr and _is_in_order(expr):
        return expr
    return renormal(again)


def _is_in_order(expr: Expr) -> bool:
    """Say whether the parts of a node stand in their order, so that it is normal if it was before their names."""
    match expr:
        case Sum(terms):
            keys = [sort_key(split_coefficient(term)[1]) for term in terms]
        case Product(factors):
            keys = [sort_key(factor) for factor in factors if type(factor) is not Number]
        case _:
            return not isinstance(expr, Bracket)
    return all(map(le, keys, keys[1:]))

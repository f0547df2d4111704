"""Differences stay as they were written: where a system says x − mu, so do its derivatives, with a minus if need be.

The normal form keeps one of x − mu and mu − x, whichever its order makes positive. That choice is for data: readers
find their own difference again. One that a system writes both ways, or that holds a number, has no such side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import TypeAlias

from chainrule.expr.binding import Fresh, map_operands, tensors_in
from chainrule.expr.nodes import (
    Affine,
    Condition,
    Expr,
    IndexValue,
    Number,
    Power,
    Product,
    Reduce,
    Sum,
    number,
    operands,
    product_factors,
    walk,
)
from chainrule.expr.shared import kept
from chainrule.expr.symbols import Symbol
from chainrule.simplify.arithmetic import normal, scaled, split_coefficient
from chainrule.simplify.ordering import sort_key

_Terms: TypeAlias = frozenset[tuple[str, tuple[str, ...], Fraction]]


@dataclass(frozen=True)
class Written:
    """Which term of a difference a system writes with a plus: for its terms, indices aside, the sign of the first.

    `tensors` are those in these differences; `nameless` says that one has none, only sizes.
    """

    signs: Mapping[_Terms, int] = field(default_factory=lambda: MappingProxyType({}))
    tensors: frozenset[Symbol] = frozenset()
    nameless: bool = False

    def may_know(self, tensors: Iterable[Symbol]) -> bool:
        """Say whether something that reads these tensors alone may hold a difference that the system writes."""
        return self.nameless or not self.tensors.isdisjoint(tensors)

    def knows(self, expr: Expr) -> bool:
        """Say whether an expression is a difference that the system writes, one way or the other."""
        found = _read(expr) if isinstance(expr, Sum) else None
        return found is not None and found[0] in self.signs

    def restored(self, expr: Expr) -> Expr:
        """Return an expression with all of its differences as the system writes them."""
        if not self.signs or not any(self.knows(part) for part in walk(expr) if isinstance(part, Sum)):
            return expr
        return self._restored(expr)

    def _restored(self, expr: Expr) -> Expr:
        match expr:
            case Sum(terms):
                made = Sum(tuple(map(self._restored, terms)))
                found = _read(expr)
                turned = found is not None and self.signs.get(found[0], found[1]) != found[1]
                return Product((number(-1), _turned(made))) if turned else made
            case Product(factors):
                return _gathered([split_coefficient(self._restored(f)) for f in factors])
            case Power(base, Number(exponent)) if exponent.denominator == 1:
                sign, rest = split_coefficient(self._restored(base))
                if sign != -1:
                    return Power(rest if sign == 1 else self._restored(base), Number(exponent))
                power = Power(rest, Number(exponent))
                return power if exponent % 2 == 0 else Product((number(-1), *product_factors(power)))
            case Power():
                return expr
            case Reduce("sum" | "mean" as op, indices, body):
                sign, rest = split_coefficient(self._restored(body))
                if sign != -1 or split_coefficient(body)[0] == -1:
                    return Reduce(op, indices, self._restored(body))
                return Product((number(-1), Reduce(op, indices, rest)))
            case _:
                return map_operands(expr, self._restored)


AS_IT_COMES = Written()


def written_in(values: Iterable[Expr]) -> Written:
    """Return the differences that expressions write, as they stand."""
    signs: dict[_Terms, int] = {}
    read: list[frozenset[Symbol]] = []
    for value in values:
        for part in walk(value):
            if not isinstance(part, Sum) or not _may_subtract(part):
                continue
            content, plain = split_coefficient(normal(part, Fresh()))
            found = _read(plain) if isinstance(plain, Sum) else None
            if found is not None:
                sign = found[1] if content > 0 else -found[1]
                signs[found[0]] = sign if signs.get(found[0], sign) == sign else 0
                read.append(tensors_in(plain))
    known = {terms: sign for terms, sign in signs.items() if sign}
    return Written(known, frozenset[Symbol]().union(*read), not all(read))


@kept
def _may_subtract(expr: Expr | Condition) -> bool:
    """Say whether a negative number stands anywhere in an expression: without one, no difference comes of it."""
    match expr:
        case Number(value):
            return value < 0
        case IndexValue(Affine()):
            return True
        case _:
            return any(map(_may_subtract, operands(expr)))


def _read(expr: Sum) -> tuple[_Terms, int] | None:
    """Return the terms of a difference without indices and signs, and the sign of the first in their order."""
    parts = [split_coefficient(term) for term in expr.terms]
    signs = {c > 0 for c, _ in parts}
    keys = {(*sort_key(rest)[:2], abs(c)): c for c, rest in parts}
    if len(signs) < 2 or len(keys) < len(parts) or any(isinstance(term, Number) for term in expr.terms):
        return None
    return frozenset(keys), 1 if keys[min(keys)] > 0 else -1


def _turned(expr: Sum) -> Sum:
    return Sum(tuple(scaled(-c, rest) for c, rest in map(split_coefficient, expr.terms)))


def _gathered(parts: list[tuple[Fraction, Expr]]) -> Expr:
    """Return the product of factors whose numbers stand apart."""
    coefficient = Fraction(1)
    factors: list[Expr] = []
    for number_of, rest in parts:
        coefficient *= number_of
        factors += [f for f in product_factors(rest) if f != Number(Fraction(1))]
    if not factors:
        return Number(coefficient)
    return scaled(coefficient, factors[0] if len(factors) == 1 else Product(tuple(factors)))

"""Sizes as index lines write them: linear forms of extents, floor of a quotient of one, the minimum of some."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import TypeAlias

from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import MINUS_ONE, Call, Expr, ExtentValue, Indexed, Number, Power, Product, Sum
from chainrule.expr.sizes import Axis, Declared, Formula, Limit, Size
from chainrule.notation.statement_advice import LEAST_ALLOWED

Linear: TypeAlias = "LinearForm[Size, Fraction]"


AS_IN = "As in index {name} = floor((extent(x) - 1)/2) + 1"
ROUNDINGS = ("ceil", "ceiling", "round", "trunc")
"""Functions that a size may be written with elsewhere."""


class NoSizeError(ValueError):
    """What stands there is no size; the message says why, and `advice` what to write."""

    def __init__(self, why: str, advice: str = AS_IN) -> None:
        super().__init__(why)
        self.advice = advice


def formula_of(expr: Expr) -> Formula:
    """Return the size that an expression says; letters in it may be those of indices or names of tensors.

    Raises NoSizeError.

    >>> half = Product((ExtentValue(Axis("x", 0)), Power(Number(Fraction(2)), MINUS_ONE)))
    >>> formula_of(Call("floor", (half,))).limits[0].value({Axis("x", 0): 7})
    3
    """
    return Formula(tuple(dict.fromkeys(_limits(expr))))


def _limits(expr: Expr) -> Iterator[Limit]:
    match expr:
        case Call("floor", (argument,)):
            linear = _linear(argument)
            divisor = lcm(linear.constant.denominator, *(c.denominator for c in linear.terms.values()))
            yield Limit(_whole(linear * Fraction(divisor)).plus(-divisor), divisor)
        case Call("minimum", arguments):
            for argument in arguments:
                yield from _limits(argument)
        case Sum(terms) if any(isinstance(term, Call) for term in terms):
            [call, *others] = sorted(terms, key=lambda term: not isinstance(term, Call))
            added = _linear(Sum((Number(Fraction(0)), *others)))
            if added.terms or added.constant.denominator != 1:
                raise NoSizeError("only whole numbers can be added to floor(…) or minimum(…)")
            for limit in _limits(call):
                yield Limit(limit.linear.plus(int(added.constant) * limit.divisor), limit.divisor)
        case _:
            yield Limit(_whole(_linear(expr)).plus(-1))


def _whole(linear: Linear) -> LinearForm[Size, int]:
    if any(c.denominator != 1 for c in (linear.constant, *linear.terms.values())):
        raise NoSizeError("a quotient of extents need not be a whole number", "Round it down: floor(extent(x)/2)")
    return LinearForm({size: int(c) for size, c in linear.terms.items()}, int(linear.constant))


def _linear(expr: Expr) -> Linear:
    match expr:
        case Number(value):
            return LinearForm({}, value)
        case ExtentValue(Axis() as size):
            return LinearForm({size: Fraction(1)}, Fraction(0))
        case ExtentValue(_, letter):
            return LinearForm({Declared(letter): Fraction(1)}, Fraction(0))
        case Sum(terms):
            total: Linear = LinearForm({}, Fraction(0))
            for term in terms:
                total = total + _linear(term)
            return total
        case Product(factors):
            return _product([_linear(factor) for factor in factors])
        case Power(base, exponent) if exponent == MINUS_ONE:
            divisor = _linear(base)
            if divisor.terms or not divisor.constant:
                raise NoSizeError("an extent can be divided by a whole number only")
            return LinearForm({}, 1 / divisor.constant)
        case _:
            raise _no_size(expr)


def _no_size(expr: Expr) -> NoSizeError:
    match expr:
        case Call(function) if function in ROUNDINGS:
            return NoSizeError(
                f"{function} is not known here", "floor(a/n) rounds a/n down, floor((a + n - 1)/n) rounds it up."
            )
        case Call("maximum"):
            return NoSizeError("maximum is not known here", LEAST_ALLOWED)
        case Indexed(tensor, ()):
            return NoSizeError(f"{tensor} is neither an extent nor a const with a whole number")
        case _:
            return NoSizeError("it is not linear in extents")


def _product(factors: list[Linear]) -> Linear:
    constants = [f.constant for f in factors if not f.terms]
    others = [f for f in factors if f.terms]
    if len(others) > 1:
        raise NoSizeError("a product of extents is not linear in them")
    result: Linear = others[0] if others else LinearForm({}, Fraction(1))
    for constant in constants:
        result = result * constant
    return result

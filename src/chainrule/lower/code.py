"""Expressions as straight-line scalar code: products with their scalars first, sums as multiply-adds.

Equal values are computed once. A false bracket makes its product 0 whatever the other factors are, by a choice and not
by a multiplication. Which memory an entry is in is asked of whoever builds the instruction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import assert_never

from chainrule.expr.functions import ARITY, DRAWN
from chainrule.expr.nodes import (
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
    Lookup,
    MatrixEntry,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
)
from chainrule.lower.factors import all_factors
from chainrule.lower.program import Apply, Load, Op, Scalar, Unsupported
from chainrule.lower.statements import form_of_axes
from chainrule.lower.words import WordBuilder

LONGEST_POWER = 64
MOST_READABLE = 1000
"""A larger denominator comes from a floating-point number, and is told as one."""
_CONSTANTS: Mapping[str, float] = {"pi": math.pi, "∞": math.inf, "-∞": -math.inf}


class CodeBuilder:
    """The code of one instruction while it is written. `entry` gives the number of the value of an entry."""

    def __init__(self, entry: Callable[[Indexed, Mapping[Index, str]], int]) -> None:
        self.ops: list[Op] = []
        self._known: dict[Op, int] = {}
        self._axes: list[bool] = []
        self._entry = entry

    def add(self, op: Op) -> int:
        """Return the number of an operation's value; it is written where it is new."""
        if op not in self._known:
            self._known[op] = len(self.ops)
            self.ops.append(op)
            self._axes.append(self._varies(op))
        return self._known[op]

    def _varies(self, op: Op) -> bool:
        match op:
            case Scalar():
                return False
            case Load(access):
                return bool(access.axes)
            case Apply(_, operands):
                return any(self._axes[n] for n in operands)
            case _:
                return True

    def apply(self, function: str, *operands: int) -> int:
        """Return the number of a function's value."""
        return self.add(Apply(function, operands))

    def number(self, value: Fraction | float) -> int:
        """Return the number of a constant."""
        return self.add(Scalar(Fraction(value) if isinstance(value, int) else value))

    def value(self, expr: Expr, names: Mapping[Index, str]) -> int:  # noqa: C901 - one match over the nodes
        """Return the number of an expression's value; `names` are the axes of its indices."""
        match expr:
            case Number(value):
                return self.number(value)
            case Constant(name):
                return self.number(_CONSTANTS[name])
            case Indexed():
                return self._entry(expr, names)
            case IndexValue(Lookup(entry)):
                return self._entry(entry, names)
            case IndexValue(position):
                return self.add(form_of_axes(position, names))
            case Sum(terms):
                return self._sum(terms, names)
            case Product() | Power():
                return self._product(all_factors(expr), names)
            case Call(function, arguments) if function in DRAWN:
                return WordBuilder(self.apply, self.number, self.value).drawn(function, arguments, names)
            case Call(function, arguments, order):
                if function not in ARITY or order:
                    raise Unsupported(f"the function {function}")
                return self._call(function, [self.value(a, names) for a in arguments])
            case Bracket(condition):
                return self.apply("choose", self.condition(condition, names), self.number(1), self.number(0))
            case Select(condition, then, otherwise):
                tested = self.condition(condition, names)
                return self.apply("choose", tested, self.value(then, names), self.value(otherwise, names))
            case Reduce() | Partial() | MatrixEntry() | ExtentValue():
                raise Unsupported(f"{type(expr).__name__} inside scalar code")
            case _:
                assert_never(expr)

    def condition(self, condition: Condition, names: Mapping[Index, str]) -> int:
        """Return the number of a condition's value."""
        match condition:
            case Comparison(relation, left, right):
                return self.apply(relation, self.value(left, names), self.value(right, names))
            case Logic(op, parts):
                tested = [self.condition(part, names) for part in parts]
                return self.apply("not", tested[0]) if op == "not" else self._chain(op, tested)
            case _:
                assert_never(condition)

    def _chain(self, function: str, values: Sequence[int]) -> int:
        result = values[0]
        for value in values[1:]:
            result = self.apply(function, result, value)
        return result

    def _call(self, function: str, arguments: Sequence[int]) -> int:
        if function == "clip":
            value, low, high = arguments
            return self.apply("minimum", self.apply("maximum", value, low), high)
        return self.apply(function, *arguments)

    def _split(self, factors: Sequence[Expr], names: Mapping[Index, str]) -> tuple[Fraction, list[int], list[int]]:
        """Return the coefficient of a product without brackets, and the numbers of its scalars and other factors."""
        coefficient = Fraction(1)
        scalars: list[int] = []
        others: list[int] = []
        below: list[int] = []
        for factor in factors:
            if isinstance(factor, Number):
                coefficient *= factor.value
            elif isinstance(factor, Power) and _negative(factor):
                below.append(self._power(factor, names))
            else:
                value = self.value(factor, names)
                (others if self._axes[value] else scalars).append(value)
        if below:
            divisor = self._chain("multiply", below)
            above = others if self._axes[divisor] else scalars
            dividend = self._chain("multiply", above) if above else self.number(1)
            above[:] = [self.apply("divide", dividend, divisor)]
        return coefficient, scalars, others

    def _power(self, factor: Power, names: Mapping[Index, str]) -> int:
        """Return the number of the base to the exponent, or to minus the exponent where it is negative."""
        base, exponent = self.value(factor.base, names), factor.exponent
        if not isinstance(exponent, Number):
            raise Unsupported("a power whose exponent is no number")
        size = abs(exponent.value)
        whole, rest = int(size), size - int(size)
        if whole > LONGEST_POWER or rest not in {Fraction(0), Fraction(1, 2)}:
            short = exponent.value.denominator <= MOST_READABLE
            raise Unsupported(f"the power {exponent.value if short else f'{float(exponent.value):.6g}'}")
        parts = [] if rest == 0 else [self.apply("sqrt", base)]
        if whole:
            parts.append(self._whole(base, whole))
        return self._chain("multiply", parts) if parts else self.number(1)

    def _whole(self, base: int, exponent: int) -> int:
        if exponent == 1:
            return base
        half = self._whole(base, exponent // 2)
        square = self.apply("multiply", half, half)
        return self.apply("multiply", square, base) if exponent % 2 else square

    def _product(self, factors: Sequence[Expr], names: Mapping[Index, str]) -> int:
        brackets = [f for f in factors if isinstance(f, Bracket)]
        plain = [f for f in factors if not isinstance(f, Bracket)]
        if len(plain) == 1 and isinstance(plain[0], Power) and not _negative(plain[0]) and not brackets:
            return self._power(plain[0], names)
        coefficient, scalars, others = self._split(plain, names)
        result = self._assembled(coefficient, scalars, others)
        if brackets:
            tested = self._chain("and", [self.condition(b.condition, names) for b in brackets])
            result = self.apply("choose", tested, result, self.number(0))
        return result

    def _assembled(self, coefficient: Fraction, scalars: list[int], others: list[int]) -> int:
        if coefficient == -1 and (scalars or others):
            return self.apply("negate", self._assembled(Fraction(1), scalars, others))
        front = self._front(coefficient, scalars)
        parts = [*([front] if front is not None else []), *others]
        return self._chain("multiply", parts) if parts else self.number(1)

    def _front(self, coefficient: Fraction, scalars: list[int]) -> int | None:
        """Return what does not vary in a product as one number, None where that is 1."""
        if not scalars:
            return None if coefficient == 1 else self.number(coefficient)
        value = self._chain("multiply", scalars)
        if coefficient == -1:
            return self.apply("negate", value)
        return value if coefficient == 1 else self.apply("multiply", self.number(coefficient), value)

    def _sum(self, terms: Sequence[Expr], names: Mapping[Index, str]) -> int:
        """Return the sum: terms that are no products first, then each product multiplied and added at once."""
        parts = [(t, all_factors(t)) for t in terms]
        fused = [f for _, f in parts if _multiplied(f)]
        first = [t for t, f in parts if not _multiplied(f)]
        result = self._plain(first, names) if first else self._product(fused.pop(0), names)
        for factors in fused:
            coefficient, scalars, others = self._split(factors, names)
            negative = coefficient < 0
            front = self._front(abs(coefficient) if scalars == [] and others else coefficient, scalars)
            negative = negative and scalars == [] and bool(others)
            values = [*([front] if front is not None else []), *others]
            result = self._added(result, values, negative)
        return result

    def _plain(self, terms: Sequence[Expr], names: Mapping[Index, str]) -> int:
        """Return the sum of terms of at most one factor beside a sign, those that are added before the others."""
        signed = [(_negated(t), t) for t in terms]
        signed.sort(key=lambda s: s[0] is not None)
        result = self.value(signed[0][1], names)
        for without, term in signed[1:]:
            value = self.value(term if without is None else without, names)
            result = self.apply("add" if without is None else "subtract", result, value)
        return result

    def _added(self, result: int, values: Sequence[int], negative: bool) -> int:
        if len(values) == 1:
            return self.apply("subtract" if negative else "add", result, values[0])
        left = self._chain("multiply", values[:-1])
        return self.apply("fma", self.apply("negate", left) if negative else left, values[-1], result)


def _negative(factor: Power) -> bool:
    return isinstance(factor.exponent, Number) and factor.exponent.value < 0


def _multiplied(factors: tuple[Expr, ...]) -> bool:
    """Say whether a term is a product that a multiply-add takes: no bracket, and more than one factor and a sign."""
    if any(isinstance(f, Bracket) for f in factors):
        return False
    counted = [f for f in factors if not (isinstance(f, Number) and abs(f.value) == 1)]
    return len(counted) > 1


def _negated(term: Expr) -> Expr | None:
    """Return the term without its sign where it has one."""
    factors = all_factors(term)
    if len(factors) == 2 and factors[0] == Number(Fraction(-1)):
        return factors[1]
    return None

"""The oracle of evaluation: one number at a time, by recursion over the expression, for one assignment of the indices.

It shares no code with the reference executor: no arrays but the tensors themselves, no broadcasting, no einsum.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

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
    MatrixEntry,
    Number,
    Position,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
)
from chainrule.expr.sizes import Size

FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "tanh": math.tanh,
    "sin": math.sin,
    "cos": math.cos,
    "atan": math.atan,
    "erf": math.erf,
    "abs": abs,
    "sign": lambda t: float((t > 0) - (t < 0)),
    "relu": lambda t: max(t, 0.0),
    "sigmoid": lambda t: 0.5 * (1 + math.tanh(t / 2)),
    "maximum": max,
    "minimum": min,
    "clip": lambda t, low, high: min(max(t, low), high),
}
RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class UndefinedError(ArithmeticError):
    """A value that is asked for and has no meaning."""


class Loops:
    """Tensors and extents, and the value of expressions in them."""

    def __init__(self, values: Mapping[str, np.ndarray], sizes: Mapping[Size, int]) -> None:
        self.values = values
        self.sizes = sizes

    def array(self, node: Expr, free: tuple[Index, ...]) -> np.ndarray:
        """Return the value for every assignment of the free indices; nan where undefined."""
        result = np.empty([self.sizes[i.extent] for i in free])
        for at in np.ndindex(result.shape):
            try:
                result[at] = self.number(node, dict(zip(free, at, strict=True)))
            except UndefinedError:
                result[at] = math.nan
        return result

    def number(self, node: Expr, at: dict[Index, int]) -> float:  # noqa: C901
        """Return the value for one assignment."""
        match node:
            case Number(value):
                return float(value)
            case Constant("pi"):
                return math.pi
            case ExtentValue(extent):
                return float(self.sizes[extent])
            case IndexValue(position):
                return float(self.place(position, at))
            case Indexed():
                return self.entry(node, at)
            case MatrixEntry(function, tensor, positions):
                return self.matrix(function, tensor, [self.place(p, at) for p in positions])
            case Sum(terms):
                return math.fsum([self.number(term, at) for term in terms])
            case Product():
                return self.product(node, at)
            case Power(base, exponent):
                return self.power(self.number(base, at), self.number(exponent, at))
            case Call(function, arguments):
                return FUNCTIONS[function](*(self.number(a, at) for a in arguments))
            case Reduce():
                return self.reduction(node, at)
            case Bracket(condition):
                return float(self.holds(condition, at))
            case Select(condition, then, otherwise):
                return self.number(then if self.holds(condition, at) else otherwise, at)
        raise AssertionError(node)

    def holds(self, condition: Condition, at: dict[Index, int]) -> bool:
        match condition:
            case Comparison(relation, left, right):
                return RELATIONS[relation](self.number(left, at), self.number(right, at))
            case Logic("not", (part,)):
                return not self.holds(part, at)
            case Logic("and", parts):
                return all(self.holds(part, at) for part in parts)
            case Logic("or", parts):
                return any(self.holds(part, at) for part in parts)
        raise AssertionError(condition)

    def product(self, node: Product, at: dict[Index, int]) -> float:
        factors = list(flattened(node))
        if not all(self.holds(f.condition, at) for f in factors if isinstance(f, Bracket)):
            return 0.0
        result = 1.0
        for factor in factors:
            result *= self.number(factor, at)
        return result

    def power(self, base: float, exponent: float) -> float:
        try:
            value: Any = base**exponent
        except (ZeroDivisionError, OverflowError):
            raise UndefinedError from None
        if isinstance(value, complex):
            raise UndefinedError
        return float(value)

    def reduction(self, node: Reduce, at: dict[Index, int]) -> float:
        ranges = [range(self.sizes[i.extent]) for i in node.indices]
        numbers = [
            self.number(node.body, at | dict(zip(node.indices, places, strict=True))) for places in product(*ranges)
        ]
        match node.op:
            case "sum":
                return math.fsum(numbers)
            case "mean":
                return math.fsum(numbers) / len(numbers)
            case "max":
                return max(numbers)
            case "min":
                return min(numbers)
            case "prod":
                return math.prod(numbers)
        raise AssertionError(node.op)

    def entry(self, node: Indexed, at: dict[Index, int]) -> float:
        array = self.values[node.tensor]
        places = [self.place(p, at) for p in node.indices]
        if any(not 0 <= place < size for place, size in zip(places, array.shape, strict=True)):
            if node.guarded:
                return 0.0
            raise UndefinedError
        return float(array[tuple(places)])

    def matrix(self, function: str, tensor: str, places: list[int]) -> float:
        """Return the determinant by Laplace's expansion, an entry of the inverse by Cramer's rule."""
        rows = [[float(x) for x in row] for row in self.values[tensor]]
        whole = determinant(rows)
        if function == "det":
            return whole
        row, column = places
        minor = [r[:row] + r[row + 1 :] for n, r in enumerate(rows) if n != column]
        return (-1) ** (row + column) * determinant(minor) / whole

    def place(self, position: Position, at: dict[Index, int]) -> int:
        if isinstance(position, Index):
            return at[position]
        return position.constant + sum(coefficient * at[index] for index, coefficient in position.terms)


def flattened(node: Expr) -> Iterator[Expr]:
    """Yield the factors of nested products."""
    if isinstance(node, Product):
        for factor in node.factors:
            yield from flattened(factor)
    else:
        yield node


def determinant(rows: list[list[float]]) -> float:
    """Return the determinant, expanded along the first row; that of nothing is 1."""
    if not rows:
        return 1.0
    return sum((-1) ** n * x * determinant([row[:n] + row[n + 1 :] for row in rows[1:]]) for n, x in enumerate(rows[0]))

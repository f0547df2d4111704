"""Values of small systems with hundreds of digits, where nothing underflows, and derivatives by differences of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, TypeAlias

import mpmath
import numpy as np

from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    Number,
    Position,
    Power,
    Product,
    Reduce,
    Sum,
)
from chainrule.expr.sizes import Size
from chainrule.system.model import System

DIGITS = 800
"""e^-800 has 347 digits behind the point; its derivatives are to have digits too."""
STEP = mpmath.mpf(10) ** -250

Tensors: TypeAlias = dict[str, Any]
Place: TypeAlias = Mapping[Index, int]

FUNCTIONS = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "tanh": mpmath.tanh,
    "sigmoid": lambda t: 1 / (1 + mpmath.exp(-t)),
    "softplus": lambda t: mpmath.log1p(mpmath.exp(t)),
    "sqrt": mpmath.sqrt,
}


def cost_of(system: System, inputs: Mapping[str, Any], sizes: Mapping[Size, int]) -> Any:
    """Return the cost, whose extents have these sizes."""
    with mpmath.workdps(DIGITS):
        values: Tensors = {name: np.array(value, dtype=object) for name, value in inputs.items()}
        for equation in system.equations:
            axes = [i for i in equation.indices if isinstance(i, Index)]
            shape = [sizes[i.extent] for i in axes]
            whole = np.empty(shape, dtype=object)
            for place in product(*map(range, shape)):
                whole[place] = _value(equation.value, values, sizes, dict(zip(axes, place, strict=True)))
            values[equation.name] = whole
        return values[system.cost][()]


def gradient_of(system: System, inputs: Mapping[str, Any], sizes: Mapping[Size, int], wrt: str) -> np.ndarray:
    """Return ∂cost/∂wrt by central differences with a step of 1e−250."""
    with mpmath.workdps(DIGITS):
        at = np.array([mpmath.mpf(float(v)) for v in np.ravel(inputs[wrt])], dtype=object)
        result = []
        for n in range(len(at)):
            ends = []
            for sign in (1, -1):
                moved = at.copy()
                moved[n] += sign * STEP
                ends.append(cost_of(system, {**inputs, wrt: moved.reshape(np.shape(inputs[wrt]))}, sizes))
            result.append(float((ends[0] - ends[1]) / (2 * STEP)))
        return np.array(result).reshape(np.shape(inputs[wrt]))


def _at(position: Position, values: Tensors, place: Place) -> int:
    if isinstance(position, Lookup):
        return int(_entry(position.entry, values, place))
    if isinstance(position, Affine):
        return position.constant + sum(c * place[index] for index, c in position.terms)
    return place[position]


def _entry(entry: Indexed, values: Tensors, place: Place) -> Any:
    return values[entry.tensor][tuple(_at(p, values, place) for p in entry.indices)]


def _value(expr: Expr, values: Tensors, sizes: Mapping[Size, int], place: Place) -> Any:  # noqa: C901 -- one match over the nodes
    def of(part: Expr) -> Any:
        return _value(part, values, sizes, place)

    match expr:
        case Number(value):
            return mpmath.mpf(value.numerator) / value.denominator
        case Indexed():
            return mpmath.mpf(_entry(expr, values, place))
        case IndexValue(position):
            return _at(position, values, place)
        case ExtentValue(extent):
            return sizes[extent]
        case Sum(terms):
            return mpmath.fsum(map(of, terms))
        case Product(factors):
            return mpmath.fprod(map(of, factors))
        case Power(base, exponent):
            return of(base) ** of(exponent)
        case Call(function, (argument,), 0):
            return FUNCTIONS[function](of(argument))
        case Bracket(Comparison("=", left, right)):
            return int(of(left) == of(right))
        case Reduce("sum" | "mean" as op, indices, body):
            places = product(*(range(sizes[i.extent]) for i in indices))
            inner = [{**place, **dict(zip(indices, one, strict=True))} for one in places]
            terms = [_value(body, values, sizes, one) for one in inner]
            return mpmath.fsum(terms) / (len(terms) if op == "mean" else 1)
        case _:
            raise AssertionError(expr)

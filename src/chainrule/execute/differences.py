"""Derivatives by central differences, in float64: the independent witness that derivations are checked against.

Nothing here knows a rule of calculus. A tensor is moved entry by entry, what depends on it is evaluated again by the
reference, and step widths are combined (Richardson's extrapolation) so that the error is of fourth order and known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.expressions import evaluate_in
from chainrule.execute.reference import Evaluation
from chainrule.expr.binding import tensors_in
from chainrule.system.batching import computation_order
from chainrule.system.model import Equation

Array = npt.NDArray[Any]
STEP = 1e-3
"""The wider of the two steps, relative to entries larger than 1."""


@dataclass(frozen=True)
class Differences:
    """Derivatives, and the same from wider steps: where the two differ, neither is known better than that."""

    values: Array
    wider: Array


def central_differences(function: Callable[[Array], Array], at: Array, *, step: float = STEP) -> Differences:
    """Return the derivatives of a function of an array, with the axes of its value, then those of the array.

    >>> float(central_differences(lambda x: x**2, np.asarray(3.0)).values.round(9))
    6.0
    """
    at = np.asarray(at, np.float64)
    columns: list[tuple[Array, Array]] = []
    for place in np.ndindex(at.shape):
        width = step * max(1.0, abs(float(at[place])))

        def slope(half: float, place: tuple[int, ...] = place) -> Array:
            above, below = at.copy(), at.copy()
            above[place] += half
            below[place] -= half
            return (np.asarray(function(above), np.float64) - np.asarray(function(below), np.float64)) / (2 * half)

        wide, narrow, finest = slope(width), slope(width / 2), slope(width / 4)
        columns.append(((4 * finest - narrow) / 3, (4 * narrow - wide) / 3))
    if not columns:
        nothing = np.zeros((*np.shape(function(at)), *at.shape))
        return Differences(nothing, nothing)
    shape = (*columns[0][0].shape, *at.shape)
    values, wider = (np.stack(side, axis=-1).reshape(shape) for side in zip(*columns, strict=True))
    return Differences(values, wider)


def numeric_derivative(evaluation: Evaluation, of: str, wrt: str) -> Differences:
    """Return ∂of/∂wrt, where everything between the two moves along; axes of `of`, then of `wrt`."""
    system = evaluation.system
    moving = {wrt}
    after = []
    for statement in computation_order(system):
        name = statement.name if isinstance(statement, Equation) else statement.tensor
        read = (
            tensors_in(statement.value)
            if isinstance(statement, Equation)
            else frozenset(a.tensor for a in statement.arguments)
        )
        if name != wrt and not moving.isdisjoint(read):
            moving.add(name)
            after.append(statement)

    def value_of(moved: Array) -> Array:
        values = {**evaluation.scope.values, wrt: moved}
        scope = replace(evaluation.scope, values=values)
        for statement in after:
            if isinstance(statement, Equation):
                values[statement.name] = evaluate_in(scope, statement.value, statement.indices)
            elif scope.unknowns is not None:
                arguments = {a.tensor: values[a.tensor] for a in statement.arguments}
                shape = scope.shape(statement.indices)
                values[statement.tensor] = scope.unknowns.partial(statement, (), arguments, shape)
        return np.asarray(values[of])

    return central_differences(value_of, evaluation.scope.values[wrt])


def numeric_local_derivative(evaluation: Evaluation, equation: Equation, wrt: str) -> Differences:
    """Return the derivative of one equation's value by a tensor that stands in it, all else held fixed."""

    def value_of(moved: Array) -> Array:
        scope = replace(evaluation.scope, values={**evaluation.scope.values, wrt: moved})
        return evaluate_in(scope, equation.value, equation.indices)

    return central_differences(value_of, evaluation.scope.values[wrt])

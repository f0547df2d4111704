"""Derivatives by central differences, in float64: the independent witness that derivations are checked against.

Nothing here knows a rule of calculus. A tensor is moved entry by entry, what depends on it is evaluated again by the
reference, and step widths are combined (Richardson's extrapolation) so that the error is of fourth order and known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.reference.evaluation import Evaluation
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.execute.reference.step_by_step import values_step_by_step
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Expr, Index
from chainrule.system.batching import computation_order
from chainrule.system.model import Declaration, Equation
from chainrule.system.recurrence_order import Recurrence

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
    moved = moving(evaluation, (wrt,))
    return central_differences(lambda at: moved({wrt: at}).values[of], evaluation.scope.values[wrt])


def moving(evaluation: Evaluation, wrt: Collection[str]) -> Callable[[Mapping[str, Array]], Scope]:
    """Return what gives all values for other values of the tensors `wrt`, which are of the same shape, unchecked."""
    system = evaluation.system
    consts = (
        _Assigned(frozenset((d.tensor,)), d.indices, value=d.value) for d in system.declarations if d.value is not None
    )
    moved = set(wrt)
    after: list[_Assigned] = []
    for one in (*consts, *map(_assigned, computation_order(system))):
        if moved.isdisjoint(one.read) or (one.together is None and not moved.isdisjoint(one.names & set(wrt))):
            continue
        moved |= one.names
        after.append(one)

    def scope_of(given: Mapping[str, Array]) -> Scope:
        values = {**evaluation.scope.values, **given}
        scope = evaluation.scope.moved(values)
        shifts = {name: value - evaluation.scope.values[name] for name, value in given.items()}
        for one in after:
            one.put_into(scope, values, shifts)
        return scope

    return scope_of


def moved_alone(evaluation: Evaluation, of: str, given: Mapping[str, Array]) -> Array:
    """Return the value of one tensor for other values of what it is computed from; everything else is held still."""
    values = {**evaluation.scope.values, **given}
    scope = evaluation.scope.moved(values)
    equation = evaluation.system.defined.get(of)
    order = map(_assigned, computation_order(evaluation.system))
    one = _assigned(equation) if equation is not None else next(one for one in order if of in one.names)
    one.put_into(scope, values, {})
    return values[of]


@dataclass(frozen=True)
class _Assigned:
    """Tensors and where their values come from: an expression, an unknown function, a recurrence of several."""

    names: frozenset[str]
    indices: tuple[Index, ...] = ()
    value: Expr | None = None
    unknown: Declaration | None = None
    together: Recurrence | None = None

    @property
    def read(self) -> frozenset[str]:
        if self.together is not None:
            return frozenset().union(*(tensors_in(e.value) for e in self.together.equations))
        if self.value is not None:
            return tensors_in(self.value)
        return frozenset(a.tensor for a in self.unknown.arguments) if self.unknown is not None else frozenset()

    def put_into(self, scope: Scope, values: dict[str, Array], shifts: Mapping[str, Array]) -> None:
        """Put values among those of a scope, computed from them; within a recurrence what is moved is shifted."""
        if self.together is not None:
            values |= values_step_by_step(self.together, scope, shifts)
            return
        (name,) = self.names
        if self.value is not None:
            values[name] = evaluate_in(scope, self.value, self.indices)
        elif self.unknown is not None and scope.unknowns is not None:
            arguments: dict[str, Array] = {a.tensor: values[a.tensor] for a in self.unknown.arguments}
            values[name] = scope.unknowns.partial(self.unknown, (), arguments, scope.shape(self.indices))


def _assigned(statement: Declaration | Equation | Recurrence) -> _Assigned:
    match statement:
        case Recurrence(equations):
            return _Assigned(frozenset(e.name for e in equations), together=statement)
        case Equation():
            return _Assigned(frozenset((statement.name,)), statement.indices, value=statement.value)
        case _:
            return _Assigned(frozenset((statement.tensor,)), statement.indices, unknown=statement)


def numeric_local_derivative(evaluation: Evaluation, equation: Equation, wrt: str) -> Differences:
    """Return the derivative of one equation's value by a tensor that stands in it, all else held fixed."""

    def value_of(moved: Array) -> Array:
        scope = evaluation.scope.moved({**evaluation.scope.values, wrt: moved})
        return evaluate_in(scope, equation.value, equation.indices)

    return central_differences(value_of, evaluation.scope.values[wrt])

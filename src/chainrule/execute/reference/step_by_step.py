"""Recurrences evaluated: the equations of a recurrence one step after the other, each step from those before it.

What an equation reads at one step is cut out of its tensor before that step is computed, x[t-1,i] as an entry without
t, so that an equation is made ready once for all steps. Where it reads outside of a tensor without a mark, at the first
steps, the equation is evaluated as it stands, with the number of the step in the place of its letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.execute.scalars import Array
from chainrule.expr.binding import free_indices, position_indices, substitute_indices
from chainrule.expr.nodes import (
    Affine,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Position,
    number,
    operands,
    plus,
    times,
    with_operands,
)
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.system.model import Equation
from chainrule.system.recurrence_order import Recurrence

_STEP = Tensor("the step as a number")


def values_step_by_step(
    recurrence: Recurrence, scope: Scope, moved: Mapping[str, Array] | None = None
) -> dict[str, Array]:
    """Return the values of all tensors of a recurrence in a scope; what they are `moved` by is added at each step."""
    values: dict[str, Array] = dict(scope.values)
    stores = [values]
    inner = replace(scope, values=values, kept=None)
    if scope.held is not None:
        stores.append(dict(scope.held.values))
        inner = replace(inner, held=replace(scope.held, values=stores[1], kept=None))
    found: dict[str, Array] = {}
    lanes: list[_Lane] = []
    for equation in recurrence.equations:
        array = np.zeros(scope.shape(equation.indices), scope.dtype)
        found[equation.name] = values[equation.name] = array
        lanes.append(_lane(equation, recurrence, array))
    count = max(lane.length for lane in lanes)
    for step in range(count - 1, -1, -1) if recurrence.down else range(count):
        for store in stores:
            store[_STEP] = np.asarray(step, scope.dtype)
        for lane in lanes:
            if step < lane.length:
                own = lane.at(step, inner, stores)
                shift = (moved or {}).get(lane.equation.name)
                lane.array[step] = own if shift is None else own + np.moveaxis(shift, lane.axis, 0)[step]
    return found


@dataclass(frozen=True)
class _Cut:
    """An entry at a step: the name of what is cut out, the tensor, the axis, how many steps on, and if it is marked."""

    name: Tensor
    tensor: Symbol
    axis: int
    shift: int
    marked: bool


@dataclass(frozen=True)
class _Lane:
    """One equation of a recurrence, made ready: what it cuts out, and its value in that. `array` has steps first."""

    equation: Equation
    axis: int
    letter: Index
    array: Array
    cuts: tuple[_Cut, ...]
    value: Expr | None

    @property
    def length(self) -> int:
        """How many steps it has."""
        return len(self.array)

    def at(self, step: int, scope: Scope, stores: Sequence[dict[str, Array]]) -> Array:
        """Return what the equation says at a step; what it cuts out is put into stores of values."""
        free = tuple(i for i in self.equation.indices if i != self.letter)
        if self.value is None or not all(_cut_out(cut, step, store) for cut in self.cuts for store in stores):
            return evaluate_in(scope, substitute_indices(self.equation.value, {self.letter: Affine((), step)}), free)
        return evaluate_in(scope, self.value, free)


def _cut_out(cut: _Cut, step: int, values: dict[str, Array]) -> bool:
    """Cut an entry out; return whether it is inside, or marked."""
    if cut.tensor not in values:
        return False
    whole = np.asarray(values[cut.tensor])
    at = step + cut.shift
    inside = cut.axis < whole.ndim and 0 <= at < whole.shape[cut.axis]
    if inside:
        values[cut.name] = whole[(slice(None),) * cut.axis + (at,)]
    elif cut.marked:
        values[cut.name] = np.zeros(whole.shape[: cut.axis] + whole.shape[cut.axis + 1 :], whole.dtype)
    return inside or cut.marked


def _lane(equation: Equation, recurrence: Recurrence, array: Array) -> _Lane:
    axis, letter = recurrence.axes[equation.name], recurrence.step(equation)
    cuts: dict[_Cut, None] = {}
    value = _cut(equation.value, letter, cuts)
    ready = None if letter in free_indices(value) else value
    return _Lane(equation, axis, letter, np.moveaxis(array, axis, 0), tuple(cuts), ready)


def _cut(node: Any, letter: Index, cuts: dict[_Cut, None]) -> Any:
    """Return an expression in which entries at a step are those of what is cut out, as far as they are of that form."""
    match node:
        case Indexed(tensor, indices, guarded):
            at = [n for n, position in enumerate(indices) if letter in position_indices(position)]
            shift = _shift(indices[at[0]], letter) if len(at) == 1 else None
            if shift is None:
                return node
            cut = _Cut(Tensor(f"at {at[0]}:{shift}:{guarded:d} of {tensor}"), tensor, at[0], shift, guarded)
            cuts[cut] = None
            return Indexed(cut.name, indices[: at[0]] + indices[at[0] + 1 :], guarded)
        case IndexValue(position) if letter in position_indices(position):
            return plus(*_terms(position, letter))
        case _:
            parts = operands(node)
            return with_operands(node, [_cut(part, letter, cuts) for part in parts]) if parts else node


def _shift(position: Position, letter: Index) -> int | None:
    match position:
        case Index():
            return 0
        case Affine(((index, 1),), constant) if index == letter:
            return constant
        case _:
            return None


def _terms(position: Position, letter: Index) -> Iterator[Expr]:
    terms = ((position, 1),) if isinstance(position, Index) else position.terms if isinstance(position, Affine) else ()
    for index, factor in terms:
        entry: Expr = Indexed(_STEP, ()) if index == letter else IndexValue(index)
        yield entry if factor == 1 else times(number(factor), entry)
    if isinstance(position, Affine) and position.constant:
        yield number(position.constant)

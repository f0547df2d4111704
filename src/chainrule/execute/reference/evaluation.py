"""The reference executor: the values of a system as its equations stand, in NumPy.

Equations are evaluated one by one, in their order, never through `lower`; every other executor, and lowering itself, is
tested against this one. Inputs and facts are checked first; a system with `batch` is run for one sample or, if the data
have the sample axis, for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError
from chainrule.execute.inputs import check_inputs, is_batched
from chainrule.execute.protocol import Unknowns
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.facts import check_facts
from chainrule.execute.reference.scope import Scope
from chainrule.execute.reference.step_by_step import values_step_by_step
from chainrule.execute.scalars import Array
from chainrule.execute.shortage import enough_memory
from chainrule.expr.nodes import Expr, Index
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import of_one_sample
from chainrule.render.text import equation_text
from chainrule.system.batching import batch, computation_order
from chainrule.system.derived import solve
from chainrule.system.model import NO_COST, Equation, System
from chainrule.system.recurrence_order import Recurrence


@dataclass(frozen=True)
class Evaluation:
    """A system with the value of every tensor, in which further expressions can be evaluated.

    `system` is the one that was run: that of a batch, where the data had the sample axis.
    """

    system: System
    scope: Scope

    @property
    def values(self) -> Mapping[str, Array]:
        """The value of every tensor, inputs included."""
        return MappingProxyType(self.scope.values)

    @property
    def sizes(self) -> Mapping[Size, int]:
        """The extents."""
        return MappingProxyType(self.scope.sizes)

    def value_of(self, expr: Expr, free: tuple[Index, ...] = ()) -> Array:
        """Return the value of an expression, with one axis for each index of `free`, in that order."""
        with enough_memory("the value of an expression"):
            return evaluate_in(self.scope, expr, free)

    def updates(self) -> dict[str, Array]:
        """Return the new value of every tensor that has an update; the right sides read the old ones."""
        with enough_memory("the updates"):
            return {u.name: evaluate_in(self.scope, u.value, u.indices) for u in self.system.updates}


def evaluate(
    system: System,
    inputs: Mapping[str, npt.ArrayLike],
    *,
    dtype: Any = np.float64,
    unknowns: Unknowns | None = None,
    sizes: Mapping[Size, int] | None = None,
) -> dict[str, Array]:
    """Return the value of every equation by its tensor's name, and of unknown functions where `unknowns` gives them.

    The axes are the indices of the equation's target. In a system with `batch n`, data with an axis for n in front give
    values for all samples, data without it those of one sample. Raises InputError for inputs that do not fit the
    system, see `check_inputs`, and GivenError for data that break a `given`.
    """
    evaluation = evaluate_all(system, inputs, dtype=dtype, unknowns=unknowns, sizes=sizes)
    return _computed(evaluation)


def evaluate_all(
    system: System,
    inputs: Mapping[str, npt.ArrayLike],
    *,
    dtype: Any = np.float64,
    unknowns: Unknowns | None = None,
    sizes: Mapping[Size, int] | None = None,
) -> Evaluation:
    """Return the evaluation, in which further expressions can be evaluated; see `evaluate`.

    `sizes` gives extents that neither inputs nor declarations determine.
    """
    return _evaluate(batch(system) if is_batched(system, inputs) else system, inputs, dtype, unknowns, sizes)


def start_values(system: System, params: Mapping[str, npt.ArrayLike], *, dtype: Any = np.float64) -> dict[str, Array]:
    """Return the value that each state begins with, of the extents that params and declarations give.

    >>> from chainrule.notation import parse
    >>> system = parse("param w[i]" + chr(10) + "state v[i] = 0" + chr(10) + "update v[i] = v[i] + w[i]")
    >>> start_values(system, {"w": [1.0, 2.0]})
    {'v': array([0., 0.])}
    """
    kinds = {d.tensor for d in system.declarations if d.role in ("const", "state") or d.tensor in params}
    declarations = tuple(d for d in system.declarations if d.tensor in kinds)
    alone = replace(system, declarations=declarations, givens=(), equations=(), updates=(), cost=NO_COST, batch="")
    values = evaluate_all(alone, params, dtype=dtype).values
    return {name: np.array(values[name]) for name in system.states}


class Reference:
    """The reference as an executor."""

    name = "reference"

    def compile(
        self, system: System, *, dtype: Any = np.float64, outputs: Sequence[str] | None = None
    ) -> ReferenceExecutable:
        """Return the system made ready to run: with its batch pass done."""
        return ReferenceExecutable(system, dtype, None if outputs is None else frozenset(outputs))


@dataclass(frozen=True)
class ReferenceExecutable:
    """A system that the reference runs, again and again."""

    system: System
    dtype: Any
    outputs: frozenset[str] | None = None

    @cached_property
    def _batched(self) -> System:
        return batch(self.system)

    def evaluate(self, inputs: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
        """Return the value of every equation, or of every output that was asked for."""
        return self._asked(_computed(self._run(inputs)))

    def step(self, inputs: Mapping[str, npt.ArrayLike]) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the value of every equation, and the new value of every tensor that has an update."""
        evaluation = self._run(inputs)
        return self._asked(_computed(evaluation)), evaluation.updates()

    def _asked(self, values: dict[str, Array]) -> dict[str, Array]:
        return values if self.outputs is None else {n: value for n, value in values.items() if n in self.outputs}

    def _run(self, inputs: Mapping[str, npt.ArrayLike]) -> Evaluation:
        system = self._batched if is_batched(self.system, inputs) else self.system
        return _evaluate(system, inputs, self.dtype)


@enough_memory("the values of the system")
def _evaluate(
    system: System,
    inputs: Mapping[str, npt.ArrayLike],
    dtype: Any,
    unknowns: Unknowns | None = None,
    sizes: Mapping[Size, int] | None = None,
) -> Evaluation:
    """Evaluate a system as it stands: inputs, consts, facts about them, then all else in order."""
    checked = check_inputs(system, inputs, dtype=dtype, sizes=sizes)
    values = dict(checked.values)
    extents = dict(checked.sizes)
    if unknowns is not None:
        for extent in (i.extent for d in system.declarations if d.role == "abstract" for i in d.indices):
            if extent not in extents:
                extents[extent] = unknowns.size(extent)
        extents = solve(system.derived, extents)
    scope = Scope(values, extents, system.function, system.declared, unknowns, dtype)
    for declaration in system.declarations:
        if declaration.value is not None and declaration.tensor not in values:
            values[declaration.tensor] = evaluate_in(scope, declaration.value, declaration.indices)
    check_facts(system, scope)
    known = frozenset(values)
    for statement in computation_order(system):
        if isinstance(statement, Equation):
            values[statement.name] = _solved(statement, scope)
        elif isinstance(statement, Recurrence):
            values |= _solved_step_by_step(statement, scope)
        elif statement.role == "abstract" and unknowns is not None:
            arguments: dict[str, Array] = {a.tensor: values[a.tensor] for a in statement.arguments}
            chosen = unknowns.partial(statement, (), arguments, scope.shape(statement.indices))
            values[statement.tensor] = np.asarray(chosen, dtype)
    check_facts(system, scope, known_before=known)
    return Evaluation(system, scope)


def _solved(equation: Equation, scope: Scope) -> Array:
    """Return the value of an equation; an error names it."""
    try:
        with enough_memory(equation.name):
            return evaluate_in(scope, equation.value, equation.indices)
    except InputError as error:
        where = equation_text(equation.target, equation.value)
        raise type(error)(error.what, where=where, expected=error.expected, advice=error.advice) from None


def _solved_step_by_step(recurrence: Recurrence, scope: Scope) -> dict[str, Array]:
    """Return the values of all equations of a recurrence; an error names the first one."""
    first = recurrence.equations[0]
    try:
        with enough_memory(first.name):
            return values_step_by_step(recurrence, scope)
    except InputError as error:
        where = equation_text(first.target, first.value)
        raise type(error)(error.what, where=where, expected=error.expected, advice=error.advice) from None


def _computed(evaluation: Evaluation) -> dict[str, Array]:
    system, values = evaluation.system, evaluation.scope.values
    unknown = [tensor for tensor in system.with_role("abstract") if tensor in values]
    return {of_one_sample(name): values[name] for name in (*unknown, *(e.name for e in system.equations))}

"""Training compiled: a session holds params and states in its own memory and runs epochs over whole data sets.

Python is called between stretches of bounded time only, so that Ctrl-C is answered and progress told. A step that takes
longer than that is broken off by Ctrl-C, and they go back to where a step began. Samples that do not fill a batch
at the end of an epoch run through a second program, compiled for as many as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import ChainruleError, InputError, OptionError, listed
from chainrule.execute.finite import NotFinite, all_finite, first_not_finite
from chainrule.execute.inputs import check_inputs
from chainrule.execute.native.arena import whole_of
from chainrule.execute.native.compiled import Compiled, compile_program, dtype_of, exponents_given
from chainrule.execute.native.machine import Machine, host
from chainrule.execute.native.plan import plan_document
from chainrule.execute.native.stepping import Diverged, Stepper, Stretch
from chainrule.execute.native.threads import Team, threads_for
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.facts import check_facts
from chainrule.execute.reference.scope import Scope
from chainrule.execute.registry import executor
from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import ExtentValue, Index, Indexed, times
from chainrule.expr.sizes import Size
from chainrule.lower.lowering import lower
from chainrule.lower.program import Program
from chainrule.render.document_text import document_text
from chainrule.system.batching import batch
from chainrule.system.model import Equation, System

Array = npt.NDArray[Any]
TICK = 0.03
"""Seconds that a stretch may take."""
SHORT = 4
"""A stretch that tries out another number of threads is so many times shorter."""
TOTAL = "Σcost"


class Session:
    """Params and states in training. `values` are params and consts, and states that do not begin as the system says.

    Data are bound once and then run in any order, often; the first axis of each is that of the samples, which a system
    without `batch` names in its equations. Without data, each step takes what is among the values, as one sample.
    `metrics` are equations whose values are summed over the samples of an epoch, as the costs are. Raises InputError by
    name for what does not fit the system, GivenError for data that break a fact, OptionError for options that make no
    sense, and Unsupported where the system has something that has no machine code yet.
    """

    def __init__(
        self,
        system: System,
        values: Mapping[str, npt.ArrayLike],
        data: Mapping[str, npt.ArrayLike],
        *,
        batch_size: int,
        dtype: Any = np.float32,
        threads: int | None = None,
        metrics: Sequence[str] = (),
        machine: Machine | None = None,
    ) -> None:
        batched = batch(system)
        checked = check_inputs(batched, {**values, **data}, dtype=dtype)
        self.metrics = _checked_metrics(batched, metrics)
        self.system = with_totals(batched, self.metrics, named=() if system.batch else tuple(data))
        self.dtype = np.dtype(dtype)
        self.machine = machine or host()
        self.data = {name: self._array(name, checked.values[name]) for name in data}
        self.count = self._counted()
        if batch_size < 1:
            raise OptionError(f"batch_size is {batch_size}", expected="1 or more")
        self.batch_size = min(batch_size, self.count)
        self._extents = checked.sizes
        self._values = {name: checked.values[name] for name in values}
        self._exponents = exponents_given(self.system, self._values)
        self._evaluate_consts(checked.values)
        self._consts = tuple(name for name in values if name not in self.system.kept)
        program = self._lowered(self.batch_size)
        size = threads_for(program, self.dtype.itemsize) if threads is None else threads
        self._team = Team(size, free=threads is None)
        self._main = self._compiled(program)
        rest = self.count % self.batch_size
        self._lasts = {rest: self._lowered(rest)} if rest else {}
        self._last: tuple[int, Compiled] | None = None
        self._stepper = Stepper(self._main, self._smaller, self._team, self.data, self.system.kept)
        self._pace = 1
        self.sums: dict[str, float] = {}
        """Each metric, summed over the samples of the last epoch."""

    @property
    def threads(self) -> int:
        """How many threads run a step at most: as many as were asked for, else as its work is worth."""
        return self._team.size

    @property
    def plan(self) -> str:
        """What was made of the system, instruction by instruction."""
        return document_text(plan_document(self._main.program, self._main.module, self.dtype.itemsize))

    @property
    def compiled(self) -> Compiled:
        """The program for a whole batch."""
        return self._main

    def _array(self, name: str, value: Array) -> Array:
        """Return a data set as steps read it."""
        whole = self.system.declared[name].values is not None
        return np.ascontiguousarray(value, whole_of(self.dtype) if whole else self.dtype)

    def _counted(self) -> int:
        if not self.data:
            return 1
        counts = {name: array.shape[0] if array.ndim else 0 for name, array in self.data.items()}
        if len(set(counts.values())) != 1 or 0 in counts.values():
            found = listed(f"{name} has {count}" for name, count in counts.items())
            raise InputError(f"the data have different numbers of samples, or none: {found}")
        return next(iter(counts.values()))

    def _sizes(self, count: int) -> dict[Size, int]:
        """Return the extents for a batch of so many samples."""
        axes = {i.extent for name in self.data for i in self.system.axes(name)[:1]}
        return {extent: count if extent in axes else size for extent, size in self._extents.items()}

    def _evaluate_consts(self, given: Mapping[str, Array]) -> None:
        """Add the consts that the system gives values, and check all facts about what is given, once for all data."""
        scope = Scope(dict(given), self._extents, self.system.function, self.system.declared, None, self.dtype)
        for declaration in self.system.declarations:
            if declaration.value is not None and declaration.tensor not in given:
                value = evaluate_in(scope, declaration.value, declaration.indices)
                self._values[declaration.tensor] = value
                scope = replace(scope, values={**scope.values, declaration.tensor: value})
        check_facts(self.system, scope)

    def _lowered(self, count: int) -> Program:
        """Return the program for a batch of so many samples. Raises Unsupported."""
        lanes = self.machine.lanes(dtype_of(self.dtype))
        sizes, element = self._sizes(count), self.dtype.itemsize
        return lower(self.system, sizes, self._totals, lanes=lanes, element=element, consts=self._exponents)

    @property
    def _totals(self) -> tuple[str, ...]:
        return tuple(t for t in (TOTAL, *map(total_of, self.metrics)) if t in self.system.defined)

    def _compiled(self, program: Program) -> Compiled:
        """Return the program as machine code, with params and consts in its memory."""
        data, threads = tuple(self.data), self._team.size
        made = compile_program(program, self.machine, self.dtype, data=data, totals=self._totals, threads=threads)
        made.arena.put(self._values)
        return made

    def run_epoch(self, permutation: npt.ArrayLike, progress: Callable[[int, float], None] | None = None) -> float:
        """Run every batch of a permutation of the samples once; return the sum of their costs. See also `sums`.

        `progress` is called with the samples done and the sum of their costs after each stretch. Raises InputError for
        rows outside the data, and NotFinite, which says where, if the cost or a param is not finite any more: then the
        params are those before that step.
        """
        rows = np.ascontiguousarray(permutation, np.int64)
        if rows.ndim != 1 or (rows.size and not (rows.min() >= 0 and rows.max() < self.count)):
            raise InputError("the permutation names samples that are not there", expected=f"numbers below {self.count}")
        totals, done = np.zeros(1 + len(self.metrics)), 0
        try:
            self._stepper.begin()
            while done < len(rows):
                done += self._timed(rows, done, totals[: len(self._main.totals)])
                if progress is not None:
                    progress(done, float(totals[0]))
            self._stepper.end()
        except Diverged:
            raise self._located() from None
        self.sums = dict(zip(self.metrics, map(float, totals[1:]), strict=True))
        return float(totals[0])

    def _timed(self, rows: Array, done: int, totals: Array) -> int:
        """Run steps that take no longer than a tick, as far as is known by then; return how many samples."""
        size = self.batch_size
        first, left = done // size + 1, (len(rows) - done) // size
        if not left:
            self._stepper.run(Stretch(rows[done:], len(rows) - done, first), 1, totals)
            return len(rows) - done
        threads = self._team.number()
        tries = self._team.tries(threads)
        steps = min(max(self._pace // SHORT, 1) if tries else self._pace, left)
        began = time.perf_counter()
        steps = self._stepper.run(Stretch(rows[done : done + steps * size], size, first), threads, totals)
        taken = max(time.perf_counter() - began, 1e-9)
        self._stepper.seconds = taken / steps
        self._team.took(threads, taken / steps)
        if not tries:
            self._pace = max(1, min(2 * steps, int(steps * TICK / taken)))
        return steps * size

    def _smaller(self, count: int) -> Compiled:
        """Return the program for a batch of so many samples, compiled when it is first needed."""
        if self._last is None or self._last[0] != count:
            self._last = count, self._compiled(self._lasts.get(count) or self._lowered(count))
        return self._last[1]

    def _located(self) -> NotFinite:
        """Return where a number stopped being finite: the step by machine code, the equation by the reference."""
        failure = self._stepper.failure()
        if failure is None:
            return NotFinite(0, "a number is not finite any more")
        consts = {name: self._values[name] for name in self._consts}
        samples = {name: array[failure.rows] for name, array in self.data.items()}
        reference = executor("reference").compile(self.system, dtype=self.dtype)
        try:
            where = first_not_finite(self.system, *reference.step({**consts, **failure.kept, **samples}))
        except ChainruleError:  # a fact that does not hold of such numbers
            where = ""
        return NotFinite(failure.step, failure.what, where)

    def put(self, kept: Mapping[str, npt.ArrayLike]) -> None:
        """Set params and states, those before a failed epoch for instance; what is not named stays.

        Raises InputError by name for another shape, and for numbers that are not finite.
        """
        given: dict[str, Array] = {
            name: np.asarray(kept[name], self.dtype) for name in self.system.kept if name in kept
        }
        for name, array in given.items():
            if not all_finite(array):
                raise InputError(f"{name} holds numbers that are not finite", expected="finite numbers")
        self._stepper.put(given)

    def kept(self) -> dict[str, Array]:
        """Return copies of params and states as they are now: those of whole steps, whenever Ctrl-C came."""
        return self._stepper.kept()

    def params(self) -> dict[str, Array]:
        """Return copies of the params alone."""
        kept = self.kept()
        return {name: kept[name] for name in self.system.params}


def _checked_metrics(system: System, metrics: Sequence[str]) -> tuple[str, ...]:
    if metrics and system.cost not in system.defined:
        raise OptionError("the system has no cost, beside which metrics could be summed", expected="a line: cost C = …")
    for name in metrics:
        if name not in system.defined:
            raise OptionError(f"no equation defines the metric {name}", expected="one of " + listed(system.defined))
    return tuple(metrics)


def with_totals(system: System, metrics: Sequence[str], *, named: Sequence[str] = ()) -> System:
    """Return a batched system with more equations: the sum over the samples of their costs, and of each metric.

    Where the equations name the samples, as the first index of the data `named`, the cost is that of all of them: it is
    counted for each.
    """
    costs = [_sum(system, TOTAL, system.cost)] if system.cost in system.defined else []
    if named:
        index = system.axes(named[0])[0]
        costs = [Equation(e.target, times(ExtentValue(index.extent, index.preferred), e.value)) for e in costs]
    sums = [*costs, *(_sum(system, total_of(metric), metric) for metric in metrics)]
    return replace(system, equations=(*system.equations, *sums))


def total_of(metric: str) -> str:
    """Return the name of the sum of a metric."""
    return f"Σ{metric}"


def _sum(system: System, name: str, of: str) -> Equation:
    entry = Indexed(of, system.defined[of].indices)
    return Equation(Indexed(name), reduce_over("sum", tuple(i for i in entry.indices if isinstance(i, Index)), entry))

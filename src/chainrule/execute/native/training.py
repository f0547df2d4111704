"""Training compiled: a session holds the params in its own memory and runs epochs over whole data sets.

Python is called between stretches of bounded time only, so that Ctrl-C is answered and progress told. A step that takes
longer than that is broken off by Ctrl-C, and the params go back to where a step began. Samples that do not fill a batch
at the end of an epoch run through a second program, compiled for as many as they are.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, OptionError
from chainrule.execute.expressions import evaluate_in
from chainrule.execute.facts import check_facts
from chainrule.execute.inputs import check_inputs
from chainrule.execute.native.compiled import Compiled, compile_program, dtype_of
from chainrule.execute.native.control import LEFT
from chainrule.execute.native.keeper import Keeper
from chainrule.execute.native.machine import Machine, host
from chainrule.execute.native.plan import plan_text
from chainrule.execute.native.threads import Team, threads_for
from chainrule.execute.scope import Scope
from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import Extent, Index, Indexed
from chainrule.lower.lowering import lower
from chainrule.system.batching import batch
from chainrule.system.model import Equation, System

Array = npt.NDArray[Any]
TICK = 0.03
"""Seconds that a stretch may take."""
LONG = 0.05
"""Seconds from which on a stretch is one that Ctrl-C breaks off."""
TOTAL = "Σcost"


class Session:
    """Params in training. `values` are params and consts; data are bound once and then run in any order, often.

    Raises InputError by name for what does not fit the system, GivenError for data that break a fact, and Unsupported
    where the system has something that has no machine code yet.
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
        machine: Machine | None = None,
    ) -> None:
        batched = batch(system)
        checked = check_inputs(batched, {**values, **data}, dtype=dtype)
        self.system = with_total(batched)
        self.dtype = np.dtype(dtype)
        self.machine = machine or host()
        self.data = {name: np.ascontiguousarray(checked.values[name]) for name in data}
        self.count = self._counted()
        if batch_size < 1:
            raise OptionError(f"batch_size is {batch_size}", expected="1 or more")
        self.batch_size = min(batch_size, self.count)
        self._extents = checked.sizes
        self._values = {name: checked.values[name] for name in values}
        self._evaluate_consts(checked.values)
        self._asked = threads
        self._main = self._compiled(self.batch_size)
        rest = self.count % self.batch_size
        self._rest = self._compiled(rest) if rest else None
        self._main.arena.put(self._values)
        self._keeper = Keeper(self._main.arena, self.system.params)
        self._pace = 1
        self._seconds: float | None = None
        self._kept: tuple[object, ...] = ()

    @property
    def threads(self) -> int:
        """How many threads run a step at most: as many as were asked for, else as its work is worth."""
        return self._team.size

    @property
    def plan(self) -> str:
        """What was made of the system, instruction by instruction."""
        return plan_text(self._main.program, self._main.module, self.dtype.itemsize)

    @property
    def compiled(self) -> Compiled:
        """The program for a whole batch."""
        return self._main

    def _counted(self) -> int:
        counts = {name: array.shape[0] if array.ndim else 0 for name, array in self.data.items()}
        if len(set(counts.values())) != 1 or 0 in counts.values():
            listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
            raise InputError(f"the data have different numbers of samples, or none: {listed}")
        return next(iter(counts.values()))

    def _sizes(self, count: int) -> dict[Extent, int]:
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

    def _compiled(self, count: int) -> Compiled:
        lanes = self.machine.lanes(dtype_of(self.dtype))
        outputs = (TOTAL,) if self.system.cost else ()
        program = lower(self.system, self._sizes(count), outputs, lanes=lanes, element=self.dtype.itemsize)
        total = TOTAL if outputs else ""
        if count == self.batch_size:
            size = threads_for(program, self.dtype.itemsize) if self._asked is None else self._asked
            self._team = Team(size, free=self._asked is None)
        several = self._team.size > 1
        return compile_program(program, self.machine, self.dtype, data=tuple(self.data), total=total, threads=several)

    def run_epoch(self, permutation: npt.ArrayLike, progress: Callable[[int, float], None] | None = None) -> float:
        """Run every batch of a permutation of the samples once; return the sum of their costs.

        `progress` is called with the samples done and the sum of their costs after each stretch. Raises InputError for
        rows outside the data.
        """
        self._mend()
        rows = np.ascontiguousarray(permutation, np.int64)
        if rows.ndim != 1 or (rows.size and not (rows.min() >= 0 and rows.max() < self.count)):
            raise InputError("the permutation names samples that are not there", expected=f"numbers below {self.count}")
        self._keeper.forget()
        steps = len(rows) // self.batch_size
        cost, done = 0.0, 0
        while done < steps:
            now, count = min(self._pace, steps - done), self._team.number()
            self._keeper.keep()
            began = time.perf_counter()
            cost += self._stretch(self._main, rows[done * self.batch_size :], now, count)
            taken = time.perf_counter() - began
            self._seconds = taken / now
            self._team.took(count, self._seconds)
            done += now
            self._pace = max(1, min(2 * now, int(now * TICK / max(taken, 1e-9))))
            if progress is not None:
                progress(done * self.batch_size, cost)
        rest = len(rows) - steps * self.batch_size
        if rest:
            cost += self._remainder(rows[-rest:])
            if progress is not None:
                progress(len(rows), cost)
        return cost

    def _remainder(self, rows: Array) -> float:
        if self._rest is None or self._rest.program.buffers[next(iter(self.data))].extents[0] != len(rows):
            self._rest = self._compiled(len(rows))
            self._rest.arena.put(self._values)
        moved = self.params()
        self._rest.arena.put({**self._values, **moved})
        self._keeper.keep()
        cost = self._stretch(self._rest, rows, 1, 1)
        moved = {name: self._rest.arena.take(name) for name in moved}
        self._main.arena.cells[LEFT] = 1  # until all of them are there
        self._main.arena.put(moved)
        self._main.arena.cells[LEFT] = 0
        return cost

    def _stretch(self, compiled: Compiled, rows: Array, steps: int, threads: int) -> float:
        sources = (ctypes.c_void_p * len(self.data))(*(a.ctypes.data for a in self.data.values()))
        total = ctypes.c_double(0.0)
        self._kept = (sources, total, rows)  # for as long as machine code may use them
        given = (compiled.arena.address, ctypes.addressof(sources), rows.ctypes.data, steps, ctypes.addressof(total))
        compiled.arena.cells[:] = 0
        short = not compiled.module.long or (self._seconds is not None and steps * self._seconds < LONG)
        self._team.run(compiled.code, given, threads, None if short else compiled.arena.cells)
        compiled.refuse_outside()
        return total.value

    def _mend(self) -> None:
        """Put the params back to where a step began, if one was broken off."""
        self._team.settle()
        if self._main.arena.cells[LEFT]:
            self._keeper.restore()
            self._main.arena.cells[:] = 0

    def put(self, params: Mapping[str, npt.ArrayLike]) -> None:
        """Set params, those before a failed epoch for instance. Raises InputError for another shape, by name."""
        self._mend()
        self._main.arena.put({name: params[name] for name in self.system.params if name in params})

    def params(self) -> dict[str, Array]:
        """Return copies of the params as they are now: those of whole steps, whenever Ctrl-C came."""
        self._mend()
        return {name: self._main.arena.take(name) for name in self.system.params}


def with_total(system: System) -> System:
    """Return a batched system with one more equation: the sum of the costs of the samples."""
    if not system.cost or system.cost not in system.defined:
        return system
    cost = Indexed(system.cost, system.defined[system.cost].indices)
    value = reduce_over("sum", tuple(i for i in cost.indices if isinstance(i, Index)), cost)
    return replace(system, equations=(*system.equations, Equation(Indexed(TOTAL), value)))

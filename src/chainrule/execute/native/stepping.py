"""Params and states on their way: stretches of whole batches, now and then a batch of fewer, by another program.

Whatever comes in between, the params are those of whole steps when they are asked for. Where a number stops being
finite, the stretches since the last copy of the params are run again, one step at a time: the same bits come out, and
the step is found.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.finite import not_finite
from chainrule.execute.native.compiled import Compiled
from chainrule.execute.native.control import DONE, LEFT
from chainrule.execute.native.rollback import Block, Rollback
from chainrule.execute.native.threads import Team

Array = npt.NDArray[Any]
LONG_STRETCH = 0.05
"""Seconds from which on a stretch is one that Ctrl-C breaks off."""


class Diverged(Exception):  # noqa: N818 - a signal to the session, which finds out where
    """A number is not finite any more."""


@dataclass(frozen=True)
class Stretch:
    """Steps that were run: the rows of their samples, batch after batch, and the number of the first in its epoch."""

    rows: Array
    size: int
    first: int

    @property
    def steps(self) -> int:
        """How many they are."""
        return len(self.rows) // self.size


@dataclass(frozen=True)
class Failure:
    """The step in which a number stopped being finite, its rows, what was kept before it, and which number it was."""

    step: int
    rows: Array
    kept: dict[str, Array]
    what: str


class Stepper:
    """Runs steps on what is `kept`, in the memory of `main`; `smaller` returns a program for a batch of so many."""

    def __init__(
        self,
        main: Compiled,
        smaller: Callable[[int], Compiled],
        team: Team,
        data: Mapping[str, Array],
        kept: Sequence[str],
    ) -> None:
        self.main = main
        self.team = team
        self._smaller = smaller
        self._data = data
        self._names = kept
        self._rollback = Rollback(main.arena, kept)
        self._since: list[Stretch] = []
        self._checked = True
        self._size = main.program.buffers[next(iter(data))].extents[0] if data else 1
        self._kept: tuple[object, ...] = ()
        self.seconds: float | None = None
        """What a step of the main program took last."""

    def begin(self) -> None:
        """Begin an epoch. Raises Diverged where the one before was broken off, and a param is not finite."""
        self._mend()
        if not self._checked:
            self.end()
        self._since = []
        self._rollback.begin()

    def run(self, stretch: Stretch, threads: int, totals: Array) -> int:
        """Run a stretch, add what its steps come to to the totals, the cost first, and return how many were run.

        Steps are added one by one, so that no bit depends on how long stretches are. All are run, unless several
        threads wait for each other too long. Raises Diverged where the cost is not finite. Ctrl-C is raised as soon as
        the machine code is left: at once, where that would take long otherwise.
        """
        if self._since and self._rollback.due():
            self._rollback.keep(len(self._since))
        self._checked = False
        self._since.append(stretch)
        steps = self._run(stretch, threads, totals)
        if len(totals) and not np.isfinite(totals[0]):
            raise Diverged
        self._since[-1] = replace(stretch, rows=stretch.rows[: steps * stretch.size])
        return steps

    def end(self) -> None:
        """End an epoch. Raises Diverged where a param is not finite."""
        if not self._rollback.finite():
            raise Diverged
        self._checked = True

    def _run(self, stretch: Stretch, threads: int, totals: Array) -> int:
        whole = stretch.size == self._size
        return self._on(self.main, stretch, threads, totals) if whole else self._on_smaller(stretch, totals)

    def _on_smaller(self, stretch: Stretch, totals: Array) -> int:
        """Run a single step of fewer samples: the params go to that program's memory and back."""
        other, main = self._smaller(stretch.size), self.main.arena
        other.arena.put({name: main.take(name) for name in self._names})
        ran = self._on(other, stretch, 1, totals)
        moved = {name: other.arena.take(name) for name in self._names}
        main.cells[LEFT] = 1  # until all of them are there
        main.put(moved)
        main.cells[LEFT] = 0
        return ran

    def _on(self, compiled: Compiled, stretch: Stretch, threads: int, totals: Array) -> int:
        sources = (ctypes.c_void_p * len(self._data))(*(a.ctypes.data for a in self._data.values()))
        cells = compiled.arena.cells
        self._kept = (compiled, sources, totals, stretch)  # for as long as machine code may use them
        places = (ctypes.addressof(sources), stretch.rows.ctypes.data, stretch.steps, totals.ctypes.data)
        cells[:] = 0
        short = not compiled.module.long or (self.seconds is not None and stretch.steps * self.seconds < LONG_STRETCH)
        given = (compiled.arena.address, *places)
        self.team.run(compiled.code, given, threads, cells, stops=not short, steps=stretch.steps)
        compiled.refuse_outside()
        return int(cells[DONE])

    def _mend(self) -> None:
        """Put the params back to where a step began, if one was broken off."""
        self.team.settle()
        if self.main.arena.cells[LEFT]:
            copies, stretches = self._rollback.latest
            self._back(copies)
            del self._since[stretches:]

    def _back(self, copies: Sequence[Block]) -> None:
        self._rollback.restore(copies)
        self.main.arena.cells[:] = 0

    def put(self, kept: Mapping[str, npt.ArrayLike]) -> None:
        """Set params and states, finite ones. Raises InputError for another shape, by name."""
        self._mend()
        self.main.arena.put(kept)
        self._checked = True

    def kept(self) -> dict[str, Array]:
        """Return copies of what is kept as it is now, after whole steps."""
        self._mend()
        return {name: self.main.arena.take(name) for name in self._names}

    def failure(self) -> Failure | None:
        """Return where a number stopped being finite, and leave the params as they were before that step.

        None where it is not found again, for Ctrl-C came in between.
        """
        since = list(self._since)
        for copies, start in (self._rollback.latest, (self._rollback.first, 0)):
            self._back(copies)
            if self._rollback.finite():
                return self._replayed(since[start:])
        return None

    def _replayed(self, since: Sequence[Stretch]) -> Failure | None:
        """Run stretches again step by step, up to the one that fails."""
        for stretch in since:
            for number in range(stretch.steps):
                rows = stretch.rows[number * stretch.size : (number + 1) * stretch.size]
                before = self.kept()
                totals = np.zeros(max(len(self.main.totals), 1))
                self._run(Stretch(rows, stretch.size, 1), 1, totals)
                what = not_finite(float(totals[0]), self.kept())
                if what:
                    self.put(before)
                    return Failure(stretch.first + number, rows, before, what)
        return None

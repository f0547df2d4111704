"""The threads that run a stretch together: Python threads, each inside machine code for the whole of it.

They are pinned to a core each for the stretch, where the system allows it: two that wait for each other on one core
can sit there for seconds. The calling thread waits for them and answers Ctrl-C meanwhile; it never returns before all
of them are out of the machine code, whose memory is the caller's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from math import inf, isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.execute.native.compiler import MachineCode
from chainrule.execute.native.control import HURRY, STOP
from chainrule.execute.native.plan import work
from chainrule.lower.program import Program

Cells = npt.NDArray[np.int64]
SMALL = 200_000
"""Floating-point operations: a step of n² times so many is worth n threads, for what they wait grows with them."""
LOOK = 16
"""Every so many stretches, at first more often, the other number of threads is tried again: cores come and go."""
MOST = 256
"""The threads that can be asked for. More than there are cores give the same bits, more slowly."""
SLACK = 0.01
"""Seconds beyond twice the expected time after which several threads are told to end."""
NAP = 0.05
"""The seconds after which a waiting thread looks for Ctrl-C, where nothing wakes it up."""


def cores() -> tuple[int, ...]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def threads_for(program: Program, element: int) -> int:
    """Return how many threads a step is worth."""
    flops = sum(work(instruction, program, element)[0] for instruction in program.instructions)
    return max(1, min(len(cores()), isqrt(flops // SMALL)))


class Workers:
    """Threads that are started when they are first needed, in a forked process anew: it has none of its parent's."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._running: list[Future[None]] = []

    def together(
        self, one: Callable[[int], None], count: int, cells: Cells, *, stops: bool = True, patience: float = inf
    ) -> None:
        """Call a function with 0 … count − 1, each in a thread of its own, and return when all are done.

        Ctrl-C sets the cell that stops machine code where it `stops`; it is raised when all are out. After `patience`
        seconds the code is asked to end after a step.
        """
        self.settle()
        if count not in self._pools:
            self._pools[count] = ThreadPoolExecutor(count, "chainrule")
        gate, go = threading.Event(), [False]

        def gated(number: int) -> None:
            gate.wait()
            if go[0]:
                one(number)

        self._running = running = []
        try:
            for number in range(count):
                running.append(self._pools[count].submit(gated, number))  # noqa: PERF401 - what was begun must be known
            # all or none: a thread alone would wait for the others for ever, should Ctrl-C come in between
            go[0] = True
            gate.set()
            until = time.monotonic() + patience
            while wait(running, min(NAP, patience)).not_done:
                if time.monotonic() > until:
                    cells[HURRY] = 1
        except BaseException:
            if stops:
                cells[STOP] = 1
            raise
        finally:
            gate.set()
            self.settle()
        for part in running:
            part.result()

    def settle(self) -> None:
        """Wait for threads that are still running, however often Ctrl-C is pressed; it is raised at the end."""
        if self._process != os.getpid():
            self._process, self._pools, self._running = os.getpid(), {}, []
        interrupted: KeyboardInterrupt | None = None
        while self._running:
            try:
                wait(self._running)
                self._running = []
            except KeyboardInterrupt as pressed:
                interrupted = pressed
        if interrupted is not None:
            raise interrupted


def aside(function: Callable[[], None], cells: Cells) -> None:
    """Call machine code in a thread of its own; Ctrl-C stops it on its way."""
    Workers().together(lambda _: function(), 1, cells)


class Team:
    """At most `size` threads; with `free` it finds out, stretch by stretch, whether all or one of them are quicker.

    Bits do not depend on how many run. Raises OptionError for a size that makes no sense.
    """

    def __init__(self, size: int, *, free: bool = False) -> None:
        if not 1 <= size <= MOST:
            raise OptionError(f"threads is {size}", expected=f"1 to {MOST}")
        self.size = size
        self._workers = Workers()
        self._times: dict[int, float] = {}
        self._free = free and size > 1
        self._left = self._gap = 2

    def number(self) -> int:
        """Return how many threads the next stretch gets: those that were quicker, now and then the other number."""
        if not self._free:
            return self.size
        for count in (1, self.size):
            if count not in self._times:
                return count
        best = self._best()
        self._left -= 1
        if self._left:
            return best
        self._left = self._gap = min(2 * self._gap, LOOK)
        return self.size if best == 1 else 1

    def _best(self) -> int:
        return min(self._times, key=lambda count: self._times[count])

    def tries(self, count: int) -> bool:
        """Say whether another number was quicker last time, or this one was never run: it gets a short stretch."""
        return self._free and bool(self._times) and self._times.get(count, inf) > self._times[self._best()]

    def took(self, count: int, seconds: float) -> None:
        """Take note of how long a step took."""
        self._times[count] = seconds

    def patience(self, count: int, steps: int) -> float:
        """Return the seconds that so many steps may take before the threads are found to be in each other's way."""
        if not self._free or count == 1 or not self._times:
            return inf
        return SLACK + 2 * steps * min(self._times.values())

    def run(
        self, code: MachineCode, given: tuple[Any, ...], count: int, cells: Cells, *, stops: bool, steps: int
    ) -> None:
        """Run @stretch on that many threads, and return when all are done; then a cell says how many steps that were.

        Where it `stops`, Ctrl-C stops the code on its way, else it waits for the end.
        """
        kinds = (ctypes.c_void_p,) * 3 + (ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
        stretch = ctypes.CFUNCTYPE(None, *kinds)(code.address("stretch"))
        if count == 1 and not stops:
            stretch(*given, 0, 1)
            return
        if count > 1:
            ctypes.c_void_p.from_address(code.address("yield")).value = _yielding()
        places = cores()
        pinned = 1 < count <= len(places)

        def one(number: int) -> None:
            with _pinned(places[number]) if pinned else contextlib.nullcontext():
                stretch(*given, number, count)

        self._workers.together(one, count, cells, stops=stops, patience=self.patience(count, steps))

    def settle(self) -> None:
        """Wait until no thread is in machine code any more: after Ctrl-C upon Ctrl-C one may have been left behind."""
        self._workers.settle()


@contextlib.contextmanager
def _pinned(core: int) -> Iterator[None]:
    """Keep the calling thread on a core, and let it go again."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, before)


def _yielding() -> int | None:
    """Return the address of the function by which a thread gives up its core."""
    if sys.platform == "win32":
        function: Any = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value

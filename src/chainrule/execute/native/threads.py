"""The threads that run a stretch together: Python threads, each inside machine code for the whole of it.

They are pinned to a core each for the stretch, where the system allows it: two that wait for each other on one core
can sit there for seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from chainrule.errors import OptionError
from chainrule.execute.native.compiler import Code
from chainrule.execute.native.plan import work
from chainrule.lower.program import Program

SMALL = 6_000_000
"""The floating-point operations of a step up to which one thread is quicker than two."""


LOOK = 16
"""Every so many stretches the other number of threads is tried again: cores come and go on shared machines."""


def cores() -> tuple[int, ...]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def threads_for(program: Program, element: int) -> int:
    """Return how many threads a step is worth."""
    flops = sum(work(instruction, program, element)[0] for instruction in program.instructions)
    return max(1, min(len(cores()), flops // SMALL))


class Team:
    """At most `size` threads; with `free` it finds out, stretch by stretch, whether all or one of them are quicker.

    Bits do not depend on how many run. Raises OptionError for a size that is no positive number.
    """

    def __init__(self, size: int, *, free: bool = False) -> None:
        if size < 1:
            raise OptionError(f"threads is {size}", expected="1 or more")
        self.size = size
        self._pool = ThreadPoolExecutor(size, "chainrule") if size > 1 else None
        self._times: dict[int, float] = {}
        self._free = free and size > 1
        self._count = 0

    def number(self) -> int:
        """Return how many threads the next stretch gets: those that were quicker, now and then the other number."""
        if not self._free:
            return self.size
        self._count += 1
        for count in (self.size, 1):
            if count not in self._times:
                return count
        best = min(self._times, key=lambda count: self._times[count])
        return best if self._count % LOOK else (1 if best != 1 else self.size)

    def took(self, count: int, seconds: float) -> None:
        """Take note of how long a step took."""
        self._times[count] = seconds

    def run(self, code: Code, given: tuple[Any, ...], count: int) -> None:
        """Run @stretch on that many threads, and return when all are done."""
        kinds = (ctypes.c_void_p,) * 3 + (ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
        stretch = ctypes.CFUNCTYPE(None, *kinds)(code.address("stretch"))
        if self._pool is None or count == 1:
            stretch(*given, 0, 1)
            return
        ctypes.c_void_p.from_address(code.address("yield")).value = _yielding()
        places = cores()
        gate, go = threading.Event(), [False]

        def one(number: int) -> None:
            gate.wait()
            if go[0]:
                with _pinned(places[number % len(places)]):
                    stretch(*given, number, count)

        running: list[Future[None]] = []
        try:
            running.extend(self._pool.submit(one, number) for number in range(count))
            go[0] = True
        finally:
            # all or none: a thread alone would wait for the others for ever, should Ctrl-C come in between
            gate.set()
            wait(running)
        for part in running:
            part.result()


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

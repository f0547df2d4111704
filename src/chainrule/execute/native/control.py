"""The cells behind a program's memory by which Python stops machine code on its way.

Each arena has its own, so sessions do not meet here. Only code that runs long looks at them, and no more often than
every so many thousand cycles: a loop that is to stop ends after its round, all that follows is skipped, and every
barrier is taken, so that threads leave together whichever of them saw it first. What they computed is worth nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Program

STOP, LEFT, HURRY, DONE, OVER = range(5)
"""The cells: Python asks to stop; some thread saw it before the end of a step, which is not whole then; Python asks to
end after a step; so many steps were run; and two cells in which threads say to each other that a step is the last, each
for every other step."""
CELL, SIZE = 8, 64
LONG_STEP = 1e7
"""The cycles, as estimated, from which on a program can be stopped within a step."""
PATIENCE = 1e6
"""The cycles from which on a loop can be stopped between two rounds; a third of a millisecond, or a few."""


def cells_at(program: Program, element: int) -> int:
    """Return where the cells are, in bytes from where the program's memory begins."""
    return -(-program.size * element // SIZE) * SIZE


def is_long(cycles: Iterable[float]) -> bool:
    """Say whether a program of instructions with these estimates can be stopped within a step."""
    return sum(cycles) >= LONG_STEP


def cell(w: Writer, at: int, which: int) -> str:
    """Write the address of a cell."""
    return w.advanced("%m", at + CELL * which, 1)


def seen(w: Writer, at: int, which: int) -> str:
    """Write whether a cell is set."""
    value = w.value(f"load atomic i64, ptr {cell(w, at, which)} monotonic, align {CELL}")
    return w.value(f"icmp ne i64 {value}, 0")


def until(w: Writer, at: int, end: str) -> str:
    """Write where a loop ends: at its end, or, where it is asked to stop, after this round."""
    return w.value(f"select i1 {seen(w, at, STOP)}, i64 0, i64 {end}")

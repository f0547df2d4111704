"""A detector of races: who touches which element between two barriers, followed element by element.

It asks the schedules which tiles a thread has, and the accesses where those are, as the machine code does; it knows
nothing of owners, parts and whatever else the choice of barriers is made from. Vectors touch all of their lanes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chainrule.execute.native.schedule import LoopSchedule, is_transposition
from chainrule.lower.program import Access, Instruction, Program

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Race:
    """An element of the memory that one thread wrote and another touched, and the instruction in which they met."""

    instruction: str
    element: int


def races(program: Program, chosen: Sequence[LoopSchedule], waits: Sequence[bool], threads: int) -> Iterator[Race]:
    """Yield the races of one step, the first element for each instruction; a barrier stands before and behind it."""
    written = np.zeros(program.size + program.lanes, np.uint64)
    touched = np.zeros_like(written)
    for instruction, s, wait in zip(program.instructions, chosen, waits, strict=True):
        if wait:
            written[:] = touched[:] = 0
        accesses = [(a, False) for a in instruction.loads] + [(a, True) for a in instruction.stores]
        for thread in range(threads if s.split else 1):
            for access, writes in accesses:
                place = elements(program, instruction, s, access, thread, threads)
                touched[place] |= np.uint64(1 << thread)
                if writes:
                    written[place] |= np.uint64(1 << thread)
        # what one writes he alone may touch: a power of two, less one, has no bit in common with itself
        met = np.flatnonzero((written != 0) & (touched & (touched - np.uint64(1)) != 0))
        if met.size:
            yield Race(instruction.name, int(met[0]))
            written[met] = touched[met] = 0


def elements(
    program: Program, instruction: Instruction, s: LoopSchedule, access: Access, thread: int, threads: int
) -> Numbers:
    """Return the elements of memory that a thread touches by an access, in an instruction that it runs."""
    buffer = program.buffers[access.buffer]
    found = np.array([buffer.offset + access.place.constant + buffer.pitch * thread])
    if not access.axes:
        return found  # read before the loops, also by a thread that has no tile
    extents = {a.name: a.extent for a in (*instruction.axes, *(instruction.contraction or instruction).axes)}
    if s.split and not len(tiles(extents[s.split], s, program.lanes, thread, threads)):
        return found[:0]
    for axis, stride in access.strides.items():
        shared = axis == s.split
        values = tiles(extents[axis], s, program.lanes, thread, threads) if shared else np.arange(extents[axis])
        if axis == s.vector or (stride == 1 and is_transposition(instruction)):
            assert stride == 1, "vectors lie along other strides"
            values = np.unique(values // program.lanes)[:, None] * program.lanes + np.arange(program.lanes)
        found = (found[:, None] + values.ravel() * stride).ravel()
    for looked in access.looked:
        found = (found[:, None] + np.arange(looked.extent) * looked.stride).ravel()
    return found


def tiles(extent: int, s: LoopSchedule, lanes: int, thread: int, threads: int) -> Numbers:
    """Return the values along the split axis that a thread computes: its share of the tiles, the first also the rest.

    A share is what the machine code makes of it: whole tiles from thread·tiles/threads on, rounded down.
    """
    step = s.size(s.split) * s.stretch(s.split, lanes)
    count = -(-extent // s.stretch(s.split, lanes)) // s.size(s.split)
    assert count > 1, "an axis with one tile is shared"
    low, high = (t * count // threads * step for t in (thread, thread + 1))
    values = np.arange(extent)
    return values[(low <= values) & (values < high) | (values >= count * step) & (thread == 0)]

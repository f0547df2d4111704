"""How a step is shared among threads: which axis of each instruction is split, and where threads must wait.

Output tiles are never split, and all schedules to choose from add in the same order: no bit depends on the number of
threads. An axis is chosen by the cycles of the thread that has most to do and by the bytes it reads that another thread
touched last; where every thread touches only what is its own already, nobody waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, prod
from typing import TypeAlias

from chainrule.execute.native.machine import BYTES, Dtype
from chainrule.execute.native.schedule import LoopSchedule, Pieces, pieces
from chainrule.lower.program import Access, Buffer, Instruction, Program

SPEED = 12.0
"""Bytes in a cycle from another core's cache."""
WAIT = 300.0
"""The cycles of a barrier, with what the threads are apart."""
PASSES = 4
"""How often the choices are gone through, each knowing what the last time the others chose."""
MOST_COPIES, MOST_COPIED = 4, 64 << 10
"""The threads and bytes up to which each thread copies the whole batch for itself: to write what another core has read
takes longer than to copy twice as much, unless that drives all else out of the cache."""


@dataclass(frozen=True)
class Ownership:
    """Which thread touches what of a buffer: the pieces of one axis; no axis where any may touch anything.

    Without pieces all of it is the first thread's.
    """

    axis: int | None
    pieces: Pieces = ()


Touch: TypeAlias = tuple[str, Ownership, bool]
"""A buffer, who touches what of it, and whether it is written."""
ALL = Ownership(None)
FIRST = Ownership(0)


def part(program: Program, instruction: Instruction, chosen: LoopSchedule, access: Access, threads: int) -> Ownership:
    """Return which thread touches what of the buffer of an access."""
    if not chosen.split:
        return FIRST
    buffer = program.buffers[access.buffer]
    stride = access.stride(chosen.split)
    if not stride:
        return ALL
    extent = instruction.extent(chosen.split)
    along = [n for n, s in enumerate(buffer.strides) if s == stride and buffer.extents[n] == extent]
    if len(along) != 1 or access.place.constant or not _plain(buffer, access):
        return ALL
    stretch, size = chosen.stretch(chosen.split, program.lanes), chosen.size(chosen.split)
    return Ownership(along[0], pieces(extent, stretch, size, threads))


def _plain(buffer: Buffer, access: Access) -> bool:
    """Say whether an access has an axis of the nest for each axis of the buffer, and nothing else."""
    return sorted(access.strides.values()) == sorted(
        s for s, extent in zip(buffer.strides, buffer.extents, strict=True) if extent > 1
    )


def with_copies(program: Program, data: Sequence[str], threads: int, element: int) -> Program:
    """Return the program with a copy of the batch for each thread, at the end of its memory, if they are few."""
    if not 1 < threads <= MOST_COPIES or sum(program.buffers[name].size for name in data) * element > MOST_COPIED:
        return program
    line = max(64 // element, program.lanes)
    buffers, end = dict(program.buffers), 0
    for name in data:
        end += ceil(buffers[name].front / line) * line
        buffers[name] = replace(buffers[name], offset=program.size + end)
        end += ceil(buffers[name].size / line) * line
    # off multiples of 4 KiB, where copies would meet in the same sets of a cache
    pitch = end + line if end * element % 4096 == 0 else end
    buffers.update({name: replace(buffers[name], pitch=pitch) for name in data})
    return replace(program, buffers=buffers, size=program.size + threads * pitch)


def gathered(program: Program, data: Sequence[str], threads: int) -> dict[str, Ownership]:
    """Return which thread writes what of a batch that they share: so many samples each."""
    buffers = [program.buffers[name] for name in data]
    return {b.name: Ownership(0, pieces(b.extents[0], 1, 1, threads)) for b in buffers if not b.pitch}


def _own(program: Program, access: Access) -> bool:
    """Say whether an access is to what every thread has for itself."""
    return bool(program.buffers[access.buffer].pitch)


def chosen_parts(
    program: Program, options: Sequence[Sequence[LoopSchedule]], dtype: Dtype, data: Sequence[str], threads: int
) -> list[LoopSchedule]:
    """Return one of the options for each instruction, so that the threads are busy and little passes between them.

    The first option of each is the one that is not split.
    """
    chosen = [o[0] for o in options]
    if threads == 1:
        return chosen
    state: dict[str, Ownership] = {}
    for _ in range(PASSES):
        state.update(gathered(program, data, threads))
        for number, instruction in enumerate(program.instructions):
            costs = [_cost(program, instruction, s, dtype, state, threads) for s in options[number]]
            chosen[number] = options[number][costs.index(min(costs))]
            for access in (*instruction.loads, *instruction.stores):
                state[access.buffer] = part(program, instruction, chosen[number], access, threads)
    return chosen


def _cost(
    program: Program,
    instruction: Instruction,
    s: LoopSchedule,
    dtype: Dtype,
    state: Mapping[str, Ownership],
    threads: int,
) -> float:
    """Return the cycles of an instruction, those for what comes from other threads included."""
    moved = 0.0
    shared = [a for a in instruction.loads if not _own(program, a)]
    for access in {a.buffer: a for a in shared}.values():
        size = prod(program.buffers[access.buffer].extents) * BYTES[dtype]
        before, now = state.get(access.buffer, ALL), part(program, instruction, s, access, threads)
        moved += size * _foreign(before, now, threads)
    wait = WAIT if s.split or any(state.get(a.buffer, ALL).pieces for a in shared) else 0.0
    return s.cycles + moved / SPEED + wait


def _foreign(before: Ownership, now: Ownership, threads: int) -> float:
    """Return the part of a buffer that the busiest thread reads and another touched last."""
    if before.axis is None or before == now:
        return 0.0
    if now.axis is None:
        return 1 - 1 / threads if before.pieces else 1.0
    if not now.pieces:
        return _differing(before.pieces, ((before.pieces[-1][0], 0),))
    if not before.pieces:
        return 1 / threads
    if before.axis != now.axis:
        return (1 - 1 / threads) / threads
    return _differing(before.pieces, now.pieces) / threads


def _differing(one: Pieces, other: Pieces) -> float:
    """Return the part of an axis that is one thread's in one cut, and another's in the other."""
    wrong = start = 0
    left, right = list(reversed(one)), list(reversed(other))
    while left:
        end = min(left[-1][0], right[-1][0])
        wrong += (end - start) * (left[-1][1] != right[-1][1])
        start = end
        for pieces_left in (left, right):
            if pieces_left[-1][0] == end:
                pieces_left.pop()
    return wrong / start


def barriers(program: Program, chosen: Sequence[LoopSchedule], threads: int) -> list[bool]:
    """Say before which instructions all threads must wait for each other; between two steps they always do.

    They must where one touches memory that another wrote since the last barrier, or writes what another touched.
    """
    if threads == 1:
        return [False] * len(chosen)
    result: list[bool] = []
    since: list[Touch] = []
    for instruction, s in zip(program.instructions, chosen, strict=True):
        now = _touched(program, instruction, s, threads)
        result.append(any(_meet(program, one, other) for one in since for other in now))
        since = [*([] if result[-1] else since), *now]
    return result


def _touched(program: Program, instruction: Instruction, s: LoopSchedule, threads: int) -> list[Touch]:
    accesses = [(a, False) for a in instruction.loads] + [(a, True) for a in instruction.stores]
    return [
        (a.buffer, part(program, instruction, s, a, threads), written)
        for a, written in accesses
        if not _own(program, a)
    ]


def _meet(program: Program, one: Touch, other: Touch) -> bool:
    """Say whether two threads can meet at memory that one of them writes."""
    (left, mine, writes), (right, yours, writes_too) = one, other
    if not (writes or writes_too):
        return False
    if left == right:
        return mine != yours or mine.axis is None
    a, b = program.buffers[left], program.buffers[right]
    overlap = a.offset - a.front < b.offset + b.size and b.offset - b.front < a.offset + a.size
    return overlap and not (mine == yours == FIRST)

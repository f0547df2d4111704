"""How a step is shared among threads: which axis of each instruction is split, and where threads must wait.

Output tiles are never split, so no bit depends on the number of threads. An axis is chosen by the cycles of the thread
that has most to do and by the bytes it reads that another thread touched last; where every thread touches only what is
its own already, nobody waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from chainrule.execute.native.machine import BYTES, Dtype
from chainrule.execute.native.schedule import Schedule, owners
from chainrule.lower.program import Access, Buffer, Instruction, Program

SPEED = 12.0
"""Bytes in a cycle from another core's cache."""
WAIT = 300.0
"""The cycles of a barrier, with what the threads are apart."""
PASSES = 4
"""How often the choices are gone through, each knowing what the last time the others chose."""


@dataclass(frozen=True)
class Part:
    """Which thread touches what of a buffer: the owner of each position along one axis; no axis where all touch all.

    `owners` of length one: all of it is one thread's.
    """

    axis: int | None
    owners: tuple[int, ...] = ()


ALL = Part(None)
FIRST = Part(0, (0,))


def part(program: Program, instruction: Instruction, chosen: Schedule, access: Access, threads: int) -> Part:
    """Return which thread touches what of the buffer of an access."""
    if not chosen.split:
        return FIRST
    buffer = program.buffers[access.buffer]
    stride = access.stride(chosen.split)
    if not stride:
        return ALL
    extent = instruction.extent(chosen.split)
    along = [n for n, s in enumerate(buffer.strides) if s == stride and buffer.extents[n] == extent]
    if len(along) != 1 or access.base or not _plain(buffer, access):
        return ALL
    return Part(
        along[0], owners(extent, chosen.stretch(chosen.split, program.lanes), chosen.size(chosen.split), threads)
    )


def _plain(buffer: Buffer, access: Access) -> bool:
    """Say whether an access has an axis of the nest for each axis of the buffer, and nothing else."""
    return sorted(s for _, s in access.strides if s) == sorted(
        s for s, extent in zip(buffer.strides, buffer.extents, strict=True) if extent > 1
    )


def gathered(program: Program, data: Sequence[str], threads: int) -> dict[str, Part]:
    """Return which thread writes what of the batch: so many samples each."""
    return {name: Part(0, owners(program.buffers[name].extents[0], 1, 1, threads)) for name in data}


def chosen_parts(
    program: Program, options: Sequence[Sequence[Schedule]], dtype: Dtype, data: Sequence[str], threads: int
) -> list[Schedule]:
    """Return one of the options for each instruction, so that the threads are busy and little passes between them.

    The first option of each is the one that is not split.
    """
    chosen = [o[0] for o in options]
    if threads == 1:
        return chosen
    state: dict[str, Part] = {}
    for _ in range(PASSES):
        state.update(gathered(program, data, threads))
        for number, instruction in enumerate(program.instructions):
            costs = [_cost(program, instruction, s, dtype, state, threads) for s in options[number]]
            chosen[number] = options[number][costs.index(min(costs))]
            for access in (*instruction.loads, *instruction.stores):
                state[access.buffer] = part(program, instruction, chosen[number], access, threads)
    return chosen


def _cost(
    program: Program, instruction: Instruction, s: Schedule, dtype: Dtype, state: Mapping[str, Part], threads: int
) -> float:
    """Return the cycles of an instruction, those for what comes from other threads included."""
    moved = 0.0
    for access in {a.buffer: a for a in instruction.loads}.values():
        size = prod(program.buffers[access.buffer].extents) * BYTES[dtype]
        before, now = state.get(access.buffer, ALL), part(program, instruction, s, access, threads)
        moved += size * _foreign(before, now, threads)
    wait = WAIT if s.split or any(len(state.get(a.buffer, ALL).owners) > 1 for a in instruction.loads) else 0.0
    return s.cycles + moved / SPEED + wait


def _foreign(before: Part, now: Part, threads: int) -> float:
    """Return the part of a buffer that the busiest thread reads and another touched last."""
    if before.axis is None or before == now:
        return 0.0
    if now.axis is None:
        return 1 - 1 / threads if len(before.owners) > 1 else 1.0
    if len(now.owners) == 1:
        return 1 - before.owners.count(0) / len(before.owners)
    if len(before.owners) == 1:
        return 1 / threads
    if before.axis != now.axis:
        return (1 - 1 / threads) / threads
    wrong = sum(a != b for a, b in zip(before.owners, now.owners, strict=True))
    return wrong / len(now.owners) / threads


def barriers(program: Program, chosen: Sequence[Schedule], threads: int) -> list[bool]:
    """Say before which instructions all threads must wait for each other.

    They must where one touches memory that another wrote since the last barrier, or writes what another touched.
    """
    result: list[bool] = []
    since: list[tuple[str, Part, bool]] = []
    for instruction, s in zip(program.instructions, chosen, strict=True):
        touched = [(a.buffer, part(program, instruction, s, a, threads), False) for a in instruction.loads]
        touched += [(a.buffer, part(program, instruction, s, a, threads), True) for a in instruction.stores]
        wait = any(_meet(program, one, other) for one in since for other in touched)
        since = [*([] if wait else since), *touched]
        result.append(wait)
    return result


def _meet(program: Program, one: tuple[str, Part, bool], other: tuple[str, Part, bool]) -> bool:
    """Say whether two threads can meet at memory that one of them writes."""
    (left, mine, writes), (right, yours, writes_too) = one, other
    if not (writes or writes_too):
        return False
    if left == right:
        return mine != yours or mine.axis is None
    a, b = program.buffers[left], program.buffers[right]
    overlap = a.offset < b.offset + b.size and b.offset < a.offset + a.size
    return overlap and not (mine == yours == FIRST)

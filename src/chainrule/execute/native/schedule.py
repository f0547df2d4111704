"""How an instruction runs on a machine: its vector axis, its register tile, the order of its loops.

Chosen from extents and strides alone, by counting cycles: multiply-adds, loads and latency of a tile's step, and the
bytes that an order of loops brings in from beyond the first cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import ceil, prod
from typing import TypeAlias

from chainrule.execute.native.machine import BYTES, Dtype, Machine
from chainrule.expr.functions import names_with
from chainrule.lower.program import Access, Instruction, RowReduce

Pieces: TypeAlias = tuple[tuple[int, int], ...]
"""An axis cut into pieces, in order: where each ends, and the thread whose it is."""
L1, L2 = 32 << 10, 768 << 10
REACH, OVERLAP = 100, 0.4
"""The multiply-adds that a core sees ahead, and what is left of a tile's end where the next tile begins beside it."""
BUSY = 8
"""The accumulators that hide the latency of a multiply-add."""
UNROLLED = 320
"""The multiply-adds that a reduction may have to be written out without a loop."""


@dataclass(frozen=True)
class LoopSchedule:
    """`vector` is an axis, of the nest or (with `along`) of its contraction; "" for one value at a time.

    `tile` are the axes of the nest, outermost loop first, with the values (vectors, along the vector axis) that are
    held at once; `unroll` are the steps of the innermost reduction loop that are written out. `split` is the axis whose
    tiles are shared among threads, "" where the first thread does all; `cycles` are those of the busiest thread.
    """

    vector: str
    along: bool
    tile: tuple[tuple[str, int], ...]
    unroll: int = 1
    cycles: float = 0.0
    split: str = ""

    def size(self, axis: str) -> int:
        """Return the tile's size along an axis."""
        return dict(self.tile)[axis]

    def stretch(self, axis: str, lanes: int) -> int:
        """Return the values that one step along an axis of the nest covers."""
        return lanes if axis == self.vector else 1

    def units(self, axis: str, extent: int, lanes: int) -> int:
        """Return the values, or vectors, along an axis of the nest or of its contraction."""
        return ceil(extent / self.stretch(axis, lanes))


def schedules(instruction: Instruction, machine: Machine, dtype: Dtype, threads: int = 1) -> tuple[LoopSchedule, ...]:
    """Return the cheapest schedule that is not split, then the cheapest for each axis that threads can share.

    All of them add in the same order: no bit depends on which is taken.
    """
    lanes = machine.lanes(dtype)
    best: dict[tuple[str, str], LoopSchedule] = {}
    for candidate in _candidates(instruction, machine, lanes):
        cycles, across = _cycles(instruction, candidate, lanes, BYTES[dtype]), _across(instruction, candidate)
        for order in _orders(candidate, threads):
            for split, part in _splits(instruction, order, lanes, threads):
                kept = best.get((across, split))
                if (split or order is candidate) and (kept is None or cycles * part < kept.cycles):
                    best[across, split] = replace(order, cycles=cycles * part, split=split)
    whole = min((s for s in best.values() if not s.split), key=lambda s: s.cycles)
    across = _across(instruction, whole)
    shared = [s for (same, split), s in best.items() if split and same == across]
    return tuple(replace(s, unroll=_unroll(instruction, s, lanes)) for s in (whole, *shared))


def _orders(s: LoopSchedule, threads: int) -> Iterator[LoopSchedule]:
    """Yield the schedule, then, for threads to share, those with another loop outermost: it may have fairer shares."""
    yield s
    if threads > 1 and len(s.tile) > 2:
        for axis in s.tile[1:]:
            yield replace(s, tile=(axis, *(other for other in s.tile if other is not axis)))


def _across(instruction: Instruction, s: LoopSchedule) -> str:
    """Return the axis along which lanes are reduced to one number; it decides the order of additions."""
    return s.vector if s.along or s.vector == instruction.row else ""


def _splits(instruction: Instruction, s: LoopSchedule, lanes: int, threads: int) -> Iterator[tuple[str, float]]:
    """Yield "", and the axis of the outermost loop where threads can share it, with the part of the busiest.

    Only of the outermost: hardware that reads ahead along an inner one would take lines that are another thread's.
    """
    yield "", 1.0
    for axis, size in s.tile:
        extent, stretch = instruction.extent(axis), s.stretch(axis, lanes)
        if extent > stretch * size:
            if axis not in instruction.adding and threads > 1 and s.units(axis, extent, lanes) // size > 1:
                yield axis, largest_share(extent, stretch, size, threads)
            return


def pieces(extent: int, stretch: int, size: int, threads: int) -> Pieces:
    """Return whose the values along a split axis are: whole tiles in order, the remainder the first thread's.

    >>> pieces(100, 16, 2, 2)
    ((32, 0), (96, 1), (100, 0))
    """
    count, step = ceil(extent / stretch) // size, stretch * size
    result: list[tuple[int, int]] = []
    for thread, end in [*((t, (t + 1) * count // threads * step) for t in range(threads)), (0, extent)]:
        if min(end, extent) > (result[-1][0] if result else 0):
            result.append((min(end, extent), thread))
    return tuple(result)


def largest_share(extent: int, stretch: int, size: int, threads: int) -> float:
    """Return the part of an axis that the busiest thread has."""
    having, start = [0] * threads, 0
    for end, thread in pieces(extent, stretch, size, threads):
        having[thread] += end - start
        start = end
    return max(having) / extent


def transposition(instruction: Instruction, lanes: int, threads: int = 1) -> tuple[LoopSchedule, ...]:
    """Return the schedules of a copy between two layouts, in square blocks: not split, then along either axis."""
    source, target = instruction.loads[0], instruction.stores[0]
    along = next(axis for axis, s in source.strides.items() if s == 1)
    across = next(axis for axis, s in target.strides.items() if s == 1)
    cycles = 2.0 * prod(a.extent for a in instruction.axes) / lanes
    whole = LoopSchedule("", False, ((across, lanes), (along, lanes)), cycles=cycles)
    options = [whole]
    for axis, part in list(_splits(instruction, whole, lanes, threads))[1:]:
        options.append(replace(whole, cycles=cycles * part, split=axis))
    return tuple(options)


def is_transposition(instruction: Instruction) -> bool:
    """Say whether an instruction copies between two layouts, with different axes innermost."""
    if instruction.contraction or len(instruction.code) != 2 or not instruction.loads or not instruction.stores:
        return False
    if instruction.loads[0].looked or instruction.adding or instruction.parts:
        return False
    inner = [[axis for axis, s in a.strides.items() if s == 1] for a in (instruction.loads[0], instruction.stores[0])]
    return len(inner[0]) == 1 and len(inner[1]) == 1 and inner[0] != inner[1]


def unit(access: Access, axis: str) -> bool:
    """Say whether a vector along the axis is one number or consecutive ones."""
    return access.stride(axis) in {0, 1} and axis not in access.scattered


def _fits(instruction: Instruction, axis: str, lanes: int) -> bool:
    """Say whether vectors can lie along an axis: lanes beyond its end are written to padding only."""
    if instruction.extent(axis) % lanes and axis in instruction.parts:
        return False
    return all(unit(a, axis) for a in (*instruction.loads, *instruction.stores))


def _candidates(instruction: Instruction, machine: Machine, lanes: int) -> Iterator[LoopSchedule]:
    axes = [a.name for a in instruction.axes]
    row = instruction.row
    bounded = instruction.contraction.bounded if instruction.contraction else frozenset()
    for vector in (*(a for a in axes if a not in bounded and _fits(instruction, a, lanes)), ""):
        for tile in _tiles(instruction, vector, machine, lanes):
            sizes = dict(tile)
            # what is added up in memory is added one by one, in one order
            adding = [axis for axis, _ in tile if axis in instruction.adding]
            if adding != list(instruction.adding) or any(sizes[axis] > 1 for axis in adding):
                continue
            schedule = LoopSchedule(vector, False, tile)
            if not row or sizes[row] * schedule.stretch(row, lanes) >= instruction.extent(row):
                yield schedule
    contraction = instruction.contraction
    if contraction and not row:
        for axis in contraction.axes:
            if axis.name not in bounded and all(unit(f, axis.name) for f in contraction.factors):
                for tile in _pairs(instruction, machine):
                    yield LoopSchedule(axis.name, True, tile)


def _tiles(
    instruction: Instruction, vector: str, machine: Machine, lanes: int
) -> Iterator[tuple[tuple[str, int], ...]]:
    """Yield tiles over the vector axis and one other, in both orders of the two loops, all other axes outside.

    Where these are too small to keep the units busy, there are two others.
    """
    axes = [a.name for a in instruction.axes]
    row = instruction.row
    bounded = instruction.contraction.bounded if instruction.contraction else frozenset()
    others = [a for a in axes if a != vector and a not in bounded]
    inner = [*others, None] if others else [None]
    vectors = ceil(instruction.extent(vector) / lanes) if vector else 1
    held = 1
    for other in inner:
        for along_vector in range(1, min(vectors, 8) + 1):
            if row and row == vector and along_vector != vectors:
                continue
            largest = instruction.extent(other) if other else 1
            # accumulators, the vectors that a step loads and one number in all lanes: more than that spills
            most = max((machine.registers - 2 - along_vector) // along_vector, 1)
            for along_other in _sizes(largest, most if other != row else largest):
                if along_vector > 1 and along_other > most:
                    continue
                held = max(held, along_vector * along_other)
                sizes = {vector: along_vector, other: along_other}
                rest = [(a, instruction.extent(a) if a == row else 1) for a in axes if a not in (vector, other)]
                pair = [(a, sizes[a]) for a in (vector, other) if a]
                yield (*rest, *pair)
                if len(pair) == 2:
                    yield (*rest, *reversed(pair))
    if held < BUSY and not row:
        outside = tuple((a, 1) for a in axes if a in bounded)
        yield from ((*outside, *tile) for tile in _deeper(instruction, vector, others, machine, vectors))


def _deeper(
    instruction: Instruction, vector: str, others: Sequence[str], machine: Machine, vectors: int
) -> Iterator[tuple[tuple[str, int], ...]]:
    """Yield tiles over two axes beside that of the vectors."""
    for whole, part in permutations(others, 2):
        extent = instruction.extent(whole)
        for along_vector in range(1, min(vectors, 4) + 1):
            most = (machine.registers - 2 - along_vector) // (along_vector * extent)
            rest = [(a, 1) for a in others if a not in (whole, part)]
            for size in range(2, min(most, instruction.extent(part)) + 1):
                yield (*rest, (part, size), (whole, extent), *([(vector, along_vector)] if vector else []))


def _pairs(instruction: Instruction, machine: Machine) -> Iterator[tuple[tuple[str, int], ...]]:
    """Yield tiles over up to two axes, in both orders, for vectors along the contraction: one load for each value."""
    bounded = instruction.contraction.bounded if instruction.contraction else frozenset()
    axes = [a for a in instruction.axes if a.name not in bounded]
    outside = tuple((a.name, 1) for a in instruction.axes if a.name in bounded)
    if len(axes) < 2:
        largest = axes[0].extent if axes else 1
        sizes = _sizes(largest, (machine.registers - 1) // 2)
        yield from ((*outside, *((a.name, size) for a in axes)) for size in sizes)
        return
    for one, other in permutations(axes, 2):
        rest = (*outside, *((a.name, 1) for a in axes if a not in (one, other)))
        for size in _sizes(one.extent, 8):
            most = (machine.registers - 1 - size) // (size + 1)
            for size_too in _sizes(other.extent, max(min(most, 8), 1)):
                yield (*rest, (one.name, size), (other.name, size_too))


def _sizes(extent: int, most: int) -> Iterator[int]:
    yield from range(1, max(min(extent, most), 1) + 1)


def _cycles(instruction: Instruction, s: LoopSchedule, lanes: int, element: int) -> float:
    contraction = instruction.contraction
    steps = 1.0
    if contraction:
        steps = prod(s.units(a.name, a.extent, lanes) for a in contraction.axes) * instruction.share
    code = 1.0 + sum(_weight(op) for op in instruction.code)
    rows = sum(isinstance(op, RowReduce) for op in instruction.code) if s.vector == instruction.row else 0
    total = 0.0
    for count, sizes in _variants(instruction, s, lanes):
        held = prod(sizes.values())
        per_step = _step(instruction, s, sizes) if contraction else 0.0
        waste = lanes if not s.vector else 1
        epilogue = held * code * (1 if waste == 1 else 2) + ((3.5 * held + 12) if s.along else 0) + 6
        hidden = OVERLAP if contraction and steps * held <= REACH else 1.0
        across = rows * 2 * lanes.bit_length() * held / sizes.get(instruction.row, 1)
        total += count * (steps * per_step + epilogue * hidden + across)
    return total + _traffic(instruction, s, lanes, element)


_NOT_COUNTED = frozenset({"sin", "cos", "tan", "sinh", "cosh", "atan", "log1p", "expm1"})
"""Functions that take long, and are not counted so: to count them would choose other schedules, and so other bits."""
_LONG = (names_with(lambda function: not function.cheap) | {"divide", "threefry"}) - _NOT_COUNTED


def _weight(op: object) -> float:
    function = getattr(op, "function", "")
    return 12.0 if function in _LONG else 0.5


def _variants(instruction: Instruction, s: LoopSchedule, lanes: int) -> list[tuple[int, dict[str, int]]]:
    """Return the shapes that tiles have, remainders included, and how many there are of each."""
    shapes: list[tuple[int, dict[str, int]]] = [(1, {})]
    for axis, size in s.tile:
        full, rest = divmod(s.units(axis, instruction.extent(axis), lanes), size)
        parts = [(full, size)] if full else []
        parts += [(1, rest)] if rest else []
        shapes = [(n * count, {**sizes, axis: part}) for n, sizes in shapes for count, part in parts]
    return shapes


def _step(instruction: Instruction, s: LoopSchedule, sizes: dict[str, int]) -> float:
    """Return the cycles of one step of a tile's reduction."""
    assert instruction.contraction is not None
    held = prod(sizes.values())
    loads = 0
    for factor in instruction.contraction.factors:
        loads += prod(size for axis, size in sizes.items() if factor.stride(axis))
    fused = held * max(len(instruction.contraction.factors) - 1, 1)
    busy = max(fused / 2, loads / 2, (fused + loads) / 4, 4.0 if held < BUSY else 0.0)
    return busy + 0.5


def _traffic(instruction: Instruction, s: LoopSchedule, lanes: int, element: int) -> float:
    """Return the cycles for bytes from beyond the first cache: what the inner loop reads anew for each outer tile."""
    contraction = instruction.contraction
    if contraction is None or len(s.tile) < 2:
        return 0.0
    outer, inner = (axis for axis, _ in s.tile[-2:])
    reduced = prod(a.extent for a in contraction.axes)
    counts = {axis: ceil(s.units(axis, instruction.extent(axis), lanes) / tile) for axis, tile in s.tile[-2:]}
    cycles = 0.0
    for factor in contraction.factors:
        whole = reduced * element * instruction.extent(inner if factor.stride(inner) else outer)
        if factor.stride(inner) and not factor.stride(outer):
            cycles += counts[outer] * whole / _speed(whole)
        elif factor.stride(outer) and not factor.stride(inner):
            cycles += counts[inner] * whole / _speed(whole / counts[outer])
    return 0.5 * cycles


def _speed(held: float) -> float:
    """Return bytes in a cycle from the cache that holds that many."""
    return 1e9 if held <= L1 else 48.0 if held <= L2 else 16.0


def _unroll(instruction: Instruction, s: LoopSchedule, lanes: int) -> int:
    if not instruction.contraction:
        return 1
    last = instruction.contraction.axes[-1]
    steps = s.units(last.name, last.extent, lanes)
    held = prod(size for _, size in s.tile)
    if last.name in instruction.contraction.bounded:
        return 1
    if steps * held <= UNROLLED and len(instruction.contraction.axes) == 1:
        return steps
    return 4 if held <= 8 else 2 if held <= 16 else 1

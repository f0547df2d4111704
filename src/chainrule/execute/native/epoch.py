"""A stretch of an epoch as an LLVM function: batches gathered from whole data sets, a step for each, costs added up.

It is given data sets, a permutation of their rows and a number of steps, all by pointer. Several threads may run it
together; each gathers its share of the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from chainrule.execute.native.control import CELL, DONE, HURRY, LEFT, OVER, STOP, cell, cells_at, seen, until
from chainrule.execute.native.machine import BYTES, Dtype, Machine
from chainrule.execute.native.memory import origin
from chainrule.execute.native.prefetch import LINE, Prefetch
from chainrule.execute.native.team import is_first, share
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Buffer, Program


def prefetch_of(program: Program, dtype: Dtype, data: Sequence[str], threads: int) -> Prefetch | None:
    """Return what can be fetched of the next batch: the rows of the widest data."""
    if not data:
        return None
    widest = program.buffers[_widest(program, data)]
    lines = -(-prod(widest.extents[1:]) * BYTES[dtype] // LINE)
    return Prefetch(widest.extents[0], lines, threads if widest.pitch else 1)


def _widest(program: Program, data: Sequence[str]) -> str:
    return max(data, key=lambda name: prod(program.buffers[name].extents[1:]))


def stretch_text(
    program: Program,
    dtype: Dtype,
    machine: Machine,
    data: Sequence[str],
    totals: Sequence[str],
    threads: int,
    long: bool = False,
) -> str:
    """Return @stretch(arena, sources, permutation, steps, totals, thread, threads).

    It ends with the first step whose cost, the first of the totals, is not finite, in which several threads are told
    to hurry, or, in a long program, in which a thread saw that it was asked to stop. What a thread knows of that it
    says before the barrier between two steps; behind it all read the same, and leave together.
    """
    w = Writer()
    cells = cells_at(program, BYTES[dtype])
    samples = program.buffers[data[0]].extents[0] if data else 1
    given = "ptr %m, ptr %sources, ptr %rows, i64 %steps, ptr %totals, i64 %tid, i64 %nt"
    w.lines = [f"define void @stretch({given}) nounwind {{", "entry:"]
    shared = bool(data) and threads > 1 and not program.buffers[data[0]].pitch
    start, end, some = share(w, samples, 1) if shared else ("0", str(samples), "")
    first_thread = is_first(w)
    sources = []
    for number in range(len(data)):
        place = w.advanced("%sources", number, 8)
        sources.append(w.value(f"load ptr, ptr {place}"))
    before = [w.value(f"load double, ptr {w.advanced('%totals', number, 8)}") for number in range(len(totals))]
    table = "@table" if shared or threads == 1 else w.advanced("@table", "%tid", 8 * samples)
    origins = [origin(w, program.buffers[name], BYTES[dtype]) for name in data]
    batch = _Batch(tuple(zip(data, sources, origins, strict=True)), samples, table, start, some)
    loop = w.open("0", [*(("double", value) for value in before), ("i64", "0")])
    following = w.value(f"add i64 {loop.index}, 1")
    after = _gather_batch(w, program, dtype, machine, batch, loop.index, following, end, cells * long) if data else ""
    if shared:
        w.unguard(after)
        w.line("call void @barrier(i64 %nt)")
    w.line(f"call void @body(ptr %m, ptr {table}, i64 %tid, i64 %nt)")
    values = [_scalar(w, program.buffers[name], dtype) for name in totals]
    over = w.value(f"and i1 {_lost(w, values)}, {first_thread}")
    if long:
        asked = seen(w, cells, STOP)
        after = w.guard(asked)
        w.value(f"atomicrmw or ptr {cell(w, cells, LEFT)}, i64 1 monotonic")
        w.unguard(after)
        over = w.value(f"or i1 {over}, {asked}")
    if threads > 1:
        hurry = w.value(f"and i1 {seen(w, cells, HURRY)}, {first_thread}")
        over = _agreed(w, cells, loop.index, w.value(f"or i1 {over}, {hurry}"))
    sums = [w.value(f"fadd double {old}, {new}") for old, new in zip(loop.values[:-1], values, strict=True)]
    w.close(loop, 1, w.value(f"select i1 {over}, i64 0, i64 %steps"), [*sums, following])
    done = w.guard(first_thread)
    w.line(f"store i64 {following}, ptr {cell(w, cells, DONE)}")
    for number, value in enumerate(sums):
        w.line(f"store double {value}, ptr {w.advanced('%totals', number, 8)}")
    w.unguard(done)
    w.line("ret void")
    return "\n".join([*w.lines, "}"])


@dataclass(frozen=True)
class _Batch:
    """What a thread gathers of a batch, from `start` on: of each data where they begin, and where in memory they go.

    At `table` it notes where the next batch lies. `some` says whether it has a share at all, "" where all have.
    """

    data: tuple[tuple[str, str, str], ...]
    samples: int
    table: str
    start: str
    some: str


def _gather_batch(
    w: Writer, program: Program, dtype: Dtype, machine: Machine, batch: _Batch, step: str, following: str, end: str,
    cells: int,
) -> str:  # fmt: skip
    """Write how the samples of a step are gathered, up to `end`; return what the guard of a share is closed with.

    `cells`, but for 0, are where a thread sees that it is asked to stop.
    """
    widest = _widest(program, [name for name, _, _ in batch.data])
    width = prod(program.buffers[widest].extents[1:]) * BYTES[dtype]
    first = w.value(f"mul i64 {step}, {batch.samples}")
    more = w.value(f"icmp slt i64 {following}, %steps")
    distance = w.value(f"select i1 {more}, i64 {batch.samples}, i64 0")
    rows = w.advanced("%rows", first, 8)
    after = w.guard(batch.some) if batch.some else ""
    inner = w.open(batch.start)
    at = w.advanced(rows, inner.index, 8)
    row = w.value(f"load i64, ptr {at}")
    for name, source, there in batch.data:
        _gather(w, program.buffers[name], dtype, machine, (source, row), (there, inner.index))
    later = w.value(f"load i64, ptr {w.advanced(at, distance, 8)}")
    place = w.advanced(next(source for name, source, _ in batch.data if name == widest), later, width)
    w.line(f"store ptr {place}, ptr {w.advanced(batch.table, inner.index, 8)}")
    w.close(inner, 1, until(w, cells, end) if cells else end)
    return after


def _lost(w: Writer, values: Sequence[str]) -> str:
    """Write whether the cost is not finite."""
    if not values:
        return "false"
    # a number that is not finite, less itself, is none
    return w.value(f"fcmp une double {w.value(f'fsub double {values[0]}, {values[0]}')}, 0.0")


def _agreed(w: Writer, cells: int, step: str, over: str) -> str:
    """Write the barrier between two steps, and what all threads know behind it: whether one of them wants to end.

    Steps take two cells in turn: a thread that is a barrier ahead does not change what another still has to read.
    """
    place = w.advanced(cell(w, cells, OVER), w.value(f"and i64 {step}, 1"), CELL)
    after = w.guard(over)
    w.value(f"atomicrmw or ptr {place}, i64 1 monotonic")
    w.unguard(after)
    w.line("call void @barrier(i64 %nt)")
    return w.value(f"icmp ne i64 {w.value(f'load atomic i64, ptr {place} monotonic, align {CELL}')}, 0")


def _scalar(w: Writer, buffer: Buffer, dtype: Dtype) -> str:
    """Write the load of a scalar as a double."""
    place = origin(w, buffer, BYTES[dtype])
    if dtype == "f64":
        return w.value(f"load double, ptr {place}")
    return w.value(f"fpext float {w.value(f'load float, ptr {place}')} to double")


def _gather(
    w: Writer, buffer: Buffer, dtype: Dtype, machine: Machine, source: tuple[str, str], target: tuple[str, str]
) -> None:
    """Write the copy of one sample, from a row of the data, where it is contiguous, to one of the batch."""
    element = BYTES[dtype]
    length = prod(buffer.extents[1:])
    sample = w.advanced(*source, element * length)
    place = w.advanced(*target, element * buffer.strides[0])
    if len(buffer.extents) == 1:
        _copied(w, sample, place, 1, dtype, machine)
        return
    _gather_axes(w, buffer, dtype, machine, 1, sample, place)


def _gather_axes(w: Writer, buffer: Buffer, dtype: Dtype, machine: Machine, axis: int, origin: str, place: str) -> None:
    if axis == len(buffer.extents) - 1:
        _copied(w, origin, place, buffer.extents[axis], dtype, machine)
        return
    loop = w.open("0")
    inner = w.advanced(origin, loop.index, BYTES[dtype] * prod(buffer.extents[axis + 1 :]))
    there = w.advanced(place, loop.index, BYTES[dtype] * buffer.strides[axis])
    _gather_axes(w, buffer, dtype, machine, axis + 1, inner, there)
    w.close(loop, 1, str(buffer.extents[axis]))


def _copied(w: Writer, origin: str, place: str, count: int, dtype: Dtype, machine: Machine) -> None:
    """Write the copy of consecutive numbers: vectors, then the rest in halves; nothing beyond the last is read."""
    element, lanes = BYTES[dtype], machine.lanes(dtype)
    scalar = "float" if dtype == "f32" else "double"
    whole = count // lanes
    if whole > 1:
        loop = w.open("0")
        _moved(
            w, w.advanced(origin, loop.index, element), w.advanced(place, loop.index, element), scalar, lanes, element
        )
        w.close(loop, lanes, str(whole * lanes))
    elif whole:
        _moved(w, origin, place, scalar, lanes, element)
    done = whole * lanes
    while lanes > 1:
        lanes //= 2
        if count - done >= lanes:
            _moved(w, w.advanced(origin, done, element), w.advanced(place, done, element), scalar, lanes, element)
            done += lanes


def _moved(w: Writer, origin: str, place: str, scalar: str, lanes: int, element: int) -> None:
    kind = f"<{lanes} x {scalar}>"
    value = w.value(f"load {kind}, ptr {origin}, align {element}")
    w.line(f"store {kind} {value}, ptr {place}, align {element}")

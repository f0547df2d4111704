"""A program as one LLVM module: a function for each instruction, one for the step, one for a stretch of an epoch.

The stretch takes whole data sets and a permutation of their rows: it gathers the rows of each batch, runs the step, and
adds up the cost. Everything it touches it is given by pointer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from chainrule.execute.native import vectormath
from chainrule.execute.native.ahead import Ahead
from chainrule.execute.native.machine import BYTES, Dtype, Machine
from chainrule.execute.native.nest import instruction_text
from chainrule.execute.native.schedule import Schedule, is_transposition, schedule
from chainrule.execute.native.transpose import TransposeWriter
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Buffer, Program


@dataclass(frozen=True)
class Module:
    """LLVM text, and the schedules it was made with; None for a copy between layouts."""

    text: str
    schedules: tuple[Schedule | None, ...]


def module(
    program: Program,
    machine: Machine,
    dtype: Dtype,
    *,
    data: Sequence[str] = (),
    total: str = "",
    checked: bool = False,
) -> Module:
    """Return the module of a program.

    `data` are the buffers that a stretch gathers, in the order of its arguments; `total` is the scalar that it adds up.
    """
    schedules = tuple(None if is_transposition(i) else schedule(i, machine, dtype) for i in program.instructions)
    cycles = [0.0 if s is None else s.cycles for s in schedules]
    longest = cycles.index(max(cycles, default=0.0)) if cycles else 0
    ahead = _ahead(program, dtype, data)
    parts: list[str] = []
    for number, chosen in enumerate(schedules):
        if chosen is None:
            parts.append(TransposeWriter(program, number, machine, dtype, checked).text())
        else:
            fetched = ahead if number == longest else None
            parts.append(instruction_text(program, number, chosen, machine, dtype, checked, fetched))
    parts.append(_body(program))
    rows = ahead.rows if ahead else 1
    parts.append("define void @step(ptr %m) nounwind {\n  call void @body(ptr %m, ptr @nothing)\n  ret void\n}")
    if data:
        parts.append(_stretch(program, dtype, machine, data, total))
    declared = vectormath.declarations(dtype, machine.lanes(dtype))
    head = [
        "@outside = global i64 0",
        f"@nothing = internal constant [{rows} x ptr] zeroinitializer",
        *declared,
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
    ]
    return Module("\n\n".join(["\n".join(head), *parts]), schedules)


def _ahead(program: Program, dtype: Dtype, data: Sequence[str]) -> Ahead | None:
    """Return what can be fetched of the next batch: the rows of the widest data."""
    if not data:
        return None
    widest = program.buffers[_widest(program, data)]
    return Ahead(widest.extents[0], -(-prod(widest.extents[1:]) * BYTES[dtype] // 64))


def _widest(program: Program, data: Sequence[str]) -> str:
    return max(data, key=lambda name: prod(program.buffers[name].extents[1:]))


def _body(program: Program) -> str:
    calls = [f"  call void @i{number}(ptr %m, ptr %ahead)" for number in range(len(program.instructions))]
    return "\n".join(["define internal void @body(ptr %m, ptr %ahead) nounwind {", "entry:", *calls, "  ret void", "}"])


def _stretch(program: Program, dtype: Dtype, machine: Machine, data: Sequence[str], total: str) -> str:
    """Return @stretch(arena, sources, permutation, steps, total)."""
    w = Writer()
    samples = program.buffers[data[0]].extents[0]
    w.lines = ["define void @stretch(ptr %m, ptr %sources, ptr %rows, i64 %steps, ptr %total) nounwind {", "entry:"]
    sources = []
    for number in range(len(data)):
        place = w.advanced("%sources", number, 8)
        sources.append(w.value(f"load ptr, ptr {place}"))
    before = w.value("load double, ptr %total")
    table = w.value(f"alloca [{samples} x ptr], align 64")
    widest = _widest(program, data)
    width = prod(program.buffers[widest].extents[1:]) * BYTES[dtype]
    loop = w.open("0", [("double", before)])
    first = w.value(f"mul i64 {loop.index}, {samples}")
    following = w.value(f"add i64 {loop.index}, 1")
    more = w.value(f"icmp slt i64 {following}, %steps")
    distance = w.value(f"select i1 {more}, i64 {samples}, i64 0")
    rows = w.advanced("%rows", first, 8)
    inner = w.open("0")
    at = w.advanced(rows, inner.index, 8)
    row = w.value(f"load i64, ptr {at}")
    for source, name in zip(sources, data, strict=True):
        _gather(w, program.buffers[name], dtype, machine, source, row, inner.index)
    later = w.value(f"load i64, ptr {w.advanced(at, distance, 8)}")
    place = w.advanced(sources[list(data).index(widest)], later, width)
    w.line(f"store ptr {place}, ptr {w.advanced(table, inner.index, 8)}")
    w.close(inner, 1, str(samples))
    w.line(f"call void @body(ptr %m, ptr {table})")
    cost = loop.values[0]
    if total:
        place = w.advanced("%m", program.buffers[total].offset, BYTES[dtype])
        value = w.value(f"load {'float' if dtype == 'f32' else 'double'}, ptr {place}")
        if dtype == "f32":
            value = w.value(f"fpext float {value} to double")
        cost = w.value(f"fadd double {cost}, {value}")
    w.close(loop, 1, "%steps", [cost])
    w.line(f"store double {cost}, ptr %total")
    w.line("ret void")
    return "\n".join([*w.lines, "}"])


def _gather(w: Writer, buffer: Buffer, dtype: Dtype, machine: Machine, source: str, row: str, sample: str) -> None:
    """Write the copy of one sample, contiguous where it comes from, to its place in the arena."""
    element = BYTES[dtype]
    length = prod(buffer.extents[1:])
    origin = w.advanced(source, row, element * length)
    place = w.advanced(w.advanced("%m", buffer.offset, element), sample, element * buffer.strides[0])
    if len(buffer.extents) == 1:
        _copied(w, origin, place, 1, dtype, machine)
        return
    _gather_axes(w, buffer, dtype, machine, 1, origin, place)


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

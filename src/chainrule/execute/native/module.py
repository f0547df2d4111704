"""A program as one LLVM module: a function for each instruction, one for the step, one for a stretch of an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from chainrule.execute.native import vectormath
from chainrule.execute.native.control import is_long
from chainrule.execute.native.epoch import ahead_of, stretch_text
from chainrule.execute.native.machine import Dtype, Machine
from chainrule.execute.native.nest import instruction_text
from chainrule.execute.native.schedule import Schedule, is_transposition, schedule
from chainrule.execute.native.team import WORTH, barrier_text, body_text, split_axis
from chainrule.execute.native.transpose import TransposeWriter
from chainrule.lower.program import Program

STEP = """define void @step(ptr %m) nounwind {
  call void @body(ptr %m, ptr @nothing, i64 0, i64 1)
  ret void
}"""
"""The step alone, by one thread, with nothing to fetch for a next one."""


@dataclass(frozen=True)
class Module:
    """LLVM text, and the schedules it was made with, None for a copy between layouts; `long` code can be stopped."""

    text: str
    schedules: tuple[Schedule | None, ...]
    long: bool = False


def module(
    program: Program,
    machine: Machine,
    dtype: Dtype,
    *,
    data: Sequence[str] = (),
    totals: Sequence[str] = (),
    checked: bool = False,
    threads: bool = False,
) -> Module:
    """Return the module of a program.

    `data` are the buffers that a stretch gathers, in the order of its arguments; `totals` are the scalars that it adds
    up, the cost first. With `threads` the code can be run by several.
    """
    schedules = _schedules(program, machine, dtype)
    cycles = [0.0 if s is None else s.cycles for s in schedules]
    long = is_long(cycles)
    longest = cycles.index(max(cycles, default=0.0)) if cycles else 0
    ahead = ahead_of(program, dtype, data)
    lanes = machine.lanes(dtype)
    split: list[bool] = []
    parts: list[str] = []
    for number, (instruction, chosen) in enumerate(zip(program.instructions, schedules, strict=True)):
        if chosen is None:
            split.append(threads and prod(a.extent for a in instruction.axes) > WORTH)
            parts.append(TransposeWriter(program, number, machine, dtype, checked, split[-1], long).text())
        else:
            axis = split_axis(instruction, chosen, lanes) if threads else ""
            split.append(bool(axis))
            fetched = ahead if number == longest else None
            parts.append(instruction_text(program, number, chosen, machine, dtype, checked, fetched, axis, long))
    parts.append(body_text(program, dtype, split, threads, long))
    rows = ahead.rows if ahead else 1
    parts.append(
        "define void @step(ptr %m) nounwind {\n  call void @body(ptr %m, ptr @nothing, i64 0, i64 1)\n  ret void\n}"
    )
    if threads:
        parts.append(barrier_text(machine.name != "neon"))
    if data:
        parts.append(stretch_text(program, dtype, machine, data, totals, threads, long))
    declared = vectormath.declarations(dtype, lanes)
    head = [
        "@outside = global i64 0",
        f"@table = internal global [{rows} x ptr] zeroinitializer, align 64",
        f"@nothing = internal constant [{rows} x ptr] zeroinitializer",
        *declared,
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
    ]
    return Module("\n\n".join(["\n".join(head), *parts]), schedules, long)


def _schedules(program: Program, machine: Machine, dtype: Dtype) -> tuple[Schedule | None, ...]:
    """Return the schedule of every instruction; the blocks of one sum, alike but for where they begin, share theirs."""
    known: dict[object, Schedule] = {}
    result: list[Schedule | None] = []
    for instruction in program.instructions:
        if is_transposition(instruction):
            result.append(None)
            continue
        contraction = instruction.contraction
        shape = contraction and (contraction.axes, tuple(f.strides for f in contraction.factors), contraction.initial)
        key = (instruction.axes, shape, instruction.code)
        if key not in known:
            known[key] = schedule(instruction, machine, dtype)
        result.append(known[key])
    return tuple(result)

"""A program as one LLVM module: a function for each instruction, one for the step, one for a stretch of an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.execute.native import vectormath
from chainrule.execute.native.control import is_long
from chainrule.execute.native.epoch import prefetch_of, stretch_text
from chainrule.execute.native.machine import Dtype, Machine
from chainrule.execute.native.nest import instruction_text
from chainrule.execute.native.partition import barriers, chosen_parts
from chainrule.execute.native.prefetch import shared_out
from chainrule.execute.native.schedule import LoopSchedule, is_transposition, schedules, transposition
from chainrule.execute.native.team import barrier_text, body_text
from chainrule.execute.native.transpose import TransposeWriter
from chainrule.execute.native.vectormath_far import FAR, far_definitions, far_name
from chainrule.lower.program import Program

STEP = """define void @step(ptr %m) nounwind {
  call void @body(ptr %m, ptr @nothing, i64 0, i64 1)
  ret void
}"""
"""The step alone, by one thread, with nothing to fetch for a next one."""


@dataclass(frozen=True)
class Module:
    """LLVM text, and the schedules it was made with; `long` code can be stopped."""

    text: str
    schedules: tuple[LoopSchedule, ...]
    long: bool = False


def module(
    program: Program,
    machine: Machine,
    dtype: Dtype,
    *,
    data: Sequence[str] = (),
    totals: Sequence[str] = (),
    checked: bool = False,
    threads: int = 1,
) -> Module:
    """Return the module of a program.

    `data` are the buffers that a stretch gathers, in the order of its arguments, if any; `totals` are the scalars that
    it adds up, the cost first. The code can be run by as many `threads`, or by one.
    """
    chosen = chosen_parts(program, _options(program, machine, dtype, threads), dtype, data, threads)
    cycles = [s.cycles for s in chosen]
    long = is_long(cycles)
    prefetch = prefetch_of(program, dtype, data, threads)
    fetched = shared_out(prefetch, cycles)
    lanes = machine.lanes(dtype)
    parts: list[str] = []
    for number, (instruction, own) in enumerate(zip(program.instructions, chosen, strict=True)):
        if is_transposition(instruction):
            parts.append(TransposeWriter(program, number, machine, dtype, checked, own, long).text())
        else:
            parts.append(instruction_text(program, number, own, machine, dtype, checked, fetched[number], long))
    parts.append(body_text(program, dtype, chosen, barriers(program, chosen, threads), threads > 1, long))
    parts.append(STEP)
    rows = prefetch.rows if prefetch else 1
    if threads > 1:
        parts.append(barrier_text(machine.name != "neon"))
    if data or totals:
        parts.append(stretch_text(program, dtype, machine, data, totals, threads, long))
    declared = vectormath.declarations(dtype, lanes)
    beyond = [f for f in FAR if any(f"{far_name(f)}(" in part for part in parts)]
    if beyond:
        parts.insert(0, far_definitions(beyond, dtype, lanes, fma=machine.fma))
    head = [
        "@outside = global i64 0",
        f"@table = internal global [{threads * rows} x ptr] zeroinitializer, align 64",
        f"@nothing = internal constant [{rows} x ptr] zeroinitializer",
        *declared,
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
    ]
    return Module("\n\n".join(["\n".join(head), *parts]), tuple(chosen), long)


def _options(program: Program, machine: Machine, dtype: Dtype, threads: int) -> tuple[tuple[LoopSchedule, ...], ...]:
    """Return the schedules to choose from; the blocks of one sum, alike but for where they begin, share theirs."""
    known: dict[object, tuple[LoopSchedule, ...]] = {}
    result: list[tuple[LoopSchedule, ...]] = []
    for instruction in program.instructions:
        if is_transposition(instruction):
            result.append(transposition(instruction, machine.lanes(dtype), threads))
            continue
        contraction = instruction.contraction
        shape = contraction and (
            contraction.axes,
            tuple(tuple(f.strides.items()) for f in contraction.factors),
            contraction.initial,
            contraction.ranges,
        )
        key = (instruction.axes, shape, instruction.code)
        if key not in known:
            known[key] = schedules(instruction, machine, dtype, threads)
        result.append(known[key])
    return tuple(result)

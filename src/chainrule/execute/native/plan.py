"""What native code was made of a program, in words: work, bytes, tile and fusion of every instruction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from chainrule.execute.native.module import Module
from chainrule.execute.native.schedule import Schedule, is_transposition
from chainrule.lower.program import Apply, Instruction, Program
from chainrule.lower.text import access_text, op_text
from chainrule.render.text import equation_text


def plan_text(program: Program, module: Module, element: int) -> str:
    """Return the plan: one instruction a line, then what it computes."""
    lines = []
    for instruction, chosen in zip(program.instructions, module.schedules, strict=True):
        flops, touched = work(instruction, program, element)
        tile = "copied to another layout" if is_transposition(instruction) else tile_text(instruction, chosen)
        if chosen.split:
            tile += f", threads share {chosen.split}"
        lines.append(f"{instruction.name}: {flops:,} FLOPs, {touched:,} bytes; {tile}")
        lines.append("    computes " + ", ".join(e.name for e in instruction.equations))
    return "\n".join(lines)


def work(instruction: Instruction, program: Program, element: int) -> tuple[int, int]:
    """Return the floating-point operations of an instruction, a scalar function counted as one, and bytes touched."""
    points = prod(a.extent for a in instruction.axes)
    inner, factors = 0, 0
    if instruction.contraction:
        inner = prod(a.extent for a in instruction.contraction.axes)
        factors = len(instruction.contraction.factors)
    code = 0
    for op, depends in zip(instruction.code, instruction.depends, strict=True):
        if isinstance(op, Apply):
            code += (2 if op.function == "fma" else 1) * prod(instruction.extent(a) for a in depends)
    buffers = dict.fromkeys(a.buffer for a in (*instruction.loads, *instruction.stores))
    return points * inner * factors + code, element * sum(prod(program.buffers[b].extents) for b in buffers)


def tile_text(instruction: Instruction, chosen: Schedule) -> str:
    """Return a schedule in words."""
    parts = []
    for axis, size in chosen.tile:
        what = "vectors" if axis == chosen.vector else "values"
        parts.append(f"{size} {what} of {axis} < {instruction.extent(axis)}")
    along = f", vectors along the sum over {chosen.vector}" if chosen.along else "" if chosen.vector else ", one lane"
    return "tile " + (" × ".join(parts) or "one value") + along


def loops_text(program: Program, schedules: Sequence[Schedule], element: int) -> str:
    """Return the loops of every instruction as they run, outermost first, with the tile held in registers."""
    lines: list[str] = []
    for instruction, chosen in zip(program.instructions, schedules, strict=True):
        lines.extend("# " + equation_text(e.target, e.value) for e in instruction.equations)
        flops, touched = work(instruction, program, element)
        lines.append(f"{instruction.name}: {flops:,} FLOPs, {touched:,} bytes")
        if is_transposition(instruction):
            lines.append(f"  copy {program.lanes} × {program.lanes} blocks, turned in registers")
        else:
            lines.extend(_loops(instruction, chosen, program.lanes))
        lines.append("")
    return "\n".join(lines)


def _loops(instruction: Instruction, chosen: Schedule, lanes: int) -> Iterator[str]:
    depth = 1
    for axis, size in chosen.tile:
        extent = instruction.extent(axis)
        step = size * chosen.stretch(axis, lanes)
        if step < extent:
            yield f"{'  ' * depth}for {axis} = 0, {step} … < {extent}"
            depth += 1
    yield f"{'  ' * depth}{tile_text(instruction, chosen)}"
    if instruction.contraction:
        for axis_ in instruction.contraction.axes:
            steps = f", {chosen.unroll} at a time" if axis_ is instruction.contraction.axes[-1] else ""
            yield f"{'  ' * depth}for {axis_.name} < {axis_.extent}{steps}"
            depth += 1
        product = " · ".join(access_text(f) for f in instruction.contraction.factors)
        yield f"{'  ' * depth}acc {instruction.contraction.op}= {product}"
        depth -= len(instruction.contraction.axes)
    for number, op in enumerate(instruction.code):
        yield f"{'  ' * depth}{op_text(number, op)}"

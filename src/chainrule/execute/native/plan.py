"""What native code was made of a program, in words: work, bytes, tile and fusion of every instruction."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from chainrule.execute.native.module import Module
from chainrule.execute.native.schedule import LoopSchedule, is_transposition
from chainrule.lower.program import Apply, Instruction, Program
from chainrule.lower.text import access_text, code_lines, computed, range_text
from chainrule.render.document import Group, Line, Node


def plan_document(program: Program, module: Module, element: int) -> Group:
    """Return the plan: one instruction a line, then what it computes."""
    nodes: list[Node] = []
    for instruction, chosen in zip(program.instructions, module.schedules, strict=True):
        tile = "copied to another layout" if is_transposition(instruction) else tile_text(instruction, chosen)
        if chosen.split:
            tile += f", threads share {chosen.split}"
        names = ", ".join(e.name for e in instruction.equations)
        nodes.append(Line((f"{_work_text(instruction, program, element)}; {tile}",)))
        nodes.append(Group((Line((f"computes {names}",)),), indent=4))
    return Group(tuple(nodes), role="plan")


def work(instruction: Instruction, program: Program, element: int) -> tuple[int, int]:
    """Return the floating-point operations of an instruction, a scalar function counted as one, and bytes touched."""
    points = prod(a.extent for a in instruction.axes)
    inner, factors = 0, 0
    if instruction.contraction:
        inner = round(prod(a.extent for a in instruction.contraction.axes) * instruction.share)
        factors = len(instruction.contraction.factors)
    code = 0
    for op, depends in zip(instruction.code, instruction.depends, strict=True):
        if isinstance(op, Apply):
            code += (2 if op.function == "fma" else 1) * prod(instruction.extent(a) for a in depends)
    buffers = dict.fromkeys(a.buffer for a in (*instruction.loads, *instruction.stores))
    return points * inner * factors + code, element * sum(prod(program.buffers[b].extents) for b in buffers)


def tile_text(instruction: Instruction, chosen: LoopSchedule) -> str:
    """Return a schedule in words."""
    parts = []
    for axis, size in chosen.tile:
        what = "vectors" if axis == chosen.vector else "values"
        parts.append(f"{size} {what} of {axis} < {instruction.extent(axis)}")
    along = f", vectors along the sum over {chosen.vector}" if chosen.along else "" if chosen.vector else ", one lane"
    return "tile " + (" × ".join(parts) or "one value") + along


def loops_document(program: Program, schedules: Sequence[LoopSchedule], element: int) -> Group:
    """Return the loops of every instruction as they run, outermost first, with the tile held in registers."""
    nodes: list[Node] = []
    for instruction, chosen in zip(program.instructions, schedules, strict=True):
        head = Line((_work_text(instruction, program, element),))
        inner: tuple[Node, ...] = (
            (Line((f"copy {program.lanes} × {program.lanes} blocks, turned in registers",)),)
            if is_transposition(instruction)
            else _loops(instruction, chosen, program.lanes)
        )
        nodes.append(Group((*computed(instruction), head, Group(inner, indent=2)), role="instruction", apart=True))
    return Group(tuple(nodes), role="loops")


def _work_text(instruction: Instruction, program: Program, element: int) -> str:
    flops, touched = work(instruction, program, element)
    return f"{instruction.name}: {flops:,} FLOPs, {touched:,} bytes"


def _loops(instruction: Instruction, chosen: LoopSchedule, lanes: int) -> tuple[Node, ...]:
    """Return the loops over tiles, in the innermost of them the tile, its sum and its code."""
    outer = []
    for axis, size in chosen.tile:
        extent = instruction.extent(axis)
        step = size * chosen.stretch(axis, lanes)
        if step < extent:
            outer.append(f"for {axis} = 0, {step} … < {extent}")
    contraction = instruction.contraction
    summed: tuple[Node, ...] = ()
    if contraction:
        kept = {one.axis: f" where {range_text(one)}" for one in contraction.ranges}
        heads = [f"for {axis.name} < {axis.extent}{kept.get(axis.name, '')}" for axis in contraction.axes]
        heads[-1:] = [f"{head}, {chosen.unroll} at a time" for head in heads[-1:]]
        product = " · ".join(map(access_text, contraction.factors))
        summed = _nested(heads, (Line((f"acc {contraction.op}= {product}",)),))
    return _nested(outer, (Line((tile_text(instruction, chosen),)), *summed, *code_lines(instruction)))


def _nested(heads: Sequence[str], inner: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return nodes inside loops, outermost first."""
    for head in reversed(heads):
        inner = (Line((head,)), Group(inner, indent=2))
    return inner

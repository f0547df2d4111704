"""A program as a document: each instruction with its equation, its loops, its code, and the memory it touches."""

from __future__ import annotations

from chainrule.expr.linear import LinearForm
from chainrule.lower.program import (
    Access,
    Apply,
    Contracted,
    Instruction,
    Load,
    Op,
    Program,
    Range,
    RowReduce,
    Scalar,
    Store,
)
from chainrule.render.document import Group, Line, words
from chainrule.render.formula import equation_formula


def program_document(program: Program) -> Group:
    """Return a program in words a reader can follow: its memory, then each instruction."""
    return Group((_memory(program), *map(_instruction, program.instructions)), role="program")


def computed(instruction: Instruction) -> tuple[Line, ...]:
    """Return the equations that an instruction computes, as remarks before it."""
    return tuple(Line(words("# ", equation_formula(e.target, e.value))) for e in instruction.equations)


def code_lines(instruction: Instruction) -> tuple[Line, ...]:
    """Return what an instruction does at each point, an operation a line."""
    return tuple(Line((op_text(number, op),)) for number, op in enumerate(instruction.code))


def _memory(program: Program) -> Group:
    lines = []
    for b in program.buffers.values():
        extents = " × ".join(map(str, b.extents)) or "1"
        lines.append(Line((f"{b.role:9} {b.name:12} {extents:14} strides {list(b.strides)} at {b.offset}",)))
    head = Line((f"memory: {program.size} elements, vectors of {program.lanes}",))
    return Group((head, Group(tuple(lines), indent=2)), role="memory", apart=True)


def _instruction(instruction: Instruction) -> Group:
    axes = ", ".join(f"{a.name} < {a.extent}" for a in instruction.axes)
    head = Line((f"{instruction.name}: for {axes or 'one point'}",))
    contraction = instruction.contraction
    inner = list(code_lines(instruction))
    if contraction:
        over = ", ".join(f"{a.name} < {a.extent}" for a in contraction.axes)
        over += "".join(f", {range_text(one)}" for one in contraction.ranges)
        begin = f"{access_text(contraction.initial)} + " if contraction.initial else ""
        factors = " · ".join(map(access_text, contraction.factors))
        inner.insert(0, Line((f"acc = {begin}{contraction.op} over {over}: {factors}",)))
    return Group((*computed(instruction), head, Group(tuple(inner), indent=2)), role="instruction", apart=True)


def access_text(access: Access) -> str:
    """Return an access as buffer[base + stride·axis …]."""
    terms = [f"{stride}·{axis}" if stride != 1 else axis for axis, stride in access.strides.items()]
    terms += [f"{looked.stride}·{access_text(looked.access)}" for looked in access.looked]
    if access.place.constant or not terms:
        terms.insert(0, str(access.place.constant))
    return f"{access.buffer}[{' + '.join(terms)}]"


def range_text(one: Range) -> str:
    """Return what the values of an axis keep to: 0 ≤ place < extent."""
    terms = [f"{c}·{axis}" if c != 1 else axis for axis, c in one.place.terms.items()]
    terms += [str(one.place.constant)] if one.place.constant else []
    return f"0 ≤ {' + '.join(terms)} < {one.extent}"


def op_text(number: int, op: Op) -> str:
    """Return an operation as one line."""
    match op:
        case Load(access):
            right = access_text(access)
        case Scalar(value):
            right = str(value)
        case LinearForm(terms, base):
            right = " + ".join((*(f"{c}·{axis}" for axis, c in terms.items()), str(base)))
        case Contracted():
            right = "acc"
        case Apply(function, operands):
            right = f"{function}({', '.join(f'v{n}' for n in operands)})"
        case RowReduce(function, operand, axis):
            right = f"{function} over {axis} of v{operand}"
        case Store(access, operand):
            return f"{access_text(access)} = v{operand}"
    return f"v{number} = {right}"

"""A program as text: each instruction with its equation, its loops, its code, and the memory it touches."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.expr.linear import LinearForm
from chainrule.lower.program import (
    Access,
    Apply,
    Contracted,
    Instruction,
    Load,
    Op,
    Program,
    RowReduce,
    Scalar,
    Store,
)
from chainrule.render.text import equation_text


def program_text(program: Program) -> str:
    """Return a program in words a reader can follow."""
    return "\n".join((*_buffers(program), "", *(line for i in program.instructions for line in (*_lines(i), ""))))


def _buffers(program: Program) -> Iterator[str]:
    yield f"memory: {program.size} elements, vectors of {program.lanes}"
    for b in program.buffers.values():
        extents = " × ".join(map(str, b.extents)) or "1"
        yield f"  {b.role:9} {b.name:12} {extents:14} strides {list(b.strides)} at {b.offset}"


def _lines(instruction: Instruction) -> Iterator[str]:
    for equation in instruction.equations:
        yield "# " + equation_text(equation.target, equation.value)
    axes = ", ".join(f"{a.name} < {a.extent}" for a in instruction.axes)
    yield f"{instruction.name}: for {axes or 'one point'}"
    contraction = instruction.contraction
    if contraction:
        inner = ", ".join(f"{a.name} < {a.extent}" for a in contraction.axes)
        begin = f"{access_text(contraction.initial)} + " if contraction.initial else ""
        yield f"  acc = {begin}{contraction.op} over {inner}: " + " · ".join(
            access_text(f) for f in contraction.factors
        )
    for number, op in enumerate(instruction.code):
        yield f"  {op_text(number, op)}"


def access_text(access: Access) -> str:
    """Return an access as buffer[base + stride·axis …]."""
    terms = [f"{stride}·{axis}" if stride != 1 else axis for axis, stride in access.strides.items()]
    terms += [f"{looked.stride}·{access_text(looked.access)}" for looked in access.looked]
    if access.place.constant or not terms:
        terms.insert(0, str(access.place.constant))
    return f"{access.buffer}[{' + '.join(terms)}]"


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

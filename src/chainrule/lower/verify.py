"""The check of every program: what it reads is there, inside its buffer, and nobody else's.

Lowering calls it on its own result; a complaint is a fault of chainrule, never of its user.
"""

from __future__ import annotations

from chainrule.lower.allocation import lifetimes, reach
from chainrule.lower.program import Access, Apply, Instruction, Program, RowReduce, Store


class InvalidProgram(Exception):  # noqa: N818 - says what the program is
    """A program that must not be run."""


def verify(program: Program) -> None:
    """Raise InvalidProgram unless every value and buffer is defined before use, inside its extents, and unshared."""
    known = {b.name for b in program.with_role("data", "param", "const", "state")}
    for instruction in program.instructions:
        _check_code(instruction)
        for access in instruction.loads:
            if access.buffer not in known:
                raise InvalidProgram(f"{instruction.name} reads {access.buffer}, which nothing has written")
        for access in (*instruction.loads, *instruction.stores):
            _check_range(program, instruction, access)
        _check_aliases(instruction)
        known.update(access.buffer for access in instruction.stores)
    _check_memory(program)


def _check_code(instruction: Instruction) -> None:
    for number, op in enumerate(instruction.code):
        operands = op.operands if isinstance(op, Apply) else (op.operand,) if isinstance(op, RowReduce | Store) else ()
        for operand in operands:
            if not 0 <= operand < number or isinstance(instruction.code[operand], Store):
                raise InvalidProgram(f"{instruction.name}: operation {number} uses {operand}, which is no value yet")
        if isinstance(op, Store):
            varying = instruction.depends[op.operand] - op.access.axes
            if any(instruction.extent(axis) > 1 for axis in varying):
                raise InvalidProgram(
                    f"{instruction.name} stores values that differ along {sorted(varying)} in one place"
                )
    if len({op.axis for op in instruction.code if isinstance(op, RowReduce)}) > 1:
        raise InvalidProgram(f"{instruction.name} has rows along two axes")


def _check_range(program: Program, instruction: Instruction, access: Access) -> None:
    buffer = program.buffers[access.buffer]
    lowest, highest = reach(instruction, access)
    if lowest < (-buffer.front if access.marked else 0) or highest + program.lanes > buffer.size:
        raise InvalidProgram(
            f"{instruction.name} touches {access.buffer} from {lowest} to {highest}; it has {buffer.size} elements"
        )


def _check_aliases(instruction: Instruction) -> None:
    for store in instruction.stores:
        for other in (*instruction.loads, *(s for s in instruction.stores if s is not store)):
            if other.buffer == store.buffer and other != store:
                raise InvalidProgram(f"{instruction.name} reads {store.buffer} elsewhere than where it writes it")
    if instruction.contraction:
        factors = {f.buffer for f in instruction.contraction.factors}
        shared = factors & {s.buffer for s in instruction.stores}
        if shared:
            raise InvalidProgram(f"{instruction.name} writes {sorted(shared)}, which its sum reads")


def _check_memory(program: Program) -> None:
    lives = lifetimes(program.buffers, program.instructions)
    whole = (0, len(program.instructions))
    placed = sorted(program.buffers.values(), key=lambda b: b.offset - b.front)
    for number, buffer in enumerate(placed):
        if buffer.offset < buffer.front or buffer.offset + buffer.size > program.size:
            raise InvalidProgram(f"{buffer.name} ends outside the arena")
        for other in placed[number + 1 :]:
            if other.offset - other.front >= buffer.offset + buffer.size:
                break
            mine, its = lives.get(buffer.name, whole), lives.get(other.name, whole)
            if mine[0] <= its[1] and its[0] <= mine[1]:
                raise InvalidProgram(f"{buffer.name} and {other.name} lie in the same memory at the same time")

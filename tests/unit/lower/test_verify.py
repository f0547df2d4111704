"""The verifier of programs is handed programs with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chainrule.expr.linear import LinearForm
from chainrule.expr.sizes import Axis
from chainrule.lower.lowering import lower
from chainrule.lower.program import Access, Apply, Buffer, Instruction, Load, Program, Store
from chainrule.lower.verify import InvalidProgram, verify
from chainrule.notation import parse


def program() -> Program:
    system = parse(
        "param A[i,j], v[j]\nu[i] = sum(j) A[i,j]*v[j]\nw[i,j] = u[i]*exp(v[j])\nc[i] = sum(j) w[i,j]*A[i,j]"
    )
    return lower(system, {Axis("A", 0): 5, Axis("A", 1): 100}, ("c",))


def changed(made: Program, number: int, instruction: Instruction) -> Program:
    instructions = list(made.instructions)
    instructions[number] = instruction
    return replace(made, instructions=tuple(instructions))


def buffer(made: Program, **changes: object) -> Program:
    name = next(b.name for b in made.buffers.values() if b.role == "temporary")
    new: Buffer = replace(made.buffers[name], **changes)  # type: ignore[arg-type]
    return replace(made, buffers={**made.buffers, name: new})


def stored(made: Program, access: Callable[[Access], Access], number: int = 0) -> Program:
    instruction = made.instructions[number]
    code = tuple(replace(op, access=access(op.access)) if isinstance(op, Store) else op for op in instruction.code)
    return changed(made, number, replace(instruction, code=code))


FAULTS: dict[str, tuple[Callable[[Program], Program], str]] = {
    "read before written": (lambda p: replace(p, instructions=p.instructions[::-1]), "which nothing has written"),
    "outside a buffer": (lambda p: stored(p, lambda a: replace(a, place=a.place.plus(1000))), "touches"),
    "before a buffer": (lambda p: stored(p, lambda a: replace(a, place=a.place.plus(-1))), "touches"),
    "outside the arena": (lambda p: buffer(p, offset=p.size), "ends outside the arena"),
    "in the memory of another": (lambda p: buffer(p, offset=0), "in the same memory at the same time"),
    "a value before it is there": (
        lambda p: changed(p, 0, replace(p.instructions[0], code=(Apply("exp", (3,)), *p.instructions[0].code))),
        "which is no value yet",
    ),
    "many values in one place": (
        lambda p: stored(p, lambda a: Access(a.buffer, LinearForm({}, 0))),
        "stores values that differ along",
    ),
    "a sum over what it writes": (
        lambda p: stored(p, lambda a: Access("v", a.place)),
        "elsewhere than where it writes",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str) -> None:
    fault, message = FAULTS[name]
    made = program()
    verify(made)
    with pytest.raises(InvalidProgram, match=message):
        verify(fault(made))


def test_reading_elsewhere_than_where_one_writes_is_found() -> None:
    made = program()
    number = next(n for n, i in enumerate(made.instructions) if not i.contraction or i.stores)
    instruction = made.instructions[number]
    store = instruction.stores[0]
    shifted = Load(replace(store, place=store.place.plus(1)))
    known = replace(made, buffers={**made.buffers, store.buffer: replace(made.buffers[store.buffer], role="param")})
    with pytest.raises(InvalidProgram, match="elsewhere than where it writes"):
        verify(changed(known, number, replace(instruction, code=(*instruction.code, shifted))))

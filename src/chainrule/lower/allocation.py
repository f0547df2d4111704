"""Where each buffer begins: temporaries share memory where their lifetimes do not meet.

Everything begins on a cache line. First fit, largest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chainrule.expr.linear import LinearForm
from chainrule.lower.program import Access, Buffer, Instruction, Program, Unsupported

LARGEST_MARGIN, LARGE = 8, 1 << 20
"""How many times its own size, and how many elements beside, a buffer may have with margins."""


def lifetimes(buffers: Mapping[str, Buffer], instructions: Sequence[Instruction]) -> dict[str, tuple[int, int]]:
    """Return the first and last instruction that touches each temporary."""
    result: dict[str, tuple[int, int]] = {}
    for number, instruction in enumerate(instructions):
        for access in (*instruction.loads, *instruction.stores):
            if buffers[access.buffer].role == "temporary":
                first, _ = result.get(access.buffer, (number, number))
                result[access.buffer] = (first, number)
    return result


def with_margins(buffers: Mapping[str, Buffer], instructions: Sequence[Instruction], lanes: int) -> dict[str, Buffer]:
    """Return the buffers with room before and behind for all that marked entries read past their tensors.

    Raises Unsupported where that is far more than the tensor.
    """
    result = dict(buffers)
    for instruction in instructions:
        for access in instruction.loads:
            if access.marked:
                buffer = result[access.buffer]
                lowest, highest = reach(instruction, access)
                front, size = max(buffer.front, -lowest), max(buffer.size, highest + lanes)
                if front + size > LARGEST_MARGIN * buffers[access.buffer].size + LARGE:
                    raise Unsupported(f"a marked entry far outside its tensor, in {instruction.name}")
                result[access.buffer] = replace(buffer, front=front, size=size)
    return result


def reach(instruction: Instruction, access: Access) -> tuple[int, int]:
    """Return the first and the last element of its buffer that an access touches.

    What a range tells and what the loops tell hold both, so of two first elements the later one is meant.
    """
    form, low, high = access.place, 0, 0
    lowest, highest = _span(instruction, form)
    first_of_all, last_of_all = lowest, highest
    for one in instruction.contraction.ranges if instruction.contraction else ():
        # so many elements for a step along the range's place, which is inside; what is left varies by itself
        step, rest = divmod(form.coefficient(one.axis), one.place.coefficient(one.axis))
        first, last = _span(instruction, one.place)
        ends = (step * max(first, 0), step * min(last, one.extent - 1))
        without = form - one.place * step
        least, most = _span(instruction, without)
        least, most = least + low + min(ends), most + high + max(ends)
        if rest == 0:
            first_of_all, last_of_all = max(first_of_all, least), min(last_of_all, most)
        if rest == 0 and most - least < highest - lowest:
            form, low, high = without, low + min(ends), high + max(ends)
            lowest, highest = least, most
    steps = [looked.stride * (looked.extent - 1) for looked in access.looked]
    return first_of_all + sum(min(step, 0) for step in steps), last_of_all + sum(max(step, 0) for step in steps)


def _span(instruction: Instruction, form: LinearForm[str, int]) -> tuple[int, int]:
    return form.bounds({axis: (0, instruction.extent(axis) - 1) for axis in form.terms})


def place(buffers: Mapping[str, Buffer], instructions: Sequence[Instruction], lanes: int, element: int) -> Program:
    """Return the program with a place for every buffer."""
    line = max(64 // element, lanes)
    lives = lifetimes(buffers, instructions)
    placed: dict[str, Buffer] = {}
    end = 0
    for name, buffer in buffers.items():
        if name not in lives:
            placed[name] = replace(buffer, offset=_up(end + buffer.front, line))
            end = _up(placed[name].offset + buffer.size, line)
    total = end
    temporary: list[Buffer] = []
    for name in sorted(lives, key=lambda n: -buffers[n].size):
        first, last = lives[name]
        others = [b for b in temporary if lives[b.name][0] <= last and first <= lives[b.name][1]]
        offset = _up(end + buffers[name].front, line)
        for other in sorted(others, key=lambda b: b.offset):
            if offset + buffers[name].size <= other.offset - other.front:
                break
            offset = max(offset, _up(other.offset + other.size + buffers[name].front, line))
        placed[name] = replace(buffers[name], offset=offset)
        temporary.append(placed[name])
        total = max(total, _up(offset + buffers[name].size, line))
    return Program({name: placed[name] for name in buffers}, tuple(instructions), total + line, lanes)


def _up(size: int, line: int) -> int:
    return -(-size // line) * line

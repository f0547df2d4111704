"""Long sums of large matrices cut into blocks, so that what a block reads again and again stays in a near cache.

A block's sums are kept in a buffer, from which the next block begins; the last one has the epilogue. Numbers are added
in the same order as without blocks.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from chainrule.lower.layout import strides
from chainrule.lower.program import Buffer, Contracted, Instruction, LoopAxis, Store, over_axes

LONGEST, LARGE = 400, 3 << 20
"""The longest sum that is left whole, and the bytes of factors up to which any is."""
BLOCK = 256


def blocked(
    instruction: Instruction, vector: str, buffers: dict[str, Buffer], lanes: int, element: int
) -> list[Instruction]:
    """Return the instruction as a chain of blocks, or as it is; the buffer of partial sums is added to the buffers."""
    contraction = instruction.contraction
    inner = next((n for n, a in enumerate(instruction.axes) if a.name == vector), None)
    if contraction is None or inner is None or contraction.op != "sum" or len(contraction.axes) != 1:
        return [instruction]
    if contraction.ranges:
        return [instruction]
    axis = contraction.axes[0]
    touched = sum(buffers[f.buffer].size * element for f in contraction.factors)
    points = prod(a.extent for a in instruction.axes)
    if axis.extent <= LONGEST or touched < LARGE or points * element < LARGE // 6 or len(contraction.factors) < 2:
        return [instruction]
    extents = tuple(a.extent for a in instruction.axes)
    steps, size = strides(extents, inner, lanes, element)
    name = f"{instruction.name}·sums"
    while name in buffers:
        name += "·"
    buffers[name] = Buffer(name, "temporary", extents, steps, size + lanes)
    partial = over_axes(name, instruction.axes, steps)
    count = -(-axis.extent // BLOCK)
    length = -(-axis.extent // count)
    result: list[Instruction] = []
    for start in range(0, axis.extent, length):
        factors = tuple(replace(f, place=f.place.plus(start * f.stride(axis.name))) for f in contraction.factors)
        part = replace(
            contraction,
            axes=(LoopAxis(axis.name, min(length, axis.extent - start)),),
            factors=factors,
            initial=partial if start else None,
        )
        last = start + length >= axis.extent
        code = instruction.code if last else (Contracted(), Store(partial, 0))
        result.append(replace(instruction, contraction=part, code=code))
    return result

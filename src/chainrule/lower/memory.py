"""Where each buffer begins: temporaries share memory where their lifetimes do not meet.

Everything begins on a cache line. First fit, largest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chainrule.lower.program import Buffer, Instruction, Program


def lifetimes(buffers: Mapping[str, Buffer], instructions: Sequence[Instruction]) -> dict[str, tuple[int, int]]:
    """Return the first and last instruction that touches each temporary."""
    result: dict[str, tuple[int, int]] = {}
    for number, instruction in enumerate(instructions):
        for access in (*instruction.loads, *instruction.stores):
            if buffers[access.buffer].role == "temporary":
                first, _ = result.get(access.buffer, (number, number))
                result[access.buffer] = (first, number)
    return result


def place(buffers: Mapping[str, Buffer], instructions: Sequence[Instruction], lanes: int, element: int) -> Program:
    """Return the program with a place for every buffer."""
    line = max(64 // element, lanes)
    lives = lifetimes(buffers, instructions)
    placed: dict[str, Buffer] = {}
    end = 0
    for name, buffer in buffers.items():
        if name not in lives:
            placed[name] = replace(buffer, offset=end)
            end = _up(end + buffer.size, line)
    total = end
    temporary: list[Buffer] = []
    for name in sorted(lives, key=lambda n: -buffers[n].size):
        first, last = lives[name]
        others = [b for b in temporary if lives[b.name][0] <= last and first <= lives[b.name][1]]
        offset = end
        for other in sorted(others, key=lambda b: b.offset):
            if offset + buffers[name].size <= other.offset:
                break
            offset = max(offset, _up(other.offset + other.size, line))
        placed[name] = replace(buffers[name], offset=offset)
        temporary.append(placed[name])
        total = max(total, _up(offset + buffers[name].size, line))
    return Program({name: placed[name] for name in buffers}, tuple(instructions), total + line, lanes)


def _up(size: int, line: int) -> int:
    return -(-size // line) * line

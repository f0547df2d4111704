"""An instruction as an LLVM function: loops over tiles, those at the edges written apart.

Every value is a vector; one that does not vary along the vector axis has the same number in all lanes. Lanes beyond an
extent hold anything and are stored in padding only; where lanes meet, in rows and in reductions along the vector, they
are masked. Pointers move with the loops, so that a tile's accesses are constants away from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, prod

from chainrule.execute.native.control import PATIENCE, cells_at, until
from chainrule.execute.native.lanes import Lanes
from chainrule.execute.native.machine import BYTES, Dtype, Machine
from chainrule.execute.native.memory import OUTSIDE, Memory, origin
from chainrule.execute.native.prefetch import Portion, Prefetch, Round, portion
from chainrule.execute.native.schedule import LoopSchedule
from chainrule.execute.native.team import tiled
from chainrule.execute.native.tile import TileRange, TileWriter
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Access, Instruction, Program


class NestWriter:
    """Writes one instruction."""

    def __init__(
        self,
        program: Program,
        instruction: Instruction,
        schedule: LoopSchedule,
        machine: Machine,
        dtype: Dtype,
        checked: bool,
        prefetch: Prefetch | None = None,
        long: bool = False,
    ) -> None:
        self.program = program
        self.instruction = instruction
        self.schedule = schedule
        self.lanes = machine.lanes(dtype)
        self.element = BYTES[dtype]
        self.w = Writer()
        self.v = Lanes(self.w, dtype, self.lanes, machine.fma)
        self.memory = Memory(self.w, self.v, program, schedule.vector, self.element, checked)
        self.checked = checked
        self.prefetch = prefetch
        self.split = schedule.split
        self.long = long
        self.rounds: dict[str, Round] = {}
        self.tiles = TileWriter(self.w, self.v, self.memory, schedule, instruction)

    def text(self, name: str) -> str:
        """Return the function's text."""
        self.w.lines = [f"define internal void @{name}(ptr %m, ptr %ahead, i64 %tid, i64 %nt) nounwind {{", "entry:"]
        accesses = dict.fromkeys((*self.instruction.loads, *self.instruction.stores))
        pointers = {a: origin(self.w, self.program.buffers[a.buffer], self.element, a.place.constant) for a in accesses}
        self.tiles.constants(pointers)
        self.loops([axis for axis, _ in self.schedule.tile], {}, pointers)
        self.w.line("ret void")
        if self.checked:
            self.w.lines.append(OUTSIDE)
        return "\n".join([*self.w.lines, "}"])

    def units(self, axis: str) -> int:
        """Return the values, or vectors, along an axis."""
        return self.schedule.units(axis, self.instruction.extent(axis), self.lanes)

    def loops(self, left: Sequence[str], env: dict[str, TileRange], pointers: Mapping[Access, str]) -> None:
        """Write the loops over the axes that are left, remainders apart, and the tile inside."""
        if not left:
            self.tiles.write(env, pointers, self.fetched())
            return
        axis, size = left[0], self.schedule.size(left[0])
        full, rest = divmod(self.units(axis), size)
        step = size * self.schedule.stretch(axis, self.lanes)

        def inside(place: int | str, whole: bool, start: str) -> None:
            if start and isinstance(place, str):
                self.rounds[axis] = Round(place, start, step, full)
            self.loops(
                left[1:], {**env, axis: TileRange(place, size if whole else rest)}, self.moved(pointers, axis, place)
            )
            self.rounds.pop(axis, None)

        tiled(self.w, full, rest, step, axis == self.split, lambda end: self.end(env, end), inside)

    def end(self, outer: Mapping[str, TileRange], end: str) -> str:
        """Write where a loop inside others ends; one that takes long ends early where it is asked to stop."""
        often = prod(ceil(self.units(axis) / self.schedule.size(axis)) for axis in outer)
        if not self.long or self.schedule.cycles < PATIENCE * often:
            return end
        return until(self.w, cells_at(self.program, self.element), end)

    def moved(self, pointers: Mapping[Access, str], axis: str, by: int | str) -> dict[Access, str]:
        """Return the pointers, moved along an axis."""
        result: dict[Access, str] = {}
        for access, pointer in pointers.items():
            stride = access.stride(axis)
            if stride and isinstance(by, int):
                pointer = self.w.advanced(pointer, stride * by, self.element)
            elif stride:
                pointer = self.w.advanced(pointer, by, self.element * stride)
            result[access] = pointer
        return result

    def fetched(self) -> Portion | None:
        """Write where the part of the next batch is that comes with a tile: with the first, that all loops go round."""
        if self.prefetch is None or not self.rounds:
            return None
        axes = sorted(self.rounds, key=lambda a: a != self.split)
        prefetch, self.prefetch = self.prefetch, None
        return portion(self.w, prefetch, [self.rounds[a] for a in axes])


def instruction_text(
    program: Program,
    number: int,
    schedule: LoopSchedule,
    machine: Machine,
    dtype: Dtype,
    checked: bool,
    prefetch: Prefetch | None = None,
    long: bool = False,
) -> str:
    """Return the function of an instruction, named @i and its number."""
    instruction = program.instructions[number]
    return NestWriter(program, instruction, schedule, machine, dtype, checked, prefetch, long).text(f"i{number}")

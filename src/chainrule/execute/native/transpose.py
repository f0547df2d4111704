"""The copy of a tensor to another layout, in square blocks of as many vectors as there are lanes.

Blocks at the edges read zeros where there are no rows; what they write beyond an extent is padding, or is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.execute.native.control import cells_at, until
from chainrule.execute.native.lanes import Lanes
from chainrule.execute.native.machine import BYTES, Dtype, Machine
from chainrule.execute.native.memory import OUTSIDE, Memory, origin
from chainrule.execute.native.schedule import LoopSchedule
from chainrule.execute.native.team import tiled
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Program


class TransposeWriter:
    """Writes one copying instruction."""

    def __init__(
        self,
        program: Program,
        number: int,
        machine: Machine,
        dtype: Dtype,
        checked: bool,
        schedule: LoopSchedule,
        long: bool = False,
    ) -> None:
        self.program = program
        self.instruction = program.instructions[number]
        self.number = number
        self.checked = checked
        self.split = schedule.split
        self.long = long
        self.w = Writer()
        self.lanes = machine.lanes(dtype)
        self.element = BYTES[dtype]
        self.v = Lanes(self.w, dtype, self.lanes, machine.fma)
        self.memory = Memory(self.w, self.v, program, "", self.element, checked)
        self.source, self.target = self.instruction.loads[0], self.instruction.stores[0]
        (self.across, _), (self.along, _) = schedule.tile

    def text(self) -> str:
        """Return the function's text."""
        self.w.lines = [
            f"define internal void @i{self.number}(ptr %m, ptr %ahead, i64 %tid, i64 %nt) nounwind {{",
            "entry:",
        ]
        places = [
            origin(self.w, self.program.buffers[a.buffer], self.element, a.place.constant)
            for a in (self.source, self.target)
        ]
        others = [a.name for a in self.instruction.axes if a.name not in (self.along, self.across)]
        self.outer(others, places[0], places[1])
        self.w.line("ret void")
        if self.checked:
            self.w.lines.append(OUTSIDE)
        return "\n".join([*self.w.lines, "}"])

    def moved(self, source: str, target: str, axis: str, by: int | str) -> tuple[str, str]:
        """Return both pointers moved along an axis."""
        result = []
        for pointer, access in ((source, self.source), (target, self.target)):
            stride = access.stride(axis)
            if isinstance(by, int):
                result.append(self.w.advanced(pointer, stride * by, self.element))
            else:
                result.append(self.w.advanced(pointer, by, self.element * stride))
        return result[0], result[1]

    def outer(self, left: Sequence[str], source: str, target: str) -> None:
        """Write the loops over the axes that are innermost in neither layout, then those over blocks."""
        if not left:
            self.blocks([self.across, self.along], {}, source, target)
            return
        loop = self.w.open("0")
        self.outer(left[1:], *self.moved(source, target, left[0], loop.index))
        self.w.close(loop, 1, str(self.instruction.extent(left[0])))

    def blocks(self, left: Sequence[str], counts: dict[str, int], source: str, target: str) -> None:
        """Write the loops over blocks; those at the edge apart."""
        if not left:
            self.block(counts[self.across], counts[self.along], source, target)
            return
        axis = left[0]
        full, rest = divmod(self.instruction.extent(axis), self.lanes)

        def inside(place: int | str, whole: bool, _: str) -> None:
            places = self.moved(source, target, axis, place)
            self.blocks(left[1:], {**counts, axis: self.lanes if whole else rest}, *places)

        tiled(self.w, full, rest, self.lanes, axis == self.split, lambda end: self.end(axis, end), inside)

    def end(self, axis: str, end: str) -> str:
        """Write where a loop over blocks ends; in a program that takes long the outer one can be stopped."""
        if not self.long or axis != self.across:
            return end
        return until(self.w, cells_at(self.program, self.element), end)

    def block(self, rows: int, columns: int, source: str, target: str) -> None:
        """Write one block: `rows` vectors are read, `columns` written."""
        vectors = [self.read(source, row) if row < rows else self.v.number(0.0) for row in range(self.lanes)]
        distance = 1
        while distance < self.lanes:
            low = [n if not n & distance else self.lanes + n - distance for n in range(self.lanes)]
            high = [n + distance if not n & distance else self.lanes + n for n in range(self.lanes)]
            for n in range(self.lanes):
                if not n & distance:
                    first, second = vectors[n], vectors[n + distance]
                    vectors[n] = self.v.shuffled(first, second, low)
                    vectors[n + distance] = self.v.shuffled(first, second, high)
            distance *= 2
        for column in range(columns):
            place = self.w.advanced(target, self.target.stride(self.along) * column, self.element)
            self.memory.check(self.target, place, self.lanes)
            self.w.line(f"store {self.v.type} {vectors[column]}, ptr {place}, align {self.element}")

    def read(self, source: str, row: int) -> str:
        """Write the load of one row of a block."""
        place = self.w.advanced(source, self.source.stride(self.across) * row, self.element)
        self.memory.check(self.source, place, self.lanes)
        return self.w.value(f"load {self.v.type}, ptr {place}, align {self.element}")

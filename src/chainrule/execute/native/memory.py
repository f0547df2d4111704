"""Loads and stores of a function, with the test of checked mode that each stays inside its buffer."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.execute.native.lanes import Lanes
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Access, Buffer, Looked, Program

OUTSIDE = "outside:\n  store i64 1, ptr @outside\n  ret void"
"""The block that a failed test goes to: it leaves a mark for the caller."""


def origin(w: Writer, buffer: Buffer, element: int, base: int = 0) -> str:
    """Write where a buffer begins, or this thread's copy of it, and `base` elements on."""
    place = w.advanced("%m", buffer.offset + base, element)
    return w.advanced(place, "%tid", buffer.pitch * element) if buffer.pitch else place


@dataclass
class Memory:
    """The memory of one function, seen along the axis `vector`."""

    w: Writer
    v: Lanes
    program: Program
    vector: str
    element: int
    checked: bool

    def load(self, access: Access, pointer: str, moved: int) -> str:
        """Write the load of a vector, or of one number into all lanes."""
        place = self.w.advanced(pointer, moved, self.element)
        if self.vector and access.stride(self.vector) == 1:
            self.check(access, place, self.v.lanes)
            return self._number(access, place, self.v.type, f"<{self.v.lanes} x {self.whole}>")
        self.check(access, place, 1)
        return self.v.splat(self._number(access, place, self.v.scalar, self.whole))

    @property
    def whole(self) -> str:
        """The type of whole numbers, of as many bits as the others."""
        return f"i{8 * self.element}"

    def _number(self, access: Access, place: str, kind: str, whole: str) -> str:
        """Write the load of a number, or of a vector of them; a whole one is converted."""
        if not self.program.buffers[access.buffer].integers:
            return self.w.value(f"load {kind}, ptr {place}, align {self.element}")
        value = self.w.value(f"load {whole}, ptr {place}, align {self.element}")
        return self.w.value(f"sitofp {whole} {value} to {kind}")

    def looked_up(self, looked: Looked, place: str) -> str:
        """Write how many bytes the whole number there moves a place; one that is too large counts as 0."""
        self.check(looked.access, place, 1)
        value = self.w.value(f"load {self.whole}, ptr {place}, align {self.element}")
        below = self.w.value(f"icmp ult {self.whole} {value}, {looked.extent}")
        value = self.w.value(f"select i1 {below}, {self.whole} {value}, {self.whole} 0")
        if self.element < 8:
            value = self.w.value(f"zext {self.whole} {value} to i64")
        return self.w.value(f"mul i64 {value}, {looked.stride * self.element}")

    def store(self, access: Access, value: str, pointer: str, moved: int) -> None:
        """Write the store of a vector, or of its first lane; whole numbers are data, and never computed."""
        assert not self.program.buffers[access.buffer].integers
        place = self.w.advanced(pointer, moved, self.element)
        if self.vector and access.stride(self.vector) == 1:
            self.check(access, place, self.v.lanes)
            self.w.line(f"store {self.v.type} {value}, ptr {place}, align {self.element}")
            return
        self.check(access, place, 1)
        first = self.w.value(f"extractelement {self.v.type} {value}, i64 0")
        self.w.line(f"store {self.v.scalar} {first}, ptr {place}, align {self.element}")

    def check(self, access: Access, pointer: str, count: int) -> None:
        """Write, in checked mode, the test that an access stays inside its buffer."""
        if not self.checked:
            return
        buffer = self.program.buffers[access.buffer]
        here = self.w.value(f"ptrtoint ptr {pointer} to i64")
        first = self.w.value(f"ptrtoint ptr {origin(self.w, buffer, self.element, -buffer.front)} to i64")
        away = self.w.value(f"sub i64 {here}, {first}")
        bad = self.w.value(f"icmp ugt i64 {away}, {(buffer.front + buffer.size - count) * self.element}")
        inside = self.w.label()
        self.w.line(f"br i1 {bad}, label %outside, label %{inside}")
        self.w.start(inside)

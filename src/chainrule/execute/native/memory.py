"""Loads and stores of a function, with the test of checked mode that each stays inside its buffer."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.execute.native.lanes import Lanes
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Access, Buffer, Program

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
            return self.w.value(f"load {self.v.type}, ptr {place}, align {self.element}")
        self.check(access, place, 1)
        return self.v.splat(self.w.value(f"load {self.v.scalar}, ptr {place}, align {self.element}"))

    def store(self, access: Access, value: str, pointer: str, moved: int) -> None:
        """Write the store of a vector, or of its first lane."""
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

"""The text of LLVM functions: fresh names, blocks, and loops whose carried values are phis.

Text and not IR objects, and no memory but the kernel's own: no pass has to clean up after this. A loop's body runs at
least once; what comes next is filled in when the loop is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Loop:
    """A loop being written: its index and carried values, as names."""

    label: str
    index: str
    values: tuple[str, ...]
    types: tuple[str, ...]
    place: int
    before: str
    start: str
    initial: tuple[str, ...]


@dataclass
class Writer:
    """The lines of one function."""

    lines: list[str] = field(default_factory=list)
    count: int = 0
    block: str = "entry"

    def name(self) -> str:
        """Return a new name."""
        self.count += 1
        return f"%t{self.count}"

    def prefix(self) -> str:
        """Return what the names in a piece of code written elsewhere begin with."""
        self.count += 1
        return f"m{self.count - 1}_"

    def value(self, text: str) -> str:
        """Write an operation and return the name of its value."""
        name = self.name()
        self.lines.append(f"  {name} = {text}")
        return name

    def line(self, text: str) -> None:
        """Write an operation without a value."""
        self.lines.append("  " + text)

    def label(self) -> str:
        """Return a new label."""
        self.count += 1
        return f"b{self.count}"

    def start(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.block = label

    def open(self, start: str, carried: Sequence[tuple[str, str]] = ()) -> Loop:
        """Begin a loop at an index, with carried values given by type and first value."""
        label, before = self.label(), self.block
        self.line(f"br label %{label}")
        self.start(label)
        index = self.name()
        values = tuple(self.name() for _ in carried)
        types, initial = tuple(t for t, _ in carried), tuple(v for _, v in carried)
        self.lines.append("")
        return Loop(label, index, values, types, len(self.lines) - 1, before, start, initial)

    def close(self, loop: Loop, step: int, end: str, following: Sequence[str] = ()) -> None:
        """End a loop that goes on while index + step < end, with the values that its next round begins with."""
        after = self.value(f"add i64 {loop.index}, {step}")
        more = self.value(f"icmp slt i64 {after}, {end}")
        leave = self.label()
        latch = self.block
        self.line(f"br i1 {more}, label %{loop.label}, label %{leave}")
        phis = [f"  {loop.index} = phi i64 [ {loop.start}, %{loop.before} ], [ {after}, %{latch} ]"]
        for name, kind, first, later in zip(loop.values, loop.types, loop.initial, following, strict=True):
            phis.append(f"  {name} = phi {kind} [ {first}, %{loop.before} ], [ {later}, %{latch} ]")
        self.lines[loop.place] = "\n".join(phis)
        self.start(leave)

    def guard(self, condition: str) -> str:
        """Begin a part that runs where the condition holds; return the label that `unguard` is given."""
        inside, after = self.label(), self.label()
        self.line(f"br i1 {condition}, label %{inside}, label %{after}")
        self.start(inside)
        return after

    def unguard(self, after: str) -> None:
        """End a guarded part."""
        self.line(f"br label %{after}")
        self.start(after)

    def advanced(self, pointer: str, offset: int | str, element: int) -> str:
        """Return the pointer plus an offset in elements of that many bytes."""
        if offset == 0:
            return pointer
        if isinstance(offset, int):
            return self.value(f"getelementptr i8, ptr {pointer}, i64 {offset * element}")
        size = self.value(f"mul i64 {offset}, {element}")
        return self.value(f"getelementptr i8, ptr {pointer}, i64 {size}")

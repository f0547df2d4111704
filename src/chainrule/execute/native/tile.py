"""What is done in a tile: its reduction, then the instruction's code, value by value at every point.

A point's values are computed once for all points that agree along the axes they depend on. A row, which meets in one
value, has all its points in the tile: the code goes through them together, operation by operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from chainrule.execute.native.contraction import ContractionWriter, Offsets
from chainrule.execute.native.lanes import Lanes
from chainrule.execute.native.memory import Memory
from chainrule.execute.native.prefetch import Portion, fetch
from chainrule.execute.native.schedule import LoopSchedule
from chainrule.execute.native.writer import Writer
from chainrule.expr.linear import LinearForm
from chainrule.lower.program import (
    Access,
    Apply,
    Contracted,
    Instruction,
    Load,
    Looked,
    Op,
    RowReduce,
    Scalar,
    Store,
)


@dataclass(frozen=True)
class TileRange:
    """Where a tile begins along an axis, as a number or a name, and how many values or vectors it has."""

    start: int | str
    size: int


class TileWriter:
    """Writes the tiles of one instruction."""

    def __init__(self, w: Writer, v: Lanes, memory: Memory, schedule: LoopSchedule, instruction: Instruction) -> None:
        self.w = w
        self.v = v
        self.memory = memory
        self.schedule = schedule
        self.instruction = instruction
        self.axes = tuple(a.name for a in instruction.axes)
        self.fixed: dict[int, str] = {}
        self.looked: dict[tuple[Looked, Offsets], str] = {}
        """What was looked up for the tile being written, in bytes."""
        contraction = instruction.contraction
        self.reduction = (
            ContractionWriter(w, v, memory, schedule, contraction, self.displacement) if contraction else None
        )

    def stretch(self, axis: str) -> int:
        """Return the values that one step along an axis covers."""
        return self.schedule.stretch(axis, self.v.lanes)

    def constants(self, pointers: Mapping[Access, str]) -> None:
        """Write what does not vary at all, once."""
        for number, op in enumerate(self.instruction.code):
            if self.instruction.depends[number] or isinstance(op, Store | RowReduce | Contracted):
                continue
            if not isinstance(op, Apply) or all(n in self.fixed for n in op.operands):
                self.fixed[number] = self.value(op, self.fixed, pointers, {}, {})

    def write(self, env: Mapping[str, TileRange], pointers: Mapping[Access, str], fetched: Portion | None) -> None:
        """Write a tile: its reduction, then its code, group by group of what a row joins.

        A portion of the next batch is fetched on the way.
        """
        self.looked = {}
        points = self.points(env)
        held: dict[Offsets, str] = {}
        if self.reduction is not None:
            held = self.reduction.write(points, pointers, fetched, {axis: one.start for axis, one in env.items()})
        elif fetched is not None:
            fetch(self.w, fetched)
        row = self.instruction.row
        groups: dict[Offsets, list[Offsets]] = {}
        for point in points:
            groups.setdefault(tuple(o for o, a in zip(point, self.axes, strict=True) if a != row), []).append(point)
        known: dict[tuple[int, Offsets], str] = {}
        for group in groups.values():
            for number, op in enumerate(self.instruction.code):
                for point in group:
                    self.at(number, op, point, env, pointers, held, known)

    def points(self, env: Mapping[str, TileRange]) -> list[Offsets]:
        """Return the tile's points: along the vector innermost."""
        order = sorted(self.axes, key=lambda a: a == self.schedule.vector)
        ranges = [range(env[a].size) for a in order]
        back = [order.index(a) for a in self.axes]
        return [tuple(point[n] for n in back) for point in product(*ranges)]

    def projected(self, point: Offsets, depends: frozenset[str]) -> Offsets:
        """Return the point with 0 along what a value does not depend on."""
        return tuple(o if a in depends else 0 for o, a in zip(point, self.axes, strict=True))

    def at(
        self,
        number: int,
        op: Op,
        point: Offsets,
        env: Mapping[str, TileRange],
        pointers: Mapping[Access, str],
        held: Mapping[Offsets, str],
        known: dict[tuple[int, Offsets], str],
    ) -> None:
        """Write one operation at one point of the tile, unless its value is known."""
        depends = self.instruction.depends
        key = (number, self.projected(point, depends[number]))
        if number in self.fixed or key in known:
            return

        def operand(n: int, where: Offsets = point) -> str:
            return self.fixed[n] if n in self.fixed else known[n, self.projected(where, depends[n])]

        if isinstance(op, Contracted):
            known[key] = held[point]
        elif isinstance(op, RowReduce):
            size = env[op.axis].size
            place = self.axes.index(op.axis)
            parts = [operand(op.operand, (*point[:place], n, *point[place + 1 :])) for n in range(size)]
            known[key] = self.row(op, parts)
        elif isinstance(op, Store):
            pointer = self.place(op.access, pointers, point)
            self.memory.store(op.access, operand(op.operand), pointer, self.displacement(op.access, point))
            known[key] = ""
        else:
            values = {n: operand(n) for n in op.operands} if isinstance(op, Apply) else {}
            offsets = dict(zip(self.axes, point, strict=True))
            known[key] = self.value(op, values, pointers, offsets, env)

    def displacement(self, access: Access, point: Offsets) -> int:
        """Return how far from the tile's pointer a point's element is."""
        return sum(o * self.stretch(a) * access.stride(a) for o, a in zip(point, self.axes, strict=True))

    def place(self, access: Access, pointers: Mapping[Access, str], point: Offsets) -> str:
        """Write where an access is, but for the displacement of the point: behind what is looked up for it."""
        pointer = pointers[access]
        for looked in access.looked:
            key = looked, self.projected(point, looked.access.axes)
            if key not in self.looked:
                there = self.place(looked.access, pointers, point)
                there = self.w.advanced(there, self.displacement(looked.access, point), self.memory.element)
                self.looked[key] = self.memory.looked_up(looked, there)
            pointer = self.w.advanced(pointer, self.looked[key], 1)
        return pointer

    def value(
        self,
        op: Op,
        values: Mapping[int, str],
        pointers: Mapping[Access, str],
        offsets: Mapping[str, int],
        env: Mapping[str, TileRange],
    ) -> str:
        """Write an operation that has no rows in it, and return its value."""
        match op:
            case Load(access):
                point = tuple(offsets.get(axis, 0) for axis in self.axes)
                return self.memory.load(access, self.place(access, pointers, point), self.displacement(access, point))
            case Scalar(number):
                return self.v.number(float(number))
            case LinearForm():
                return self.position(op, offsets, env)
            case Apply(function, operands):
                return self.v.apply(function, [values[n] for n in operands])
        raise AssertionError(op)

    def position(self, form: LinearForm[str, int], offsets: Mapping[str, int], env: Mapping[str, TileRange]) -> str:
        """Write a position as a number."""
        total = self.v.number(float(form.constant))
        for axis, coefficient in form.terms.items():
            start, constant = env[axis].start, offsets[axis] * self.stretch(axis)
            if isinstance(start, int):
                value = self.v.number(float(start + constant))
            else:
                whole = self.w.value(f"add i64 {start}, {constant}")
                value = self.v.splat(self.w.value(f"sitofp i64 {whole} to {self.v.scalar}"))
            if axis == self.schedule.vector:
                value = self.v.apply("add", [value, self.v.ramp()])
            total = self.v.apply("fma", [value, self.v.number(float(coefficient)), total])
        return total

    def row(self, op: RowReduce, parts: list[str]) -> str:
        """Write the reduction of a row that is held in registers."""
        vector = op.axis == self.schedule.vector
        extent = self.instruction.extent(op.axis)
        if vector and extent % self.v.lanes:
            parts[-1] = self.v.masked(parts[-1], extent % self.v.lanes, op.op)
        result = parts[0]
        for part in parts[1:]:
            result = self.v.combine(op.op, result, part)
        return self.v.across(op.op, result) if vector else result

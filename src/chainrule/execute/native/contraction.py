"""The reduction of a tile: its accumulators in registers, loops over the reduction's axes, the last one unrolled.

Accumulators are carried from round to round as phis, and so are the pointers of the factors. With vectors along the
reduction each accumulator ends as one number; their lanes are added up together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.execute.native.lanes import Lanes
from chainrule.execute.native.limits import limits
from chainrule.execute.native.memory import Memory
from chainrule.execute.native.prefetch import Portion, fetch
from chainrule.execute.native.schedule import LoopSchedule
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import Access, Contraction, LoopAxis

Offsets = tuple[int, ...]
"""A point of a tile: how many values, or vectors, it is from the first, along each axis of the nest."""


@dataclass
class ContractionWriter:
    """Writes the reduction of one tile after another; `displacement` is how far an access moves to reach a point."""

    w: Writer
    v: Lanes
    memory: Memory
    schedule: LoopSchedule
    contraction: Contraction
    displacement: Callable[[Access, Offsets], int]
    portion: Portion | None = None
    """What the tile being written still has to fetch."""
    limits: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Where the axes that have a range begin and end in the tile being written."""

    def write(
        self,
        points: Sequence[Offsets],
        pointers: Mapping[Access, str],
        portion: Portion | None,
        starts: Mapping[str, int | str],
    ) -> dict[Offsets, str]:
        """Write the contraction over a tile, which fetches a portion on its way; return the results by point.

        `starts` are the places where the tile begins: axes that ranges depend on have no others in it.
        """
        contraction, self.portion = self.contraction, portion
        extents = {axis.name: axis.extent for axis in contraction.axes}
        self.limits = {r.axis: limits(self.w, r, extents[r.axis], starts) for r in contraction.ranges}
        first = self.v.number(self.v.identity(contraction.op))
        held = dict.fromkeys(points, first)
        if contraction.initial is not None:
            at, start = pointers[contraction.initial], contraction.initial
            held = {point: self.memory.load(start, at, self.displacement(start, point)) for point in points}
        held = self.reduce(contraction.axes, {f: pointers[f] for f in contraction.factors}, held)
        if self.schedule.along:
            held = dict(zip(held, self.v.all_across(contraction.op, list(held.values())), strict=True))
        if self.portion is not None:
            fetch(self.w, self.portion)
        return held

    def stretch(self, axis: LoopAxis) -> int:
        """Return the values that one step along an axis of the reduction covers."""
        return self.schedule.stretch(axis.name, self.v.lanes)

    def reduce(
        self, left: Sequence[LoopAxis], pointers: Mapping[Access, str], held: Mapping[Offsets, str], lanes: int = 0
    ) -> dict[Offsets, str]:
        """Write the loops over the axes that are left: whole rounds, then the steps and the lanes that remain.

        With `lanes` a loop outside has come to its last vector, of which so many count.
        """
        axis, stretch = left[0], self.stretch(left[0])
        if axis.name in self.limits:
            return self.within(left, pointers, held, lanes)
        unroll = self.schedule.unroll if len(left) == 1 else 1
        whole, tail = divmod(axis.extent, stretch)
        rounds, rest = divmod(whole, unroll)
        result, at = dict(held), dict(pointers)
        if rounds > 1:
            result, at = self.rounds(left, at, result, rounds, unroll, lanes)
        else:
            rest += rounds * unroll
        result = self.steps(left, at, result, range(rest), lanes)
        if tail:
            result = self.steps(left, at, result, range(rest, rest + 1), tail)
        return result

    def within(
        self, left: Sequence[LoopAxis], pointers: Mapping[Access, str], held: Mapping[Offsets, str], lanes: int
    ) -> dict[Offsets, str]:
        """Write the loop over the first of the axes left between the ends of its range, where there is any value."""
        axis = left[0].name
        low, high = self.limits[axis]
        before = self.w.block
        after = self.w.guard(self.w.value(f"icmp slt i64 {low}, {high}"))
        at = {f: self.w.advanced(p, low, self.memory.element * f.stride(axis)) for f, p in pointers.items()}
        carried = [(self.v.type, value) for value in held.values()] + [("ptr", p) for p in at.values()]
        loop = self.w.open(low, carried)
        inner = dict(zip(held, loop.values[: len(held)], strict=True))
        here = dict(zip(pointers, loop.values[len(held) :], strict=True))
        inner = self.steps(left, here, inner, range(1), lanes)
        following = (self.w.advanced(p, f.stride(axis), self.memory.element) for f, p in here.items())
        self.w.close(loop, 1, high, [*inner.values(), *following])
        inside = self.w.block
        self.w.unguard(after)
        return {
            point: self.w.value(f"phi {self.v.type} [ {held[point]}, %{before} ], [ {value}, %{inside} ]")
            for point, value in inner.items()
        }

    def rounds(
        self,
        left: Sequence[LoopAxis],
        pointers: Mapping[Access, str],
        held: Mapping[Offsets, str],
        count: int,
        unroll: int,
        lanes: int,
    ) -> tuple[dict[Offsets, str], dict[Access, str]]:
        """Write the loop over the first of the axes left, so many steps a round; return the pointers behind it too."""
        axis, step = left[0], unroll * self.stretch(left[0])
        carried = [(self.v.type, value) for value in held.values()] + [("ptr", p) for p in pointers.values()]
        loop = self.w.open("0", carried)
        inner = dict(zip(held, loop.values[: len(held)], strict=True))
        here = dict(zip(pointers, loop.values[len(held) :], strict=True))
        if self.portion is not None and len(left) == 1:
            turn = self.w.value(f"udiv i64 {loop.index}, {step}") if step > 1 else loop.index
            fetch(self.w, self.portion, turn, count)
            self.portion = None
        inner = self.steps(left, here, inner, range(unroll), lanes)
        after = {f: self.w.advanced(p, f.stride(axis.name) * step, self.memory.element) for f, p in here.items()}
        self.w.close(loop, step, str(count * step), [*inner.values(), *after.values()])
        return inner, after

    def steps(
        self,
        left: Sequence[LoopAxis],
        pointers: Mapping[Access, str],
        held: dict[Offsets, str],
        steps: range,
        tail: int,
    ) -> dict[Offsets, str]:
        """Write steps along the first of the axes left; with `tail`, only so many lanes count."""
        axis, stretch = left[0], self.stretch(left[0])
        for step in steps:
            moved = {f: f.stride(axis.name) * step * stretch for f in pointers}
            if len(left) == 1:
                held = self.step(pointers, moved, held, tail)
            else:
                there = {f: self.w.advanced(p, moved[f], self.memory.element) for f, p in pointers.items()}
                held = self.reduce(left[1:], there, held, tail)
        return held

    def step(
        self, pointers: Mapping[Access, str], moved: Mapping[Access, int], held: Mapping[Offsets, str], tail: int
    ) -> dict[Offsets, str]:
        """Write one step: each accumulator takes the product of its factors, each of which is loaded once."""
        loaded: dict[tuple[Access, int], str] = {}
        result: dict[Offsets, str] = {}
        for point, value in held.items():
            parts: list[str] = []
            for factor in self.contraction.factors:
                place = moved[factor] + self.displacement(factor, point)
                if (factor, place) not in loaded:
                    loaded[factor, place] = self.memory.load(factor, pointers[factor], place)
                parts.append(loaded[factor, place])
            result[point] = self.taken(value, parts, tail)
        return result

    def taken(self, value: str, parts: list[str], tail: int) -> str:
        """Write how an accumulator takes a product."""
        op = self.contraction.op
        if tail:
            parts = [self.v.masked(parts[0], tail, op), *(self.v.masked(p, tail, "prod") for p in parts[1:])]
        while len(parts) > 2 or (len(parts) == 2 and op != "sum"):
            parts = [self.v.apply("multiply", parts[:2]), *parts[2:]]
        if len(parts) == 2:
            return self.v.apply("fma", [*parts, value])
        return self.v.combine(op, value, parts[0])

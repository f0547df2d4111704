"""An instruction as an LLVM function: loops over tiles, a reduction with its accumulators in registers, an epilogue.

Every value is a vector; one that does not vary along the vector axis has the same number in all lanes. Lanes beyond an
extent hold anything and are stored in padding only; where lanes meet, in rows and in reductions along the vector, they
are masked. Pointers move with the loops, so that a tile's accesses are constants away from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, prod

from chainrule.execute.native.ahead import Ahead, Portion, Round, fetch, portion
from chainrule.execute.native.control import PATIENCE, cells_at, until
from chainrule.execute.native.lanes import Lanes
from chainrule.execute.native.machine import BYTES, Dtype, Machine
from chainrule.execute.native.memory import OUTSIDE, Memory
from chainrule.execute.native.schedule import Schedule
from chainrule.execute.native.team import is_first, share
from chainrule.execute.native.writer import Writer
from chainrule.lower.program import (
    Access,
    Apply,
    Axis,
    Contracted,
    Instruction,
    Load,
    Op,
    Position,
    Program,
    RowReduce,
    Scalar,
    Store,
)

Offsets = tuple[int, ...]


@dataclass(frozen=True)
class Tile:
    """Where a tile begins along an axis, as a number or a name, and how many values or vectors it has."""

    start: int | str
    size: int


class NestWriter:
    """Writes one instruction."""

    def __init__(
        self,
        program: Program,
        instruction: Instruction,
        schedule: Schedule,
        machine: Machine,
        dtype: Dtype,
        checked: bool,
        ahead: Ahead | None = None,
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
        self.ahead = ahead
        self.split = schedule.split
        self.long = long
        self.axes = tuple(a.name for a in instruction.axes)
        self.fixed: dict[int, str] = {}
        self.rounds: dict[str, Round] = {}
        self.portion: Portion | None = None

    def text(self, name: str) -> str:
        """Return the function's text."""
        self.w.lines = [f"define internal void @{name}(ptr %m, ptr %ahead, i64 %tid, i64 %nt) nounwind {{", "entry:"]
        accesses = dict.fromkeys((*self.instruction.loads, *self.instruction.stores))
        pointers = {a: self.memory.origin(self.program.buffers[a.buffer], a.base) for a in accesses}
        self.constants(pointers)
        self.loops([axis for axis, _ in self.schedule.tile], {}, pointers)
        self.w.line("ret void")
        if self.checked:
            self.w.lines.append(OUTSIDE)
        return "\n".join([*self.w.lines, "}"])

    def constants(self, pointers: Mapping[Access, str]) -> None:
        """Write what does not vary at all, once."""
        for number, op in enumerate(self.instruction.code):
            if self.instruction.depends[number] or isinstance(op, Store | RowReduce | Contracted):
                continue
            if not isinstance(op, Apply) or all(n in self.fixed for n in op.operands):
                self.fixed[number] = self.value(op, self.fixed, pointers, {}, {})

    # -- loops over tiles

    def units(self, axis: str) -> int:
        """Return the values, or vectors, along an axis."""
        extent = self.instruction.extent(axis)
        return ceil(extent / self.lanes) if axis == self.schedule.vector else extent

    def stretch(self, axis: str) -> int:
        """Return the values that one step along an axis covers."""
        return self.lanes if axis == self.schedule.vector else 1

    def loops(self, left: Sequence[str], env: dict[str, Tile], pointers: Mapping[Access, str]) -> None:
        """Write the loops over the axes that are left, remainders apart, and the tile inside."""
        if not left:
            if self.ahead is not None and self.rounds:
                # the first tile that is written is the one that all loops go round; those at the edges come after
                axes = sorted(self.rounds, key=lambda a: a != self.split)
                self.portion = portion(self.w, self.ahead, [self.rounds[a] for a in axes])
                self.ahead = None
            self.tile(env, pointers)
            return
        axis, size = left[0], self.schedule.size(left[0])
        full, rest = divmod(self.units(axis), size)
        stretch = self.stretch(axis)
        if full > 1:
            start, end, some = share(self.w, full, size * stretch) if axis == self.split else ("0", "", "")
            after = self.w.guard(some) if some else ""
            loop = self.w.open(start)
            self.rounds[axis] = Round(loop.index, start, size * stretch, full)
            self.loops(left[1:], {**env, axis: Tile(loop.index, size)}, self.moved(pointers, axis, loop.index))
            del self.rounds[axis]
            self.w.close(loop, size * stretch, self.end(env, end or str(full * size * stretch)))
            if after:
                self.w.unguard(after)
        elif full:
            self.loops(left[1:], {**env, axis: Tile(0, size)}, pointers)
        if rest:
            begin = full * size * stretch
            after = self.w.guard(is_first(self.w)) if axis == self.split else ""
            self.loops(left[1:], {**env, axis: Tile(begin, rest)}, self.moved(pointers, axis, begin))
            if after:
                self.w.unguard(after)

    def end(self, outer: Mapping[str, Tile], end: str) -> str:
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

    # -- the tile

    def tile(self, env: Mapping[str, Tile], pointers: Mapping[Access, str]) -> None:
        """Write a tile: its reduction, then its code, group by group of what a row joins."""
        points = self.points(env)
        held: dict[Offsets, str] = {}
        if self.instruction.contraction:
            held = self.reduction(points, pointers)
        if self.portion is not None:
            fetch(self.w, self.portion)
            self.portion = None
        row = self.instruction.row
        groups: dict[Offsets, list[Offsets]] = {}
        for point in points:
            groups.setdefault(tuple(o for o, a in zip(point, self.axes, strict=True) if a != row), []).append(point)
        known: dict[tuple[int, Offsets], str] = {}
        for group in groups.values():
            for number, op in enumerate(self.instruction.code):
                for point in group:
                    self.at(number, op, point, env, pointers, held, known)

    def points(self, env: Mapping[str, Tile]) -> list[Offsets]:
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
        env: Mapping[str, Tile],
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
            self.memory.store(op.access, operand(op.operand), pointers[op.access], self.displacement(op.access, point))
            known[key] = ""
        else:
            values = {n: operand(n) for n in op.operands} if isinstance(op, Apply) else {}
            offsets = dict(zip(self.axes, point, strict=True))
            known[key] = self.value(op, values, pointers, offsets, env)

    def displacement(self, access: Access, point: Offsets) -> int:
        """Return how far from the tile's pointer a point's element is."""
        return sum(o * self.stretch(a) * access.stride(a) for o, a in zip(point, self.axes, strict=True))

    def value(
        self,
        op: Op,
        values: Mapping[int, str],
        pointers: Mapping[Access, str],
        offsets: Mapping[str, int],
        env: Mapping[str, Tile],
    ) -> str:
        """Write an operation that has no rows in it, and return its value."""
        match op:
            case Load(access):
                moved = sum(o * self.stretch(a) * access.stride(a) for a, o in offsets.items())
                return self.memory.load(access, pointers[access], moved)
            case Scalar(number):
                return self.v.number(float(number))
            case Position(terms, base):
                return self.position(terms, base, offsets, env)
            case Apply(function, operands):
                return self.v.apply(function, [values[n] for n in operands])
        raise AssertionError(op)

    def position(
        self, terms: Sequence[tuple[str, int]], base: int, offsets: Mapping[str, int], env: Mapping[str, Tile]
    ) -> str:
        """Write an index as a number."""
        total = self.v.number(float(base))
        for axis, coefficient in terms:
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
        if vector and extent % self.lanes:
            parts[-1] = self.v.masked(parts[-1], extent % self.lanes, op.op)
        result = parts[0]
        for part in parts[1:]:
            result = self.v.combine(op.op, result, part)
        return self.v.across(op.op, result) if vector else result

    # -- the reduction

    def reduction(self, points: list[Offsets], pointers: Mapping[Access, str]) -> dict[Offsets, str]:
        """Write the contraction over the tile; return the accumulators by point."""
        contraction = self.instruction.contraction
        assert contraction is not None
        first = self.v.number(self.v.identity(contraction.op))
        factors = {f: pointers[f] for f in contraction.factors}
        held = dict.fromkeys(points, first)
        if contraction.initial is not None:
            at, start = pointers[contraction.initial], contraction.initial
            held = {point: self.memory.load(start, at, self.displacement(start, point)) for point in points}
        held = self.reduce(list(contraction.axes), factors, held)
        if self.schedule.along:
            return dict(zip(held, self.v.all_across(contraction.op, list(held.values())), strict=True))
        return held

    def reduce(
        self, left: list[Axis], pointers: Mapping[Access, str], held: Mapping[Offsets, str]
    ) -> dict[Offsets, str]:
        """Write the loops over the reduction's axes that are left."""
        axis = left[0]
        stretch = self.lanes if axis.name == self.schedule.vector else 1
        unroll = self.schedule.unroll if len(left) == 1 else 1
        whole, tail = divmod(axis.extent, stretch)
        rounds, rest = divmod(whole, unroll)
        done = 0
        result = dict(held)
        at = dict(pointers)
        if rounds > 1:
            carried = [(self.v.type, value) for value in result.values()] + [("ptr", p) for p in at.values()]
            loop = self.w.open("0", carried)
            inner = dict(zip(result, loop.values[: len(result)], strict=True))
            here = dict(zip(at, loop.values[len(result) :], strict=True))
            step = unroll * stretch
            if self.portion is not None and len(left) == 1:
                turn = self.w.value(f"udiv i64 {loop.index}, {step}") if step > 1 else loop.index
                fetch(self.w, self.portion, turn, rounds)
                self.portion = None
            inner = self.steps(left, here, inner, range(unroll), 0)
            ahead = {f: self.w.advanced(p, f.stride(axis.name) * step, self.element) for f, p in here.items()}
            self.w.close(loop, step, str(rounds * step), [*inner.values(), *ahead.values()])
            result, at = inner, ahead
        else:
            rest += rounds * unroll
        result = self.steps(left, at, result, range(done, done + rest), 0)
        if tail:
            result = self.steps(left, at, result, range(rest, rest + 1), tail)
        return result

    def steps(
        self, left: list[Axis], pointers: Mapping[Access, str], held: dict[Offsets, str], steps: range, tail: int
    ) -> dict[Offsets, str]:
        """Write steps along the first of the axes left; with `tail`, only so many lanes of it count."""
        axis = left[0]
        stretch = self.lanes if axis.name == self.schedule.vector else 1
        for step in steps:
            moved = {f: f.stride(axis.name) * step * stretch for f in pointers}
            if len(left) == 1:
                held = self.step(pointers, moved, held, tail)
            else:
                there = {f: self.w.advanced(p, moved[f], self.element) for f, p in pointers.items()}
                held = self.reduce(left[1:], there, held)
        return held

    def step(
        self, pointers: Mapping[Access, str], moved: Mapping[Access, int], held: dict[Offsets, str], tail: int
    ) -> dict[Offsets, str]:
        """Write one step: each accumulator takes the product of its factors."""
        contraction = self.instruction.contraction
        assert contraction is not None
        loaded: dict[tuple[Access, int], str] = {}
        result: dict[Offsets, str] = {}
        for point, value in held.items():
            parts: list[str] = []
            for factor in contraction.factors:
                place = moved[factor] + self.displacement(factor, point)
                if (factor, place) not in loaded:
                    loaded[factor, place] = self.memory.load(factor, pointers[factor], place)
                parts.append(loaded[factor, place])
            result[point] = self.taken(contraction.op, value, parts, tail)
        return result

    def taken(self, op: str, value: str, parts: list[str], tail: int) -> str:
        """Write how an accumulator takes a product."""
        if tail:
            parts = [self.v.masked(parts[0], tail, op), *(self.v.masked(p, tail, "prod") for p in parts[1:])]
        while len(parts) > 2 or (len(parts) == 2 and op != "sum"):
            parts = [self.v.apply("multiply", parts[:2]), *parts[2:]]
        if len(parts) == 2:
            return self.v.apply("fma", [*parts, value])
        return self.v.combine(op, value, parts[0])


def instruction_text(
    program: Program,
    number: int,
    schedule: Schedule,
    machine: Machine,
    dtype: Dtype,
    checked: bool,
    ahead: Ahead | None = None,
    long: bool = False,
) -> str:
    """Return the function of an instruction, named @i and its number."""
    instruction = program.instructions[number]
    return NestWriter(program, instruction, schedule, machine, dtype, checked, ahead, long).text(f"i{number}")

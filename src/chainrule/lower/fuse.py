"""Statements put into nests: what can be done while the data are in registers is done there.

A reduction opens a nest; scalar code joins the nest of the last tensor that it reads where it reads everything of that
nest at the point where it stands; a short reduction along one axis of a nest (softmax, a cost) joins as a row. Updates
write in place, after everybody who reads the old values; where that cannot be, through a buffer of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from chainrule.expr.binding import position_indices
from chainrule.expr.nodes import Index, Indexed
from chainrule.expr.sizes import Size
from chainrule.lower.program import Range
from chainrule.lower.statements import Assignment, entries_of, looked_up_whole

LONGEST_ROW = 4
"""The vectors that a row which is reduced in registers may have."""


@dataclass(frozen=True)
class Member:
    """A statement in a nest, with the axis of the nest for each index of the statement."""

    statement: Assignment
    names: Mapping[Index, str]

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the target, in order; of one that is written at places, those that its values go over."""
        statement = self.statement
        return tuple(self.names[i] for i in (statement.loops if statement.at else statement.indices))

    @property
    def parts(self) -> frozenset[str]:
        """The axes that go through a part of what the target has there: beyond an end lie other entries of it."""
        shifted = (p for p in self.statement.at if not isinstance(p, Index))
        return frozenset(self.names[i] for p in shifted for i in position_indices(p))


@dataclass
class Nest:
    """Statements that share their loops. `inner` are the axes of the contraction that opens it, if one does."""

    axes: dict[str, int]
    inner: dict[str, int]
    members: list[Member] = field(default_factory=list)
    row: str = ""
    ranges: tuple[Range, ...] = ()

    @property
    def bounded(self) -> frozenset[str]:
        """The axes that have ranges, and those that these depend on: no vectors lie along them."""
        return frozenset(name for one in self.ranges for name in one.place.terms)

    @property
    def contraction(self) -> Member | None:
        """The reduction that opens the nest."""
        return self.members[0] if self.inner else None

    @property
    def adds(self) -> bool:
        """Whether the nest adds values to entries that are looked up."""
        return self.members[0].statement.adds

    @property
    def updates(self) -> bool:
        """Whether a member writes a param in place: a gradient that only feeds an update is never stored."""
        return any(m.statement.place for m in self.members)

    @property
    def produces(self) -> dict[str, Member]:
        """The members by target."""
        return {m.statement.target: m for m in self.members}


@dataclass(frozen=True)
class Fused:
    """Nests in order, and the targets that must be kept in memory; the others live in registers."""

    nests: tuple[Nest, ...]
    stored: frozenset[str]


def fuse(
    statements: Sequence[Assignment],
    sizes: Mapping[Size, int],
    outputs: Sequence[str],
    lanes: int,
    samples: frozenset[Size] = frozenset(),
) -> Fused:
    """Return the statements as nests in an order in which they can run; no row runs over `samples`."""
    work = _Fusion(sizes, lanes, samples)
    for statement in statements:
        work.take(statement)
    for tensor in tuple(work.waiting):
        work.release(tensor)
    nests = _ordered(work.nests)
    return Fused(tuple(nests), _stored(nests, outputs))


def sums_apart(fused: Fused, chosen: Sequence[bool]) -> Fused:
    """Return the nests with the contraction of each chosen one in a nest of its own, before the rest of its code."""
    nests: list[Nest] = []
    stored = set(fused.stored)
    for nest, apart in zip(fused.nests, chosen, strict=True):
        first, *rest = nest.members
        if not apart or not rest:
            nests.append(nest)
            continue
        stored.add(first.statement.target)
        nests += [Nest(nest.axes, nest.inner, [first], ranges=nest.ranges), Nest(nest.axes, {}, rest, nest.row)]
    return Fused(tuple(nests), frozenset(stored))


class _Fusion:
    """One run: the nests so far, and which one each target is made in."""

    def __init__(self, sizes: Mapping[Size, int], lanes: int, samples: frozenset[Size]) -> None:
        self.sizes = sizes
        self.samples = samples
        self.lanes = lanes
        self.nests: list[Nest] = []
        self.home: dict[str, int] = {}
        self.homes: dict[str, list[int]] = {}
        """All nests that a target is made in, where it is made in parts."""
        self.waiting: dict[str, Assignment] = {}
        self.late = False
        """Whether a nest reads what one behind it makes, so that their numbers are no order in which they can run."""

    def take(self, statement: Assignment) -> None:
        """Put a statement, whose operands have all been taken, into a nest."""
        if self.waits(statement):
            self.waiting[statement.target] = statement
            return
        homes = [self.home[t] for t in sorted(statement.reads) if t in self.home]
        number = max(homes, default=-1)
        if number < 0 or not self.join(number, statement):
            number = self.placed_alone(statement)
        self.settle(statement.target, number)

    def settle(self, tensor: str, number: int) -> None:
        """Note in which nest a target, or a part of it, is made: it is all there behind the last of them."""
        self.homes.setdefault(tensor, []).append(number)
        self.home[tensor] = max(self.homes[tensor])

    def placed_alone(self, statement: Assignment) -> int:
        """Open a nest for a statement, with the rows that wait for it, and return its number."""
        nest = self.opened(statement)
        if statement.op or statement.at:
            for tensor in sorted(statement.reads):
                self.release(tensor)
            self.nests.append(nest)
            return len(self.nests) - 1
        self.nests.append(nest)
        number, own = len(self.nests) - 1, nest.members.pop()
        for entry in entries_of(statement):
            if entry.tensor in self.waiting:
                self.pull(number, own.names, entry)
        nest.members.append(own)
        return number

    def waits(self, statement: Assignment) -> bool:
        """Say whether a statement is a short row of inputs, which can stand in the nest of whoever reads it first."""
        return self.is_row(statement) and bool(statement.indices) and self.home.keys().isdisjoint(statement.reads)

    def is_row(self, statement: Assignment) -> bool:
        """Say whether a statement reduces one tensor along one axis short enough for registers."""
        if len(statement.over) != 1 or len(statement.factors) != 1 or statement.over[0].extent in self.samples:
            return False
        return 0 < self.sizes[statement.over[0].extent] <= LONGEST_ROW * self.lanes

    def release(self, tensor: str) -> None:
        """Give a tensor that waits a nest of its own."""
        if tensor in self.waiting:
            self.nests.append(self.opened(self.waiting.pop(tensor)))
            self.settle(tensor, len(self.nests) - 1)

    def pull(self, number: int, names: Mapping[Index, str], entry: Indexed) -> None:
        """Put a row that waits into the nest where an entry of it is read at a point, or into one of its own."""
        nest, statement = self.nests[number], self.waiting[entry.tensor]
        plain = [i for i in entry.indices if isinstance(i, Index)]
        axes = [names[i] for i in plain]
        left = [axis for axis in nest.axes if axis not in axes]
        fits = len(plain) == len(entry.indices) == len(set(axes)) and len(left) == 1 and nest.row in {"", left[0]}
        fits = fits and all(self.sizes[i.extent] == nest.axes[axes[n]] for n, i in enumerate(statement.indices))
        if not fits or nest.axes[left[0]] != self.sizes[statement.over[0].extent]:
            self.release(entry.tensor)
            self.late = True
            return
        del self.waiting[entry.tensor]
        nest.row = left[0]
        places = {**dict(zip(statement.indices, axes, strict=True)), statement.over[0]: left[0]}
        nest.members.append(Member(statement, places))
        self.settle(entry.tensor, number)

    def opened(self, statement: Assignment) -> Nest:
        """Return a new nest for a statement."""
        names: dict[Index, str] = {}
        outer, over = (statement.loops, ()) if statement.at else (statement.indices, statement.over)
        for index in (*outer, *over):
            names[index] = _unused(index.preferred, names.values())
        axes = {names[i]: self.sizes[i.extent] for i in outer}
        inner = {names[i]: self.sizes[i.extent] for i in over}
        return Nest(axes, inner, [Member(statement, names)])

    def join(self, number: int, statement: Assignment) -> bool:
        """Put the statement into the nest if it can stand there; say whether it could."""
        nest = self.nests[number]
        names = self.placed(nest, statement)
        if names is None or (statement.place and not _in_place(statement)):
            return False
        if statement.place and nest.contraction and statement.place in nest.contraction.statement.reads:
            return False
        domain = {names[i] for i in (statement.loops if statement.at else statement.indices)}
        if statement.op:
            if not self.is_row(statement):
                return False
            row = names[statement.over[0]]
            if row in domain or domain | {row} != set(nest.axes) or nest.row not in {"", row}:
                return False
            nest.row = row
        elif domain != set(nest.axes) and not (nest.row and domain == set(nest.axes) - {nest.row}):
            return False
        if self.late and self.needed_for(number, statement):
            return False
        for entry in entries_of(statement):
            if entry.tensor in self.waiting:
                self.pull(number, names, entry)
        nest.members.append(Member(statement, names))
        return True

    def needed_for(self, number: int, statement: Assignment) -> bool:
        """Say whether a nest must have run before another one that the statement reads."""
        left = [home for t in statement.reads for home in self.homes.get(t, ()) if home != number]
        seen = set(left)
        while left:
            reads = {t for member in self.nests[left.pop()].members for t in member.statement.reads}
            new = {home for t in reads for home in self.homes.get(t, ())} - seen
            seen |= new
            left.extend(new)
        return number in seen

    def placed(self, nest: Nest, statement: Assignment) -> dict[Index, str] | None:
        """Return the axes for the indices of a statement, or None if it cannot: it reads more than one point.

        What is written at places is there when the whole nest has ended.
        """
        made = nest.produces
        if nest.adds or statement.adds or statement.target in made or looked_up_whole(nest.members[0].statement.value):
            return None
        names: dict[Index, str] = {}
        for entry in entries_of(statement):
            if entry.tensor not in made:
                continue
            if made[entry.tensor].statement.at:
                return None
            for position, axis in zip(entry.indices, made[entry.tensor].axes, strict=True):
                if not isinstance(position, Index) or names.setdefault(position, axis) != axis:
                    return None
                if self.sizes[position.extent] != nest.axes[axis]:
                    return None
        own = statement.loops if statement.at else (*statement.indices, *statement.over)
        complete = set(names) == set(own) and len(set(names.values())) == len(names)
        return names if complete else None


def _in_place(statement: Assignment) -> bool:
    """Say whether an update reads the old value only where it writes the new one."""
    return all(e.indices == statement.indices for e in entries_of(statement) if e.tensor == statement.place)


def _alone(nest: Nest, update: Member) -> bool:
    """Say whether a nest reads what an update of it writes nowhere but at the same point."""
    return all(
        tuple(member.names[p] if isinstance(p, Index) else "" for p in entry.indices) == update.axes
        for member in nest.members
        for entry in entries_of(member.statement)
        if entry.tensor == update.statement.place
    )


def _unused(letter: str, taken: object) -> str:
    names = list(taken)  # type: ignore[call-overload]
    number = 1
    name = letter
    while name in names:
        number += 1
        name = f"{letter}{number}"
    return name


def _ordered(nests: list[Nest]) -> list[Nest]:
    """Return the nests so that all that read a tensor come before its update; cycles are broken by a copy."""
    for nest in nests:
        for number, member in enumerate(nest.members):
            if member.statement.place and not _alone(nest, member):
                nests = [*nests, _shadowed(nest, number)]
    while True:
        order, stuck = _sorted(nests)
        if not stuck:
            return order
        nest, number = next((n, m) for n in stuck for m, member in enumerate(n.members) if member.statement.place)
        nests = [*nests, _shadowed(nest, number)]


def _shadowed(nest: Nest, number: int) -> Nest:
    """Make an update write to a buffer of its own; return the nest that copies it back."""
    member = nest.members[number]
    update = member.statement
    nest.members[number] = Member(replace(update, place=""), member.names)
    copy = Assignment(
        update.target + "′", update.indices, Indexed(update.target, update.indices), update.equation, place=update.place
    )
    names = {i: member.names[i] for i in update.indices}
    return Nest({names[i]: nest.axes[names[i]] for i in update.indices}, {}, [Member(copy, names)])


def _sorted(nests: list[Nest]) -> tuple[list[Nest], list[Nest]]:
    """Return the nests in an order in which they can run, and those that can in none."""
    homes: dict[str, list[int]] = {}
    for number, nest in enumerate(nests):
        for target in nest.produces:
            homes.setdefault(target, []).append(number)
    place = {m.statement.place: number for number, nest in enumerate(nests) for m in nest.members if m.statement.place}
    before: list[set[int]] = [set() for _ in nests]
    for number, nest in enumerate(nests):
        for tensor in {t for m in nest.members for t in m.statement.reads}:
            before[number].update(home for home in homes.get(tensor, ()) if home != number)
            if place.get(tensor, number) != number:
                before[place[tensor]].add(number)
    order: list[int] = []
    left = list(range(len(nests)))
    while left:
        ready = next((n for n in left if before[n] <= set(order)), None)
        if ready is None:
            return [nests[n] for n in order], [nests[n] for n in left]
        order.append(ready)
        left.remove(ready)
    return [nests[n] for n in order], []


def _stored(nests: Sequence[Nest], outputs: Sequence[str]) -> frozenset[str]:
    """Return what is read by another nest, asked for, or an update."""
    stored = set(outputs)
    for nest in nests:
        made = nest.produces
        stored.update(m.statement.target for m in nest.members if m.statement.place)
        stored.update(t for m in nest.members for t in m.statement.reads if t not in made)
    return frozenset(stored)

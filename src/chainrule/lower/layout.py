"""Which axis of each tensor lies innermost in memory, chosen so that the nests find unit strides.

Every nest says what it would cost with a given choice: its points over the lanes that a vector axis fills, the copies
it must transpose, or one lane at a time. The choice is improved tensor by tensor, those that a nest holds point by
point changing together, until nothing gets cheaper. Data keep the axes they come with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, TypeAlias

from chainrule.expr.functions import names_with
from chainrule.expr.nodes import Call, Index, Lookup, Position, walk
from chainrule.lower.fuse import Fused, Nest
from chainrule.lower.statements import entries_of, form_of_axes

Usage: TypeAlias = Literal["factor", "load", "store"]
Terms = tuple[tuple[tuple[str, int], ...], ...]
_CHEAP = names_with(lambda function: function.cheap)
LONG_CALL = 12.0
"""The cost of a function such as exp, in vector operations."""
ACROSS = 3.5
"""The cost of adding up the lanes of a vector, several at a time, and storing the sum, in vector operations."""
TRANSPOSE = 0.6
"""The cost of an element that is copied to another layout, in vector operations."""


@dataclass(frozen=True)
class AccessPattern:
    """A tensor as a nest reads or writes it: for each of its axes the coefficients of the nest's axes.

    Of one that is `looked` up few entries may be read: it is never copied as a whole. Along the axes of `parts` lie
    other entries beyond an end, which no vector may reach.
    """

    tensor: str
    terms: Terms
    kind: Usage
    looked: bool = False
    parts: frozenset[str] = frozenset()

    def step(self, axis: str, inner: int) -> int | None:
        """Return the stride along an axis of the nest if it is 0 or that of the innermost axis, else None."""
        for number, terms in enumerate(self.terms):
            coefficient = dict(terms).get(axis, 0)
            if coefficient and number != inner:
                return None
        return dict(self.terms[inner]).get(axis, 0) if self.terms else 0

    def fits(self, axis: str, inner: int) -> bool:
        """Say whether a vector along the axis is a vector in memory, or one number."""
        return self.step(axis, inner) in {0, 1}


@dataclass(frozen=True)
class Vectorization:
    """How a nest is made to run: along which axis its vectors lie ("" none), and what is copied for it."""

    cost: float
    vector: str
    transposed: tuple[str, ...] = ()


def references(nest: Nest, stored: frozenset[str]) -> tuple[AccessPattern, ...]:
    """Return what a nest reads from memory and writes to it."""
    found: dict[AccessPattern, None] = {}
    made = nest.produces
    for member in nest.members:
        statement = member.statement
        for entry in entries_of(statement):
            if entry.tensor not in made:
                terms = tuple(_terms(p, member.names) for p in entry.indices)
                looked = any(isinstance(p, Lookup) for p in entry.indices)
                kind: Usage = "factor" if member is nest.contraction else "load"
                found[AccessPattern(entry.tensor, terms, kind, looked)] = None
        if statement.at:
            terms = tuple(_terms(p, member.names) for p in statement.at)
            found[AccessPattern(statement.target, terms, "store", statement.adds, member.parts)] = None
        elif statement.target in stored:
            place = statement.place or statement.target
            found[AccessPattern(place, tuple(((axis, 1),) for axis in member.axes), "store")] = None
    return tuple(found)


def _terms(position: Position, names: Mapping[Index, str]) -> tuple[tuple[str, int], ...]:
    return tuple(form_of_axes(position, names).terms.items())


@dataclass(frozen=True)
class Work:
    """What a nest does: its references, the vector operations of its code at a point, and the rows it reduces."""

    nest: Nest
    refs: tuple[AccessPattern, ...]
    code: float
    rows: int

    @property
    def outputs(self) -> int:
        """The points of the nest."""
        return prod(self.nest.axes.values())

    def beside(self, axis: str, lanes: int) -> float:
        """Return the cost of the code, with vectors along an axis, in vector operations."""
        vectors = self.outputs / self.nest.axes[axis] * -(-self.nest.axes[axis] // lanes)
        across = 2 * lanes.bit_length() * self.rows * self.outputs / self.nest.axes[axis]
        return vectors * self.code + (across if axis == self.nest.row else 0.0)


def work(nest: Nest, stored: frozenset[str]) -> Work:
    """Return what a nest does."""
    values = [m.statement.value for m in nest.members if not m.statement.op]
    calls = [part for value in values for part in walk(value) if isinstance(part, Call)]
    return Work(
        nest,
        references(nest, stored),
        sum(0.5 if call.function in _CHEAP else LONG_CALL for call in calls) + len(nest.members),
        sum(bool(m.statement.op) for m in nest.members) - bool(nest.inner),
    )


def choose(asked: Work, inner: Mapping[str, int], lanes: int) -> Vectorization:
    """Return the cheapest way to run a nest where the innermost axes are given."""
    nest, refs = asked.nest, asked.refs
    points = asked.outputs * prod(nest.inner.values())
    best = Vectorization(4.0 * points + asked.outputs * asked.code + 1, "")
    for axis, extent in nest.axes.items():
        if axis in nest.bounded or (nest.row and axis != nest.row and nest.axes[nest.row] > lanes):
            continue
        bad = [r for r in refs if not r.fits(axis, inner.get(r.tensor, 0)) or (extent % lanes and axis in r.parts)]
        if not _can_be_copied(bad, refs, axis):
            continue
        copied, extra = _copied(bad, nest)
        cost = points / extent * (-(-extent // lanes)) + extra + asked.beside(axis, lanes)
        if cost < best.cost:
            best = Vectorization(cost, axis, copied)
    return best if not nest.inner or nest.row else min(best, _along_reduction(asked, inner, lanes), key=_cost)


def _can_be_copied(bad: Sequence[AccessPattern], refs: Sequence[AccessPattern], axis: str) -> bool:
    """Say whether copies with an axis innermost can be read in place of tensors that do not fit it.

    One that is read in another place too, which the copy need not fit, is not copied.
    """
    if any(r.kind == "store" or r.looked or axis_count(r, axis) != 1 for r in bad):
        return False
    return not any(r.tensor == other.tensor and r.terms != other.terms for r in bad for other in refs)


def _copied(bad: Sequence[AccessPattern], nest: Nest) -> tuple[tuple[str, ...], float]:
    """Return the tensors that are copied, and what that costs."""
    return tuple(dict.fromkeys(r.tensor for r in bad)), sum(TRANSPOSE * prod(_extents(r, nest)) for r in bad)


def _cost(choice: Vectorization) -> float:
    return choice.cost


def axis_count(ref: AccessPattern, axis: str) -> int:
    """Return in how many of the tensor's axes an axis of the nest stands alone, with coefficient 1."""
    return sum(terms == ((axis, 1),) for terms in ref.terms)


def _along_reduction(asked: Work, inner: Mapping[str, int], lanes: int) -> Vectorization:
    """Return the cheapest choice with vectors along the sum; other code is a nest of its own then, but for updates."""
    best, nest = Vectorization(float("inf"), ""), asked.nest
    code = asked.code * asked.outputs
    if not nest.updates:
        code = min((asked.beside(axis, lanes) for axis in nest.axes), default=asked.code)
    for axis, extent in nest.inner.items():
        if axis in nest.bounded:
            continue
        factors = [r for r in asked.refs if r.kind == "factor"]
        bad = [r for r in factors if not r.fits(axis, inner.get(r.tensor, 0))]
        if _can_be_copied(bad, asked.refs, axis):
            rest = asked.outputs * prod(nest.inner.values()) / max(extent, 1)
            copied, extra = _copied(bad, nest)
            cost = rest * -(-extent // lanes) + ACROSS * asked.outputs + extra + code
            best = min(best, Vectorization(cost, axis, copied), key=_cost)
    return best


def _extents(ref: AccessPattern, nest: Nest) -> Iterable[int]:
    sizes = {**nest.axes, **nest.inner}
    return (max((sizes[axis] for axis, _ in terms), default=1) for terms in ref.terms)


def innermost(
    fused: Fused, ranks: Mapping[str, int], fixed: frozenset[str], lanes: int
) -> tuple[dict[str, int], list[Vectorization]]:
    """Return the number of the innermost axis of every tensor, and how each nest is run."""
    asked = [work(nest, fused.stored) for nest in fused.nests]
    refs = [one.refs for one in asked]
    inner = {tensor: max(rank - 1, 0) for tensor, rank in ranks.items()}

    def total(choice: Mapping[str, int], touched: Iterable[int]) -> float:
        return sum(choose(asked[n], choice, lanes).cost for n in touched)

    groups = [g for g in _groups(refs, fused, ranks) if not fixed.intersection(g)]
    for _ in range(4):
        changed = False
        for group in groups:
            touched = [n for n, used in enumerate(refs) if any(r.tensor in group for r in used)]
            options = [{**inner, **dict.fromkeys(group, axis)} for axis in range(ranks[group[0]])]
            costs = [total(option, touched) for option in options]
            if min(costs) < total(inner, touched):
                inner = options[costs.index(min(costs))]
                changed = True
        if not changed:
            break
    return inner, [choose(one, inner, lanes) for one in asked]


def _groups(refs: Sequence[tuple[AccessPattern, ...]], fused: Fused, ranks: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return the tensors of two axes and more, each alone and with those that a nest holds point by point."""
    single = [(tensor,) for tensor, rank in ranks.items() if rank > 1]
    joint: list[tuple[str, ...]] = []
    for nest, used in zip(fused.nests, refs, strict=True):
        same: dict[Terms, list[str]] = {}
        for ref in used:
            if ref.kind != "factor" and len(ref.terms) > 1 and len(ref.terms) == len(nest.axes):
                same.setdefault(ref.terms, []).append(ref.tensor)
        joint.extend(tuple(dict.fromkeys(tensors)) for tensors in same.values() if len(tensors) > 1)
    return list(dict.fromkeys((*single, *joint)))


def strides(extents: Sequence[int], inner: int, lanes: int, element: int) -> tuple[tuple[int, ...], int]:
    """Return strides with one axis innermost, padded to whole vectors and off multiples of 4 KiB, and the size.

    >>> strides((30, 784), 0, 16, 4)
    ((1, 32), 25088)
    """
    if not extents:
        return (), lanes
    result = [0] * len(extents)
    result[inner] = 1
    size = -(-max(extents[inner], 1) // lanes) * lanes
    for axis in reversed(range(len(extents))):
        if axis != inner:
            if size * element % 4096 == 0:
                size += max(lanes, 64 // element)
            result[axis] = size
            size *= max(extents[axis], 1)
    return tuple(result), size

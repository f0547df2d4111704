"""Sums of marked entries that stay where these are inside their tensors, and read no copies with zeros around them.

What a window leaves of a sum, ∂C/∂z?[p-u] for one p, is a range of u whose ends are linear in p: the loop over u has
these ends, nothing is multiplied by 0, and the copy is gone where nobody else reads it. The axes of such a position
take no vectors and no part of a register tile. Where too little else is left for that, zeros cost less: the copy stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod

from chainrule.expr.binding import shift_position
from chainrule.expr.nodes import Indexed, Lookup, times
from chainrule.lower.fuse import Fused, Nest
from chainrule.lower.guards import marked
from chainrule.lower.layout import Vectorization
from chainrule.lower.program import Range
from chainrule.lower.statements import Assignment, form_of_axes

HELD = 12
"""The accumulators of a register tile, on the machine with the fewest registers."""
BUSY = 8
"""The accumulators that hide the latency of a multiply-add."""
MOST_PLACES = 4096
"""The places of outer axes for each of which the values of a range are counted."""


def with_ranges(
    fused: Fused, choices: Sequence[Vectorization], extents: Mapping[str, Sequence[int]], lanes: int
) -> Fused:
    """Return the nests with ranges where these are less work; the same object where they are nowhere."""
    members = [member.statement for nest in fused.nests for member in nest.members]
    updated = {statement.place for statement in members}
    copies = {s.target: entry for s in members if (entry := _copied(s)) is not None and entry[1].tensor not in updated}
    nests = [_bounded(n, c, copies, extents, lanes) for n, c in zip(fused.nests, choices, strict=True)]
    if all(one is other for one, other in zip(nests, fused.nests, strict=True)):
        return fused
    read = {tensor for nest in nests for member in nest.members for tensor in member.statement.reads}
    gone = {(target,) for target in copies if target not in read}
    return Fused(tuple(n for n in nests if tuple(n.produces) not in gone), fused.stored)


Copied = tuple[Assignment, Indexed]
"""A copy of a tensor with zeros around it, and the marked entry that it holds."""


def _copied(statement: Assignment) -> Copied | None:
    """Return the statement with the marked entry that it copies, None where it does something else."""
    if statement.op or statement.at or statement.place:
        return None
    entry = marked(statement.value)
    return None if entry is None or any(isinstance(p, Lookup) for p in entry.indices) else (statement, entry)


def _bounded(
    nest: Nest,
    choice: Vectorization,
    copies: Mapping[str, Copied],
    extents: Mapping[str, Sequence[int]],
    lanes: int,
) -> Nest:
    """Return the nest with ranges in place of the copies that its sum reads, or as it is."""
    first = nest.contraction
    if first is None or first.statement.op != "sum" or not choice.vector:
        return nest
    ranges: dict[str, Range] = {}
    factors = list(first.statement.factors)
    for number, factor in enumerate(factors):
        if factor.tensor not in copies:
            continue
        copy, entry = copies[factor.tensor]
        positions = dict(zip(copy.indices, factor.indices, strict=True))
        read = Indexed(entry.tensor, tuple(shift_position(p, positions) for p in entry.indices))
        found = _ranges(read, nest, extents[read.tensor])
        if found is not None and all(ranges.get(one.axis, one) == one for one in found):
            ranges.update({one.axis: one for one in found})
            factors[number] = read
    made = replace(nest, ranges=tuple(ranges.values()))
    if not ranges or nest.row in made.bounded or not _gains(made, choice.vector, lanes):
        return nest
    statement = replace(first.statement, factors=tuple(factors), value=times(*factors))
    return replace(made, members=[replace(first, statement=statement), *nest.members[1:]])


def _ranges(entry: Indexed, nest: Nest, extents: Sequence[int]) -> list[Range] | None:
    """Return what keeps the positions of an entry inside its tensor, None where no loop's ends alone can do that."""
    assert nest.contraction is not None
    sizes = {**nest.axes, **nest.inner}
    found: list[Range] = []
    for position, extent in zip(entry.indices, extents, strict=True):
        form = form_of_axes(position, nest.contraction.names)
        low, high = form.bounds({axis: (0, sizes[axis] - 1) for axis in form.terms})
        if low >= 0 and high < extent:
            continue
        summed = [axis for axis in form.terms if axis in nest.inner]
        places = prod(nest.axes[axis] for axis in form.terms if axis in nest.axes)
        if len(summed) != 1 or places > MOST_PLACES or any(one.axis == summed[0] for one in found):
            return None
        found.append(Range(summed[0], form, extent))
        if not any(found[-1].counts(sizes.__getitem__)):
            return None
    return found


def _gains(nest: Nest, vector: str, lanes: int) -> bool:
    """Say whether the terms that ranges leave, in a tile without their axes, take no longer than all in any tile."""
    if vector in nest.bounded:
        return False
    sizes = {**nest.axes, **nest.inner}
    share = 1.0
    for one in nest.ranges:
        counts = one.counts(sizes.__getitem__)
        share *= sum(counts) / (len(counts) * sizes[one.axis])
    along = vector in nest.inner
    others = [axis for axis in nest.axes if axis != vector]
    free = [axis for axis in others if axis not in nest.bounded]
    held = () if along else (-(-nest.axes[vector] // lanes),)
    return share * _cost([nest.axes[axis] for axis in free], held) <= _cost([nest.axes[a] for a in others], held)


def _cost(others: Sequence[int], vectors: tuple[int, ...]) -> float:
    """Return the cycles of a multiply-add in the best tile over the vectors and one other axis, or two others.

    Where these are too small to keep the units busy, a third axis is there to help.
    """
    one, other, third = (*vectors, *sorted(others, reverse=True), 1, 1, 1)[:3]
    other = other if one * other >= BUSY else other * third
    tiles = ((a, b) for a, b in product(range(1, HELD + 1), repeat=2) if a <= one and b <= other and a * b <= HELD)
    return min((max(a * b, a + b, BUSY if a * b < BUSY else 0) / 2 + 0.5) / (a * b) for a, b in tiles)

"""Sums over windows turned inside out: each term goes to the places that it reaches, not each place to all terms.

In Σ_r [0 ≤ p - s·r - c < w]·f(p,r) all but a few r add nothing to a p. Where w ≤ s, p = s·r + u + c with u < w names
each place once: f(s·r+u+c, r) goes there, and what no window reaches is 0. Where it is p that is summed over,
p = s·r + u + c goes through the window alone, and nothing is written to places. A bracket and the mark of an entry,
w?[p-2*r], say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations

from chainrule.expr.binding import Fresh, can_stand_at, map_condition, substitute_indices
from chainrule.expr.combinations import PositionAtom, affine
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Comparison,
    Condition,
    Expr,
    Index,
    IndexValue,
    Logic,
    Lookup,
    Position,
    mark_of,
    number,
    times,
)
from chainrule.expr.sizes import Literal, Size
from chainrule.lower.factors import all_factors
from chainrule.lower.guards import span
from chainrule.lower.implied import facts_of, least, not_negative, with_marks
from chainrule.lower.inside import check_inside
from chainrule.lower.program import Unsupported
from chainrule.system.model import System


@dataclass(frozen=True)
class Window:
    """0 ≤ place - step·other - start < width."""

    place: Index
    other: Index
    step: int
    start: int
    width: int


@dataclass(frozen=True)
class Turned:
    """Σ over the indices of the body; with `places`, the sum for each value of `over`, which goes there.

    `reads` are the positions at which the places are read; `sizes` are those of the new indices too. `tiled` says that
    every place is reached.
    """

    indices: tuple[Index, ...]
    body: Expr
    sizes: Mapping[Size, int]
    over: tuple[Index, ...] = ()
    places: Mapping[Index, Position] = field(default_factory=dict)
    reads: Mapping[Index, Position] = field(default_factory=dict)
    tiled: bool = False


def turned(
    indices: tuple[Index, ...], body: Expr, system: System, sizes: Mapping[Size, int], fresh: Fresh
) -> Turned | None:
    """Return Σ body turned inside out, None where it has no window."""
    work = _Turning(indices, body, system, dict(sizes), fresh)
    while work.narrowed():
        pass
    return work.result()


@dataclass
class _Turning:
    """One sum while it is turned: what is summed over and what is summed so far."""

    indices: tuple[Index, ...]
    body: Expr
    system: System
    sizes: dict[Size, int]
    fresh: Fresh
    changed: bool = False

    def narrowed(self) -> bool:
        """Let an index that is summed over go through its window alone; say whether there is one that gains by it."""
        for window in self.windows():
            index = window.place
            if index in self.indices and 0 < window.width < self.sizes[index.extent]:
                inner = self.within(window)
                position = affine({window.other: window.step, **dict.fromkeys(inner, 1)}, window.start)
                if self.put({index: position}):
                    self.indices = (*(i for i in self.indices if i != index), *inner)
                    return True
        return False

    def result(self) -> Turned | None:
        """Return the sum, with the places that its terms go to where the windows of other indices lie apart."""
        chosen: dict[Index, Window] = {}
        for window in self.windows():
            summed = window.other in self.indices and window.place not in self.indices
            known = (w.other for w in chosen.values())
            if summed and 0 < window.width <= window.step > 1 and window.other not in known:
                chosen.setdefault(window.place, window)
        if not chosen or any(self.sizes[w.other.extent] < 2 for w in chosen.values()):
            return self.narrow()
        return self.spread(chosen)

    def narrow(self) -> Turned | None:
        """Return the sum where no terms go to places."""
        return Turned(self.indices, self.body, self.sizes) if self.changed else None

    def spread(self, windows: Mapping[Index, Window]) -> Turned | None:
        """Return the sum with the value for each window and each place in it."""
        over: list[Index] = []
        positions: dict[Index, Index | Affine] = {}
        places: dict[Index, Position] = {}
        reads: dict[Index, Position] = {}
        tiled = True
        for place, window in windows.items():
            inner = self.within(window)
            over += [window.other, *inner]
            terms: dict[PositionAtom, int] = {window.other: window.step, **dict.fromkeys(inner, 1)}
            position = affine(terms, window.start)
            assert not isinstance(position, Lookup)
            positions[place] = position
            low, high = span(position, self.sizes)
            extent = self.sizes[place.extent]
            tiled = tiled and (low, high, window.width) == (0, extent - 1, window.step)
            if low >= 0 and high < extent:
                places[place] = position
                continue
            low, high = min(low, 0), max(high, extent - 1)
            longer = self.index(high - low + 1, place.preferred)
            places[longer], reads[longer] = affine(terms, window.start - low), affine({place: 1}, -low)
        if not self.put(positions):
            return self.narrow()
        left = tuple(i for i in self.indices if i not in over)
        return Turned(left, self.body, self.sizes, tuple(over), places, reads, tiled)

    def put(self, positions: Mapping[Index, Position]) -> bool:
        """Put positions in place of indices, unless what is read would have no form then; say whether it was done.

        Positions keep to the extents of the indices, and conditions that always hold are gone.
        """
        if not can_stand_at(self.body, positions):
            return False
        inside = [c for i, position in positions.items() for c in _within(position, self.sizes[i.extent])]
        conditions = [map_condition(c, lambda side: substitute_indices(side, positions)) for c in self.conditions()]
        kept = [Bracket(c) for c in (*conditions, *inside) if not self.holds(c)]
        rest = (substitute_indices(f, positions) for f in all_factors(self.body) if not isinstance(f, Bracket))
        try:
            body = with_marks(self.system, times(*kept, *rest), self.sizes)
            check_inside(self.system, body, self.sizes)
        except Unsupported:
            return False
        self.body, self.changed = body, True
        return True

    def within(self, window: Window) -> tuple[Index, ...]:
        """Return the index of the places in a window, none where there is one place."""
        return (self.index(window.width),) if window.width > 1 else ()

    def index(self, count: int, letter: str = "u") -> Index:
        """Return a new index with so many values."""
        extent = Literal(count)
        self.sizes[extent] = count
        return self.fresh.index(Index(letter, extent, letter))

    def conditions(self) -> list[Condition]:
        """Return the conditions of the brackets among the factors, each of those that must hold together alone."""
        brackets = [f for f in all_factors(self.body) if isinstance(f, Bracket)]
        return [c for bracket in brackets for c in _all_of(bracket.condition)]

    def holds(self, condition: Condition) -> bool:
        """Say whether a condition holds for all values of its indices."""
        facts = list(not_negative(condition, self.sizes))
        return bool(facts) and all(least(fact, self.sizes) >= 0 for fact in facts)

    def windows(self) -> Iterator[Window]:
        """Yield the windows that brackets and marks keep an index in."""
        facts = [fact for c in self.conditions() for fact in not_negative(c, self.sizes)]
        for factor in all_factors(self.body):
            if mark_of(factor) is not None:
                facts += facts_of(self.system, factor, self.sizes)
        bounds: dict[tuple[Index, Index, int], tuple[list[int], list[int]]] = {}
        for fact in facts:
            for place, other in permutations(fact.terms, 2):
                sign, step = fact.terms[place], -fact.terms[other] / fact.terms[place]
                if len(fact.terms) != 2 or abs(sign) != 1 or step < 1 or step.denominator != 1:
                    continue
                assert isinstance(place, Index)
                assert isinstance(other, Index)
                lows, highs = bounds.setdefault((place, other, int(step)), ([], []))
                (lows if sign > 0 else highs).append(int(-fact.constant * sign))
        for (one, its, number_), (lows, highs) in bounds.items():
            if lows and highs:
                yield Window(one, its, number_, max(lows), min(highs) - max(lows) + 1)


def _all_of(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, Logic) and condition.op == "and":
        for part in condition.operands:
            yield from _all_of(part)
    else:
        yield condition


def _within(position: Position, extent: int) -> tuple[Condition, Condition]:
    value = IndexValue(position)
    return Comparison(">=", value, number(0)), Comparison("<", value, number(extent))

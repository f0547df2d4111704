"""Sums over windows turned inside out: each term goes to the places that it reaches, not each place to all terms.

In Σ_r [0 ≤ p - s·r - c < w]·f(p,r) all but a few r add nothing to a p. Where w ≤ s, p = s·r + u + c with u < w names
each place once: f(s·r+u+c, r) goes there, and what no window reaches is 0. Where it is p that is summed over,
p = s·r + u + c goes through the window alone, and nothing is written to places. Where w > s, places are told apart by
their remainders: at p = s·a + b, b a number, r is a - j with ⌈w/s⌉ values of j at most, so that each remainder has sums
without brackets. A bracket and the mark of an entry, w?[p-2*r], say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product
from math import prod
from typing import TypeAlias

from chainrule.expr.binding import Fresh, can_stand_at, map_condition, substitute_indices
from chainrule.expr.combinations import ExpressionAtom, PositionAtom, affine
from chainrule.expr.nodes import (
    ZERO,
    Affine,
    Bracket,
    Comparison,
    Condition,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
    Number,
    Position,
    mark_of,
    number,
    plus,
    times,
)
from chainrule.expr.sizes import Literal, Size
from chainrule.lower.factors import all_factors
from chainrule.lower.guards import span
from chainrule.lower.implied import facts_of, least, not_negative, with_marks
from chainrule.lower.inside import check_inside
from chainrule.lower.program import Unsupported
from chainrule.system.model import System

MOST_PHASES = 16
"""The remainders that places are told apart by."""
MOST_TERMS = 16
"""The terms to which a sum over shifts is written out."""
Indices: TypeAlias = tuple[Index, ...]


@dataclass(frozen=True)
class Window:
    """0 ≤ place - step·other - start < width."""

    place: Index
    other: Index
    step: int
    start: int
    width: int


@dataclass(frozen=True)
class TurnedPart:
    """Σ over the indices of the body; with `places`, the sum for each value of `over`, which goes there."""

    indices: tuple[Index, ...]
    body: Expr
    over: tuple[Index, ...] = ()
    places: Mapping[Index, Position] = field(default_factory=dict)


@dataclass(frozen=True)
class Turned:
    """A sum in parts that go to different places, or in one that goes to none; `sizes` are those of new indices too.

    `longer` are the indices of the places where these reach past the ends, with the positions that are inside, by the
    index that says them. `tiled` says that every place is reached.
    """

    parts: tuple[TurnedPart, ...]
    sizes: Mapping[Size, int]
    longer: Mapping[Index, tuple[Index, Position]] = field(default_factory=dict)
    tiled: bool = False


def turned(
    indices: tuple[Index, ...], body: Expr, system: System, sizes: Mapping[Size, int], fresh: Fresh
) -> Turned | None:
    """Return Σ body turned inside out, None where it has no window."""
    work = _Turning(indices, body, system, dict(sizes), fresh)
    while work.solved() or work.narrowed():
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
    shifts: list[Index] = field(default_factory=list)
    """The new indices that are summed over."""

    def solved(self) -> bool:
        """Let an index that an equation of several says have one value: u = p - 2·r where [2·r+u = p]."""
        for condition in self.conditions():
            fact = next(not_negative(condition, self.sizes), None)
            if not isinstance(condition, Comparison) or condition.relation != "=" or fact is None:
                continue
            for index in sorted(self.indices, key=lambda i: -self.sizes[i.extent]):
                form = fact.solved_for(index)
                if form is None or len(form.terms) < 2:
                    continue
                position = affine({_index(i): int(c) for i, c in form.terms.items()}, int(form.constant))
                body = self.put({index: position})
                if body is not None:
                    self.indices = tuple(i for i in self.indices if i != index)
                    self.body, self.changed = body, True
                    return True
        return False

    def narrowed(self) -> bool:
        """Let an index that is summed over go through its window alone; say whether there is one that gains by it."""
        for window in self.windows():
            index = window.place
            if index in self.indices and 0 < window.width < self.sizes[index.extent]:
                inner = self.within(window)
                position = affine({window.other: window.step, **dict.fromkeys(inner, 1)}, window.start)
                body = self.put({index: position})
                if body is not None:
                    self.indices = (*(i for i in self.indices if i != index), *inner)
                    self.body, self.changed = body, True
                    self.shifts += inner
                    return True
        return False

    def result(self) -> Turned | None:
        """Return the sum, with the places that its terms go to where windows of other indices are narrow."""
        chosen: dict[Index, Window] = {}
        for window in self.windows():
            summed = window.other in self.indices and window.place not in self.indices
            known = (w.other for w in chosen.values())
            narrow = window.width > 0 and -(-window.width // window.step) < self.sizes[window.other.extent]
            if summed and narrow and window.step > 1 and window.other not in known:
                chosen.setdefault(window.place, window)
        found = None
        if chosen and all(w.width <= w.step for w in chosen.values()):
            found = self.spread(chosen)
        elif chosen and prod(w.step for w in chosen.values()) <= MOST_PHASES:
            found = self.phases(chosen)
        return found or (Turned((self.narrow(),), self.sizes) if self.changed else None)

    def narrow(self) -> TurnedPart:
        """Return the sum that goes to no places; a short one that multiplies nothing is written out."""
        if self.indices and all(i in self.shifts for i in self.indices):
            ranges = [range(self.sizes[i.extent]) for i in self.indices]
            if prod(map(len, ranges)) <= MOST_TERMS:
                whole = self.written_out(
                    [
                        {i: affine({}, n) for i, n in zip(self.indices, numbers, strict=True)}
                        for numbers in product(*ranges)
                    ]
                )
                if whole is not None:
                    return TurnedPart((), whole)
        return TurnedPart(self.indices, self.body)

    def written_out(self, chosen: Sequence[Mapping[Index, Position]]) -> Expr | None:
        """Return the sum of the body with each of the positions, None where one has no form."""
        bodies = [self.put(positions) for positions in chosen]
        whole = [body for body in bodies if body is not None]
        return plus(*whole) if len(whole) == len(bodies) else None

    def spread(self, windows: Mapping[Index, Window]) -> Turned | None:
        """Return the sum with the value for each window and each place in it."""
        over: list[Index] = []
        positions: dict[Index, Index | Affine] = {}
        places: dict[Index, Position] = {}
        longer: dict[Index, tuple[Index, Position]] = {}
        tiled = True
        for place, window in windows.items():
            inner = self.within(window)
            over += [window.other, *inner]
            terms: dict[PositionAtom, int] = {window.other: window.step, **dict.fromkeys(inner, 1)}
            position = affine(terms, window.start)
            assert not isinstance(position, Lookup)
            positions[place] = places[place] = position
            low, high = span(position, self.sizes)
            extent = self.sizes[place.extent]
            tiled = tiled and (low, high, window.width) == (0, extent - 1, window.step)
            if low < 0 or high >= extent:
                low, high = min(low, 0), max(high, extent - 1)
                longer[place] = self.index(high - low + 1, place.preferred), affine({place: 1}, -low)
                places[place] = affine(terms, window.start - low)
        body = self.put(positions)
        if body is None:
            return None
        left = tuple(i for i in self.indices if i not in over)
        return Turned((TurnedPart(left, body, tuple(over), places),), self.sizes, longer, tiled)

    def phases(self, windows: Mapping[Index, Window]) -> Turned | None:
        """Return the sum in parts, one for each remainder b of places s·a + b: what is read there is r = a - j."""
        left = tuple(i for i in self.indices if all(i != w.other for w in windows.values()))
        parts: list[TurnedPart] = []
        for chosen in product(*(range(min(w.step, self.sizes[p.extent])) for p, w in windows.items())):
            part = self.phase(dict(zip(windows, chosen, strict=True)), windows, left)
            if part is None:
                return None
            parts.append(part)
        return Turned(tuple(parts), self.sizes, tiled=True)

    def phase(
        self, remainders: Mapping[Index, int], windows: Mapping[Index, Window], left: Indices
    ) -> TurnedPart | None:
        """Return the part of places with these remainders; a short sum that multiplies nothing is written out."""
        over: list[Index] = []
        places: dict[Index, Position] = {}
        shifts: list[range] = []
        for place, b in remainders.items():
            window = windows[place]
            over.append(self.index(-(-(self.sizes[place.extent] - b) // window.step), place.preferred))
            places[place] = affine({over[-1]: window.step}, b)
            first, last = window.start - b, window.start - b + window.width - 1
            shifts.append(range(-(-first // window.step), last // window.step + 1))
        others = [windows[place].other for place in remainders]
        if prod(map(len, shifts)) == 0:
            return TurnedPart((), ZERO, tuple(over), places)
        if not left and prod(map(len, shifts)) <= MOST_TERMS:
            whole = self.written_out(
                [
                    {**places, **{r: affine({a: 1}, -j) for r, a, j in zip(others, over, chosen, strict=True)}}
                    for chosen in product(*shifts)
                ]
            )
            return None if whole is None else TurnedPart((), whole, tuple(over), places)
        inner = [self.index(len(shift), "j") for shift in shifts]
        reads = {
            r: affine({a: 1, j: -1} if len(shift) > 1 else {a: 1}, -shift[0])
            for r, a, j, shift in zip(others, over, inner, shifts, strict=True)
        }
        body = self.put({**places, **reads})
        summed = tuple(j for j, shift in zip(inner, shifts, strict=True) if len(shift) > 1)
        return None if body is None else TurnedPart((*left, *summed), body, tuple(over), places)

    def put(self, positions: Mapping[Index, Position]) -> Expr | None:
        """Return the body with positions in place of indices, None where what is read would have no form then.

        Positions keep to the extents of the indices, and conditions that always hold, or that marks say, are gone.
        """
        if not can_stand_at(self.body, positions):
            return None
        inside = [c for i, position in positions.items() for c in _within(position, self.sizes[i.extent])]
        conditions = [map_condition(c, lambda side: substitute_indices(side, positions)) for c in self.conditions()]
        kept = [Bracket(c) for c in (*conditions, *inside) if not self.holds(c)]
        rest = (substitute_indices(f, positions) for f in all_factors(self.body) if not isinstance(f, Bracket))
        try:
            body = with_marks(self.system, times(*kept, *rest), self.sizes)
            check_inside(self.system, body, self.sizes)
        except Unsupported:
            return None
        return self.without_what_marks_say(body)

    def without_what_marks_say(self, body: Expr) -> Expr:
        """Return the body without brackets that marks make unnecessary, where all else that is multiplied is read."""
        factors = all_factors(body)
        rest = [f for f in factors if not isinstance(f, Bracket)]
        if not all(isinstance(f, Indexed | Number) or mark_of(f) is not None for f in rest):
            return body
        said = [fact for f in rest if mark_of(f) is not None for fact in facts_of(self.system, f, self.sizes)]

        def needed(bracket: Bracket) -> bool:
            facts = list(not_negative(bracket.condition, self.sizes))
            return not facts or any(all(least(fact - own, self.sizes) < 0 for own in said) for fact in facts)

        return times(*(f for f in factors if not isinstance(f, Bracket) or needed(f)))

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
                lows, highs = bounds.setdefault((_index(place), _index(other), int(step)), ([], []))
                (lows if sign > 0 else highs).append(int(-fact.constant * sign))
        for (one, its, number_), (lows, highs) in bounds.items():
            if lows and highs:
                yield Window(one, its, number_, max(lows), min(highs) - max(lows) + 1)


def _index(atom: ExpressionAtom) -> Index:
    assert isinstance(atom, Index), "sizes are numbers here, and what is looked up has no form"
    return atom


def _all_of(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, Logic) and condition.op == "and":
        for part in condition.operands:
            yield from _all_of(part)
    else:
        yield condition


def _within(position: Position, extent: int) -> tuple[Condition, Condition]:
    value = IndexValue(position)
    return Comparison(">=", value, number(0)), Comparison("<", value, number(extent))

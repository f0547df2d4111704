"""The extents of indices that only affine positions determine, found while the equations of one system are read.

An index is settled from the positions in which it is the only unknown: `x[2*q+u]` says how far q may go once the
extents of x and of u have names. An extent is the largest that stays inside everywhere, so that to give a part of an
equation a name changes nothing. Extents with the same limits are one, so that a derived system and its text read back
speak of the same. Numbers are the matter of `derived`; which index may come here, that of `reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from chainrule.expr.nodes import Extent, anonymous_extent
from chainrule.system.derived import DerivedExtent, Limit
from chainrule.system.extents import Extents
from chainrule.system.profile import Combination

Bound: TypeAlias = tuple[int, tuple[tuple[int, int], ...], int]
"""A limit in elements: constant, (element, coefficient) …, divisor."""


@dataclass(frozen=True)
class Position:
    """An affine position on an axis (an element), with the text that errors show. A `protected` one may be outside."""

    slot: Combination
    axis: int
    text: str
    protected: bool = False


@dataclass(frozen=True)
class _Range:
    """The limits of an element with their texts, and whose it is; a `further` one was known before."""

    element: int
    limits: tuple[tuple[Bound, str], ...]
    letter: str
    equation: str
    further: bool = False


@dataclass
class _Class:
    """The limits of one class of extents, and the classes that they depend on."""

    letter: str
    equation: str
    limits: dict[Bound, str] = field(default_factory=dict)

    @property
    def needs(self) -> list[int]:
        return [element for _, terms, _ in self.limits for element, _ in terms]


class Ranges:
    """The derived extents of one system."""

    def __init__(self, extents: Extents, known: Iterable[DerivedExtent]) -> None:
        self.extents = extents
        self._ranges: list[_Range] = []
        self._elements: set[int] = set()
        for one in known:
            limits = tuple(
                ((m.constant, tuple([(extents.add(e, late=True), c) for e, c in m.terms]), m.divisor), m.position)
                for m in one.limits
            )
            element = extents.add(one.extent, late=not one.given)
            self._ranges.append(_Range(element, limits, one.letter, one.equation, further=one.given))
            if not one.given:
                self._elements.add(element)
        self._before = len(self._ranges)

    def name(self, element: int, axis: Extent) -> None:
        """Let an axis on the left name the extent of an index that positions determine."""
        if self.extents.find(element) in {self.extents.find(e) for e in self._elements}:
            own = self.extents.add(axis)
            self._elements.add(own)
            self.extents.unite(element, own)

    def is_derived(self, element: int | None) -> bool:
        """Say whether an extent comes from positions, as far as has been read."""
        return element is not None and self.extents.find(element) not in self._independent()

    def settle(
        self,
        variable: int,
        positions: Sequence[Position],
        numbers: Sequence[int | None],
        *,
        axis: Extent | None,
        names: tuple[str, str, str],
        new: bool,
    ) -> int | None:
        """Return the element of a variable that is the only unknown in the positions.

        `axis` is what its extent is called if it stands on the left; `names` are its letter, the equation's name and
        its text. With `new` false only a range that the system has already is found.
        """
        limits: dict[Bound, str] = {}
        for position in positions:
            limits.setdefault(self._limit(variable, position, numbers), position.text)
        if not new:
            return self._known(frozenset(limits))
        element = self.extents.add(axis or self._unnamed(names[1]))
        self._elements.add(element)
        self._ranges.append(_Range(element, tuple(limits.items()), names[0], names[2]))
        return element

    def limit(
        self, variable: int, element: int, position: Position, numbers: Sequence[int | None], names: tuple[str, str]
    ) -> None:
        """Note a position of a variable whose extent is known; `names` are its letter and the equation's text."""
        if self.extents.size(element) is not None:
            return
        bound = self._limit(variable, position, numbers)
        self._ranges.append(_Range(element, ((bound, position.text),), *names, further=True))

    def unite_equal(self) -> None:
        """Make extents with the same limits one; called once when all has been read."""
        free = self._independent()
        first: dict[frozenset[Bound], int] = {}
        for root, found in self._classes().items():
            if root not in free:
                self.extents.unite(first.setdefault(frozenset(found.limits), root), root)

    def derived(self) -> tuple[DerivedExtent, ...]:
        """Return the extents that positions limit, each after those that it depends on, else in the order of names."""
        free = self._independent()
        found_first = self._classes()
        waiting = {root: found_first[root] for root in sorted(found_first, key=self._by_name)}
        done: list[DerivedExtent] = []
        while waiting:
            ready = next((r for r, found in waiting.items() if waiting.keys().isdisjoint(found.needs)), None)
            root = next(iter(waiting)) if ready is None else ready
            found = waiting.pop(root)
            limits = tuple(sorted((self._named(m, text) for m, text in found.limits.items()), key=_order))
            extent = self.extents.representative(root)
            done.append(DerivedExtent(extent, limits, root in free, found.letter, found.equation))
        return tuple(done)

    def _by_name(self, root: int) -> tuple[str, int]:
        extent = self.extents.representative(root)
        return extent.tensor, extent.axis

    def _classes(self) -> dict[int, _Class]:
        """Return the limits of each class; a further one that depends on what it limits is left out."""
        classes: dict[int, _Class] = {}
        for one in sorted(self._ranges, key=lambda one: one.further):
            root = self.extents.find(one.element)
            for bound, text in one.limits:
                canonical = self._canonical(bound)
                if canonical[1:] == (((root, 1),), 1) and canonical[0] >= -1:
                    continue  # no longer than itself, or than itself and more
                if not (one.further and self._reaches(classes, [e for e, _ in canonical[1]], root)):
                    found = classes.setdefault(root, _Class(one.letter, one.equation))
                    found.limits.setdefault(canonical, text)
        return classes

    @staticmethod
    def _reaches(classes: dict[int, _Class], start: list[int], goal: int) -> bool:
        seen: set[int] = set()
        waiting = list(start)
        while waiting:
            root = waiting.pop()
            if root == goal:
                return True
            if root not in seen and root in classes:
                waiting.extend(classes[root].needs)
            seen.add(root)
        return False

    def _unnamed(self, equation: str) -> Extent:
        count = 0
        while self.extents.number(anonymous_extent(equation, count)) is not None:
            count += 1
        return anonymous_extent(equation, count)

    def _limit(self, variable: int, position: Position, numbers: Sequence[int | None]) -> Bound:
        """Return how far the variable may go: c*v + rest <= n - 1, or, for a negative c, c*v + rest >= 0."""
        slot = position.slot
        own = sum(c for v, c in slot.terms if v == variable)
        sign = 1 if own > 0 else -1
        constant = -sign * slot.constant - (1 if own > 0 else 0)
        terms: dict[int, int] = {position.axis: 1} if own > 0 else {}
        for other, c in slot.terms:
            element = numbers[other]
            if other != variable and c * sign > 0 and element is not None:
                constant += abs(c)
                terms[element] = terms.get(element, 0) - abs(c)
        return self._canonical((constant, tuple(terms.items()), abs(own)))

    def _canonical(self, bound: Bound) -> Bound:
        """Return a limit in first elements of classes, sorted; what is known as its number."""
        constant, terms, divisor = bound
        found: dict[int, int] = {}
        for element, c in terms:
            root = self.extents.find(element)
            size = self.extents.size(root)
            if size is not None:
                constant += c * size
            else:
                found[root] = found.get(root, 0) + c
        return constant, tuple(sorted((e, c) for e, c in found.items() if c)), divisor

    def _known(self, limits: frozenset[Bound]) -> int | None:
        for one in self._ranges[: self._before]:
            if not one.further and frozenset(self._canonical(limit) for limit, _ in one.limits) == limits:
                return one.element
        return None

    def _independent(self) -> frozenset[int]:
        """Return the classes that hold an element whose extent does not come from positions."""
        return frozenset(self.extents.find(e) for e in range(len(self.extents)) if e not in self._elements)

    def _named(self, limit: Bound, text: str) -> Limit:
        constant, terms, divisor = limit
        named = [(self.extents.representative(e), c) for e, c in terms]
        return Limit(constant, tuple(sorted(named, key=lambda t: (t[0].tensor, t[0].axis))), divisor, text)


def _order(limit: Limit) -> tuple[int, int, list[tuple[str, int, int]]]:
    """Return the key by which limits are sorted: names and numbers, so that the order in which they are met is lost."""
    return limit.divisor, limit.constant, [(extent.tensor, extent.axis, c) for extent, c in limit.terms]

"""The extents of indices that only affine positions determine, found while the equations of one system are read.

An index is settled from the positions in which it is the only unknown: `x[2*q+u]` says how far q may go once the
extents of x and of u have names. Indices with the same limits share one extent, so that a derived system and its text
read back speak of the same one. Numbers are the matter of `derived`; which index may come here, that of `reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.expr.nodes import Extent, anonymous_extent
from chainrule.system.derived import DerivedExtent, Limit
from chainrule.system.extents import Extents
from chainrule.system.profile import Combination

Bound: TypeAlias = tuple[int, tuple[tuple[int, int], ...], int]
"""A limit in elements: constant, (element, coefficient) …, divisor."""


@dataclass(frozen=True)
class Position:
    """An affine position on an axis (an element), with the text that errors show."""

    slot: Combination
    axis: int
    text: str


@dataclass(frozen=True)
class _Range:
    """A derived extent: its element, its limits with their texts, whose it is."""

    element: int
    limits: tuple[tuple[Bound, str], ...]
    letter: str
    equation: str


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
            self._add(_Range(extents.add(one.extent, late=True), limits, one.letter, one.equation))

    def _add(self, found: _Range) -> None:
        self._ranges.append(found)
        self._elements.add(found.element)

    def name(self, element: int, axis: Extent) -> None:
        """Let an axis on the left name the extent of an index that positions determine."""
        if self.extents.find(element) in {self.extents.find(e) for e in self._elements}:
            own = self.extents.add(axis)
            self._elements.add(own)
            self.extents.unite(element, own)

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
        known = self._known(frozenset(limits))
        if known is None and not new:
            return None
        if known is None or axis is not None:
            element = self.extents.add(axis or self._unnamed(names[1]))
            self._add(_Range(element, tuple(limits.items()), names[0], names[2]))
            if known is not None:
                self.extents.unite(known, element)
            return element
        return known

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
        for one in self._ranges:
            if frozenset(self._canonical(limit) for limit, _ in one.limits) == limits:
                return one.element
        return None

    def independent(self, elements: Iterable[int]) -> frozenset[int]:
        """Return the classes that hold an element whose extent does not come from positions."""
        return frozenset(self.extents.find(e) for e in elements if e not in self._elements)

    def derived(self) -> tuple[DerivedExtent, ...]:
        """Return the extents that stay derived, once all has been read."""
        free = self.independent(range(len(self.extents)))
        found: dict[tuple[Extent, frozenset[Limit]], DerivedExtent] = {}
        for one in self._ranges:
            if self.extents.find(one.element) in free:
                continue
            limits = tuple(self._named(limit, text) for limit, text in one.limits)
            extent = self.extents.representative(one.element)
            found.setdefault((extent, frozenset(limits)), DerivedExtent(extent, limits, one.letter, one.equation))
        return tuple(found.values())

    def _named(self, limit: Bound, text: str) -> Limit:
        constant, terms, divisor = self._canonical(limit)
        return Limit(constant, tuple((self.extents.representative(e), c) for e, c in terms), divisor, text)

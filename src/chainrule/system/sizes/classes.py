"""Classes of equal sizes: which axes must be equally long, by union-find, and how long where that is known.

An element is a size that has a name, or an unnamed one that positions determine. A class is known by its first element,
so elements are added in the order in which they should name their class: declared axes first, then declared indices.
What positions determine is added `late`: it names a class by its place among the equations; formulas and unnamed ones
name nothing. A class is `free` if it has an element whose size does not come from positions. Nothing here knows
equations; `solve` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chainrule.expr.sizes import Formula, Size


@dataclass(frozen=True)
class Unnamed:
    """A size that only positions determine, the count-th of its kind."""

    count: int


Element: TypeAlias = Size | Unnamed


class Classes:
    """The classes of one system; they grow while its equations are read."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._elements: list[Element] = []
        self._ranks: list[tuple[int, int]] = []
        self._names: list[int] = []
        self._free: list[bool] = []
        self._numbers: dict[Element, int] = {}
        self._sizes: dict[int, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._elements)

    def add(self, element: Element, *, late: bool = False, free: bool = True) -> int:
        """Return the number of an element, a class of its own if it is new.

        A late one names its class after all others, unless it is added again.
        """
        number = self._numbers.get(element)
        if number is None:
            number = len(self._parents)
            self._numbers[element] = number
            self._parents.append(number)
            self._elements.append(element)
            nameless = isinstance(element, Formula | Unnamed)
            self._ranks.append((2 if nameless else int(late), self._next()))
            self._names.append(number)
            self._free.append(free and not nameless)
        elif not late and self._ranks[number][0] == 1:
            self._ranks[number] = (0, self._next())
            self._rename(self.find(number), number)
        return number

    def unnamed(self) -> int:
        """Return the number of a new element without a name."""
        return self.add(Unnamed(len(self._elements)))

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _rename(self, root: int, candidate: int) -> None:
        """Let an element of the class name it if it comes first."""
        self._names[root] = min(self._names[root], candidate, key=self._ranks.__getitem__)

    def number(self, element: Element) -> int | None:
        """Return the number of an element, or None if it was never added."""
        return self._numbers.get(element)

    def find(self, number: int) -> int:
        """Return the first element of the class."""
        parents = self._parents
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    def roots(self) -> list[int]:
        """Return the first element of each class."""
        return [n for n, parent in enumerate(self._parents) if n == parent]

    def named(self, number: int) -> Element:
        """Return the element by which the class is known."""
        return self._elements[self._names[self.find(number)]]

    def is_free(self, number: int) -> bool:
        """Say whether the size of a class does not come from positions, as far as has been read."""
        return self._free[self.find(number)]

    def unite(self, left: int, right: int) -> tuple[int, int] | None:
        """Make two classes one; return their sizes if they are known and differ, else None."""
        first, second = self.find(left), self.find(right)
        if first == second:
            return None
        if second < first:
            first, second = second, first
        sizes = self._sizes.get(first), self._sizes.get(second)
        self._parents[second] = first
        self._free[first] = self._free[first] or self._free[second]
        self._rename(first, self._names[second])
        if sizes[0] is not None and sizes[1] is not None and sizes[0] != sizes[1]:
            return sizes[0], sizes[1]
        known = sizes[0] if sizes[0] is not None else sizes[1]
        if known is not None:
            self._sizes[first] = known
        return None

    def size(self, number: int) -> int | None:
        """Return how long the class is, or None while that is open."""
        return self._sizes.get(self.find(number))

    def resize(self, number: int, size: int) -> None:
        """Set how long the class is."""
        self._sizes[self.find(number)] = size

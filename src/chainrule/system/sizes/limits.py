"""The limits that positions put on sizes, found while the equations of one system are read.

An index is determined by the positions in which it is the only unknown: `x[2*q+u]` says how far q may go once the sizes
of x and of u have names. A size is the largest that stays inside everywhere, so that to give a part of an equation a
name changes nothing. Sizes with the same limits are one, so that a derived system and its text read back speak of the
same. Numbers are the matter of `derived`; which index may come here, that of `reading`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import gcd

from chainrule.expr.linear import LinearForm
from chainrule.expr.sizes import Axis, Formula, Limit, Size, limit_order, size_order
from chainrule.system.derived import DerivedExtent
from chainrule.system.sizes.classes import Classes, Unnamed


@dataclass(frozen=True)
class Bound:
    """A limit in elements: floor(linear/divisor) + 1."""

    linear: LinearForm[int, int]
    divisor: int


@dataclass(frozen=True)
class Position:
    """A shifted position on an axis (an element), with the text that errors show. A `protected` one may be outside."""

    slot: LinearForm[int, int]
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
class _Limited:
    """The limits of one class of sizes, and the classes that they depend on."""

    letter: str
    equation: str
    limits: dict[Bound, str] = field(default_factory=dict)

    @property
    def needs(self) -> list[int]:
        return [element for bound in self.limits for element in bound.linear.terms]


def same_size(bounds: Collection[Bound]) -> int | None:
    """Return the element whose size limits allow exactly, None where they are anything else."""
    [only, *others] = bounds
    return None if others or only.divisor != 1 else only.linear.plus(1).alone()


class Limits:
    """The limits on the sizes of one system."""

    def __init__(self, classes: Classes, known: Iterable[DerivedExtent]) -> None:
        self.classes = classes
        self._ranges: list[_Range] = []
        self._inferred: dict[int, _Limited] | None = None
        self._sizes: dict[int, Size] = {}
        known = tuple(known)
        for one in known:
            if not one.given:
                classes.add(one.extent, late=True, free=False)
        for one in known:
            limits = tuple((self._bound(limit), limit.position) for limit in one.limits)
            element = classes.add(one.extent, late=not one.given)
            self._ranges.append(_Range(element, limits, one.letter, one.equation, further=one.given))

    def formula(self, size: Formula) -> int:
        """Return the element of a formula."""
        number = self.classes.number(size)
        if number is None:
            limits = tuple((self._bound(limit), limit.position) for limit in size.limits)
            number = self.classes.add(size)
            self._ranges.append(_Range(number, limits, "", ""))
        return number

    def _bound(self, limit: Limit) -> Bound:
        return Bound(limit.linear.renamed(self._element), limit.divisor)

    def _element(self, size: Size) -> int:
        return self.formula(size) if isinstance(size, Formula) else self.classes.add(size, late=True)

    def said(self, bounds: Sequence[Bound], letter: str) -> int:
        """Return the element of a size that a line says, that of a letter."""
        element = self.classes.unnamed()
        self._ranges.append(_Range(element, tuple((bound, "") for bound in bounds), letter, f"index {letter} = …"))
        return element

    def name(self, element: int, axis: Axis) -> None:
        """Let an axis on the left name the size of an index that positions determine."""
        own = self.classes.add(axis, free=False)
        self.classes.unite(element, own)

    def is_derived(self, element: int | None) -> bool:
        """Say whether a size comes from positions, as far as has been read."""
        return element is not None and not self.classes.is_free(element)

    def determine(
        self,
        variable: int,
        positions: Sequence[Position],
        numbers: Sequence[int | None],
        *,
        axis: Axis | None,
        names: tuple[str, str],
        new: bool,
    ) -> int | None:
        """Return the element of a variable that is the only unknown in the positions.

        `axis` is what its size is called if it stands on the left; `names` are its letter and the equation's text. With
        `new` false only a size that the system has already is found.
        """
        limits: dict[Bound, str] = {}
        for position in positions:
            limits.setdefault(self.bound(variable, position, numbers), position.text)
        if not new:
            return self._with_limits(frozenset(limits))
        element = self.classes.unnamed() if axis is None else self.classes.add(axis, free=False)
        self._ranges.append(_Range(element, tuple(limits.items()), *names))
        return element

    def limit(
        self, variable: int, element: int, position: Position, numbers: Sequence[int | None], names: tuple[str, str]
    ) -> None:
        """Note a position of a variable whose size is known; `names` are its letter and the equation's text."""
        if self.classes.size(element) is not None:
            return
        bound = self.bound(variable, position, numbers)
        self._ranges.append(_Range(element, ((bound, position.text),), *names, further=True))

    def unite_equal(self) -> None:
        """Make sizes with the same limits one, and one that is limited by another alone that other; called once.

        That is when all has been read: until then another equation may still make a size smaller.
        """
        first: dict[frozenset[Bound], int] = {}
        limited = self._limited()
        for root in self._in_order(limited):
            if not self.classes.is_free(root):
                limits = frozenset(map(self.canonical, limited[root].limits))
                same = same_size(limits)
                self.classes.unite(first.setdefault(limits, root) if same is None else same, root)

    def derived(self) -> tuple[DerivedExtent, ...]:
        """Return the sizes that positions limit, each after those that it depends on, else in the order of names."""
        limited = self._limited()
        self._sizes = self._named(limited)
        done: list[DerivedExtent] = []
        for root in self._in_order(limited):
            found = limited[root]
            size = self._sizes[root]
            limits = size.limits if isinstance(size, Formula) else self._limits(found)
            done.append(DerivedExtent(size, limits, self.classes.is_free(root), found.letter, found.equation))
        return tuple(done)

    def size(self, number: int) -> Size:
        """Return the size of an element; known once all is `derived`."""
        root = self.classes.find(number)
        known = self._sizes.get(root)
        if known is None:
            named = self.classes.named(root)
            assert not isinstance(named, Unnamed)
            known = self._sizes[root] = named
        return known

    def _named(self, limited: Mapping[int, _Limited]) -> dict[int, Size]:
        """Return the size of each class that is limited: its name, else the formula of its limits."""
        sizes: dict[int, Size] = {}
        self._sizes = sizes
        for root in self._in_order(limited, by_name=False):
            named = self.classes.named(root)
            sizes[root] = Formula(self._limits(limited[root])) if isinstance(named, Formula | Unnamed) else named
        return sizes

    def _limits(self, found: _Limited) -> tuple[Limit, ...]:
        """Return limits in sizes, sorted."""
        limits = []
        for bound, text in found.limits.items():
            terms = sorted(((self.size(e), c) for e, c in bound.linear.terms.items()), key=lambda t: size_order(t[0]))
            limits.append(Limit(LinearForm(dict(terms), bound.linear.constant), bound.divisor, text))
        return tuple(sorted(limits, key=limit_order))

    def _in_order(self, limited: Mapping[int, _Limited], *, by_name: bool = True) -> list[int]:
        """Return the classes in an order in which each stands after those that it depends on."""
        names = {root: (size_order(self.size(root)) if by_name and self._sizes else (), root) for root in limited}
        users: dict[int, list[int]] = {}
        open_needs: dict[int, int] = {}
        for root, found in limited.items():
            needs = {need for need in found.needs if need in limited and need != root}
            open_needs[root] = len(needs)
            for need in needs:
                users.setdefault(need, []).append(root)
        ready = [(names[root], root) for root, count in open_needs.items() if not count]
        heapify(ready)
        order: dict[int, None] = {}
        waiting = iter(sorted(limited, key=names.__getitem__))
        while len(order) < len(limited):
            # Limits that depend on each other come in the order of names.
            root = heappop(ready)[1] if ready else next(r for r in waiting if r not in order)
            if root in order:
                continue
            order[root] = None
            for user in users.get(root, ()):
                open_needs[user] -= 1
                if not open_needs[user]:
                    heappush(ready, (names[user], user))
        return list(order)

    def _limited(self) -> dict[int, _Limited]:
        """Return the limits of each class; a further one that depends on what it limits is left out."""
        limited: dict[int, _Limited] = {}
        for one in sorted(self._ranges, key=lambda one: one.further):
            root = self.classes.find(one.element)
            for bound, text in one.limits:
                canonical = self.canonical(bound)
                own = canonical.divisor == 1 and canonical.linear.plus(-canonical.linear.constant).alone() == root
                if own and canonical.linear.constant >= -1:
                    continue  # no longer than itself, or than itself and more
                if not (one.further and self._reaches(limited, list(canonical.linear.terms), root)):
                    found = limited.setdefault(root, _Limited(one.letter, one.equation))
                    found.limits.setdefault(canonical, text)
        return limited

    @staticmethod
    def _reaches(limited: dict[int, _Limited], start: list[int], goal: int) -> bool:
        seen: set[int] = set()
        waiting = list(start)
        while waiting:
            root = waiting.pop()
            if root == goal:
                return True
            if root not in seen and root in limited:
                waiting.extend(limited[root].needs)
            seen.add(root)
        return False

    def bound(self, variable: int, position: Position, numbers: Sequence[int | None]) -> Bound:
        """Return how far the variable may go: c*v + rest <= n - 1, or, for a negative c, c*v + rest >= 0."""
        slot = position.slot
        own = slot.coefficient(variable)
        sign = 1 if own > 0 else -1
        constant = -sign * slot.constant - (1 if own > 0 else 0)
        terms: dict[int, int] = {position.axis: 1} if own > 0 else {}
        for other, c in slot.terms.items():
            element = numbers[other]
            if other != variable and c * sign > 0 and element is not None:
                constant += abs(c)
                terms[element] = terms.get(element, 0) - abs(c)
        return self.canonical(Bound(LinearForm(terms, constant), abs(own)))

    def canonical(self, bound: Bound) -> Bound:
        """Return a limit in first elements of classes; what is known as its number."""
        linear = bound.linear.renamed(self.classes.find)
        sizes = {root: self.classes.size(root) for root in linear.terms}
        known: dict[int, LinearForm[int, int]] = {
            root: LinearForm({}, size) for root, size in sizes.items() if size is not None
        }
        if known:
            linear = linear.substituted(known)
        if not linear.terms:
            return Bound(LinearForm({}, linear.constant // bound.divisor), 1)
        common = gcd(bound.divisor, *linear.terms.values())
        if common == 1:
            return Bound(linear, bound.divisor)
        terms = {root: c // common for root, c in linear.terms.items()}
        return Bound(LinearForm(terms, linear.constant // common), bound.divisor // common)

    def limits_of(self, element: int) -> frozenset[Bound]:
        """Return the limits of a class of a system that is inferred already."""
        if self._inferred is None:
            self._inferred = self._limited()
        found = self._inferred.get(self.classes.find(element))
        return frozenset(found.limits) if found else frozenset()

    def _with_limits(self, limits: frozenset[Bound]) -> int | None:
        """Return a class of a system that is inferred already by its limits."""
        if self._inferred is None:
            self._inferred = self._limited()
        roots = (r for r, found in self._inferred.items() if found.limits.keys() == limits)
        return next((root for root in roots if not self.classes.is_free(root)), None)

"""Extents that positions determine: q in `z[q] = sum(u) w[u]*x[q+u]` has extent(x) - extent(w) + 1 values.

An index that labels no axis takes the largest extent for which every unmarked position it stands in stays inside its
tensor. Each position is a `Limit`, a linear form of other extents; a system carries them in an order in which they can
be solved, and `solve` is the one place where their numbers come from. How they are found is the matter of `reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chainrule.errors import InputError
from chainrule.expr.nodes import Extent, Node


@dataclass(frozen=True, eq=False)
class Limit(Node):
    """extent <= floor((constant + sum of coefficient*extent) / divisor) + 1, since `position` has to stay inside."""

    constant: int
    terms: tuple[tuple[Extent, int], ...]
    divisor: int = 1
    position: str = field(default="", compare=False)

    def value(self, sizes: Mapping[Extent, int]) -> int:
        """Return the largest extent that this position allows."""
        return (self.constant + sum(c * sizes[extent] for extent, c in self.terms)) // self.divisor + 1


@dataclass(frozen=True, eq=False)
class DerivedExtent(Node):
    """The extent is the least that its limits allow. `letter` and `equation` say whose it is, for errors."""

    extent: Extent
    limits: tuple[Limit, ...]
    letter: str = field(default="", compare=False)
    equation: str = field(default="", compare=False)


def solve(derived: Iterable[DerivedExtent], known: Mapping[Extent, int]) -> dict[Extent, int]:
    """Return all extents: the known ones and the derived ones. What depends on an unknown extent is left out.

    Raises InputError where no value is left for an index, and where two equations give one extent two values.

    >>> x, q = Extent("x", 0), Extent("z", 0)
    >>> stride = DerivedExtent(q, (Limit(-2, ((x, 1),), 2, "x[2*q+1]"),), "q", "z")
    >>> solve([stride], {x: 6})[q], solve([stride], {x: 5})[q]
    (3, 2)
    """
    sizes = dict(known)
    first: dict[Extent, DerivedExtent] = {}
    for one in derived:
        needed = [extent for limit in one.limits for extent, _ in limit.terms]
        for extent in needed:
            if extent.literal is not None:
                sizes[extent] = extent.literal
        if one.extent in known or any(extent not in sizes for extent in needed):
            continue
        tightest = min(one.limits, key=lambda limit: limit.value(sizes))
        value = tightest.value(sizes)
        if value < 1:
            raise _empty(one, tightest, value, sizes)
        if sizes.setdefault(one.extent, value) != value:
            raise _two_values(one, value, first[one.extent], sizes)
        first.setdefault(one.extent, one)
    return sizes


def _empty(one: DerivedExtent, limit: Limit, value: int, sizes: Mapping[Extent, int]) -> InputError:
    return InputError(
        f"index {one.letter} can take no value: {limit.position} would be outside for every {one.letter}",
        where=one.equation,
        expected=f"at least one value; with {_numbers(limit, sizes)} there are {max(value, 0)}",
        advice="Give a longer tensor there, or shorter ones to shift it by; ? after the name reads 0 outside.",
    )


def _two_values(one: DerivedExtent, value: int, other: DerivedExtent, sizes: Mapping[Extent, int]) -> InputError:
    tight, loose = one.limits[0], other.limits[0]
    return InputError(
        f"index {one.letter} would have two extents: {value}, so that {tight.position} stays inside, "
        f"and {sizes[one.extent]}, so that {loose.position} does",
        where="\n".join(dict.fromkeys((other.equation, one.equation))),
        expected=f"one extent; there are {_numbers(tight, sizes)}; {_numbers(loose, sizes)}",
        advice=f"Declare the extent that is meant, index {one.letter} = …, or give tensors that fit each other.",
    )


def _numbers(limit: Limit, sizes: Mapping[Extent, int]) -> str:
    named = [f"{_name(extent)} = {sizes[extent]}" for extent, _ in limit.terms if extent.literal is None]
    return " and ".join(named) or "these positions"


def _name(extent: Extent) -> str:
    return f"{extent.tensor} axis {extent.axis}" if extent.axis >= 0 else f"the extent of {extent.tensor}"

"""Extents that positions determine: q in `z[q] = sum(u) w[u]*x[q+u]` has extent(x) - extent(w) + 1 values.

An index that labels no axis takes the largest extent for which every unmarked position it stands in stays inside its
tensor. Each position is a `Limit`, a linear form of other extents; a system carries them in an order in which they can
be solved, and `solve` is the one place where their numbers come from. How they are found is the matter of `reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chainrule.errors import InputError
from chainrule.expr.nodes import Extent
from chainrule.expr.shared import Node


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
    """The extent is the least that its limits allow. `letter` and `equation` say whose it is, for errors.

    One that is `given` is that of an input or a declared index: the limits then say what it may be at most.
    """

    extent: Extent
    limits: tuple[Limit, ...]
    given: bool = False
    letter: str = field(default="", compare=False)
    equation: str = field(default="", compare=False)


def solve(derived: Iterable[DerivedExtent], known: Mapping[Extent, int]) -> dict[Extent, int]:
    """Return all extents: the known ones and the derived ones. What depends on an unknown extent is left out.

    Raises InputError where no value is left for an index.

    >>> x, q = Extent("x", 0), Extent("z", 0)
    >>> stride = DerivedExtent(q, (Limit(-2, ((x, 1),), 2, "x[2*q+1]"),), "q", "z")
    >>> solve([stride], {x: 6})[q], solve([stride], {x: 5})[q]
    (3, 2)
    """
    sizes = dict(known)
    for one in derived:
        if one.extent in known or any(extent not in sizes for limit in one.limits for extent, _ in limit.terms):
            continue
        tightest = min(one.limits, key=lambda limit: limit.value(sizes))
        value = tightest.value(sizes)
        if value < 1:
            raise _empty(one, tightest, value, sizes)
        sizes[one.extent] = value
    return sizes


def too_short(derived: Iterable[DerivedExtent], known: Mapping[Extent, int], least: int) -> Extent | None:
    """Return a known extent that must grow for every derived one to be at least so long, or None.

    >>> x, q = Extent("x", 0), Extent("z", 0)
    >>> too_short([DerivedExtent(q, (Limit(-3, ((x, 1),)),))], {x: 3}, 2) == x
    True
    """
    sizes = dict(known)
    tightest: dict[Extent, Limit] = {}
    for one in derived:
        if one.extent in sizes or any(extent not in sizes for limit in one.limits for extent, _ in limit.terms):
            continue
        limit = min(one.limits, key=lambda limit: limit.value(sizes))
        tightest[one.extent] = limit
        sizes[one.extent] = limit.value(sizes)
        if sizes[one.extent] < least:
            blamed: Extent | None = one.extent
            while blamed in tightest:
                blamed = next((extent for extent, c in tightest[blamed].terms if c > 0), None)
            return blamed
    return None


def _empty(one: DerivedExtent, limit: Limit, value: int, sizes: Mapping[Extent, int]) -> InputError:
    return InputError(
        f"index {one.letter} can take no value: {limit.position} would be outside for every {one.letter}",
        where=one.equation,
        expected=f"at least one value; with {_numbers(limit, sizes)} there are {max(value, 0)}",
        advice="Give a longer tensor there, or shorter ones to shift it by; ? after the name reads 0 outside.",
    )


def _numbers(limit: Limit, sizes: Mapping[Extent, int]) -> str:
    longer_first = sorted(limit.terms, key=lambda term: term[1] < 0)
    named = [f"{_name(extent)} = {sizes[extent]}" for extent, _ in longer_first]
    return " and ".join(named) or "these positions"


def _name(extent: Extent) -> str:
    return f"{extent.tensor} axis {extent.axis}" if extent.axis >= 0 else f"the extent of {extent.tensor}"

"""Sizes that positions determine: q in `z[q] = sum(u) w[u]*x[q+u]` has extent(x) - extent(w) + 1 values.

An index that labels no axis takes the largest size for which every unmarked position it stands in stays inside its
tensor. A system carries the limits in an order in which they can be solved, and `solve` is the one place where their
numbers come from. How they are found is the matter of `limits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from chainrule.errors import InputError
from chainrule.expr.shared import Node
from chainrule.expr.sizes import Axis, Declared, Formula, Limit, Literal, Size, StepSpan, Uninferred


@dataclass(frozen=True, eq=False)
class DerivedExtent(Node):
    """The size is the least that its limits allow. `letter` and `equation` say whose it is, for errors.

    One that is `given` is that of an input or a declared index: the limits then say what it may be at most.
    """

    extent: Size
    limits: tuple[Limit, ...]
    given: bool = False
    letter: str = field(default="", compare=False)
    equation: str = field(default="", compare=False)

    def open(self, sizes: Mapping[Size, int]) -> bool:
        """Say whether it depends on a size that is not known."""
        return any(size not in sizes for limit in self.limits for size in limit.linear.terms)


def solve(derived: Iterable[DerivedExtent], known: Mapping[Size, int]) -> dict[Size, int]:
    """Return all sizes: the known ones and the derived ones. What depends on an unknown size is left out.

    Raises InputError where no value is left for an index.

    >>> from chainrule.expr.linear import LinearForm
    >>> x, q = Axis("x", 0), Axis("z", 0)
    >>> stride = DerivedExtent(q, (Limit(LinearForm({x: 1}, -2), 2, "x[2*q+1]"),), letter="q", equation="z")
    >>> solve([stride], {x: 6})[q], solve([stride], {x: 5})[q]
    (3, 2)
    """
    sizes = dict(known)
    for one in derived:
        if one.extent in known or one.open(sizes):
            continue
        tightest = min(one.limits, key=lambda limit: limit.value(sizes))
        value = tightest.value(sizes)
        if value < 1:
            raise _empty(one, tightest, value, sizes)
        sizes[one.extent] = value
    return sizes


def too_short(derived: Iterable[DerivedExtent], known: Mapping[Size, int], least: int) -> Size | None:
    """Return a known size that must grow for every derived one to be at least so long, or None.

    >>> from chainrule.expr.linear import LinearForm
    >>> x, q = Axis("x", 0), Axis("z", 0)
    >>> too_short([DerivedExtent(q, (Limit(LinearForm({x: 1}, -3)),))], {x: 3}, 2) == x
    True
    """
    sizes = dict(known)
    tightest: dict[Size, Limit] = {}
    for one in derived:
        if one.extent in sizes or one.open(sizes):
            continue
        limit = min(one.limits, key=lambda limit: limit.value(sizes))
        tightest[one.extent] = limit
        sizes[one.extent] = limit.value(sizes)
        if sizes[one.extent] < least:
            blamed: Size | None = one.extent
            while blamed in tightest:
                blamed = next((size for size, c in tightest[blamed].linear.terms.items() if c > 0), None)
            return blamed
    return None


def _empty(one: DerivedExtent, limit: Limit, value: int, sizes: Mapping[Size, int]) -> InputError:
    numbers = f"at least one value; with {_numbers(limit, sizes)} there are {max(value, 0)}"
    if not limit.position:
        return InputError(
            f"index {one.letter} can take no value: its size would be {value}",
            where=one.equation,
            expected=numbers,
            advice=f"Correct the line of index {one.letter}, or give longer tensors.",
        )
    return InputError(
        f"index {one.letter} can take no value: {limit.position} would be outside for every {one.letter}",
        where=one.equation,
        expected=numbers,
        advice="Give a longer tensor there, or shorter ones to shift it by; ? after the name reads 0 outside.",
    )


def _numbers(limit: Limit, sizes: Mapping[Size, int]) -> str:
    longer_first = sorted(limit.linear.terms.items(), key=lambda term: term[1] < 0)
    named = [f"{size_name(size)} = {sizes[size]}" for size, _ in longer_first]
    return " and ".join(named) or "these positions"


def size_name(size: Size) -> str:
    """Return a size in words, as errors name it."""
    match size:
        case Axis(tensor, number):
            return f"{tensor} axis {number}"
        case Declared(letter):
            return f"the extent of {letter}"
        case Literal(count):
            return str(count)
        case Formula():
            return "the extent of a shifted index"
        case StepSpan(first, last):
            return f"the steps {first}..{last}"
        case Uninferred():
            return "an extent"
        case _:
            assert_never(size)

"""The size of an index: how many values it takes, named by where that number comes from.

A closed union, matched like the nodes: an axis of a tensor, a declared letter (`index i = 784`), a number written in
the range (`max(u<2)`), and a formula of other sizes, for an index that only positions determine: in `sum(t) x[2*t]` t
has floor((extent(x) - 1)/2) + 1 values. The number itself is not here: it is known when a system is given its inputs.
Axes that must be equally long share one size, which inference chooses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from chainrule.expr.linear import LinearForm
from chainrule.expr.shared import Node, Word, made_once
from chainrule.expr.symbols import Symbol


@made_once
class Axis(Node):
    """The length of an axis of a tensor; axes count from 0."""

    tensor: Symbol
    number: int

    if TYPE_CHECKING:

        def __init__(self, tensor: str, number: int) -> None: ...


@made_once
class Declared(Node):
    """The size that is declared for a letter, `index i = 784`, or that of the samples, `batch n`."""

    letter: Word


@made_once
class Literal(Node):
    """A number of values that is written where the index is bound. Such an index fits into an axis, not labels it."""

    count: int


@made_once
class Limit(Node):
    """floor(linear/divisor) + 1, how far an index may run for a position of it to stay inside its tensor.

    `position` is that position, for errors.
    """

    linear: LinearForm[Size, int]
    divisor: int = 1
    position: Word = field(default="", compare=False)

    def value(self, sizes: Mapping[Size, int]) -> int:
        """Return the largest size that this allows."""
        return self.linear.value(sizes) // self.divisor + 1


@made_once
class Formula(Node):
    """The least that some limits allow."""

    limits: tuple[Limit, ...]


@made_once
class StepSpan(Node):
    """The steps from `first` to `last`, as they are written: what a sum over steps goes over, for printing alone."""

    first: Word
    last: Word


@made_once
class Uninferred(Node):
    """The size of an index that inference has not seen yet; what `typecheck` returns has none."""

    def compared(self) -> tuple[()]:
        """Return nothing: it has no fields."""
        return ()


Size: TypeAlias = Axis | Declared | Literal | Formula | StepSpan | Uninferred

UNINFERRED: Final = Uninferred()


def source_of(size: Size) -> str:
    """Return the tensor or the letter that a size comes from, "" where it is no single one."""
    match size:
        case Axis(name) | Declared(name):
            return name
        case Literal() | Formula() | StepSpan() | Uninferred():
            return ""
        case _:
            assert_never(size)


def size_order(size: Size) -> tuple[int, str, int, tuple[object, ...]]:
    """Return the key by which sizes are sorted, so that the order in which they are met is lost."""
    match size:
        case Axis(tensor, number):
            return 0, tensor, number, ()
        case Declared(letter):
            return 1, letter, 0, ()
        case Literal(count):
            return 2, "", count, ()
        case Formula(limits):
            return 3, "", 0, tuple(limit_order(limit) for limit in limits)
        case Uninferred():
            return 4, "", 0, ()
        case StepSpan(first, last):
            return 5, f"{first}..{last}", 0, ()
        case _:
            assert_never(size)


def limit_order(limit: Limit) -> tuple[int, int, tuple[object, ...]]:
    """Return the key by which limits are sorted: numbers, then names."""
    terms = sorted((size_order(size), c) for size, c in limit.linear.terms.items())
    return limit.divisor, limit.linear.constant, tuple(terms)

"""Marked entries, x?[i-1], taken apart: the bracket of their range, and a read that may go past the tensor.

What is read there lies in the margins of the tensor's own memory and is thrown away by the bracket, so that a guard
costs a choice and no branch. In a sum of products, where there is no place for a choice, a copy with zeros around it is
read instead, unless writing the entry out for all its indices takes no more. A mark that no position needs is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from chainrule.expr.binding import lookups_in
from chainrule.expr.combinations import affine, linear_form, position_of
from chainrule.expr.nodes import (
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
    Position,
    Product,
    number,
)
from chainrule.expr.sizes import Literal, Size

Axes: TypeAlias = Callable[[str], Sequence[Index]]
"""The axes of a tensor, by its name."""


@dataclass(frozen=True)
class Padded:
    """A tensor with zeros around it: `value` at `indices`, and the entry of it, named `tensor`, that is read."""

    indices: tuple[Index, ...]
    value: Expr
    positions: tuple[Position, ...]

    @property
    def key(self) -> object:
        """What two copies that hold the same have in common."""
        return ("padded", self.value)


def span(position: Index | Affine, sizes: Mapping[Size, int]) -> tuple[int, int]:
    """Return the lowest and the highest value of a position whose indices have one or more."""
    form = linear_form(position)
    return form.bounds({atom: (0, sizes[atom.extent] - 1) for atom in form.terms})


def written_out(entry: Indexed, axes_of: Axes, sizes: Mapping[Size, int]) -> Expr:
    """Return an entry as the bracket of its range, if marked, and those of what is looked up in it, times the entry.

    It is unmarked where it is always inside.
    """
    parts = list(_range(entry, axes_of, sizes)) if entry.guarded else []
    entry = entry if parts else Indexed(entry.tensor, entry.indices)
    for lookup in lookups_in(entry.indices):
        parts += _range(lookup.entry, axes_of, sizes) if lookup.entry.guarded else []
    if not parts:
        return entry
    return Product((Bracket(parts[0] if len(parts) == 1 else Logic("and", tuple(parts))), entry))


def _range(entry: Indexed, axes_of: Axes, sizes: Mapping[Size, int]) -> Iterator[Condition]:
    """Yield the conditions that keep the positions of an entry that are no look-ups inside."""
    for position, axis in zip(entry.indices, axes_of(entry.tensor), strict=True):
        if not isinstance(position, Lookup):
            low, high = span(position, sizes)
            if low < 0:
                yield Comparison(">=", IndexValue(position), number(0))
            if high >= sizes[axis.extent]:
                yield Comparison("<", IndexValue(position), number(sizes[axis.extent]))


def marked(expr: Expr) -> Indexed | None:
    """Return the entry of an expression that is a marked entry written out, else None.

    One in which something is looked up past a tensor is none: a copy with zeros around it has no bracket for that.
    """
    if not isinstance(expr, Product) or len(expr.factors) != 2:
        return None
    bracket, entry = expr.factors
    if not isinstance(bracket, Bracket) or not isinstance(entry, Indexed) or not entry.guarded:
        return None
    return None if any(lookup.entry.guarded for lookup in lookups_in(entry.indices)) else entry


def padded(entry: Indexed, axes: Sequence[Index], sizes: Mapping[Size, int], most: int) -> Padded | None:
    """Return the copy of a tensor with as many zeros around it as an entry reads, None where it has `most` or more."""
    indices: list[Index] = []
    inside: list[Position] = []
    positions: list[Position] = []
    for number_, (position, axis) in enumerate(zip(entry.indices, axes, strict=True)):
        low, high = (0, 0) if isinstance(position, Lookup) else span(position, sizes)
        if low >= 0 and high < sizes[axis.extent]:
            index = Index(f"#{number_}", axis.extent, axis.preferred)
            inside.append(index)
            positions.append(position)
        else:
            assert not isinstance(position, Lookup)
            index = Index(f"#{number_}", Literal(high - low + 1), axis.preferred)
            inside.append(affine({index: 1}, low))
            positions.append(position_of(linear_form(position).plus(-low)))
        indices.append(index)
    if prod(i.extent.count if isinstance(i.extent, Literal) else sizes[i.extent] for i in indices) >= most:
        return None
    literal: dict[Size, int] = {i.extent: i.extent.count for i in indices if isinstance(i.extent, Literal)}
    value = written_out(Indexed(entry.tensor, tuple(inside), guarded=True), lambda _: axes, {**sizes, **literal})
    return Padded(tuple(indices), value, tuple(positions))

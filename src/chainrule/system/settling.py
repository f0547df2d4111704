"""Settling an expression: the same expression with the extent of every index put in.

Names stay, binders included, so nothing can be captured; what carries its extents already is returned as it is. The
extents come as one list in the order in which `profile` met the variables; finding them is the matter of `constraints`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import is_
from typing import TypeAlias, TypeVar, assert_never

from chainrule.expr.binding import map_positions
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    Extent,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Partial,
    Position,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
)
from chainrule.system.profile import Profile

T = TypeVar("T")
Sizes: TypeAlias = Mapping[tuple[Extent, str], Extent]
"""The extent that each `extent(i)` stands for, by what it carries and its letter."""


def settled_value(value: Expr, profile: Profile, extents: Sequence[Extent], values: Sizes) -> Expr:
    """Return the value with an extent for each variable of its profile and for each `extent(i)`."""
    if is_settled(profile, extents, values):
        return value
    return _Settling(profile, extents, values).expression(value, {})


def settled_comparison(
    comparison: Comparison, profile: Profile, extents: Sequence[Extent], values: Sizes
) -> Comparison:
    """Return the comparison likewise."""
    if is_settled(profile, extents, values):
        return comparison
    settling = _Settling(profile, extents, values)
    return Comparison(
        comparison.relation, settling.expression(comparison.left, {}), settling.expression(comparison.right, {})
    )


def is_settled(profile: Profile, extents: Sequence[Extent], values: Sizes) -> bool:
    """Say whether all indices of a profile carry these very extents."""
    if not profile.settled:
        return False
    for index, extent in zip(profile.variables, extents, strict=True):
        if index.extent is not extent and index.extent != extent:
            return False
    return all(carried == extent for (carried, _), extent in values.items())


def with_extent(index: Index, extent: Extent) -> Index:
    """Return the index with an extent; the same object if it has it."""
    return index if index.extent == extent else Index(index.name, extent, index.letter)


def same(old: tuple[T, ...], new: Sequence[T]) -> tuple[T, ...]:
    """Return the old tuple if the new elements are the very same objects."""
    return old if len(old) == len(new) and all(map(is_, old, new)) else tuple(new)


class _Settling:
    """One walk over an expression, in the order in which the profile met its binders.

    One table holds what is bound, and no reduction takes its names out again: within a reduction canonical names are
    all different, and whoever uses one of them later binds it anew before.
    """

    def __init__(self, profile: Profile, extents: Sequence[Extent], values: Sizes) -> None:
        self.free = {name: extents[number] for name, number in profile.free.items()}
        self.binders: Iterator[Extent] = iter([extents[number] for number in profile.binders])
        self.values = values

    def expression(self, node: Expr, bound: dict[str, Extent]) -> Expr:  # noqa: C901 - one match over the nodes
        match node:
            case Number() | Constant():
                return node
            case ExtentValue(extent, letter):
                return ExtentValue(self.values[extent, letter], letter)
            case IndexValue(position):
                return IndexValue(self._position(position, bound))
            case Indexed():
                return self._entry(node, bound)
            case MatrixEntry():
                return map_positions(node, lambda position: self._position(position, bound))
            case Partial(of, wrt):
                return Partial(self._entry(of, bound), tuple([self._entry(w, bound) for w in wrt]))
            case Sum(parts):
                return Sum(self._all(parts, bound))
            case Product(parts):
                return Product(self._all(parts, bound))
            case Call(function, parts, order):
                return Call(function, self._all(parts, bound), order)
            case Power(base, exponent):
                return Power(self.expression(base, bound), self.expression(exponent, bound))
            case Reduce(op, indices, body):
                new = tuple([Index(i.name, next(self.binders), i.letter) for i in indices])
                bound.update((i.name, i.extent) for i in new)
                return Reduce(op, new, self.expression(body, bound))
            case Bracket(condition):
                return Bracket(self.condition(condition, bound))
            case Select(condition, then, otherwise):
                tested = self.condition(condition, bound)
                return Select(tested, self.expression(then, bound), self.expression(otherwise, bound))
            case _:
                assert_never(node)

    def condition(self, node: Condition, bound: dict[str, Extent]) -> Condition:
        match node:
            case Comparison(relation, left, right):
                return Comparison(relation, self.expression(left, bound), self.expression(right, bound))
            case Logic(op, parts):
                return Logic(op, tuple([self.condition(part, bound) for part in parts]))
            case _:
                assert_never(node)

    def _all(self, parts: tuple[Expr, ...], bound: dict[str, Extent]) -> tuple[Expr, ...]:
        return tuple([self.expression(part, bound) for part in parts])

    def _entry(self, entry: Indexed, bound: dict[str, Extent]) -> Indexed:
        return Indexed(entry.tensor, tuple([self._position(p, bound) for p in entry.indices]), entry.guarded)

    def _position(self, position: Position, bound: Mapping[str, Extent]) -> Position:
        if isinstance(position, Index):
            return self._index(position, bound)
        return Affine(tuple([(self._index(i, bound), c) for i, c in position.terms]), position.constant)

    def _index(self, index: Index, bound: Mapping[str, Extent]) -> Index:
        extent = bound.get(index.name)
        return Index(index.name, self.free[index.name] if extent is None else extent, index.letter)

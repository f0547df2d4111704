"""An expression annotated: the same expression with the size of every index in it.

Names stay, binders included, so nothing can be captured; what carries its sizes already is returned as it is. The sizes
come as one list in the order in which `constraints` met the variables; finding them is the matter of `solve`.
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
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
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
from chainrule.expr.sizes import Size
from chainrule.system.sizes.constraints import Constraints

T = TypeVar("T")
Sizes: TypeAlias = Mapping[tuple[Size, str], Size]
"""The extent that each `extent(i)` stands for, by what it carries and its letter; and that of each look-up."""


def annotated_value(value: Expr, found: Constraints, extents: Sequence[Size], values: Sizes) -> Expr:
    """Return the value with a size for each of its variables and for each `extent(i)`."""
    if is_annotated(found, extents, values):
        return value
    return _Annotation(found, extents, values).expression(value, {})


def annotated_comparison(
    comparison: Comparison, found: Constraints, extents: Sequence[Size], values: Sizes
) -> Comparison:
    """Return the comparison likewise."""
    if is_annotated(found, extents, values):
        return comparison
    annotation = _Annotation(found, extents, values)
    return Comparison(
        comparison.relation, annotation.expression(comparison.left, {}), annotation.expression(comparison.right, {})
    )


def relettered_value(value: Expr, found: Constraints, letters: Mapping[int, str]) -> Expr:
    """Return an annotated value with other letters for some of its bound variables."""
    return _same_sizes(found, letters).expression(value, {}) if letters else value


def relettered_comparison(comparison: Comparison, found: Constraints, letters: Mapping[int, str]) -> Comparison:
    """Return an annotated comparison likewise."""
    walk = _same_sizes(found, letters)
    return Comparison(comparison.relation, walk.expression(comparison.left, {}), walk.expression(comparison.right, {}))


def _same_sizes(found: Constraints, letters: Mapping[int, str]) -> _Annotation:
    own: dict[tuple[Size, str], Size] = {(node.extent, node.letter): node.extent for node in found.extents}
    own |= {(lookup.extent, lookup_key(lookup)): lookup.extent for lookup in found.lookups}
    return _Annotation(found, [index.extent for index in found.variables], own, letters)


def is_annotated(found: Constraints, extents: Sequence[Size], values: Sizes) -> bool:
    """Say whether all indices carry these very sizes."""
    if not found.inferred:
        return False
    for index, extent in zip(found.variables, extents, strict=True):
        if index.extent is not extent and index.extent != extent:
            return False
    return all(carried == extent for (carried, _), extent in values.items())


def with_size(index: Index, extent: Size) -> Index:
    """Return the index with a size; the same object if it has it."""
    return index if index.extent == extent else Index(index.name, extent, index.letter)


def same(old: tuple[T, ...], new: Sequence[T]) -> tuple[T, ...]:
    """Return the old tuple if the new elements are the very same objects."""
    return old if len(old) == len(new) and all(map(is_, old, new)) else tuple(new)


def lookup_key(lookup: Lookup) -> str:
    """Return what stands in the place of a letter for the extent of a look-up."""
    return f"{lookup.entry.tensor}[]"


class _Annotation:
    """One walk over an expression, in the order in which the constraints met its binders.

    One table holds what is bound, and no reduction takes its names out again: within a reduction canonical names are
    all different, and whoever uses one of them later binds it anew before.
    """

    def __init__(
        self, found: Constraints, extents: Sequence[Size], values: Sizes, letters: Mapping[int, str] | None = None
    ) -> None:
        self.free = {name: extents[number] for name, number in found.free.items()}
        names = letters or {}
        self.binders: Iterator[tuple[Size, str]] = iter([(extents[n], names.get(n, "")) for n in found.binders])
        self.values = values

    def expression(self, node: Expr, bound: dict[str, Size]) -> Expr:  # noqa: C901 - one match over the nodes
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
                found = [(i, *next(self.binders)) for i in indices]
                new = tuple([Index(i.name, size, letter or i.letter) for i, size, letter in found])
                bound.update((i.name, i.extent) for i in new)
                return Reduce(op, new, self.expression(body, bound))
            case Bracket(condition):
                return Bracket(self.condition(condition, bound))
            case Select(condition, then, otherwise):
                tested = self.condition(condition, bound)
                return Select(tested, self.expression(then, bound), self.expression(otherwise, bound))
            case _:
                assert_never(node)

    def condition(self, node: Condition, bound: dict[str, Size]) -> Condition:
        match node:
            case Comparison(relation, left, right):
                return Comparison(relation, self.expression(left, bound), self.expression(right, bound))
            case Logic(op, parts):
                return Logic(op, tuple([self.condition(part, bound) for part in parts]))
            case _:
                assert_never(node)

    def _all(self, parts: tuple[Expr, ...], bound: dict[str, Size]) -> tuple[Expr, ...]:
        return tuple([self.expression(part, bound) for part in parts])

    def _entry(self, entry: Indexed, bound: dict[str, Size]) -> Indexed:
        return Indexed(entry.tensor, tuple([self._position(p, bound) for p in entry.indices]), entry.guarded)

    def _position(self, position: Position, bound: dict[str, Size]) -> Position:
        if isinstance(position, Index):
            return self._index(position, bound)
        if isinstance(position, Lookup):
            extent = self.values[position.extent, lookup_key(position)]
            return Lookup(self._entry(position.entry, bound), extent)
        return Affine(tuple([(self._index(i, bound), c) for i, c in position.terms]), position.constant)

    def _index(self, index: Index, bound: Mapping[str, Size]) -> Index:
        extent = bound.get(index.name)
        return Index(index.name, self.free[index.name] if extent is None else extent, index.letter)

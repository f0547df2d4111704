"""Expressions without their names: what those have in common that differ in names only.

The leaves of a node are the names in it, of tensors and free indices, the extents, the preferred letters and the whole
numbers at which entries are read, in the order in which they stand; its skeleton is all the rest. Both are kept with
the node. A `Shape` is the skeletons of some nodes with their leaves numbered as they are met: where two shapes have one
key, what is made of the first nodes alone is, in other names, what is made of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from chainrule.expr.nodes import (
    Affine,
    Call,
    Comparison,
    Condition,
    Constant,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
    MatrixEntry,
    Number,
    Partial,
    Reduce,
    number,
    operands,
    with_operands,
)
from chainrule.expr.shared import Node, Word, kept, made_once
from chainrule.expr.sizes import Axis, Declared, Formula, Literal, Size, Uninferred
from chainrule.expr.symbols import Derivative, Symbol

T = TypeVar("T", bound=Hashable)
M = TypeVar("M", bound=Node)


@made_once
class Skeleton(Node):
    """A node without its leaves: what else it holds, and the skeletons of what it is made of."""

    head: tuple[object, ...]
    parts: tuple[Skeleton, ...] = ()


@made_once
class Leaf(Node):
    """An index with its extent and preferred letter, or an extent alone: what of it is a name, and else None."""

    name: Word | None
    extent: Size | None
    letter: Word | None

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def _leaf(name: str | None, extent: Size, letter: str | None) -> Leaf:
    return Leaf(name, None if isinstance(extent, Literal) else extent, letter)


class FixedPosition(NamedTuple):
    """A whole number as a position: of which axis of which tensor, or in [i = 3], where `of` is the extent of i."""

    of: Symbol | Size
    axis: int
    number: int


AnyLeaf: TypeAlias = Symbol | FixedPosition | Leaf
"""A tensor, a whole number as a position, or an index."""


class Bare(NamedTuple):
    """A skeleton and its leaves.

    `loose` says that some index need not label the axis it stands on, `counted` that one stands as a number elsewhere
    than in a delta; `compared` are the extents of those in deltas, [i = j] and [i = 3].
    """

    skeleton: Skeleton
    leaves: tuple[AnyLeaf, ...] = ()
    loose: bool = False
    counted: bool = False
    compared: tuple[Size, ...] = ()


def joined(
    head: tuple[object, ...],
    parts: Sequence[Bare],
    *own: AnyLeaf,
    loose: bool = False,
    counted: bool = False,
    compared: tuple[Size, ...] = (),
) -> Bare:
    """Return several as one, its own leaves before theirs."""
    skeleton = Skeleton(head, tuple([part[0] for part in parts]))
    leaves = (*own, *chain.from_iterable([part[1] for part in parts]))
    for part in parts:
        loose = loose or part[2]
        counted = counted or part[3]
        compared += part[4]
    return Bare(skeleton, leaves, loose, counted, compared)


@kept
def bare(node: Node) -> Bare:
    """Return the skeleton of an expression, condition, position or extent, and its leaves."""
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node)
    whole: Any = node
    head = _HEADS[type(node)](node) if type(node) in _HEADS else ()
    return joined((type(node).__name__, *head), list(map(bare, operands(whole))))


def extent_in(leaf: AnyLeaf) -> Size | None:
    """Return the extent in a leaf; None for a number that is written."""
    return leaf.extent if isinstance(leaf, Leaf) else None


def _extent(extent: Size) -> Bare:
    count = _count(extent)
    return joined(("Size", count), (), _leaf(None, extent, None), loose=count is not None)


def _count(extent: Size) -> int | None:
    return extent.count if isinstance(extent, Literal) else None


def _index(index: Index) -> Bare:
    if not index.letter and index.name:
        return bare(Index(index.name, index.extent, index.name))
    bound, literal = index.name.startswith("%"), _count(index.extent)
    head = ("Index", index.name if bound else index.name.startswith("?"), literal)
    leaf = _leaf(None if bound else index.name, index.extent, index.preferred)
    return joined(head, (), leaf, loose=literal is not None)


def _affine(position: Affine) -> Bare:
    head = ("Affine", position.constant, *(c for _, c in position.terms))
    return joined(head, [bare(i) for i, _ in position.terms], loose=bool(position.terms), counted=not position.terms)


def _entry(entry: Indexed) -> Bare:
    head = ("Indexed", entry.guarded, isinstance(entry.tensor, Derivative))
    parts = [
        joined(("fixed",), (), FixedPosition(entry.tensor, axis, p.constant))
        if type(p) is Affine and not p.terms
        else bare(p)
        for axis, p in enumerate(entry.indices)
    ]
    return joined(head, parts, entry.tensor, loose=entry.guarded)


def _matrix_entry(entry: MatrixEntry) -> Bare:
    head = ("MatrixEntry", entry.function, len(entry.indices), isinstance(entry.tensor, Derivative))
    return joined(head, list(map(bare, (*entry.indices, *entry.samples))), entry.tensor)


def _extent_value(value: ExtentValue) -> Bare:
    literal = _count(value.extent)
    return joined(("ExtentValue", literal), (), _leaf(None, value.extent, value.letter), loose=literal is not None)


def _comparison(condition: Comparison) -> Bare:
    match condition:
        case Comparison("=", IndexValue(Index() as left), IndexValue(Index() as right)):
            sizes = left.extent, right.extent
            return joined(("delta",), [bare(left), bare(right)], loose=sizes[0] != sizes[1], compared=sizes)
        case Comparison("=", IndexValue(Index() as left), Number(value)) if value >= 0 and value.denominator == 1:
            return joined(("pinned",), [bare(left)], FixedPosition(left.extent, 0, int(value)), compared=(left.extent,))
        case Comparison(relation, left, right):
            return joined(("Comparison", relation), [bare(left), bare(right)], loose=chooses_outside(condition))


def chooses_outside(condition: Condition) -> bool:
    """Say whether it is [tok[t] = v] with a number that is none of the range of v."""
    match condition:
        case Comparison("=", IndexValue(Lookup() as looked), IndexValue(Index() as index)) | Comparison(
            "=", IndexValue(Index() as index), IndexValue(Lookup() as looked)
        ):
            return looked.extent != index.extent
        case _:
            return False


_RULES: Mapping[type[Any], Callable[[Any], Bare]] = {
    **dict.fromkeys((Axis, Declared, Literal, Formula, Uninferred), _extent),
    Index: _index,
    Affine: _affine,
    Lookup: lambda position: joined(("Lookup",), [bare(position.entry), bare(position.extent)]),
    Indexed: _entry,
    MatrixEntry: _matrix_entry,
    IndexValue: lambda value: joined(("IndexValue",), [bare(value.position)], counted=True),
    ExtentValue: _extent_value,
    Reduce: lambda node: joined(("Reduce", node.op, len(node.indices)), list(map(bare, (*node.indices, node.body)))),
    Comparison: _comparison,
}
_HEADS: Mapping[type[Any], Callable[[Any], tuple[object, ...]]] = {
    Number: lambda node: (node.value.numerator, node.value.denominator),
    Constant: lambda node: (node.name,),
    Call: lambda node: (node.function, node.order),
    Logic: lambda node: (node.op,),
}


def places_of(things: Iterable[T]) -> dict[T, int]:
    """Return the place of each thing among those that are different, in the order in which they are met."""
    return dict(zip(dict.fromkeys(things), count(), strict=False))


def packed(whole: Bare) -> Bare:
    """Return the skeleton with what says which leaves are the same, and each leaf once."""
    places = places_of(whole.leaves)
    pattern = tuple(map(places.__getitem__, whole.leaves))
    return whole._replace(skeleton=Skeleton(pattern, (whole.skeleton,)), leaves=tuple(places))


Axes: TypeAlias = Mapping[Symbol, Bare]
"""The extents of the axes of tensors, as leaves."""


class Names:
    """The names in different leaves, each with its place among them; `pattern` are the places leaf by leaf.

    None counts as a name, too. The numbers of entries are names where `numbers` has them: each of entries along the
    `axes` of one extent. `loose` says that some index need not label the axis it stands on.
    """

    def __init__(self, leaves: Collection[AnyLeaf] = (), *, loose: bool = False) -> None:
        self.loose = loose
        self.tensors = places_of([leaf for leaf in leaves if isinstance(leaf, str)])
        self.entries = [leaf for leaf in leaves if type(leaf) is FixedPosition]
        self.axes: Axes = {}
        self.numbers: dict[tuple[Size | None, int], int] = {}
        marks = [leaf for leaf in leaves if type(leaf) is Leaf]
        names, extents, letters = (list(map(part, marks)) for part in _PARTS_OF_LEAF)
        self.indices, self.extents, self.letters = places_of(names), places_of(extents), places_of(letters)
        self.pattern: tuple[int, ...] = (
            *map(self.indices.__getitem__, names),
            *map(self.extents.__getitem__, extents),
            *map(self.letters.__getitem__, letters),
        )

    def add_numbers(self, axes: Axes) -> None:
        """Take the numbers of entries as names, too; those of axes of two extents have nothing in common."""
        self.axes = axes
        found = [
            (extent_in(axes[one.of].leaves[one.axis]) if isinstance(one.of, str) else one.of, one.number)
            for one in self.entries
        ]
        self.numbers = places_of(found)
        self.pattern += tuple(map(self.numbers.__getitem__, found))

    def to(self, others: Names) -> Renaming:
        """Return the renaming to those that have the same places; numbers of entries stay where one side names none."""
        both = self.numbers and others.numbers
        return Renaming(
            dict(zip(self.tensors, others.tensors, strict=True)),
            {None: None, **dict(zip(self.indices, others.indices, strict=True))},
            {None: None, **dict(zip(self.extents, others.extents, strict=True))},
            {None: None, **dict(zip(self.letters, others.letters, strict=True))},
            {old: new for old, (_, new) in zip(self.numbers, others.numbers, strict=True)} if both else {},
            self.axes,
        )


_PARTS_OF_LEAF: tuple[Callable[[Leaf], Any], ...] = tuple(map(attrgetter, ("name", "extent", "letter")))


@dataclass(frozen=True)
class Shape:
    """What some nodes have in common with others that differ in names only, and the names in these."""

    key: tuple[object, ...]
    names: Names


class Renaming(NamedTuple):
    """Other leaves for those of an expression, all at once; canonical names of bound indices stay."""

    tensors: Mapping[Symbol, Symbol]
    indices: Mapping[str | None, str | None]
    extents: Mapping[Size | None, Size | None]
    letters: Mapping[str | None, str | None]
    numbers: Mapping[tuple[Size | None, int], int]
    axes: Axes

    def marked(self, mark: str) -> Renaming:
        """Return the renaming of indices with a mark before their names."""
        indices = {_marked(mark, old): _marked(mark, new) for old, new in self.indices.items()}
        return self._replace(indices=indices, letters={**self.letters, **indices})

    def of(self, node: M) -> M:
        """Return an expression, condition or position with other leaves."""
        rule = _RENAMED.get(type(node))
        if rule is not None:
            return cast("M", rule(self, node))
        whole: Any = node
        parts = operands(whole)
        return with_operands(whole, [self.of(part) for part in parts]) if parts else node

    def bare(self, known: Bare) -> Bare:
        """Return the skeleton of an expression and its leaves, as those of the expression with other leaves."""
        compared = tuple(map(self.extent, known.compared))
        return Bare(known.skeleton, tuple(map(self._leaf, known.leaves)), known.loose, known.counted, compared)

    def _leaf(self, leaf: AnyLeaf) -> AnyLeaf:
        if isinstance(leaf, str):
            return self.tensors[leaf]
        if isinstance(leaf, Leaf):
            return Leaf(self.indices[leaf.name], self.extents[leaf.extent], self.letters[leaf.letter])
        of, axis, number = leaf
        if isinstance(of, str):
            new = self.number(extent_in(self.axes[of].leaves[axis]), number) if self.numbers else number
            return FixedPosition(self.tensors[of], axis, new)
        return FixedPosition(self.extent(of), axis, self.number(of, number))

    def extent(self, extent: Size) -> Size:
        """Return an extent; one bounded by a number stays."""
        return self.extents.get(extent) or extent

    def plain_index(self, index: Index) -> Index:
        """Return an index with other leaves."""
        name = index.name if index.name.startswith("%") else self.indices[index.name]
        return Index(name or "", self.extent(index.extent), self.letters[index.preferred] or "")

    def entry(self, entry: Indexed) -> Indexed:
        """Return an entry with other leaves."""
        positions = [self.of(p) for p in entry.indices]
        if self.numbers:
            for axis, (position, leaf) in enumerate(zip(entry.indices, self.axes[entry.tensor].leaves, strict=True)):
                if isinstance(position, Affine) and not position.terms:
                    positions[axis] = Affine((), self.number(extent_in(leaf), position.constant))
        return Indexed(self.tensors[entry.tensor], tuple(positions), entry.guarded)

    def number(self, extent: Size | None, number: int) -> int:
        """Return the number of another entry along an axis; one that a rule came to is the same in both."""
        return self.numbers.get((extent, number), number)

    def matrix_entry(self, entry: MatrixEntry) -> MatrixEntry:
        """Return an entry of a function of a matrix with other leaves."""
        indices, samples = (tuple(map(self.of, positions)) for positions in (entry.indices, entry.samples))
        return MatrixEntry(entry.function, self.tensors[entry.tensor], indices, samples)

    def affine(self, position: Affine) -> Affine:
        """Return an affine position with other leaves."""
        return Affine(tuple([(self.plain_index(i), c) for i, c in position.terms]), position.constant)

    def comparison(self, condition: Comparison) -> Comparison:
        """Return a comparison with other leaves; the number in [i = 3] is one."""
        left, right = self.of(condition.left), self.of(condition.right)
        match condition:
            case Comparison("=", IndexValue(Index() as index), Number(value)) if value.denominator == 1:
                right = number(self.number(index.extent, int(value)))
        return Comparison(condition.relation, left, right)


def _marked(mark: str, name: str | None) -> str | None:
    return None if name is None else f"{mark}{name}"


_RENAMED: Mapping[type[Any], Callable[[Renaming, Any], Any]] = {
    Index: Renaming.plain_index,
    Affine: Renaming.affine,
    Lookup: lambda names, position: Lookup(names.entry(position.entry), names.extent(position.extent)),
    Indexed: Renaming.entry,
    MatrixEntry: Renaming.matrix_entry,
    IndexValue: lambda names, value: IndexValue(names.of(value.position)),
    Comparison: Renaming.comparison,
    ExtentValue: lambda names, value: ExtentValue(names.extent(value.extent), names.letters.get(value.letter) or ""),
    Partial: lambda names, node: Partial(names.entry(node.of), tuple(map(names.entry, node.wrt))),
    Reduce: lambda names, node: Reduce(node.op, tuple(map(names.plain_index, node.indices)), names.of(node.body)),
}

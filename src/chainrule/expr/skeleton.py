"""Expressions without their names: what those have in common that differ in names only.

The leaves of a node are the names in it, of tensors and free indices, the extents, the preferred letters and the whole
numbers at which entries are read, in the order in which they stand; its skeleton is all the rest. Both are kept with
the node. A `Shape` is the skeletons of some nodes with their leaves numbered as they are met: where two shapes have one
key, what is made of the first nodes alone is, in other names, what is made of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from chainrule.expr.nodes import (
    Affine,
    Call,
    Comparison,
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
from chainrule.expr.shared import Node, kept, made_once
from chainrule.expr.sizes import Axis, Declared, Formula, Literal, Size, Uninferred
from chainrule.expr.symbols import Derivative, Symbol

T = TypeVar("T", bound=Hashable)
M = TypeVar("M", bound=Node)
Numbers: TypeAlias = tuple[int, ...]


@made_once
class Skeleton(Node):
    """A node without its leaves: what else it holds, and the skeletons of what it is made of."""

    head: tuple[object, ...]
    parts: tuple[Skeleton, ...] = ()


class Leaf:
    """An index with its extent and preferred letter, or an extent alone: what of it is a name, and else None.

    It is kept with its node and is equal to itself only.
    """

    __slots__ = ("extent", "letter", "name")

    def __init__(self, name: str | None, extent: Size, letter: str | None) -> None:
        self.name = name
        self.extent = None if isinstance(extent, Literal) else extent
        self.letter = letter


class Place(NamedTuple):
    """A whole number as a position: of which axis of which tensor, or in [i = 3], where `of` is the extent of i."""

    of: Symbol | Size
    axis: int
    number: int


AnyLeaf: TypeAlias = Symbol | Place | Leaf
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


def extents_in(leaves: Iterable[AnyLeaf]) -> Extents:
    """Return the extents in leaves."""
    return tuple([leaf.extent for leaf in leaves if isinstance(leaf, Leaf)])


def _extent(extent: Size) -> Bare:
    count = _count(extent)
    return joined(("Size", count), (), Leaf(None, extent, None), loose=count is not None)


def _count(extent: Size) -> int | None:
    return extent.count if isinstance(extent, Literal) else None


def _index(index: Index) -> Bare:
    if not index.letter and index.name:
        return bare(Index(index.name, index.extent, index.name))
    bound, literal = index.name.startswith("%"), _count(index.extent)
    head = ("Index", index.name if bound else index.name.startswith("?"), literal)
    leaf = Leaf(None if bound else index.name, index.extent, index.preferred)
    return joined(head, (), leaf, loose=literal is not None)


def _affine(position: Affine) -> Bare:
    head = ("Affine", position.constant, *(c for _, c in position.terms))
    return joined(head, [bare(i) for i, _ in position.terms], loose=bool(position.terms), counted=not position.terms)


def _entry(entry: Indexed) -> Bare:
    head = ("Indexed", entry.guarded, isinstance(entry.tensor, Derivative))
    parts = [
        joined(("Place",), (), Place(entry.tensor, axis, p.constant)) if type(p) is Affine and not p.terms else bare(p)
        for axis, p in enumerate(entry.indices)
    ]
    return joined(head, parts, entry.tensor, loose=entry.guarded)


def _matrix_entry(entry: MatrixEntry) -> Bare:
    head = ("MatrixEntry", entry.function, len(entry.indices), isinstance(entry.tensor, Derivative))
    return joined(head, list(map(bare, (*entry.indices, *entry.samples))), entry.tensor)


def _extent_value(value: ExtentValue) -> Bare:
    literal = _count(value.extent)
    return joined(("ExtentValue", literal), (), Leaf(None, value.extent, value.letter), loose=literal is not None)


def _comparison(condition: Comparison) -> Bare:
    match condition:
        case Comparison("=", IndexValue(Index() as left), IndexValue(Index() as right)):
            sizes = left.extent, right.extent
            return joined(("delta",), [bare(left), bare(right)], loose=sizes[0] != sizes[1], compared=sizes)
        case Comparison("=", IndexValue(Index() as left), Number(value)) if value >= 0 and value.denominator == 1:
            return joined(("pinned",), [bare(left)], Place(left.extent, 0, int(value)), compared=(left.extent,))
        case _:
            return joined(("Comparison", condition.relation), [bare(condition.left), bare(condition.right)])


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


class Numbering:
    """Numbers for leaves as they are met, those of some tensors before all others."""

    def __init__(self, tensors: Iterable[Symbol]) -> None:
        self._known: dict[AnyLeaf, int] = {}
        self.of(tensors)

    def of(self, leaves: Iterable[AnyLeaf]) -> tuple[int, ...]:
        """Return the numbers of leaves."""
        known = self._known
        return tuple([known.setdefault(leaf, len(known)) for leaf in leaves])

    @property
    def has_numbers(self) -> bool:
        """Whether something is read at a whole number, so that its entry does not show how far its axis runs."""
        return Place in map(type, self._known)

    def tensors(self) -> list[Symbol]:
        """Return the tensors met so far."""
        return [leaf for leaf in self._known if isinstance(leaf, str)]

    def names(self, *, loose: bool = False) -> Names:
        """Return the names in the leaves that have been met, some of them `loose`."""
        names = Names(loose=loose)
        for leaf in self._known:
            if isinstance(leaf, Leaf):
                names.add(leaf)
            elif isinstance(leaf, str):
                names.tensors[leaf] = len(names.tensors)
            else:
                names.places.append(leaf)
        return names


Extents: TypeAlias = tuple[Size | None, ...]
"""The extents of the axes of a tensor; None for a number that is written."""


class Names:
    """The names in leaves, each with its number among them; `pattern` are these numbers leaf by leaf.

    `places` are the whole numbers at which something is read. They are names as well where `numbers` has them: of
    entries along the `axes` of one extent. `loose` says that some index need not label the axis it stands on.
    """

    def __init__(self, *, loose: bool = False) -> None:
        self.loose = loose
        self.tensors: dict[Symbol, int] = {}
        self.indices: dict[str | None, int] = {}
        self.extents: dict[Size | None, int] = {}
        self.letters: dict[str | None, int] = {}
        self.pattern: list[int] = []
        self.places: list[Place] = []
        self.axes: Mapping[Symbol, Extents] = {}
        self.numbers: dict[tuple[Size | None, int], int] = {}

    def add(self, leaf: Leaf) -> None:
        """Take the names of an index, an extent and a letter; None counts as a name, too."""
        indices, extents, letters = self.indices, self.extents, self.letters
        self.pattern += (
            indices.setdefault(leaf.name, len(indices)),
            extents.setdefault(leaf.extent, len(extents)),
            letters.setdefault(leaf.letter, len(letters)),
        )

    def add_numbers(self, axes: Mapping[Symbol, Extents]) -> None:
        """Take the numbers of places as names, too; those of axes of two extents have nothing to do with each other."""
        self.axes = axes
        for place in self.places:
            extent = axes[place.of][place.axis] if isinstance(place.of, str) else place.of
            self.pattern.append(self.numbers.setdefault((extent, place.number), len(self.numbers)))

    def to(self, others: Names) -> Renaming:
        """Return the renaming to those with the same numbers; numbers of places stay where one side has none."""
        both = self.numbers and others.numbers
        return Renaming(
            dict(zip(self.tensors, others.tensors, strict=True)),
            dict(zip(self.indices, others.indices, strict=True)),
            dict(zip(self.extents, others.extents, strict=True)),
            dict(zip(self.letters, others.letters, strict=True)),
            {old: new for old, (_, new) in zip(self.numbers, others.numbers, strict=True)} if both else {},
            self.axes,
        )


@dataclass(frozen=True)
class Shape:
    """What some nodes have in common with others that differ in names only, and the names in these."""

    key: tuple[object, ...]
    names: Names


@dataclass(frozen=True)
class Renaming:
    """Other leaves for those of an expression, all at once; canonical names of bound indices stay."""

    tensors: Mapping[Symbol, Symbol]
    indices: Mapping[str | None, str | None]
    extents: Mapping[Size | None, Size | None]
    letters: Mapping[str | None, str | None]
    numbers: Mapping[tuple[Size | None, int], int]
    axes: Mapping[Symbol, Extents]

    def marked(self, mark: str) -> Renaming:
        """Return the renaming of indices with a mark before their names."""
        indices: dict[str | None, str | None] = {f"{mark}{old}": f"{mark}{new}" for old, new in self.indices.items()}
        return replace(self, indices=indices, letters={**self.letters, **indices})

    def of(self, node: M) -> M:
        """Return an expression, condition or position with other leaves."""
        rule = _RENAMED.get(type(node))
        if rule is not None:
            return cast("M", rule(self, node))
        whole: Any = node
        parts = operands(whole)
        return with_operands(whole, [self.of(part) for part in parts]) if parts else node

    def extent(self, extent: Size) -> Size:
        """Return an extent; one bounded by a number stays."""
        return self.extents.get(extent) or extent

    def index(self, index: Index) -> Index:
        """Return an index with other leaves."""
        name = index.name if index.name.startswith("%") else self.indices[index.name]
        return Index(name or "", self.extent(index.extent), self.letters[index.preferred] or "")

    def entry(self, entry: Indexed) -> Indexed:
        """Return an entry with other leaves."""
        positions = [self.of(p) for p in entry.indices]
        if self.numbers:
            for axis, (position, extent) in enumerate(zip(entry.indices, self.axes[entry.tensor], strict=True)):
                if isinstance(position, Affine) and not position.terms:
                    positions[axis] = Affine((), self.number(extent, position.constant))
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
        return Affine(tuple([(self.index(i), c) for i, c in position.terms]), position.constant)

    def comparison(self, condition: Comparison) -> Comparison:
        """Return a comparison with other leaves; the number in [i = 3] is one."""
        left, right = self.of(condition.left), self.of(condition.right)
        match condition:
            case Comparison("=", IndexValue(Index() as index), Number(value)) if value.denominator == 1:
                right = number(self.number(index.extent, int(value)))
        return Comparison(condition.relation, left, right)


_RENAMED: Mapping[type[Any], Callable[[Renaming, Any], Any]] = {
    Index: Renaming.index,
    Affine: Renaming.affine,
    Lookup: lambda names, position: Lookup(names.entry(position.entry), names.extent(position.extent)),
    Indexed: Renaming.entry,
    MatrixEntry: Renaming.matrix_entry,
    IndexValue: lambda names, value: IndexValue(names.of(value.position)),
    Comparison: Renaming.comparison,
    ExtentValue: lambda names, value: ExtentValue(names.extent(value.extent), names.letters[value.letter] or ""),
    Partial: lambda names, node: Partial(names.entry(node.of), tuple(map(names.entry, node.wrt))),
    Reduce: lambda names, node: Reduce(node.op, tuple(map(names.index, node.indices)), names.of(node.body)),
}

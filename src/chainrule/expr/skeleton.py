"""Expressions without their names: what those have in common that differ in names only.

The leaves of a node are the names in it, of tensors and free indices, the extents and the preferred letters, each in
the order in which they stand; its skeleton is all the rest. Both are kept with the node. A `Shape` is the skeletons of
some nodes with their leaves numbered as they are met: where two shapes have one key, what is made of the first nodes
alone is, `renamed`, what is made of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    operands,
    with_operands,
)
from chainrule.expr.shared import Node, kept, made_once
from chainrule.expr.sizes import Axis, Declared, Formula, Literal, Size, Uninferred

T = TypeVar("T", bound=Hashable)
M = TypeVar("M", bound=Node)
Numbers: TypeAlias = tuple[int, ...]


@made_once
class Skeleton(Node):
    """A node without its leaves: what else it holds, and the skeletons of what it is made of."""

    head: tuple[object, ...]
    parts: tuple[Skeleton, ...] = ()


class Bare(NamedTuple):
    """A skeleton and its leaves. `loose` says that some index need not label the axis it stands on."""

    skeleton: Skeleton
    tensors: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    extents: tuple[Size, ...] = ()
    letters: tuple[str, ...] = ()
    loose: bool = False


def joined(head: tuple[object, ...], parts: Sequence[Bare]) -> Bare:
    """Return several as one."""
    skeleton = Skeleton(head, tuple([part.skeleton for part in parts]))
    if len(parts) < 2:
        return parts[0]._replace(skeleton=skeleton) if parts else Bare(skeleton)
    _, tensors, names, extents, letters, loose = zip(*parts, strict=True)
    flat = chain.from_iterable
    return Bare(
        skeleton, tuple(flat(tensors)), tuple(flat(names)), tuple(flat(extents)), tuple(flat(letters)), any(loose)
    )


@kept
def bare(node: Node) -> Bare:
    """Return the skeleton of an expression, condition, position or extent, and its leaves."""
    kind = type(node).__name__
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node)
    head = _HEADS[type(node)](node) if type(node) in _HEADS else ()
    parts: Any = operands(node)  # type: ignore[arg-type]
    return joined((kind, *head), list(map(bare, parts)))


def _extent(extent: Size) -> Bare:
    if isinstance(extent, Literal):
        return Bare(Skeleton(("Size", extent.count)), loose=True)
    return Bare(Skeleton(("Size",)), extents=(extent,))


def _index(index: Index) -> Bare:
    _, _, _, extents, _, loose = whole = bare(index.extent)
    free = not index.name.startswith("%")
    head = ("Index", index.name.startswith("?") if free else index.name)
    names = (index.name,) if free else ()
    return Bare(Skeleton(head, (whole.skeleton,)), (), names, extents, (index.preferred,), loose)


def _affine(position: Affine) -> Bare:
    head = ("Affine", position.constant, *(c for _, c in position.terms))
    return joined(head, [bare(i) for i, _ in position.terms])._replace(loose=bool(position.terms))


def _entry(entry: Indexed) -> Bare:
    head = ("Indexed", entry.guarded, entry.tensor[:1] == "∂")
    inner = joined(head, list(map(bare, entry.indices)))
    return inner._replace(tensors=(entry.tensor, *inner.tensors), loose=inner.loose or entry.guarded)


def _matrix_entry(entry: MatrixEntry) -> Bare:
    head = ("MatrixEntry", entry.function, len(entry.indices), entry.tensor[:1] == "∂")
    inner = joined(head, list(map(bare, (*entry.indices, *entry.samples))))
    return inner._replace(tensors=(*inner.tensors, entry.tensor))


def _extent_value(value: ExtentValue) -> Bare:
    inner = joined(("ExtentValue",), [bare(value.extent)])
    return inner._replace(letters=(value.letter,))


def _comparison(condition: Comparison) -> Bare:
    inner = joined(("Comparison", condition.relation), [bare(condition.left), bare(condition.right)])
    match condition:
        case Comparison("=", IndexValue(Index() as left), IndexValue(Index() as right)) if left.extent != right.extent:
            return inner._replace(loose=True)
        case _:
            return inner


_RULES: Mapping[type[Any], Callable[[Any], Bare]] = {
    **dict.fromkeys((Axis, Declared, Literal, Formula, Uninferred), _extent),
    Index: _index,
    Affine: _affine,
    Lookup: lambda position: joined(("Lookup",), [bare(position.entry), bare(position.extent)]),
    Indexed: _entry,
    MatrixEntry: _matrix_entry,
    IndexValue: lambda value: joined(("IndexValue",), [bare(value.position)]),
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


@dataclass
class Names:
    """The leaves met so far, each with its number."""

    tensors: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    extents: dict[Size, int] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)

    def shape(self, item: Bare) -> tuple[Skeleton, Numbers, Numbers, Numbers, Numbers]:
        """Return what is left of an item when its leaves are numbers."""
        return (
            item.skeleton,
            _numbers(self.tensors, item.tensors),
            _numbers(self.names, item.names),
            _numbers(self.extents, item.extents),
            _numbers(self.letters, item.letters),
        )

    def to(self, others: Names) -> Renaming:
        """Return the renaming to those that have the same numbers."""
        return Renaming(
            dict(zip(self.tensors, others.tensors, strict=True)),
            dict(zip(self.names, others.names, strict=True)),
            dict(zip(self.extents, others.extents, strict=True)),
            dict(zip(self.letters, others.letters, strict=True)),
        )


def _numbers(known: dict[T, int], leaves: Iterable[T]) -> Numbers:
    return tuple([known.setdefault(leaf, len(known)) for leaf in leaves])


@dataclass(frozen=True)
class Renaming:
    """Other leaves for those of an expression, all at once; canonical names of bound indices stay."""

    tensors: Mapping[str, str]
    names: Mapping[str, str]
    extents: Mapping[Size, Size]
    letters: Mapping[str, str]

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
        return self.extents[extent] if not isinstance(extent, Literal) else extent

    def index(self, index: Index) -> Index:
        """Return an index with other leaves."""
        name = index.name
        name = name if name.startswith("%") else self.names[name]
        return Index(name, self.extent(index.extent), self.letters[index.preferred])

    def entry(self, entry: Indexed) -> Indexed:
        """Return an entry with other leaves."""
        return Indexed(self.tensors[entry.tensor], tuple([self.of(p) for p in entry.indices]), entry.guarded)

    def matrix_entry(self, entry: MatrixEntry) -> MatrixEntry:
        """Return an entry of a function of a matrix with other leaves."""
        indices, samples = (tuple(map(self.of, positions)) for positions in (entry.indices, entry.samples))
        return MatrixEntry(entry.function, self.tensors[entry.tensor], indices, samples)

    def affine(self, position: Affine) -> Affine:
        """Return an affine position with other leaves."""
        return Affine(tuple([(self.index(i), c) for i, c in position.terms]), position.constant)


_RENAMED: Mapping[type[Any], Callable[[Renaming, Any], Any]] = {
    Index: Renaming.index,
    Affine: Renaming.affine,
    Lookup: lambda names, position: Lookup(names.entry(position.entry), names.extent(position.extent)),
    Indexed: Renaming.entry,
    MatrixEntry: Renaming.matrix_entry,
    IndexValue: lambda names, value: IndexValue(names.of(value.position)),
    ExtentValue: lambda names, value: ExtentValue(names.extent(value.extent), names.letters[value.letter]),
    Partial: lambda names, node: Partial(names.entry(node.of), tuple(map(names.entry, node.wrt))),
    Reduce: lambda names, node: Reduce(node.op, tuple(map(names.index, node.indices)), names.of(node.body)),
}

"""Equal shapes are simplified once: names are taken out before and put in again after.

`simplify` works on an expression whose tensors, indices, extents and letters were renamed in the order of their first
appearance, together with all facts that could be recognised in it. The shape of that problem is the key of the cache,
so nothing can be wrong about a hit: it *is* the same problem. Two hundred equal layers cost as much as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import attrgetter

from chainrule.expr.binding import map_operands, map_positions
from chainrule.expr.deltas import plain_delta
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    MatrixEntry,
    Partial,
    Position,
    Reduce,
    delta,
)
from chainrule.expr.sizes import Axis, Formula, Limit, Literal, Size
from chainrule.expr.skeleton import AnyLeaf, Bare, Names, Shape, Skeleton, places_of
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.simplify.context import Fact, Ranges


@dataclass
class Relabeling:
    """A one-to-one renaming, made while it is applied. `loose` says that some index need not label where it stands."""

    tensors: dict[Symbol, Symbol] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    extents: dict[Size, Size] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    unnamed: frozenset[Size] = frozenset()
    closed: bool = False
    loose: bool = False

    def inverse(self) -> Relabeling:
        """Return the renaming back."""
        return Relabeling(
            {new: old for old, new in self.tensors.items()},
            {new: old for old, new in self.names.items()},
            {new: old for old, new in self.extents.items()},
            {new: old for old, new in self.letters.items()},
            closed=True,
        )

    def tensor(self, name: Symbol) -> Symbol:
        """Return the new name of a tensor; a derivative stays recognisable as one."""
        known = self.tensors.get(name)
        if known is None:
            assert not self.closed, name
            known = Tensor(f"T{len(self.tensors):03}")
            known = self.tensors[name] = Derivative("", known) if isinstance(name, Derivative) else known
        return known

    def extent(self, extent: Size) -> Size:
        """Return the new name of an extent; one bounded by a number stays, one that text cannot name is anonymous."""
        if isinstance(extent, Literal):
            self.loose = True
            return extent
        known = self.extents.get(extent)
        if known is None:
            assert not self.closed, extent
            number = len(self.extents)
            hidden = isinstance(extent, Formula) or extent in self.unnamed
            known = self.extents[extent] = _nameless(number) if hidden else Axis("e", number)
        return known

    def letter(self, letter: str) -> str:
        """Return the token that stands for a preferred letter."""
        known = self.letters.get(letter)
        if known is None:
            assert not self.closed, letter
            known = self.letters[letter] = f"l{len(self.letters)}"
        return known

    def index(self, index: Index) -> Index:
        """Return the new index; canonical bound names stay."""
        name = index.name
        if not name.startswith("%"):
            known = self.names.get(name)
            if known is None:
                assert not self.closed, index
                kind = "?" if name.startswith("?") else "i"
                known = self.names[name] = f"{kind}{len(self.names):03}"
            name = known
        return Index(name, self.extent(index.extent), self.letter(index.preferred))

    def position(self, position: Position) -> Position:
        """Return the position with its indices renamed."""
        if isinstance(position, Index):
            return self.index(position)
        if isinstance(position, Lookup):
            return Lookup(self.entry(position.entry), self.extent(position.extent))
        self.loose = self.loose or bool(position.terms)
        return Affine(tuple((self.index(i), c) for i, c in position.terms), position.constant)

    def entry(self, entry: Indexed) -> Indexed:
        """Return the entry renamed."""
        self.loose = self.loose or entry.guarded
        return Indexed(self.tensor(entry.tensor), tuple(self.position(p) for p in entry.indices), entry.guarded)

    def expr(self, expr: Expr) -> Expr:
        """Return the expression renamed."""
        match expr:
            case Indexed():
                return self.entry(expr)
            case IndexValue(position):
                return IndexValue(self.position(position))
            case Bracket() if (pair := plain_delta(expr)) is not None:
                self.loose = self.loose or pair[0].extent != pair[1].extent
                return delta(*map(self.index, pair))
            case ExtentValue(extent, letter):
                return ExtentValue(self.extent(extent), self.letter(letter))
            case Partial(of, wrt):
                return Partial(self.entry(of), tuple(self.entry(w) for w in wrt))
            case MatrixEntry():
                return replace(map_positions(expr, self.position), tensor=self.tensor(expr.tensor))
            case Reduce(op, indices, body):
                return Reduce(op, tuple(self.index(i) for i in indices), self.expr(body))
            case _:
                return map_operands(expr, self.expr)

    def ranges(self, ranges: Ranges, axes: Callable[[str], tuple[Size, ...] | None] | None) -> Ranges:
        """Return what matters of the ranges, renamed: all sizes, and axes where an index need not label its own."""
        places: dict[str, tuple[Size, ...]] = {}
        if axes is not None and self.loose:
            for old, new in self.tensors.items():
                known = axes(old)
                if known is not None:
                    places[new] = tuple(map(self.extent, known))
        met = tuple(self.extents.items())
        least = {new: ranges.least[old] for old, new in met if old in ranges.least} if ranges.least else {}
        sizes = {new: ranges.sizes[old] for old, new in met if old in ranges.sizes} if ranges.sizes else {}
        return Ranges(least, sizes, places)

    def fact(self, fact: Fact) -> Fact:
        """Return the fact renamed; its assumption, a text for readers, stays."""
        return Fact(
            self.expr(fact.pattern),
            self.expr(fact.replacement),
            tuple(self.index(v) for v in fact.variables),
            fact.assumption,
        )


def _nameless(number: int) -> Formula:
    """Return a size that stands for one that text has no letter for."""
    return Formula((Limit(LinearForm({}, number)),))


@dataclass(frozen=True)
class Problem:
    """An expression to simplify and what is known that matters, without names."""

    expr: Expr
    facts: tuple[Fact, ...]
    ranges: Ranges
    back: Relabeling


def abstract(
    expr: Expr,
    order: Sequence[Index],
    facts: Iterable[Fact],
    tensors: Iterable[Symbol],
    unnamed: frozenset[Size] = frozenset(),
    ranges: Ranges | None = None,
    axes: Callable[[str], tuple[Size, ...] | None] | None = None,
) -> Problem:
    """Return the problem without names: tensors and free indices in the given orders, then by first appearance.

    `unnamed` are the extents that no letter names, `ranges` what is known of how far indices run. The `axes` of its
    tensors belong to the problem where an index need not label the axis it stands on: beside shifted positions, marks
    and bounds.
    """
    relabel = Relabeling(unnamed=unnamed)
    for tensor in tensors:
        relabel.tensor(tensor)
    for index in order:
        relabel.index(index)
    bare = relabel.expr(expr)
    known = tuple(relabel.fact(fact) for fact in facts)
    return Problem(bare, known, relabel.ranges(ranges or Ranges(), axes), relabel.inverse())


def _numbers(parts: Sequence[Bare], names: Names, ranges: Ranges) -> tuple[int, ...]:
    """Return what matters of the numbers at which entries are read: that there are several, and which are 0 and 1.

    All of that, where something is computed with positions or a number may be outside.
    """
    if not names.numbers:
        return ()
    inside = all(number < ranges.least.get(extent, 0) for part in parts for extent, number in part.pins)
    if inside and not any(part.loose or part.counted for part in parts):
        return tuple([min(number, _LEAST_ALIKE) for number in names.numbers])
    return tuple(names.numbers)


_LEAST_ALIKE = 2
"""0 and 1 are numbers of their own: what is measured is not as long with 1 in it."""


def shape_of(
    items: Iterable[Bare],
    tensors: Iterable[Symbol],
    unnamed: frozenset[Size],
    ranges: Ranges,
    axes: Callable[[Symbol], Bare | None],
) -> Shape:
    """Return the shape of all that `abstract` takes into a problem; `axes` are the extents of a tensor's."""
    parts = list(items)
    leaves: list[AnyLeaf] = [*tensors, *chain.from_iterable([part.leaves for part in parts])]
    skeletons = [part.skeleton for part in parts]
    if int in map(type, leaves) or any(map(_IS_LOOSE, parts)):
        met = [leaf for leaf in dict.fromkeys(leaves) if isinstance(leaf, str)]
        for known in map(axes, met):
            skeletons.append(_UNKNOWN if known is None else known.skeleton)
            leaves += () if known is None else known.leaves
    places = places_of(leaves)
    names = Names(places)
    extents = names.extents
    key: list[object] = [
        tuple(skeletons),
        tuple(map(places.__getitem__, leaves)),
        _numbers(parts, names, ranges),
        names.pattern,
        tuple([e is None or isinstance(e, Formula) or e in unnamed for e in extents]),
    ]
    known_sizes = (ranges.least, ranges.sizes)
    key += (tuple([None if e is None else part.get(e) for e in extents]) if part else () for part in known_sizes)
    return Shape(tuple(key), names)


_IS_LOOSE = attrgetter("loose")
_UNKNOWN = Skeleton(("unknown axes",))

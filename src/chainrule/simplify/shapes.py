"""Equal shapes are simplified once: names are taken out before and put in again after.

`simplify` works on an expression whose tensors, indices, extents and letters were renamed in the order of their first
appearance, together with all facts that could be recognised in it. The shape of that problem is the key of the cache,
so nothing can be wrong about a hit: it *is* the same problem. Two hundred equal layers cost as much as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import Expr
from chainrule.expr.sizes import Axis, Formula, Limit, Size
from chainrule.expr.skeleton import (
    AnyLeaf,
    Bare,
    FixedPosition,
    Names,
    Renaming,
    Shape,
    Skeleton,
    places_of,
)
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.simplify.context import Fact, Ranges


@dataclass(frozen=True)
class Problem:
    """An expression to simplify and what is known that matters, without names; `back` gives it its names again."""

    expr: Expr
    facts: tuple[Fact, ...]
    ranges: Ranges
    back: Renaming


def abstract(
    expr: Expr,
    facts: Iterable[Fact],
    names: Names,
    unnamed: frozenset[Size],
    ranges: Ranges,
    axes: Callable[[Symbol], tuple[Size, ...] | None],
) -> Problem:
    """Return the problem without the names of its shape: numbers stand for them, in the order in which they were met.

    `unnamed` are the extents that no letter names, `ranges` what is known of how far indices run. The `axes` of its
    tensors belong to the problem where an index need not label the axis it stands on: beside shifted positions, marks
    and bounds.
    """
    nameless = _nameless(names, unnamed)
    there = names.to(nameless)
    met = [(old, new) for old, new in there.extents.items() if old is not None and new is not None]
    placed = [(new, axes(old)) for old, new in there.tensors.items()] if names.loose else []
    known = Ranges(
        {new: ranges.least[old] for old, new in met if old in ranges.least},
        {new: ranges.sizes[old] for old, new in met if old in ranges.sizes},
        {tensor: tuple(map(there.extent, extents)) for tensor, extents in placed if extents is not None},
    )
    return Problem(there.of(expr), tuple([_renamed(fact, there) for fact in facts]), known, nameless.to(names))


def _nameless(names: Names, unnamed: frozenset[Size]) -> Names:
    """Return numbers for names, with what is known of each: a derivative, a variable, an extent without a letter.

    The whole numbers at which entries are read stay as they are.
    """
    made = Names()
    for number, tensor in enumerate(names.tensors):
        plain = Tensor(f"T{number:03}")
        made.tensors[Derivative("", plain) if isinstance(tensor, Derivative) else plain] = number
    for number, name in enumerate(names.indices):
        made.indices[None if name is None else f"{'?' if name.startswith('?') else 'i'}{number:03}"] = number
    for extent in names.extents:
        number = len(made.extents) - (None in made.extents)
        hidden = isinstance(extent, Formula) or extent in unnamed
        size = Formula((Limit(LinearForm({}, number)),)) if hidden else Axis("e", number)
        made.extents[None if extent is None else size] = len(made.extents)
    for number, letter in enumerate(names.letters):
        made.letters[None if letter is None else f"l{number}"] = number
    return made


def _renamed(fact: Fact, names: Renaming) -> Fact:
    """Return a fact with other names; its assumption, a text for readers, stays."""
    variables = tuple(map(names.plain_index, fact.variables))
    return Fact(names.of(fact.pattern), names.of(fact.replacement), variables, fact.assumption)


def shape_of(
    items: Iterable[Bare],
    tensors: Iterable[Symbol],
    unnamed: frozenset[Size],
    ranges: Ranges,
    axes: Callable[[Symbol], Bare | None],
    compared: Iterable[Size] = (),
) -> Shape:
    """Return the shape of all that `abstract` takes into a problem; `axes` are the extents of a tensor's.

    They belong to it, too, where something is read at a number, which does not show how far the axis runs. `compared`
    are the extents of indices that stand in deltas which are not there yet.
    """
    parts = list(items)
    leaves: list[AnyLeaf] = [*tensors, *chain.from_iterable([part.leaves for part in parts])]
    skeletons = [part.skeleton for part in parts]
    along: dict[Symbol, Bare | None] = {}
    loose = any(map(_IS_LOOSE, parts))
    if loose or FixedPosition in map(type, leaves):
        along = {leaf: axes(leaf) for leaf in dict.fromkeys(leaves) if isinstance(leaf, str)}
        for known in along.values():
            skeletons.append(_UNKNOWN if known is None else known.skeleton)
            leaves += () if known is None else known.leaves
    places = places_of(leaves)
    names = Names(places, loose=loose)
    extents = names.extents
    numbers = _numbers(parts, names, along, ranges, compared) if names.entries else ()
    key: list[object] = [
        tuple(skeletons),
        tuple(map(places.__getitem__, leaves)),
        numbers,
        names.pattern,
        tuple([e is None or isinstance(e, Formula) or e in unnamed for e in extents]),
    ]
    known_sizes = (ranges.least, ranges.sizes)
    key += (tuple([None if e is None else part.get(e) for e in extents]) if part else () for part in known_sizes)
    return Shape(tuple(key), names)


_IS_LOOSE = attrgetter("loose")
_UNKNOWN = Skeleton(("unknown axes",))


def _numbers(
    parts: Sequence[Bare],
    names: Names,
    along: Mapping[Symbol, Bare | None],
    ranges: Ranges,
    compared: Iterable[Size],
) -> tuple[int, ...]:
    """Return what matters of the numbers at which entries are read, and make names of them where that is all.

    Each is a name along axes of one extent: nothing but an index of this extent ever stands in the place of one. What
    is measured is not as long with 1 in a delta, so that one is told apart. All of a number matters where something is
    computed with positions, where it may be outside, and where it is not known how far an axis runs.
    """
    axes = {tensor: known for tensor, known in along.items() if known is not None and not known.loose}
    outside = any(n >= ranges.least.get(of, 0) for of, _, n in names.entries if not isinstance(of, str))
    plain = not (names.loose or outside or any(part.counted for part in parts))
    if not plain or len(axes) < len(along):
        return tuple([entry.number for entry in names.entries])
    names.add_numbers(axes)
    if all(number != 1 for _, number in names.numbers):
        return (0,) * len(names.numbers)
    measured: set[Size | None] = {*compared, *(extent for part in parts for extent in part.compared)}
    return tuple([int(number == 1 and extent in measured) for extent, number in names.numbers])

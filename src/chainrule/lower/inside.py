"""Whether every position that is read lies inside its tensor, for the sizes that a program is made for.

Machine code reads where it is told to, so this is decided before: what could be outside and has no mark, be it under a
bracket that rules it out in a way that `implied` does not see, has no lowered form and is named.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.expr.binding import position_indices
from chainrule.expr.nodes import Condition, Expr, Index, Indexed, IndexValue, Lookup, Reduce, walk
from chainrule.expr.sizes import Literal, Size
from chainrule.lower.guards import span
from chainrule.lower.program import Unsupported
from chainrule.render.text import expression_text
from chainrule.system.model import System

MOST = 1 << 24
"""Positions are compared as numbers, which are exact in float32 up to this."""


def with_bounded(system: System, sizes: Mapping[Size, int]) -> dict[Size, int]:
    """Return the sizes with those of ranges that are bounded by a number."""
    values = [e.value for e in (*system.equations, *system.updates)]
    bound = (i.extent for v in values for part in walk(v) if isinstance(part, Reduce) for i in part.indices)
    return {**sizes, **{extent: extent.count for extent in bound if isinstance(extent, Literal)}}


def check_inside(system: System, node: Expr | Condition, sizes: Mapping[Size, int]) -> None:
    """Raise Unsupported for an entry that may, unmarked, lie outside its tensor."""
    for part in walk(node):
        if isinstance(part, IndexValue) and isinstance(part.position, Lookup):
            _check_choice(system, part.position, sizes)
        if isinstance(part, Indexed) and part.indices:
            _check(system, part, sizes)


def _check(system: System, entry: Indexed, sizes: Mapping[Size, int]) -> None:
    for position, axis in zip(entry.indices, system.axes(entry.tensor), strict=True):
        if isinstance(position, Index) and position.extent == axis.extent:
            continue
        indices = (axis, *position_indices(position))
        if any(i.extent not in sizes for i in indices):
            raise Unsupported(f"an extent that the inputs do not give, in {expression_text(entry)}")
        if not all(sizes[i.extent] for i in indices):
            raise Unsupported("an index without values")
        if isinstance(position, Lookup):
            low, high = _values(system, position, sizes)
        else:
            low, high = span(position, sizes)
        looked = isinstance(position, Lookup)
        if (looked or not entry.guarded) and (low < 0 or high >= sizes[axis.extent]):
            raise Unsupported(f"a position that may be outside its tensor, {expression_text(entry)}")
        if (looked or entry.guarded) and max(-low, high, sizes[axis.extent]) >= MOST:
            raise Unsupported(f"a position beyond {MOST:,}, {expression_text(entry)}")


def _check_choice(system: System, lookup: Lookup, sizes: Mapping[Size, int]) -> None:
    """Check [tok[t] = v], which may become the place of an entry: the numbers must be those of the axis of v."""
    _, high = _values(system, lookup, sizes)
    if high >= _count(lookup.extent, sizes):
        raise Unsupported(f"a position that may be outside its tensor, {expression_text(lookup.entry)}")


def _values(system: System, lookup: Lookup, sizes: Mapping[Size, int]) -> tuple[int, int]:
    """Return the lowest and the highest whole number that a look-up may find: what is declared, and checked of inputs.

    That the axis it stands on holds it, as the look-up itself says, is what is to be shown.
    """
    _check(system, lookup.entry, sizes)
    declared = system.declared[lookup.entry.tensor].values
    assert declared is not None
    return 0, _count(declared.extent, sizes) - 1


def _count(size: Size, sizes: Mapping[Size, int]) -> int:
    return size.count if isinstance(size, Literal) else sizes[size]

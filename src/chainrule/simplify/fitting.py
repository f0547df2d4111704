"""Entries whose positions have become plain indices that do not label the axis they stand on: they get a mark.

Of z[t] = w[t+1]*b[t+1], ∂C/∂w[i] is b[i]·∂C/∂z[i-1], where i is as long as w. Without a mark b[i] would say that b is
as long as w too; b?[i] says nothing, and where b ends something else in the product is 0 before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.expr.nodes import Expr, Index, Indexed, IndexValue, Lookup, Position
from chainrule.expr.sizes import Literal, Size
from chainrule.rewrite.rules import Rule
from chainrule.simplify.context import Context


def mark_what_is_no_label(expr: Expr, context: Context) -> Expr | None:
    """x[i] = x?[i] where i is the index of another range."""
    match expr:
        case Indexed():
            fitted = _fitted(expr, context)
            return None if fitted == expr else fitted
        case IndexValue(Lookup() as looked):
            inner = _in_position(looked, context)
            return None if inner == looked else IndexValue(inner)
        case _:
            return None


def _fitted(entry: Indexed, context: Context) -> Indexed:
    axes = context.ranges.axes.get(entry.tensor, ())
    positions = tuple(_in_position(p, context) for p in entry.indices)
    return Indexed(entry.tensor, positions, entry.guarded or _labels_others(positions, axes))


def _in_position(position: Position, context: Context) -> Position:
    return Lookup(_fitted(position.entry, context), position.extent) if isinstance(position, Lookup) else position


def _labels_others(positions: Sequence[Position], axes: Sequence[Size]) -> bool:
    """Say whether a plain index stands on an axis of another extent; a range bounded by a number says its own."""
    pairs = zip(positions, axes, strict=False)
    return any(isinstance(p, Index) and not isinstance(p.extent, Literal) and p.extent != axis for p, axis in pairs)


FIT: tuple[Rule[Context], ...] = (
    Rule(
        "marked",
        "`b[i] = b?[i]`: the mark says that `i` may run beyond this axis, where the entry is 0",
        mark_what_is_no_label,
    ),
)

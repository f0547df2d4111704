"""Over what mini-batches run: the index of `batch`, an index that all data have in front, or nothing.

A system with `batch n` is written for one sample. One without it may name its samples itself, x[n,i], y[n,k], and
couple them: then a mini-batch is what n runs over. Where the data have no such axis, each step learns from all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.expr.binding import lookups_in, own_positions, position_indices
from chainrule.expr.functions import DRAWN
from chainrule.expr.nodes import Affine, Call, Comparison, Condition, Expr, Index, Indexed, IndexValue, operands
from chainrule.expr.sizes import UNINFERRED, Size
from chainrule.system.model import System


@dataclass(frozen=True)
class SampleAxis:
    """`letter` is that of the samples, "" where every step takes all data; `coupled`: the equations name them."""

    letter: str
    coupled: bool = False
    extent: Size = UNINFERRED

    @property
    def in_front(self) -> int:
        """How many axes data have that are not declared: 1 with `batch`."""
        return int(bool(self.letter) and not self.coupled)


def sample_axis(system: System) -> SampleAxis:
    """Return what mini-batches of a system run over."""
    if system.batch:
        return SampleAxis(system.batch)
    data = [system.axes(name) for name in system.with_role("data")]
    extents = {axes[0].extent if axes else None for axes in data}
    if len(extents) != 1 or None in extents:
        return SampleAxis("")
    index = data[0][0]
    if not _is_of_data_alone(system, index.extent) or not _in_any_order(system, index.extent):
        return SampleAxis("")
    return SampleAxis(index.preferred, coupled=True, extent=index.extent)


def _is_of_data_alone(system: System, extent: Size) -> bool:
    """Say whether an extent is that of the first axis of all data, and of nothing else that has a size of its own."""
    others = [i for d in system.declarations for i in (d.indices[1:] if d.role == "data" else d.indices)]
    others += [d.values for d in system.declarations if d.values is not None]
    limited = {size for one in system.derived for limit in one.limits for size in limit.linear.terms}
    sized = extent in system.size or extent in limited or any(one.extent == extent for one in system.derived)
    return not sized and all(i.extent != extent for i in others)


def _in_any_order(system: System, extent: Size) -> bool:
    """Say whether equations treat all positions along an axis alike, so that any of them make a batch."""
    values = [*(e.value for e in system.equations), *(g.condition for g in system.givens)]
    return all(_treats_alike(system, part, extent) for value in values for part in _parts(value))


def _parts(value: Expr | Condition) -> list[Expr | Condition]:
    """Return all parts of an expression, but what stands on both sides of [n = m], and what numbers are drawn by."""
    found: list[Expr | Condition] = []
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, Comparison) and node.relation in ("=", "!=") and _are_plain(node):
            continue
        if isinstance(node, Call) and node.function in DRAWN:
            continue
        found.append(node)
        stack += operands(node)
    return found


def _are_plain(comparison: Comparison) -> bool:
    return all(isinstance(s, IndexValue) and isinstance(s.position, Index) for s in (comparison.left, comparison.right))


def _treats_alike(system: System, part: Expr | Condition, extent: Size) -> bool:
    if isinstance(part, IndexValue):
        return all(i.extent != extent for i in position_indices(part.position))
    positions = own_positions(part)
    entries = [lookup.entry for lookup in lookups_in(positions)] + ([part] if isinstance(part, Indexed) else [])
    for entry in entries:
        for position, axis in zip(entry.indices, system.axes(entry.tensor), strict=True):
            shifted = isinstance(position, Affine) and any(i.extent == extent for i in position_indices(position))
            if shifted or (axis.extent == extent and not isinstance(position, Index)):
                return False
    return True

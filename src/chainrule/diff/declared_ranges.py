"""Ranges that are bounded by a number, as declared indices: `max(t<2)` of what is named needs an axis of that length.

A bounded index merely fits into an axis, a declared one labels it: w[t] would say that w ends with the bound. So t is
counted from the end of its range where it stands alone, w[1-t], which says nothing about w.
"""

from __future__ import annotations

from dataclasses import replace

from chainrule.expr.binding import (
    Fresh,
    lookups_in,
    map_condition,
    map_operands,
    own_positions,
    reduce_over,
    substitute_indices,
)
from chainrule.expr.combinations import affine
from chainrule.expr.nodes import (
    ZERO,
    Affine,
    Bracket,
    Comparison,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Reduce,
    Select,
    Sum,
    number,
    plus,
    times,
    walk,
)
from chainrule.expr.sizes import Declared, Literal, Size
from chainrule.render.letters import next_letter
from chainrule.system.model import System


class DeclaredRanges:
    """The indices declared for ranges bounded by a number: one for each letter and number of values."""

    def __init__(self, system: System, taken: set[str]) -> None:
        values = [e.value for e in (*system.equations, *system.updates)]
        bound = (i for v in values for part in walk(v) if isinstance(part, Reduce) for i in part.indices)
        free = (i for e in (*system.equations, *system.updates) for i in e.indices)
        axes = (i for d in system.declarations for i in d.indices)
        used = (*axes, *system.indices, *free, *(i for i in bound if not isinstance(i.extent, Literal)))
        # A declared letter is one for the whole system, so no index of another range may be called by it.
        self._letters = {i.preferred for i in used} | {system.batch} | taken
        self._system = system
        self.made: dict[tuple[str, int], Index] = {}
        self.axes: dict[str, tuple[Index, ...]] = {}
        """The axes of tensors that are not yet in the system."""

    def added_to(self, system: System) -> System:
        """Return the system with these indices declared."""
        indices = (*system.indices, *self.made.values())
        sizes = (*system.sizes, *((index.extent, size) for (_, size), index in self.made.items()))
        return replace(system, indices=indices, sizes=sizes) if self.made else system

    def instead(self, index: Index, body: Expr, fresh: Fresh) -> tuple[Index, Expr]:
        """Return the index to reduce a body over in place of one that is bounded, and the body with it."""
        if not isinstance(index.extent, Literal):
            return index, body
        size = index.extent.count
        labelled = self._labelled(index, body)
        if len(labelled) == 1 and self._system.size.get(labelled[0]) == size:
            own = fresh.index(replace(index, extent=labelled[0]))
            return own, substitute_indices(body, {index: own})
        declared = fresh.index(self._like(index, size))
        for position in (declared, affine({declared: -1}, size - 1)):
            moved = _as_written(substitute_indices(body, {index: position}))
            if not self._labelled(declared, moved):
                return declared, moved
        return declared, self._apart(substitute_indices(body, {index: declared}), index, declared, fresh)

    def _apart(self, expr: Expr, bounded: Index, declared: Index, fresh: Fresh) -> Expr:
        """Return an expression with sums Σ_t [t - v = 0]*w[t] for entries w[v]: t is bounded, and labels nothing."""
        if isinstance(expr, Indexed) and self._labelled(declared, expr):
            own = fresh.index(bounded)
            same = Bracket(Comparison("=", IndexValue(affine({own: 1, declared: -1})), ZERO))
            return reduce_over("sum", (own,), times(same, substitute_indices(expr, {declared: own})))
        return map_operands(expr, lambda part: self._apart(part, bounded, declared, fresh))

    def lettered(self, index: Index, value: Expr) -> Index:
        """Return an index under the letter that tells its extent, where the value does not, as in max(a<2) x?[i+a]."""
        if self._labelled(index, value):
            return index
        axes = (i for d in self._system.declarations for i in d.indices if i.extent == index.extent)
        told = next(axes, None)
        return index if told is None else replace(index, letter=told.name)

    def _like(self, index: Index, size: int) -> Index:
        """Return the declared index for a bounded one."""
        known = self.made.get((index.preferred, size))
        if known is None:
            letter = next_letter(index.preferred, self._letters)
            self._letters.add(letter)
            known = self.made[index.preferred, size] = Index(letter, Declared(letter), letter)
        return known

    def _axes(self, tensor: str) -> tuple[Index, ...]:
        return self.axes[tensor] if tensor in self.axes else self._system.axes(tensor)

    def _labelled(self, index: Index, body: Expr, *, marked: bool = False) -> tuple[Size, ...]:
        """Return the extents of the axes on which an index stands by itself, in marked entries or in all others."""
        entries = [part for part in walk(body) if isinstance(part, Indexed)]
        entries += [lookup.entry for part in walk(body) for lookup in lookups_in(own_positions(part))]
        found: dict[Size, None] = {}
        for entry in entries:
            if entry.guarded is marked and index in entry.indices:
                pairs = zip(entry.indices, self._axes(entry.tensor), strict=True)
                found |= {axis.extent: None for position, axis in pairs if position == index}
        return tuple(found)


def _as_written(expr: Expr) -> Expr:
    """Return an expression with shifted indices as numbers, 1 - v, in sums, as text has them but in comparisons."""

    def side(part: Expr) -> Expr:
        return part if isinstance(part, IndexValue) else _as_written(part)

    match expr:
        case IndexValue(Affine(terms, constant)):
            parts = (times(*([] if c == 1 else [number(c)]), IndexValue(i)) for i, c in terms)
            return plus(*([number(constant)] if constant else []), *parts)
        case Sum(terms):
            return plus(*map(_as_written, terms))
        case Bracket(condition):
            return Bracket(map_condition(condition, side))
        case Select(condition, then, otherwise):
            return Select(map_condition(condition, side), _as_written(then), _as_written(otherwise))
        case _:
            return map_operands(expr, _as_written)

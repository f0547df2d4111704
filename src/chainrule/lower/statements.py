"""What equations are taken apart into: scalar code at a point, one reduction of a product, or additions by look-up.

Data and what they read, as entries and positions; `flatten` makes them and `fuse` puts them into nests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from chainrule.expr.binding import free_indices, lookups_in, own_positions, position_indices, tensors_in
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import Affine, Expr, Index, Indexed, Lookup, Position, walk
from chainrule.system.model import Equation

LOOKED_UP = 1 << 40
"""Stands for the coefficient of an axis along which a position is looked up: such steps are of any length."""


@dataclass(frozen=True)
class Assignment:
    """target[indices] = value; or, with `op`, op over `over` of the product of the factors.

    `place` is the tensor whose memory the target takes: that of a param for its update, else its own. With `at`,
    positions of the target, it is 0 everywhere but where the value goes, for all values of the indices, among them
    those that are not the target's, `over`. Where some positions are look-ups the value is added to the entry there;
    else no two values go to one entry, and `tiled` says that one goes to each, be it from several statements.
    """

    target: str
    indices: tuple[Index, ...]
    value: Expr
    equation: Equation
    op: str = ""
    over: tuple[Index, ...] = ()
    factors: tuple[Indexed, ...] = ()
    place: str = ""
    at: tuple[Position, ...] = ()
    tiled: bool = False

    @property
    def adds(self) -> bool:
        """Whether values are added to entries that are looked up."""
        return any(isinstance(position, Lookup) for position in self.at)

    @property
    def reads(self) -> frozenset[str]:
        """The tensors that the statement reads."""
        if self.op:
            return frozenset(f.tensor for f in self.factors)
        return tensors_in(self.value).union(lookup.entry.tensor for lookup in lookups_in(self.at))

    @property
    def loops(self) -> tuple[Index, ...]:
        """The indices that a statement with `at` runs over, those it adds up over first."""
        found = (i for position in self.at for i in position_indices(position))
        return tuple(dict.fromkeys((*self.over, *found)))


def looked_up_whole(expr: Expr) -> bool:
    """Say whether an expression is an entry that has no index but in look-ups: no two of them lie side by side."""
    if not isinstance(expr, Indexed):
        return False
    found = {i for p in expr.indices if isinstance(p, Lookup) for i in position_indices(p)}
    return bool(found) and found == free_indices(expr)


def entries(expr: Expr) -> tuple[Indexed, ...]:
    """Return the entries that an expression reads, as positions too, each once, in order."""
    found: list[Indexed] = []
    for part in walk(expr):
        found += [part] if isinstance(part, Indexed) else []
        found += [lookup.entry for lookup in lookups_in(own_positions(part))]
    return tuple(dict.fromkeys(found))


def entries_of(statement: Assignment) -> tuple[Indexed, ...]:
    """Return the entries that a statement reads."""
    places = tuple(lookup.entry for lookup in lookups_in(statement.at))
    return statement.factors if statement.op else (*entries(statement.value), *places)


def form_of_axes(position: Position, names: Mapping[Index, str]) -> LinearForm[str, int]:
    """Return a position as a linear form of the axes of its indices."""
    match position:
        case Index():
            return LinearForm({names[position]: 1}, 0)
        case Lookup():
            return LinearForm({names[i]: LOOKED_UP for i in position_indices(position)}, 0)
        case Affine(terms, constant):
            return LinearForm(dict(terms), constant).renamed(names.__getitem__)
        case _:
            assert_never(position)

"""The edges between the entries of two tensors: ∂u[k]/∂v[j], as arrays over a box of v's entries.

An index k that a Kronecker delta ties to a j is no axis of its own, so that what acts entry by entry costs no more than
it has entries. Numbers come from the reference, where an edge is from `structure`. How paths are counted is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.diff.backprop import Cotangents
from chainrule.diff.chain_rule import Contribution
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.explanation.paths.sparsity import structure
from chainrule.explanation.rounding import cancels, size
from chainrule.expr.binding import substitute_indices
from chainrule.expr.deltas import plain_delta
from chainrule.expr.nodes import (
    Affine,
    Expr,
    Index,
    Number,
    Position,
    product_factors,
    times,
)
from chainrule.expr.sizes import Axis

Array = npt.NDArray[Any]
Box: TypeAlias = tuple[tuple[int, int], ...]
"""For each axis, the first place and the one after the last."""


@dataclass(frozen=True, eq=False)
class Edges:
    """Local derivatives over a box: axes are those of v, then the ones of u that no delta ties.

    `there` says where there is an edge at all, None that there is one everywhere.
    """

    values: Array
    there: Array | None


@dataclass(frozen=True, eq=False)
class Link:
    """The local derivatives of `user` by `source`.

    `ties` gives, for each axis of the user, the source's axis that it equals. `local` is the
    derivative with the tied indices replaced and their deltas left out.
    """

    source: str
    user: str
    path: Contribution
    ours: tuple[Index, ...]
    theirs: tuple[Index, ...]
    ties: tuple[int | None, ...]
    local: Expr
    there: Expr

    @cached_property
    def tied(self) -> tuple[int, ...]:
        """The source's axes that are tied to one of the user's."""
        return tuple(sorted({axis for axis in self.ties if axis is not None}))

    @cached_property
    def free(self) -> tuple[int, ...]:
        """The source's axes that are not."""
        return tuple(axis for axis in range(len(self.ours)) if axis not in self.tied)

    @cached_property
    def own(self) -> tuple[int, ...]:
        """The user's axes that are not tied."""
        return tuple(axis for axis, tie in enumerate(self.ties) if tie is None)

    def shape(self, scope: Scope) -> tuple[int, ...]:
        """Return the shape of the user."""
        return scope.shape(self.theirs)

    def edges(self, scope: Scope, box: Box, own: Box) -> Edges:
        """Return the edges from a box of the source's entries to those of the user in `own`, a box of its own axes."""
        everywhere = isinstance(self.there, Number) and self.there.value > 0
        there = None if everywhere else self._over(self.there, scope, box, own) > 0
        return Edges(self._over(self.local, scope, box, own), there)

    def sizes(self, scope: Scope, box: Box, own: Box, values: Array) -> Array:
        """Return how large the local derivatives are before anything in them cancels; `values` are their numbers."""
        return self._over(size(self.local), scope, box, own) if cancels(self.local) else np.abs(values)

    def factor_values(self, scope: Scope, box: Box, own: Box) -> Iterator[tuple[Expr, Array]]:
        """Yield the factors of the local derivative with their values."""
        for factor in product_factors(self.local):
            yield factor, self._over(factor, scope, box, own)

    def _over(self, expr: Expr, scope: Scope, box: Box, own: Box) -> Array:
        """Return an expression's values over the source's axes, then the user's own ones."""
        indices = (*self.ours, *(self.theirs[axis] for axis in self.own))
        places: dict[Index, Position] = {}
        axes: list[Index] = []
        sizes = dict(scope.sizes)
        for number, (index, (start, stop)) in enumerate(zip(indices, (*box, *own), strict=True)):
            if (start, stop) == (0, scope.size(index.extent, index.preferred)):
                axes.append(index)
            elif stop - start == 1:
                places[index] = Affine((), start)
            else:
                window = Index(f"~{index.name}", Axis("~", number), index.preferred)
                sizes[window.extent] = stop - start
                places[index] = Affine(((window, 1),), start) if start else window
                axes.append(window)
        found = evaluate_in(replace(scope, sizes=sizes), substitute_indices(expr, places), tuple(axes))
        return found.reshape([stop - start for start, stop in (*box, *own)])


def link_of(path: Contribution, source: str, scope: Scope, cotangents: Cotangents) -> Link:
    """Return the edges that a path of the chain rule stands for.

    Where they are is read from the derivative as calculus makes it, before [j ≠ k]·(1 − t^2) becomes [j ≠ k] − a·t.
    """
    ours = _plain(path.local.partial.wrt[0].indices)
    theirs = path.indices
    ties: list[int | None] = [None] * len(theirs)
    places: dict[Index, Position] = {}
    left: list[Expr] = []
    for factor in product_factors(path.local.value):
        pair = _tie(factor, theirs, ours)
        if pair is None or ties[pair[0]] is not None or not _same_size(scope, theirs[pair[0]], ours[pair[1]]):
            left.append(factor)
            continue
        ties[pair[0]] = pair[1]
        places[theirs[pair[0]]] = ours[pair[1]]
    local = substitute_indices(times(*left), places)
    raw = substitute_indices(path.local.raw, places)
    there = cotangents.simplifier.simplify(structure(raw, cotangents.system))
    return Link(source, path.through, path, ours, theirs, tuple(ties), local, there)


def pieces(box: Box, limit: int) -> Iterator[Box]:
    """Yield boxes of at most `limit` entries that make up a box, in order."""
    lengths = [stop - start for start, stop in box]
    if prod(lengths) <= max(1, limit):
        yield box
        return
    axis = int(np.argmax(lengths))
    start, stop = box[axis]
    middle = (start + stop) // 2
    for part in ((start, middle), (middle, stop)):
        yield from pieces((*box[:axis], part, *box[axis + 1 :]), limit)


def _plain(positions: Sequence[Position]) -> tuple[Index, ...]:
    return tuple(position for position in positions if isinstance(position, Index))


def _tie(factor: Expr, theirs: tuple[Index, ...], ours: tuple[Index, ...]) -> tuple[int, int] | None:
    """Return the axes of the user and of the source that a factor says are equal."""
    pair = plain_delta(factor) or ()
    for one, other in zip(pair, pair[::-1], strict=True):
        if one in theirs and other in ours:
            return theirs.index(one), ours.index(other)
    return None


def _same_size(scope: Scope, one: Index, other: Index) -> bool:
    return scope.shape((one,)) == scope.shape((other,))

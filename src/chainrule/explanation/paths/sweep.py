"""One walk from an entry to the cost that counts and adds up all paths, without listing any.

For every entry reached: how many paths lead there, how many of them without a factor 0, the sum of their products
(which is ∂u[k]/∂v[j], by the chain rule forward), the sum of the products' sizes, and the largest size, as a logarithm.
The edges are computed piece by piece and not kept, so memory is bounded by the entries, not by the edges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.reference.scope import Scope
from chainrule.explanation.paths.counts import carried, ones, widened
from chainrule.explanation.paths.edges import Box, Edges, Link, link_of, pieces
from chainrule.expr.nodes import Expr
from chainrule.pipeline import Backprop

Array = npt.NDArray[Any]

EDGES_AT_ONCE = 1 << 21
"""How many edges are computed at a time."""
ROUNDING = float(np.finfo(np.float64).eps) ** 2
"""The variance of one rounding, relative to the square of what is rounded."""


@dataclass(frozen=True, eq=False)
class Reached:
    """What is known of the entries of a tensor in `box`, an array over the box each; counts have an axis of digits.

    `variance` is that of the rounding errors in `total`, each taken for independent of the others.
    """

    box: Box
    paths: Array
    alive: Array
    total: Array
    magnitude: Array
    variance: Array
    best: Array


@dataclass(frozen=True, eq=False)
class LinkCount:
    """How many edges of a link are on paths, and how many of those are 0, by the factor that is."""

    link: Link
    edges: int
    zeros: int
    causes: tuple[tuple[Expr, int], ...]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What is known of every tensor on a path, and every link on one, in the order of computation."""

    reached: Mapping[str, Reached]
    links: tuple[LinkCount, ...]


def sweep(back: Backprop, scope: Scope, start: str, place: tuple[int, ...]) -> Sweep:
    """Return what is known of all paths from an entry of `start` to the cost."""
    cotangents = back.cotangents
    arriving: dict[str, _Arriving] = {}
    reached: dict[str, Reached] = {start: _begun(place)}
    links: list[LinkCount] = []
    for name in cotangents.graph.order:
        if name in arriving:
            arrived = arriving.pop(name).reached()
            if arrived is not None:
                reached[name] = arrived
        if name not in reached or name == cotangents.cost:
            continue
        for path in cotangents.contributions(name):
            link = link_of(path, name, scope, cotangents)
            if path.through not in arriving:
                arriving[path.through] = _Arriving(link.shape(scope))
            counted = _passed(link, scope, reached[name], arriving[path.through])
            if counted.edges:
                links.append(counted)
    return Sweep(reached, tuple(links))


def own_box(link: Link, scope: Scope) -> Box:
    """Return the box of all places of the axes that a user does not share with its source."""
    shape = link.shape(scope)
    return tuple((0, shape[axis]) for axis in link.own)


def alive_entries(reached: Reached) -> Array:
    """Return which entries of a box are reached by a path without a factor 0."""
    return np.asarray(reached.alive.any(axis=-1))


def log_size(values: Array) -> Array:
    """Return the logarithm of |values|; what is not a number counts as infinite."""
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.log(np.abs(values)), nan=np.inf, posinf=np.inf, neginf=-np.inf)


def part_of(array: Array, whole: Box, part: Box) -> Array:
    """Return the part of an array over a box that belongs to a smaller box; further axes stay."""
    cut = tuple(slice(start - first, stop - first) for (start, stop), (first, _) in zip(part, whole, strict=True))
    return array[cut]


class _Arriving:
    """What has arrived so far at the entries of a tensor, of the whole shape."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._sums = {kind: np.zeros(shape) for kind in ("total", "magnitude", "variance")}
        self._counts = {"paths": np.zeros((*shape, 1)), "alive": np.zeros((*shape, 1))}
        self._best = np.full(shape, -np.inf)

    def count(self, kind: str, at: tuple[Any, ...], found: Array) -> None:
        """Add counts, whose last axis is that of digits."""
        self._counts[kind] = widened(self._counts[kind], found.shape[-1])
        self._counts[kind][(*at, slice(found.shape[-1]))] += found

    def add(self, kind: str, at: tuple[Any, ...], found: Array) -> None:
        """Add to the totals, or to the magnitudes."""
        self._sums[kind][at] += found

    def improve(self, at: tuple[Any, ...], found: Array) -> None:
        """Keep the larger size."""
        self._best[at] = np.maximum(self._best[at], found)

    def reached(self) -> Reached | None:
        """Return what is known of the smallest box that holds all entries with a path; None without one."""
        there = self._counts["paths"].any(axis=-1)
        if not there.any():
            return None
        places = np.argwhere(there)
        box = tuple((int(low), int(high) + 1) for low, high in zip(places.min(axis=0), places.max(axis=0), strict=True))
        cut = tuple(slice(*span) for span in box)
        counts = {kind: carried(digits[cut]) for kind, digits in self._counts.items()}
        sums = {kind: found[cut].copy() for kind, found in self._sums.items()}
        with np.errstate(all="ignore"):
            sums["variance"] += ROUNDING * sums["total"] ** 2
        return Reached(box, **counts, **sums, best=self._best[cut].copy())


def _begun(place: tuple[int, ...]) -> Reached:
    shape = (1,) * len(place)
    box = tuple((n, n + 1) for n in place)
    return Reached(
        box, ones(shape), ones(shape), np.ones(shape), np.ones(shape), np.full(shape, ROUNDING), np.zeros(shape)
    )


def _passed(link: Link, scope: Scope, source: Reached, user: _Arriving) -> LinkCount:
    """Pass what is known of the source's entries along all edges of a link."""
    own = own_box(link, scope)
    edges = zeros = 0
    causes: Counter[int] = Counter()
    factors: dict[int, Expr] = {}
    for box in pieces(source.box, EDGES_AT_ONCE // max(1, prod(stop - start for start, stop in own))):
        if not part_of(source.paths, source.box, box).any():
            continue
        piece = _EdgeBox(link, scope, source, box, own)
        edges += int(piece.there.sum())
        empty = piece.there & (piece.values == 0)
        if empty.any():
            zeros += int(empty.sum())
            for number, (factor, values) in enumerate(link.factor_values(scope, box, own)):
                here = empty & (piece.arranged(values) == 0)
                causes[number] += int(here.sum())
                factors[number] = factor
                empty &= ~here
        piece.pass_on(user)
    return LinkCount(link, edges, zeros, tuple((factors[n], causes[n]) for n in sorted(factors) if causes[n]))


class _EdgeBox:
    """The edges from one box of entries, with the axes (tied, the user's own, the source's free ones)."""

    def __init__(self, link: Link, scope: Scope, source: Reached, box: Box, own: Box) -> None:
        self._link, self._source, self._box, self._own = link, source, box, own
        self._lengths = [stop - start for start, stop in (*box, *own)]
        rank = len(link.ours)
        self._order = (*link.tied, *range(rank, rank + len(link.own)), *link.free)
        found: Edges = link.edges(scope, box, own)
        self._tied = [self._lengths[axis] for axis in link.tied]
        self._new = self._lengths[rank:]
        there = np.ones_like(found.values, bool) if found.there is None else found.there
        counted = np.asarray(self._entries(source.paths).any(axis=-1))
        self.there = self.arranged(there) & counted[:, None, :]
        self.values = self.arranged(found.values)
        self._sizes = self.arranged(link.sizes(scope, box, own, found.values))

    def arranged(self, array: Array) -> Array:
        """Return an array over the source's and the user's axes with three axes: tied, own, free."""
        found = np.broadcast_to(array, self._lengths).transpose(self._order)
        return found.reshape(prod(self._tied), prod(self._new), prod(self._lengths[axis] for axis in self._link.free))

    def pass_on(self, user: _Arriving) -> None:
        """Add to the user's entries what comes along these edges."""
        reached = np.asarray(self._entries(self._source.alive).any(axis=-1))
        alive = self.there & reached[:, None, :]
        values = np.where(self.there, self.values, 0.0)
        at = self._places()
        total, magnitude, variance = (
            self._entries(known)[..., None]
            for known in (self._source.total, self._source.magnitude, self._source.variance)
        )
        with np.errstate(all="ignore"):
            size = np.where(self.there, self._sizes, 0.0)
            for kind, edges, entries in (
                ("total", values, total),
                ("magnitude", np.abs(values), magnitude),
                ("variance", values**2, variance),
                ("variance", size**2, ROUNDING * total**2),
            ):
                user.add(kind, at, self._back(_product(edges, entries)[..., 0]))
            best = log_size(values) + self._entries(self._source.best)[:, None, :]
        passes = alive & (self.values != 0)
        best = np.where(passes, np.nan_to_num(best, nan=np.inf, posinf=np.inf, neginf=-np.inf), -np.inf)
        user.improve(at, self._back(best.max(axis=-1, initial=-np.inf)))
        user.count("paths", at, self._back(_product(self.there, self._entries(self._source.paths))))
        user.count("alive", at, self._back(_product(passes, self._entries(self._source.alive))))

    def _entries(self, array: Array) -> Array:
        """Return what is known of the box's entries with the axes (tied, free), and any further one."""
        found = part_of(array, self._source.box, self._box)
        rest = tuple(range(len(self._box), found.ndim))
        found = found.transpose((*self._link.tied, *self._link.free, *rest))
        free = prod(self._lengths[axis] for axis in self._link.free)
        return found.reshape((prod(self._tied), free, *found.shape[len(self._box) :]))

    def _back(self, array: Array) -> Array:
        """Return an array over (tied, own), and any further axis, with one axis for each index."""
        return array.reshape((*self._tied, *self._new, *array.shape[2:]))

    def _places(self) -> tuple[Any, ...]:
        """Return where in the user's array the entries of (tied axes, own axes) stand."""
        spans = [*(self._box[axis] for axis in self._link.tied), *self._own]
        rank = len(spans)
        places = []
        for axis, tie in enumerate(self._link.ties):
            number = len(self._link.tied) + self._link.own.index(axis) if tie is None else self._link.tied.index(tie)
            places.append(np.arange(*spans[number]).reshape([-1 if n == number else 1 for n in range(rank)]))
        return tuple(places)


def _product(edges: Array, entries: Array) -> Array:
    """Return Σ_free edges[tied, own, free]·entries[tied, free, column]."""
    if edges.shape[-1] == 1:
        return edges * entries
    return np.asarray(np.matmul(edges.astype(np.float64, copy=False), entries))


def links_into(links: Sequence[LinkCount]) -> Mapping[str, tuple[Link, ...]]:
    """Return the links by the tensor that they lead to."""
    found: dict[str, list[Link]] = {}
    for count in links:
        found.setdefault(count.link.user, []).append(count.link)
    return {name: tuple(into) for name, into in found.items()}

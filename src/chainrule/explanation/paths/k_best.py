"""The paths with the largest products, largest first, found without listing the others.

Every entry knows the largest size that arrives there; going back from the cost along the best edge each time gives the
best path, and each later path leaves one that was found before at one entry, by the next best edge (Lawler 1972). So k
paths of length L need at most k·L entries to be looked at. Products are compared by logarithms: none is too small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeAlias

import numpy as np

from chainrule.execute.reference.scope import Scope
from chainrule.explanation.paths.edges import Box, Link
from chainrule.explanation.paths.sweep import Reached, Sweep, alive_entries, links_into, log_size

Place: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Edge:
    """One factor of a path: ∂user[at]/∂source[place] and its number."""

    link: Link
    place: Place
    at: Place
    value: float
    score: float = field(repr=False)


@dataclass(frozen=True, eq=False)
class _Found:
    """A way on from an entry to the cost: the edge, and what follows it."""

    edge: Edge
    rest: _Found | None


def largest_paths(swept: Sweep, scope: Scope, start: str, cost: str, top: int) -> list[tuple[Edge, ...]]:
    """Return the edges of the `top` paths with the largest products that are not 0, from the start to the cost."""
    if top < 1 or cost not in swept.reached or not alive_entries(swept.reached[cost]).any():
        return []
    return list(_BestFirst(swept, scope, start, cost, top).paths())


class _BestFirst:
    """Looks at entries from the cost backward; those that it looked at are kept."""

    def __init__(self, swept: Sweep, scope: Scope, start: str, cost: str, top: int) -> None:
        self._reached: Mapping[str, Reached] = swept.reached
        self._into = links_into(swept.links)
        self._scope, self._start, self._cost, self._top = scope, start, cost, top
        self._known: dict[tuple[str, Place], list[Edge]] = {}
        self._waiting: list[tuple[float, int, str, Place, int, _Found | None]] = []
        self._pushed = 0

    def paths(self) -> Iterator[tuple[Edge, ...]]:
        """Yield the paths."""
        self._push(0.0, self._cost, (), 0, None)
        for _ in range(self._top):
            if not self._waiting:
                return
            loss, _, tensor, place, rank, rest = heappop(self._waiting)
            yield self._followed(loss, tensor, place, rank, rest)

    def _push(self, loss: float, tensor: str, place: Place, rank: int, rest: _Found | None) -> None:
        self._pushed += 1
        heappush(self._waiting, (loss, self._pushed, tensor, place, rank, rest))

    def _followed(self, loss: float, tensor: str, place: Place, rank: int, rest: _Found | None) -> tuple[Edge, ...]:
        """Return the best path that begins by an edge of this rank, and keep in mind what leaves it."""
        while tensor != self._start:
            edges = self._edges(tensor, place)
            edge = edges[rank]
            if rank + 1 < len(edges):
                self._push(loss + _lost(edge, edges[rank + 1]), tensor, place, rank + 1, rest)
            tensor, place, rank, rest = edge.link.source, edge.place, 0, _Found(edge, rest)
        path = []
        while rest is not None:
            path.append(rest.edge)
            rest = rest.rest
        return tuple(path)

    def _edges(self, tensor: str, place: Place) -> list[Edge]:
        """Return the best edges into an entry, best first."""
        known = self._known.get((tensor, place))
        if known is None:
            found = [edge for link in self._into[tensor] for edge in self._along(link, place)]
            known = sorted(found, key=lambda edge: -edge.score)[: self._top]
            self._known[tensor, place] = known
        return known

    def _along(self, link: Link, at: Place) -> list[Edge]:
        """Return the best edges into an entry along one link."""
        source = self._reached[link.source]
        box = _box_into(link, source.box, at)
        if box is None:
            return []
        own = tuple((at[axis], at[axis] + 1) for axis in link.own)
        edges = link.edges(self._scope, box, own)
        shape = tuple(stop - start for start, stop in box)
        values = edges.values.reshape(shape)
        cut = tuple(slice(start - low, stop - low) for (start, stop), (low, _) in zip(box, source.box, strict=True))
        passes = (values != 0) & alive_entries(source)[cut]
        if edges.there is not None:
            passes &= edges.there.reshape(shape)
        with np.errstate(all="ignore"):
            scores = np.nan_to_num(log_size(values) + source.best[cut], nan=np.inf, posinf=np.inf, neginf=-np.inf)
        flat = np.flatnonzero(passes)
        order = scores.reshape(-1)[flat]
        if len(flat) > self._top:
            chosen = np.sort(np.argpartition(-order, self._top - 1)[: self._top])
            flat, order = flat[chosen], order[chosen]
        places = np.stack(np.unravel_index(flat, shape), axis=-1) if shape else np.zeros((len(flat), 0), int)
        return [
            Edge(
                link,
                tuple(int(n) + start for n, (start, _) in zip(found, box, strict=True)),
                at,
                float(values.reshape(-1)[place]),
                float(score),
            )
            for place, found, score in zip(flat, places, order, strict=True)
        ]


def _lost(better: Edge, worse: Edge) -> float:
    return 0.0 if better.score == worse.score else better.score - worse.score


def _box_into(link: Link, box: Box, at: Place) -> Box | None:
    """Return the entries of the source's box that have an edge into the user's entry; None without any."""
    spans = list(box)
    for axis, tie in enumerate(link.ties):
        if tie is not None:
            start, stop = spans[tie]
            if not start <= at[axis] < stop:
                return None
            spans[tie] = (at[axis], at[axis] + 1)
    return tuple(spans)

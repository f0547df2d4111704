"""The order in which equations of derivatives are written: as they are derived, last to first, params at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.diff.graph import Graph
from chainrule.expr.symbols import Symbol


def last_to_first(read: Mapping[Symbol, Sequence[Symbol]], graph: Graph) -> list[Symbol]:
    """Return the tensors whose ∂C/∂t are written, in order; `read` are those whose ∂C/∂u the equation of each names.

    The tensors of equations come against the order of the system; each param, which no equation defines, right after
    the last of what its derivative reads.
    """
    place: dict[str, int] = {name: n for n, name in enumerate(reversed(graph.order))}
    position: dict[str, tuple[int, int]] = {}
    for name in sorted(read, key=lambda n: place.get(n, 0)):
        if graph.reads.get(name):
            position[name] = place[name], 0
        else:
            position[name] = max((position[n][0] for n in read[name]), default=0), 1
    return sorted(read, key=lambda n: (position[n], -place.get(n, 0) if position[n][1] else 0))

"""The places in an expression at which it can be changed, each with the way back to the whole.

All reductions are opened once, with names that are used nowhere else. So whatever is changed, all that is not above it
is the same data still, and whoever evaluates many changes computes it once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.expr.binding import Fresh, map_operands, open_reduce, reduce_over
from chainrule.expr.nodes import Expr, Index, Product, Reduce, Sum


@dataclass(frozen=True)
class Place:
    """A part of an expression, the indices that may stand there, and what the whole is with something else there.

    The whole is `linear` in it where there are only sums and products around it.
    """

    node: Expr
    scope: tuple[Index, ...]
    put: Callable[[Expr], Expr]
    linear: bool = True


def opened(expr: Expr, fresh: Fresh) -> Expr:
    """Return the expression with every reduction under fresh names: to be evaluated and changed, not to be compared."""
    if isinstance(expr, Reduce):
        indices, body = open_reduce(expr, fresh)
        return Reduce(expr.op, indices, opened(body, fresh))
    return map_operands(expr, lambda part: opened(part, fresh))


def closed(expr: Expr) -> Expr:
    """Return an opened expression with canonical names again."""
    if isinstance(expr, Reduce):
        return reduce_over(expr.op, expr.indices, closed(expr.body))
    return map_operands(expr, closed)


def places_of(expr: Expr, scope: tuple[Index, ...]) -> tuple[Place, ...]:
    """Return all places of an opened expression, outermost first."""
    found: list[Place] = []
    _collect(Place(expr, scope, lambda new: new), found)
    return tuple(found)


def operands_of(expr: Expr) -> list[Expr]:
    """Return the expressions directly in an expression, those of its conditions too."""
    parts: list[Expr] = []
    map_operands(expr, lambda part: _noted(part, parts))
    return parts


def _collect(place: Place, found: list[Place]) -> None:
    found.append(place)
    node = place.node
    scope = (*place.scope, *node.indices) if isinstance(node, Reduce) else place.scope
    linear = place.linear and (
        node.op in {"sum", "mean"} if isinstance(node, Reduce) else isinstance(node, Sum | Product)
    )
    for number, part in enumerate(operands_of(node)):
        _collect(Place(part, scope, _put_at(place, number), linear), found)


def _put_at(place: Place, number: int) -> Callable[[Expr], Expr]:
    return lambda new: place.put(_replaced(place.node, number, new))


def _noted(part: Expr, parts: list[Expr]) -> Expr:
    parts.append(part)
    return part


def _replaced(expr: Expr, place: int, new: Expr) -> Expr:
    count = -1

    def choose(part: Expr) -> Expr:
        nonlocal count
        count += 1
        return new if count == place else part

    return map_operands(expr, choose)

"""Where a local derivative can be anything but 0, whatever the numbers are.

∂u[k]/∂v[j] is an edge of the graph of entries where its brackets of indices hold: [k = j], [0 <= j − i < 3]. Brackets
of values, [z[j] > 0], make an edge's number 0 and leave the edge. Nothing is evaluated here: the structure is again an
expression, positive where there is an edge.
"""

from __future__ import annotations

from typing import assert_never

from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import (
    ONE,
    ZERO,
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Indexed,
    IndexValue,
    Logic,
    MatrixEntry,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    plus,
    times,
)
from chainrule.system.model import System


def structure(expr: Expr, system: System) -> Expr:  # noqa: C901 -- one match over the nodes
    r"""Return an expression that is positive where the given one may differ from 0, and 0 where it cannot.

    >>> from chainrule.notation import parse
    >>> system = parse("param W[j,i]\ndata x[i]\nz[j] = [j <= 2]*(sum(i) W[j,i]*[x[i] > 0])\ncost C = sum(j) z[j]^2")
    >>> from chainrule.render.text import expression_text
    >>> expression_text(structure(system.defined["z"].value, system))
    '[j ≤ 2]'
    """
    match expr:
        case Number(value):
            return ZERO if value == 0 else ONE
        case Constant() | ExtentValue() | IndexValue() | MatrixEntry() | Partial() | Call():
            return ONE
        case Indexed(_, _, guarded):
            return _inside(expr, system) if guarded else ONE
        case Sum(terms):
            return _any([structure(term, system) for term in terms])
        case Product(factors):
            return _all([structure(factor, system) for factor in factors])
        case Power(base, Number(value)) if value > 0:
            return structure(base, system)
        case Power():
            return ONE
        case Reduce("sum" | "mean", indices, body):
            inner = structure(body, system)
            return inner if inner in (ONE, ZERO) else Reduce("sum", indices, inner)
        case Reduce():
            return ONE
        case Bracket(condition):
            return _holds(condition)
        case Select(condition, then, otherwise):
            yes, no = structure(then, system), structure(otherwise, system)
            return _any([yes, no]) if tensors_in(condition) else Select(condition, yes, no)
        case _:
            assert_never(expr)


def _holds(condition: Condition) -> Expr:
    """Return the bracket of the parts of a condition that only indices decide."""
    if not tensors_in(condition):
        return Bracket(condition)
    match condition:
        case Logic("and", parts):
            return _all([_holds(part) for part in parts])
        case _:
            return ONE


def _inside(entry: Indexed, system: System) -> Expr:
    """Return the bracket of a guarded entry's range."""
    parts: list[Condition] = []
    for position, axis in zip(entry.indices, system.axes(entry.tensor), strict=True):
        if isinstance(position, Affine):
            place = IndexValue(position)
            parts.append(Comparison("<=", ZERO, place))
            parts.append(Comparison("<", place, ExtentValue(axis.extent, axis.preferred)))
    return Bracket(Logic("and", tuple(parts))) if parts else ONE


def _any(parts: list[Expr]) -> Expr:
    """Return something positive where one of the parts is."""
    return ONE if ONE in parts else plus(*(part for part in parts if part != ZERO))


def _all(parts: list[Expr]) -> Expr:
    """Return something positive where all parts are."""
    return ZERO if ZERO in parts else times(*(part for part in parts if part != ONE))

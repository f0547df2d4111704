"""What a Kronecker delta is: the one place that says so.

A delta is a bracket of two index expressions with `=`, `[i = j]`, `[2*i+u = p]` or `[i = 3]`; it is plain where both
sides are single indices. What is done with it is the matter of whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.expr.binding import affine
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Comparison,
    Condition,
    Expr,
    Index,
    IndexValue,
    Lookup,
    Number,
    Position,
)


def kronecker(expr: Expr | Condition) -> tuple[Position, Position] | None:
    """Return the two sides of a Kronecker delta, else None.

    >>> i, j = Index("i"), Index("j")
    >>> kronecker(Bracket(Comparison("=", IndexValue(i), IndexValue(j)))) == (i, j)
    True
    """
    match expr:
        case Bracket(Comparison("=", IndexValue(left), IndexValue(right))):
            return left, right
        case Bracket(Comparison("=", IndexValue(left), Number(value))) if value >= 0 and value.denominator == 1:
            return left, affine({}, int(value))
        case _:
            return None


def plain_delta(expr: Expr | Condition) -> tuple[Index, Index] | None:
    """Return the two indices of a delta of single indices, else None."""
    match kronecker(expr):
        case (Index() as left, Index() as right):
            return left, right
        case _:
            return None


def difference(left: Position, right: Position) -> tuple[Mapping[Index | Lookup, int], int]:
    """Return left - right as (coefficients without zeros, constant); a looked-up number counts like an index.

    >>> i, j = Index("i"), Index("j")
    >>> difference(affine({i: 2, j: 1}, 3), j) == ({i: 2}, 3)
    True
    """
    coefficients: dict[Index | Lookup, int] = {}
    constant = 0
    for position, sign in ((left, 1), (right, -1)):
        terms = position.terms if isinstance(position, Affine) else ((position, 1),)
        constant += sign * position.constant if isinstance(position, Affine) else 0
        for atom, c in terms:
            coefficients[atom] = coefficients.get(atom, 0) + sign * c
    return {i: c for i, c in coefficients.items() if c}, constant


def solved_for(index: Index, left: Position, right: Position) -> Position | None:
    """Return what left = right says an index is, where its coefficient is 1 or -1; positive terms come first.

    A looked-up number stands alone: [tok[t] = v] says v, [tok[t] = v+1] says nothing that is a position.

    >>> p, q, u = Index("p"), Index("q"), Index("u")
    >>> solved_for(q, affine({q: 1, u: 1}), p) == affine({p: 1, u: -1})
    True
    """
    coefficients, constant = difference(left, right)
    own = coefficients.get(index, 0)
    if abs(own) != 1:
        return None
    rest = {atom: -own * c for atom, c in coefficients.items() if atom != index}
    lookups = [atom for atom in rest if isinstance(atom, Lookup)]
    if lookups:
        return lookups[0] if rest == {lookups[0]: 1} and constant == 0 else None
    plain = {atom: c for atom, c in rest.items() if isinstance(atom, Index)}
    return affine(dict(sorted(plain.items(), key=lambda item: item[1] < 0)), -own * constant)

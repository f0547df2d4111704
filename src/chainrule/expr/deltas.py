"""What a Kronecker delta is: the one place that says so.

A delta is a bracket of two index expressions with `=`, `[i = j]` or `[2*i+u = p]`; it is plain where both sides are
single indices. What is done with it is the matter of whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.expr.binding import affine
from chainrule.expr.nodes import Bracket, Comparison, Condition, Expr, Index, IndexValue, Position


def kronecker(expr: Expr | Condition) -> tuple[Position, Position] | None:
    """Return the two sides of a Kronecker delta, else None.

    >>> i, j = Index("i"), Index("j")
    >>> kronecker(Bracket(Comparison("=", IndexValue(i), IndexValue(j)))) == (i, j)
    True
    """
    match expr:
        case Bracket(Comparison("=", IndexValue(left), IndexValue(right))):
            return left, right
        case _:
            return None


def plain_delta(expr: Expr | Condition) -> tuple[Index, Index] | None:
    """Return the two indices of a delta of single indices, else None."""
    match kronecker(expr):
        case (Index() as left, Index() as right):
            return left, right
        case _:
            return None


def difference(left: Position, right: Position) -> tuple[Mapping[Index, int], int]:
    """Return left - right as (coefficients without zeros, constant).

    >>> i, j = Index("i"), Index("j")
    >>> difference(affine({i: 2, j: 1}, 3), j) == ({i: 2}, 3)
    True
    """
    coefficients: dict[Index, int] = {}
    constant = 0
    for position, sign in ((left, 1), (right, -1)):
        terms = ((position, 1),) if isinstance(position, Index) else position.terms
        constant += 0 if isinstance(position, Index) else sign * position.constant
        for index, c in terms:
            coefficients[index] = coefficients.get(index, 0) + sign * c
    return {i: c for i, c in coefficients.items() if c}, constant


def solved_for(index: Index, left: Position, right: Position) -> Position | None:
    """Return what left = right says an index is, where its coefficient is 1 or -1; positive terms come first.

    >>> p, q, u = Index("p"), Index("q"), Index("u")
    >>> solved_for(q, affine({q: 1, u: 1}), p) == affine({p: 1, u: -1})
    True
    """
    coefficients, constant = difference(left, right)
    own = coefficients.get(index, 0)
    if abs(own) != 1:
        return None
    rest = {i: -own * c for i, c in coefficients.items() if i != index}
    return affine(dict(sorted(rest.items(), key=lambda item: item[1] < 0)), -own * constant)

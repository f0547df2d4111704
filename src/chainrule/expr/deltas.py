"""What a Kronecker delta is: the one place that says so.

A delta is a bracket of two index expressions with `=`, `[i = j]`, `[2*i+u = p]` or `[i = 3]`; it is plain where both
sides are single indices. What is done with it is the matter of whoever asks.
"""

from __future__ import annotations

from chainrule.expr.combinations import affine
from chainrule.expr.nodes import (
    Bracket,
    Comparison,
    Condition,
    Expr,
    Index,
    IndexValue,
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

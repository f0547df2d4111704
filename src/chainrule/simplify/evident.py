"""What the form of an expression makes plain: that it is always defined, or under a bracket."""

from __future__ import annotations

from chainrule.expr.binding import unmarked_positions
from chainrule.expr.functions import names_with
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Expr,
    Indexed,
    IndexValue,
    MatrixEntry,
    Number,
    Partial,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
)

_TOTAL = names_with(lambda function: function.total)


def always_defined(expr: Expr) -> bool:
    """Say whether an expression plainly has a finite value everywhere, so that it needs no bracket to guard it."""
    match expr:
        case Power(base, Number(value)):
            return value.denominator == 1 and value > 0 and always_defined(base)
        case Call(function, arguments, 0):
            return function in _TOTAL and all(always_defined(a) for a in arguments)
        case Sum(parts) | Product(parts):
            return all(always_defined(part) for part in parts)
        case Reduce("sum" | "mean" | "prod", _, body):
            return always_defined(body)
        case MatrixEntry(function):
            return function == "det"
        case Indexed() | IndexValue() | Bracket():
            return not any(isinstance(p, Affine) and p.terms for p in unmarked_positions(expr))
        case Power() | Call() | Reduce() | Select() | Partial():
            return False
        case _:
            return True


def guarded(expr: Expr) -> bool:
    """Say whether an expression has a bracket as a factor."""
    return isinstance(expr, Bracket) or (
        isinstance(expr, Product) and any(isinstance(f, Bracket) for f in expr.factors)
    )

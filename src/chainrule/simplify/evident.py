"""What the form of an expression makes plain: that it is never negative, always defined, or under a bracket."""

from __future__ import annotations

from chainrule.expr.binding import unmarked_positions
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Constant,
    Expr,
    ExtentValue,
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

_NON_NEGATIVE = frozenset({"exp", "sqrt", "sigmoid", "softplus", "relu", "abs", "cosh"})
_TOTAL = frozenset(
    {"sigmoid", "tanh", "erf", "sin", "cos", "relu", "abs", "sign", "softplus", "atan", "maximum", "minimum"}
)


def non_negative(expr: Expr) -> bool:
    """Say whether an expression is plainly never negative, wherever it is defined."""
    match expr:
        case Number(value):
            return value >= 0
        case Call(function, _, 0):
            return function in _NON_NEGATIVE
        case Power(base, Number(value)):
            return (value.denominator == 1 and value % 2 == 0) or value.denominator % 2 == 0 or non_negative(base)
        case Sum(parts) | Product(parts):
            return all(non_negative(part) for part in parts)
        case Reduce(_, _, body):
            return non_negative(body)
        case Bracket() | ExtentValue() | Constant():
            return True
        case _:
            return False


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

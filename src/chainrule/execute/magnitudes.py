"""How large what is added up in an expression is: below a tiny part of it, a value is rounding and nothing else."""

from __future__ import annotations

from chainrule.expr.nodes import Bracket, Call, Expr, Indexed, Number, Power, Product, Reduce, Select, Sum
from chainrule.system.model import is_derivative

SIZE = "|size|"
"""Stands before the name of a tensor: the array of its sizes; of a derivative, those its differences were taken of."""


def magnitude(expr: Expr) -> Expr:
    """Return the expression with the size of every term: Σ|a|·|b| of Σ a·b, so that nothing cancels.

    A marked entry stays one, since its mark says where the rest of its product is read.
    """
    match expr:
        case Sum(terms):
            return Sum(tuple(map(magnitude, terms)))
        case Product(factors):
            return Product(tuple(map(magnitude, factors)))
        case Power(base, Number(value) as exponent) if value > 0:
            return Power(magnitude(base), exponent)
        case Reduce("sum" | "mean" as op, indices, body):
            return Reduce(op, indices, magnitude(body))
        case Select(condition, then, otherwise):
            return Select(condition, magnitude(then), magnitude(otherwise))
        case Indexed(tensor, indices, guarded) if guarded or is_derivative(tensor):
            return Indexed(SIZE + tensor, indices, guarded)
        case Bracket():
            return expr
        case _:
            return Call("abs", (expr,))

"""How large what is added up in an expression is: below a tiny part of it, a value is rounding and nothing else."""

from __future__ import annotations

from collections.abc import Container

from chainrule.expr.functions import names_with
from chainrule.expr.nodes import Bracket, Call, Expr, Indexed, Number, Power, Product, Reduce, Select, Sum
from chainrule.expr.symbols import Derivative, Tensor

_CONTRACTING = names_with(lambda function: function.contracting)


def size_of(tensor: str) -> Tensor:
    """Return the name of the array of the sizes of what was added up to get a tensor."""
    return Tensor(f"size of {tensor}")


def magnitude(expr: Expr, sized: Container[str] = ()) -> Expr:
    """Return the expression with the size of every term: Σ|a|·|b| of Σ a·b, so that nothing cancels.

    Derivatives, and the tensors of `sized`, stand in it with the size of what they are made of. A marked entry stays
    one, since its mark says where the rest of its product is read.
    """
    match expr:
        case Sum(terms):
            return Sum(tuple(magnitude(t, sized) for t in terms))
        case Product(factors):
            return Product(tuple(magnitude(f, sized) for f in factors))
        case Power(base, Number(value) as exponent) if value > 0:
            return Power(magnitude(base, sized), exponent)
        case Reduce("sum" | "mean" as op, indices, body):
            return Reduce(op, indices, magnitude(body, sized))
        case Select(condition, then, otherwise):
            return Select(condition, magnitude(then, sized), magnitude(otherwise, sized))
        case Call(function, (argument,), 0) if function in _CONTRACTING:
            return magnitude(argument, sized)
        case Indexed(tensor, indices, guarded) if guarded or isinstance(tensor, Derivative) or tensor in sized:
            return Indexed(size_of(tensor), indices, guarded)
        case Bracket():
            return expr
        case _:
            return Call("abs", (expr,))

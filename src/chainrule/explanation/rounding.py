"""How large a value is before anything in it cancels: the measure of what rounding can do to it.

1 − a is rounded relative to 1 + a. The size of an expression is itself an expression, with every sum made one of sizes;
whether a total may differ from the derivative is judged by such sizes, not by the total. Inside functions, denominators
and products over an index nothing is looked at.
"""

from __future__ import annotations

from chainrule.expr.nodes import (
    MINUS_ONE,
    Bracket,
    Call,
    Constant,
    Expr,
    ExtentValue,
    Number,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    plus,
    times,
    walk,
)


def cancels(expr: Expr) -> bool:
    """Say whether terms are added anywhere in an expression."""
    return any(isinstance(part, Sum | Reduce) for part in walk(expr))


def size(expr: Expr) -> Expr:
    r"""Return an expression whose value is what the given one would have if no two of its terms cancelled.

    >>> from chainrule.notation import parse
    >>> system = parse("param a, b\nu = a*(1 - b)^2 - 3*exp(a - b)\ncost C = u")
    >>> from chainrule.render.text import expression_text
    >>> expression_text(size(system.defined["u"].value))
    'abs(a)·(1 + abs(b))^2 + 3·abs(exp(a − b))'
    """
    match expr:
        case Number(value):
            return Number(abs(value))
        case Constant() | ExtentValue() | Bracket():
            return expr
        case Sum(terms):
            return plus(*map(size, terms))
        case Product(factors):
            return times(*(size(factor) for factor in factors if factor != MINUS_ONE))
        case Power(base, Number(value) as exponent) if value > 0:
            return Power(size(base), exponent)
        case Reduce("sum" | "mean" as op, indices, body):
            return Reduce(op, indices, size(body))
        case Select(condition, then, otherwise):
            return Select(condition, size(then), size(otherwise))
        case _:
            return Call("abs", (expr,))

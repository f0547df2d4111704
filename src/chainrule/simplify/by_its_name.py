"""Whether a derivative of the cost may be written with the cost: f' = f·(1 − f), ∂H/∂z[k] = −a[k]·(log a[k] + H).

Books do so where the cost is a function whose derivative it stands in (exp, sigmoid, tanh, a root, a determinant), an
average that what it is taken over moves with (an entropy, an expected reward), or a quotient of such (a cosine). In z^2
or x*y they would be puzzled to find C: where 1 − z^2 is the slope of a tanh, that C is z^2 is a coincidence.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from chainrule.expr.nodes import (
    Call,
    Condition,
    Expr,
    Indexed,
    MatrixEntry,
    Product,
    Reduce,
    Sum,
    operands,
    product_factors,
)
from chainrule.simplify.recognise import split_constants

_DEEPEST = 50


def is_worth_its_name(value: Expr, moving: Collection[str]) -> bool:
    """Say whether a cost of this value stands in its derivatives by its name. `moving` are neither data nor consts."""
    _, found = split_constants(value)
    above = [base for base, exponent in found.items() if exponent > 0]
    if len(above) > 1:
        return False
    return all(_is_function(base, found[base], moving) for base in (above or found))


def may_be_worth_it(value: Expr, moving: Collection[str]) -> bool:
    """Say whether it is worth while to simplify the value of a cost, to see if it is worth its name.

    1/(1 + exp(-t)) will be a sigmoid; what is nested very deeply nobody would look for in its derivative.
    """
    _, found = split_constants(value)
    quotient = any(isinstance(base, Sum) and exponent < 0 for base, exponent in found.items())
    return (quotient or is_worth_its_name(value, moving)) and not _nests_deeply(value)


def _nests_deeply(value: Expr) -> bool:
    stack: list[tuple[Expr | Condition, int]] = [(value, 0)]
    while stack:
        node, height = stack.pop()
        if height > _DEEPEST:
            return True
        stack.extend((part, height + 1) for part in operands(node))
    return False


def _is_function(base: Expr, exponent: Fraction, moving: Collection[str]) -> bool:
    """Say whether a factor is a function of something, a root, or an average over something that moves.

    det(X) is as short as a name.
    """
    match base:
        case Call():
            return True
        case MatrixEntry():
            return exponent.denominator != 1
        case Sum():
            return exponent > 0 and exponent.denominator != 1
        case Reduce(_, _, body):
            weights = (f.tensor for f in product_factors(body) if isinstance(f, Indexed))
            return exponent.denominator != 1 or (isinstance(body, Product) and any(w in moving for w in weights))
        case _:
            return False

"""Whether a derivative of the cost may be written with the cost: f' = f·(1 − f), ∂H/∂z[k] = −a[k]·(log a[k] + H).

Books do so where the cost is a function whose derivative it stands in (exp, sigmoid, tanh, a root, a determinant), an
average that what it is taken over moves with (an entropy, an expected reward), or a quotient of such (a cosine). In z^2
or x*y they would be puzzled to find C: where 1 − z^2 is the slope of a tanh, that C is z^2 is a coincidence.
"""

from __future__ import annotations

from fractions import Fraction

from chainrule.expr.nodes import Call, Condition, Expr, Indexed, MatrixEntry, Reduce, operands
from chainrule.simplify.recognise import split_constants

_DEEPEST = 50


def is_worth_its_name(value: Expr) -> bool:
    """Say whether the value of a cost is one that derivatives of it are written with."""
    _, found = split_constants(value)
    above = [base for base, exponent in found.items() if exponent > 0]
    if len(above) > 1:
        return False
    return all(_is_function(base, found[base]) for base in (above or found))


def nests_deeply(value: Expr) -> bool:
    """Say whether a value is nested so deeply that nobody would look for it in its derivative."""
    stack: list[tuple[Expr | Condition, int]] = [(value, 0)]
    while stack:
        node, height = stack.pop()
        if height > _DEEPEST:
            return True
        stack.extend((part, height + 1) for part in operands(node))
    return False


def _is_function(base: Expr, exponent: Fraction) -> bool:
    """Say whether a factor is a function of something or a sum over something; det(X) is as short as a name."""
    match base:
        case Call():
            return True
        case MatrixEntry():
            return exponent.denominator != 1
        case Reduce(_, _, body):
            return not isinstance(body, Indexed)
        case _:
            return False

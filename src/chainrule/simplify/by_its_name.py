"""Whether a derivative of the cost may be written with the cost: f' = f·(1 − f), ∂H/∂z[k] = −a[k]·(log a[k] + H).

Books do so where the cost is a function whose derivative it stands in (exp, sigmoid, tanh, a root, a determinant), an
average that what it is taken over moves with (an entropy, an expected reward), or a quotient of such (a cosine). In z^2
or x*y they would be puzzled to find C: where 1 − z^2 is the slope of a tanh, that C is z^2 is a coincidence.
"""

from __future__ import annotations

from fractions import Fraction

from chainrule.expr.nodes import Call, Expr, Indexed, MatrixEntry, Reduce
from chainrule.simplify.recognise import split_constants


def is_worth_its_name(value: Expr) -> bool:
    """Say whether the value of a cost is one that derivatives of it are written with."""
    _, found = split_constants(value)
    above = [base for base, exponent in found.items() if exponent > 0]
    if len(above) > 1:
        return False
    return all(_is_function(base, found[base]) for base in (above or found))


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

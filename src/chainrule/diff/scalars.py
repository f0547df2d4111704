"""The derivatives of the scalar functions: the only derivatives in chainrule that a person wrote.

One line each, in the notation itself, by argument. Conventions at kinks are written out in the line: relu'(0) = 0,
sign'(t) = 0, a tie of maximum or minimum is shared equally, clip passes the derivative on at its bounds; maximum(0, t)
is relu(t) at its tie too. All else is the chain rule. Source of the formulas: NIST Digital Library of Mathematical
Functions, 4.7, 4.20, 4.34, 7.2.
"""

from __future__ import annotations

from functools import cache

from chainrule.errors import DerivativeError, listed
from chainrule.expr.functions import ARITY
from chainrule.expr.nodes import ZERO, Call, Expr
from chainrule.notation.parser import parse_scalar

PARAMETERS: dict[int, tuple[str, ...]] = {1: ("t",), 2: ("s", "t"), 3: ("t", "low", "high")}
"""What the arguments are called in the table, by their number."""

TABLE: dict[str, tuple[str, ...]] = {
    "exp": ("exp(t)",),
    "log": ("1/t",),
    "log1p": ("1/(1 + t)",),
    "expm1": ("exp(t)",),
    "sqrt": ("1/(2*sqrt(t))",),
    "sin": ("cos(t)",),
    "cos": ("-sin(t)",),
    "tan": ("1 + tan(t)^2",),
    "sinh": ("cosh(t)",),
    "cosh": ("sinh(t)",),
    "tanh": ("1 - tanh(t)^2",),
    "atan": ("1/(1 + t^2)",),
    "sigmoid": ("sigmoid(t)*(1 - sigmoid(t))",),
    "relu": ("[t > 0]",),
    "softplus": ("sigmoid(t)",),
    "erf": ("2/sqrt(pi)*exp(-t^2)",),
    "abs": ("sign(t)",),
    "sign": ("0",),
    "maximum": ("[s > t] + 1/2*[s = t]", "[t > s] + 1/2*[s = t]"),
    "minimum": ("[s < t] + 1/2*[s = t]", "[t < s] + 1/2*[s = t]"),
    "clip": ("[low <= t and t <= high]", "[t < low and low <= high]", "[t > high or low > high]"),
}
"""Function -> its derivative by each argument."""

WORDS: dict[str, str] = {
    "exp": "exp is its own derivative",
    "log": "log'(t) = 1/t",
    "relu": "relu'(t) = [t > 0], with relu'(0) = 0 by convention",
    "abs": "abs'(t) = sign(t), with sign(0) = 0 by convention",
    "sign": "sign'(t) = 0 by convention",
    "maximum": "the larger one gets the derivative; equal ones share it by convention",
    "minimum": "the smaller one gets the derivative; equal ones share it by convention",
    "clip": "clip passes the derivative on from low to high, both included by convention",
}
"""How a derivation says it, where that is not just the line of the table."""


def statement(function: str) -> str:
    """Return the rule for a function as a sentence.

    >>> statement("tanh")
    "tanh'(t) = 1 - tanh(t)^2"
    """
    return WORDS.get(function) or f"{function}'(t) = {TABLE[function][0]}"


RECTIFIED: dict[str, tuple[Expr, str]] = {
    "maximum": (parse_scalar("[t > 0]", ("t",)), "maximum(0, t)' = [t > 0], with 0 at t = 0 by convention, like relu"),
    "minimum": (parse_scalar("[t < 0]", ("t",)), "minimum(0, t)' = [t < 0], with 0 at t = 0 by convention, like relu"),
}
"""Function -> its derivative by t where the other argument is the number 0, and how a derivation says it.

maximum(0, t) is relu(t), so it has the derivative of relu, at the tie too; there nothing else could take a share.
"""


def rectified(call: Call) -> Expr | None:
    """Return t of maximum(0, t), maximum(t, 0) and so for minimum, else None."""
    if call.function not in RECTIFIED or ZERO not in call.arguments:
        return None
    first, second = call.arguments
    return second if first == ZERO else first


def parameters_of(function: str) -> tuple[str, ...]:
    """Return the names of a function's arguments in the table."""
    return PARAMETERS[ARITY[function]]


@cache
def scalar_derivative(function: str, argument: int) -> Expr:
    """Return the derivative by the argument with this number, its parameters as entries without indices.

    Raises DerivativeError for a function that has no line in the table.
    """
    if function not in TABLE:
        raise DerivativeError(
            f"no derivative for '{function}'",
            expected=f"known are {listed(sorted(TABLE))}",
            advice="To add it: one line in diff/scalars.py, one per printer and executor; the conformance test names "
            "what is missing.",
        )
    return parse_scalar(TABLE[function][argument], parameters_of(function))

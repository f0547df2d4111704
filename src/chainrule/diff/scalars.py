"""The derivatives of the scalar functions, read from their records in `expr/functions`."""

from __future__ import annotations

from functools import cache

from chainrule.errors import DerivativeError, listed
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import ZERO, Call, Expr
from chainrule.notation.parser import parse_scalar


def statement(function: str) -> str:
    """Return the rule for a function as a sentence, its formulas between backticks.

    >>> statement("tanh")
    "`tanh'(t) = 1 − tanh(t)^2`"
    """
    known = FUNCTIONS[function]
    return known.words or f"`{function}'(t) = {known.derivative[0].replace('*', '·').replace('-', '−')}`"


def rectified(call: Call) -> tuple[Expr, Expr, str] | None:
    """Return t, the derivative and the rule in words of maximum(0, t), maximum(t, 0) and so for minimum, else None.

    maximum(0, t) is relu(t), so it has the derivative of relu, at the tie too; there nothing else could take a share.
    """
    known = FUNCTIONS.get(call.function)
    if known is None or known.against_zero is None or ZERO not in call.arguments:
        return None
    first, second = call.arguments
    derivative, words = known.against_zero
    return second if first == ZERO else first, _read(derivative, ("t",)), words


@cache
def scalar_derivative(function: str, argument: int) -> Expr:
    """Return the derivative by the argument with this number, its parameters as entries without indices.

    Raises DerivativeError for a function that has no record.
    """
    if function not in FUNCTIONS:
        raise DerivativeError(
            f"no derivative for '{function}'",
            expected=f"known are {listed(sorted(FUNCTIONS))}",
            advice="To add it: one record in expr/functions.py, one line per printer and executor; the conformance "
            "test names what is missing.",
        )
    known = FUNCTIONS[function]
    return _read(known.derivative[argument], known.parameters)


@cache
def _read(text: str, parameters: tuple[str, ...]) -> Expr:
    return parse_scalar(text, parameters)

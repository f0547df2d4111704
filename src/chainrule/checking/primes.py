"""Primes on known functions in answers: σ'(z[k]) is the derivative of the sigmoid at z[k], from the table of functions.

On an unknown function a prime stays; there it is the only name that its derivative has.
"""

from __future__ import annotations

from chainrule.diff.scalars import scalar_derivative
from chainrule.expr.binding import Fresh, map_operands
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import Call, Expr
from chainrule.system.user_functions import put_arguments


def without_primes(value: Expr) -> Expr:
    """Return an expression in which f'(t), f a known function of one argument, is what the table has for it.

    >>> from chainrule.expr.nodes import Indexed
    >>> from chainrule.render.text import expression_text
    >>> expression_text(without_primes(Call("tanh", (Indexed("z"),), order=1)))
    '1 − tanh(z)^2'
    """
    inner = map_operands(value, without_primes)
    match inner:
        case Call(name, (argument,), 1) if name in FUNCTIONS and len(FUNCTIONS[name].derivative) == 1:
            (parameter,) = FUNCTIONS[name].parameters
            return put_arguments(scalar_derivative(name, 0), {parameter: argument}, Fresh())
        case _:
            return inner

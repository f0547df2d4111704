"""Derivatives that are written with the cost, ∂f/∂w = f·(1 − f), written out again, to be differentiated once more.

Their own derivative goes through f, by ∂f/∂w: that name is taken, and in a batch it is a mean over the samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chainrule.diff.simplifying import Simplifying
from chainrule.expr.binding import map_operands, tensors_in
from chainrule.expr.nodes import Expr, Indexed
from chainrule.expr.symbols import Derivative
from chainrule.system.model import Equation, System


def without_cost_in_derivatives(system: System, simplifier: Callable[[], Simplifying]) -> System:
    """Return the system with the value of the cost in place of its name in the equations of derivatives.

    They are simplified anew, by what `simplifier` returns, which does not call the cost by its name.
    """
    cost = system.defined.get(system.cost)
    if cost is None or not any(_holds_cost(e, cost) for e in system.equations):
        return system
    anew = simplifier()
    return system.with_equations(tuple(_written_out(e, cost, anew) for e in system.equations))


def _holds_cost(equation: Equation, cost: Equation) -> bool:
    return isinstance(equation.name, Derivative) and cost.name in tensors_in(equation.value)


def _written_out(equation: Equation, cost: Equation, simplifier: Simplifying) -> Equation:
    if not _holds_cost(equation, cost):
        return equation
    value = simplifier.simplify(_with_value(equation.value, cost.target, cost.value), equation.indices)
    return replace(equation, value=simplifier.present(value))


def _with_value(expr: Expr, name: Indexed, value: Expr) -> Expr:
    if expr == name:
        return value
    return map_operands(expr, lambda part: _with_value(part, name, value))

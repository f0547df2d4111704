"""Derivatives that are written with the cost, ∂f/∂w = f·(1 − f), written out again, to be differentiated once more.

Their own derivative goes through f, by ∂f/∂w: that name is taken, and in a batch it is a mean over the samples.
"""

from __future__ import annotations

from dataclasses import replace

from chainrule.expr.binding import map_operands, tensors_in
from chainrule.expr.nodes import Expr, Indexed
from chainrule.system.model import System, is_derivative


def without_cost_in_derivatives(system: System) -> System:
    """Return the system with the value of the cost in place of its name in the equations of derivatives."""
    cost = system.defined.get(system.cost)
    if cost is None or not any(is_derivative(e.name) and cost.name in tensors_in(e.value) for e in system.equations):
        return system
    return system.with_equations(
        tuple(
            replace(e, value=_with_value(e.value, cost.target, cost.value)) if is_derivative(e.name) else e
            for e in system.equations
        )
    )


def _with_value(expr: Expr, name: Indexed, value: Expr) -> Expr:
    if expr == name:
        return value
    return map_operands(expr, lambda part: _with_value(part, name, value))

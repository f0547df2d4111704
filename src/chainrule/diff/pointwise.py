"""Facts about what is differentiated hold where one stands, and not beside it.

Given Σ p = 1, ∂C/∂p may be written with it, but what was is no formula to differentiate by p again: a step beside the
point the sum is another. So what is to be differentiated once more is derived without such facts. Facts about other
tensors hold for every p, and inequalities all around a point.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chainrule.diff.graph import graph_of
from chainrule.errors import DerivativeError
from chainrule.expr.binding import tensors_in
from chainrule.expr.symbols import Derivative
from chainrule.render.text import expression_text
from chainrule.system.model import Given, System


def without_pointwise(system: System, wrt: Iterable[str]) -> System:
    """Return the system without the equations among its facts that say something of what depends on these tensors."""
    pointwise = _pointwise(system, wrt)
    return replace(system, givens=tuple(g for g in system.givens if g not in pointwise)) if pointwise else system


def refuse_pointwise(system: System, wrt: Iterable[str]) -> None:
    """Refuse derivatives, by these tensors, of a system with derivatives that such a fact may have gone into."""
    derived = next((e.name for e in system.equations if isinstance(e.name, Derivative)), "")
    pointwise = _pointwise(system, wrt) if derived else ()
    if pointwise:
        fact = f"given {expression_text(pointwise[0].condition)}"
        raise DerivativeError(
            f"{derived} may have been simplified by a fact about what is to be derived by, {fact}",
            expected="derivatives that hold around a point, not at it only",
            advice=f"cr.hessian, cr.hvp and cr.jvp of the first system see to that; or take away the line {fact}",
        )


def _pointwise(system: System, wrt: Iterable[str]) -> tuple[Given, ...]:
    equalities = [g for g in system.givens if g.condition.relation == "="]
    moving = graph_of(system).depending_on(wrt) if equalities else frozenset[str]()
    return tuple(g for g in equalities if not moving.isdisjoint(tensors_in(g.condition)))

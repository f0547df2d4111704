"""Names of derivatives that an answer may use beside ∂C/∂z: δ2[k] of a network's listing, and ∂L/∂z of an unknown L.

Both are read as tensors with the axes of what they are taken by. ∂L/∂z of an unknown cost is a symbol
everywhere else, which cannot be marked: where an answer reads ∂L/∂z?[p-u], it stays a tensor.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.expr.binding import map_operands
from chainrule.expr.nodes import Expr, Indexed, Partial
from chainrule.expr.shared import kept
from chainrule.expr.symbols import Derivative, Symbol, Tensor, taken_by
from chainrule.render.names import error_name
from chainrule.system.model import Equation, System


@kept
def with_names(system: System) -> tuple[System, Mapping[str, Derivative]]:
    """Return the system in which answers are read, and what each short name stands for there; kept with the system."""
    short = short_names(system)
    unknown = [Derivative(system.cost, t) for t in _arguments(system)]
    named: dict[str, Derivative] = {**short, **{derivative: derivative for derivative in unknown}}
    equations = (*system.equations, *(_defined(name, derivative, system) for name, derivative in named.items()))
    return system.with_equations(equations), short


def short_names(system: System) -> Mapping[str, Derivative]:
    """Return ∂C/∂z2 for δ2 and for delta2, as far as these names are free."""
    taken = frozenset(system.names())
    pairs = ((name, tensor) for tensor in system.names() for name in _short(tensor))
    return {name: _derivative(system, tensor) for name, tensor in pairs if name not in taken}


def _short(tensor: Symbol) -> list[str]:
    """Return δ2 and delta2 for z2, δ[l;] and delta[l;] for z[l;]."""
    if isinstance(tensor, Tensor) and tensor.superscript:
        return [Tensor(name, tensor.superscript) for name in ("δ", "delta")] if tensor.name == "z" else []
    error = error_name(tensor)
    return [error, error.replace("δ", "delta")] if error else []


def _derivative(system: System, tensor: Symbol) -> Derivative:
    plain = Derivative(system.cost, tensor)
    known = system.per_sample.get(plain)
    return known if isinstance(known, Derivative) else plain


def named_derivatives(value: Expr, short: Mapping[str, Derivative], system: System) -> Expr:
    """Return a value with the full name for each short one, and unmarked derivatives of an unknown cost as symbols."""
    arguments = _arguments(system)

    def change(node: Expr) -> Expr:
        if not isinstance(node, Indexed):
            return map_operands(node, change)
        by = taken_by(node.tensor, system.cost)
        if by is not None and by in arguments and not node.guarded:
            return Partial(Indexed(system.cost), (Indexed(by, node.indices),))
        return Indexed(short.get(node.tensor, node.tensor), node.indices, node.guarded)

    return change(value)


def unknown_derivatives(system: System) -> tuple[Equation, ...]:
    """Return an equation of each ∂L/∂z of an unknown cost L, which says only that it is what it is."""
    found = []
    for tensor in _arguments(system):
        axes = system.axes(tensor)
        symbol = Partial(Indexed(system.cost), (Indexed(tensor, axes),))
        found.append(Equation(Indexed(Derivative(system.cost, tensor), axes), symbol))
    return tuple(found)


def _arguments(system: System) -> tuple[Symbol, ...]:
    declared = system.declared.get(system.cost)
    return tuple(a.tensor for a in declared.arguments) if declared is not None else ()


def _defined(name: str, derivative: Derivative, system: System) -> Equation:
    """Return an equation that says no more than which axes a name has."""
    (tensor,) = derivative.wrt
    axes = system.axes(tensor)
    return Equation(Indexed(name, axes), Indexed(tensor, axes))

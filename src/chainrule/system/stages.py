"""The stages of one step of training, told apart by what equations read: forward pass, backward pass, update.

Equations that read a derivative which is still to be derived, ∂C/∂W of a param W, at once or through others, are
computed after the backward pass: the gradient's norm, an optimizer's averages. They stand among the equations of a
system like all others; nothing here changes any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chainrule.expr.binding import tensors_in
from chainrule.expr.symbols import Derivative, Symbol
from chainrule.system.model import Equation, System


def after_backprop(system: System) -> tuple[Equation, ...]:
    r"""Return the equations that read what backprop is still to derive, in order.

    >>> from chainrule.notation import parse
    >>> system = parse("param w\ncost C = w^2\nstep = ∂C/∂w/10\nupdate w = w - step")
    >>> [equation.name for equation in after_backprop(system)]
    ['step']
    """
    found: dict[str, Equation] = {}
    for equation in system.equations:
        if any(t in found or _is_missing(t, system) for t in tensors_in(equation.value)):
            found[equation.name] = equation
    return tuple(found.values())


def before_backprop(system: System) -> System:
    """Return the system without the equations that are computed after the backward pass, and so without updates."""
    late = {equation.name for equation in after_backprop(system)}
    if not late:
        return system
    return replace(system, equations=tuple(e for e in system.equations if e.name not in late), updates=())


def for_updates(system: System) -> tuple[Equation, ...]:
    """Return the equations that updates read, at once or through others, and the cost does not, in order.

    Derivatives are none of them.
    """
    forward = _leading_to(system.equations, [system.cost])
    wanted = _leading_to(system.equations, [t for u in system.updates for t in tensors_in(u.value)], stop=True)
    return tuple(e for e in system.equations if e.name in wanted and e.name not in forward)


def _leading_to(equations: Sequence[Equation], names: Iterable[Symbol], *, stop: bool = False) -> set[Symbol]:
    """Return the equations that the names depend on, themselves included; with `stop`, not through derivatives."""
    wanted, found = set(names), set[Symbol]()
    for equation in reversed(equations):
        if equation.name in wanted and not (stop and isinstance(equation.name, Derivative)):
            found.add(equation.name)
            wanted |= tensors_in(equation.value)
    return found


def _is_missing(tensor: Symbol, system: System) -> bool:
    return isinstance(tensor, Derivative) and tensor not in system.defined

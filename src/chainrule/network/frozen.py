"""A system in which some params are not learned: they are consts, and what only served their updates is gone.

So their gradients are not derived, and nothing is computed for them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from chainrule.expr.binding import tensors_in
from chainrule.expr.symbols import Derivative, Symbol
from chainrule.system.model import Declaration, System
from chainrule.system.stages import after_backprop, for_updates
from chainrule.system.typecheck import typecheck


def without_frozen(system: System, frozen: Collection[str]) -> System:
    r"""Return the system with frozen params as consts without a value.

    Their updates go, and with them the states and equations that only these needed. A param whose gradient something
    else reads, such as the norm of all gradients, stays one that nothing updates.

    >>> from chainrule.notation import parse
    >>> system = parse("param v, w\ncost C = (v*w - 1)^2\nupdate v = v - ∂C/∂v\nupdate w = w - ∂C/∂w")
    >>> print(without_frozen(system, ["w"]))
    param v
    const w
    <BLANKLINE>
    cost C = (v·w − 1)^2
    <BLANKLINE>
    update v = v − ∂C/∂v
    """
    if not frozen:
        return system
    dropped = _served_alone(system, [u.name for u in system.updates if u.name in frozen])
    updates = tuple(u for u in system.updates if u.name not in dropped)
    equations = tuple(e for e in system.equations if e.name not in dropped)
    read = {t for e in (*equations, *updates) for t in tensors_in(e.value)}
    consts = {p for p in frozen if not any(isinstance(t, Derivative) and p in t.wrt for t in read)}
    declarations = tuple(
        _declared(d, consts) for d in system.declarations if d.role != "state" or d.tensor not in dropped
    )
    return typecheck(replace(system, declarations=declarations, equations=equations, updates=updates))


def _declared(declaration: Declaration, consts: Collection[str]) -> Declaration:
    return replace(declaration, role="const") if declaration.tensor in consts else declaration


def _served_alone(system: System, lost: Collection[Symbol]) -> set[Symbol]:
    """Return params that lose their updates, with the states and equations that served nothing else."""
    late = {e.name for e in (*after_backprop(system), *for_updates(system))}
    serving = _needed(system, late, lost) & {*late, *system.states}
    forward = {t for e in system.equations if e.name not in late for t in tensors_in(e.value)}
    others = {n for n in (*system.kept, *late) if n not in serving}
    return {*lost, *(serving - _needed(system, late, (forward | others).difference(lost)))}


def _needed(system: System, late: Collection[Symbol], names: Collection[Symbol]) -> set[Symbol]:
    """Return what the new values of tensors are computed from by equations that are late; the names are among it."""
    sources = {e.name: e for e in system.equations if e.name in late} | {u.name: u for u in system.updates}
    found: set[Symbol] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name in sources and (name in late or name in system.states or name in names):
            waiting |= tensors_in(sources[name].value) - found
    return found

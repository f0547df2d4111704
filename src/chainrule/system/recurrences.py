"""Recurrences along an index: equations that read what they define, h[t,j] from h?[t-1,m], one step after the other.

Equations that read one another in a circle belong together. Who evaluates a system goes through them step by step; who
derives one walks them in the order of one step, and what is read of other steps keeps its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.expr.binding import tensors_in
from chainrule.expr.shared import memory_of
from chainrule.expr.symbols import Symbol
from chainrule.system.model import Equation, System
from chainrule.system.recurrence_order import Recurrence, Refused, order_of


def recurrences(system: System) -> tuple[Recurrence, ...]:
    """Return the recurrences of a system that has been checked, in the order of their first equations."""
    return tuple(dict.fromkeys(found for found in _found(system).values() if isinstance(found, Recurrence)))


def recurrence_of(system: System, tensor: str) -> Recurrence | None:
    """Return the recurrence that an equation belongs to, None for one by itself. Raises TypecheckError."""
    found = _found(system).get(tensor)
    if isinstance(found, Refused):
        raise found.error
    return found


def read_ahead(system: System, equation: Equation) -> frozenset[Symbol]:
    """Return what an equation of a recurrence reads, and other steps compute: itself and those that stand below it."""
    together = recurrence_of(system, equation.name)
    if together is None:
        return frozenset()
    names = [e.name for e in together.equations]
    return tensors_in(equation.value) & frozenset(names[names.index(equation.name) :])


def in_turn(system: System) -> tuple[Equation | Recurrence, ...]:
    """Return the equations in an order in which they can be computed, those of a recurrence together."""
    found = _found(system)
    if not found:
        return system.equations
    done: dict[Symbol, Equation | Recurrence] = {}
    for equation in system.equations:
        waiting: list[Symbol] = [equation.name]
        while waiting:
            whole = found.get(waiting[-1], system.defined[waiting[-1]])
            assert not isinstance(whole, Refused), "a system that has been checked"
            members = {e.name: e for e in (whole.equations if isinstance(whole, Recurrence) else (whole,))}
            read = [t for e in members.values() for t in sorted(tensors_in(e.value))]
            needed = [t for t in read if t in system.defined and t not in done and t not in members]
            if needed:
                waiting += needed
            else:
                waiting.pop()
                done |= {name: done.get(name, whole) for name in members}
    return tuple(dict.fromkeys(done.values()))


def _found(system: System) -> dict[str, Recurrence | Refused]:
    """Return what each equation belongs to that reads itself or later ones, or is read by them in a circle."""
    kept: dict[str, dict[str, Recurrence | Refused]] = memory_of(system, "recurrences")
    if "" not in kept:
        found: dict[str, Recurrence | Refused] = {}
        for numbers in _circles(system):
            whole = order_of(system, numbers)
            found |= {system.equations[n].name: whole for n in numbers}
        kept[""] = found
    return kept[""]


def _circles(system: System) -> Iterator[tuple[int, ...]]:
    """Yield the equations, by number, that read one another: those that one which reads ahead leads back to itself."""
    place = {e.name: n for n, e in enumerate(system.equations)}
    reads = [sorted(place[t] for t in tensors_in(e.value) if t in place) for e in system.equations]
    ahead = [n for n, found in enumerate(reads) if found and found[-1] >= n]
    users: list[list[int]] = [[] for _ in reads]
    for user, found in enumerate(reads) if ahead else ():
        for n in found:
            users[n].append(user)
    done: set[int] = set()
    for start in ahead:
        if start in done:
            continue
        circle = _reached(start, reads) & _reached(start, users)
        done |= circle
        if len(circle) > 1 or start in reads[start]:
            yield tuple(sorted(circle))


def _reached(start: int, edges: Sequence[Sequence[int]]) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        more = [n for n in edges[waiting.pop()] if n not in found]
        found.update(more)
        waiting += more
    return found

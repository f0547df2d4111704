"""Who uses whom: the order in which cotangents are computed, and which are needed.

Plain look-ups over the equations, without recursion, so that no depth of a network matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chainrule.errors import DerivativeError, listed
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Condition, Expr, Partial, operands
from chainrule.expr.symbols import Symbol
from chainrule.system.locations import did_you_mean
from chainrule.system.model import System
from chainrule.system.recurrences import read_ahead, recurrences


@dataclass(frozen=True)
class Graph:
    """The dependencies of a system. `order` lists every tensor after those it is computed from.

    In a recurrence it is that of one step: what is read of other steps may come later.
    """

    order: tuple[Symbol, ...]
    reads: Mapping[str, tuple[Symbol, ...]]
    users: Mapping[str, tuple[Symbol, ...]]

    def leading_to(self, tensor: str) -> frozenset[str]:
        """Return the tensors that a tensor depends on, itself included."""
        return _reached((tensor,), self.reads)

    def depending_on(self, tensors: Iterable[str]) -> frozenset[str]:
        """Return the tensors that depend on any of these, themselves included."""
        return _reached(tensors, self.users)


def _reached(start: Iterable[str], edges: Mapping[str, tuple[Symbol, ...]]) -> frozenset[str]:
    waiting = list(start)
    found = set(waiting)
    while waiting:
        for other in edges.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return frozenset(found)


def graph_of(system: System) -> Graph:
    """Return the dependencies of a system, unknown functions of tensors included."""
    reads: dict[Symbol, tuple[Symbol, ...]] = {}
    for declaration in system.declarations:
        reads[declaration.tensor] = tuple(dict.fromkeys(a.tensor for a in declaration.arguments))
    for equation in system.equations:
        reads[equation.name] = _read_by(equation.value, system)
    by = _users(reads)
    ahead = {e.name: read_ahead(system, e) for together in recurrences(system) for e in together.equations}
    before = {name: tuple(r for r in read if r not in ahead.get(name, ())) for name, read in reads.items()}
    order = _in_order(before, _users(before)) if ahead else _in_order(reads, by)
    return Graph(order, dict[str, tuple[Symbol, ...]](reads.items()), by)


def _users(reads: Mapping[Symbol, Sequence[Symbol]]) -> dict[str, tuple[Symbol, ...]]:
    users: dict[Symbol, list[Symbol]] = {name: [] for name in reads}
    for name, read in reads.items():
        for other in read:
            users.setdefault(other, []).append(name)
    return {name: tuple(found) for name, found in users.items()}


def check_names(graph: Graph, of: Iterable[str], wrt: Iterable[str]) -> None:
    """Raise DerivativeError for names that the system does not have, and where `of` and `wrt` are swapped."""
    of, wrt = tuple(of), tuple(wrt)
    for name in (*of, *wrt):
        if name not in graph.reads:
            known = f"known are {listed(graph.reads)}"
            raise DerivativeError(f"no tensor named '{name}'", expected=known, advice=did_you_mean(name, graph.reads))
    for by in wrt:
        before = graph.leading_to(by)
        swapped = next((name for name in of if name != by and name in before), "")
        if swapped:
            raise DerivativeError(
                f"{swapped} does not depend on {by}: {by} is computed from {swapped}",
                expected="of: what is differentiated; wrt: what it is computed from",
                advice=f"Did you mean of={by!r}, wrt={swapped!r}?",
            )


def _read_by(value: Expr, system: System) -> tuple[Symbol, ...]:
    """Return the tensors that a value depends on; a derivative of an unknown function depends on all its arguments."""
    found: set[Symbol] = set()
    waiting: list[Expr | Condition] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Partial):
            known = system.declared[part.of.tensor].arguments if part.of.tensor in system.declared else part.wrt
            found.update(argument.tensor for argument in known)
        else:
            inner = operands(part)
            found.update(() if inner else tensors_in(part))
            waiting.extend(inner)
    return tuple(sorted(found))


def _in_order(
    reads: Mapping[Symbol, tuple[Symbol, ...]], users: Mapping[str, tuple[Symbol, ...]]
) -> tuple[Symbol, ...]:
    """Return the names in an order that respects what each reads, otherwise as they stand."""
    missing = {name: len(read) for name, read in reads.items()}
    ready = [name for name in reads if missing[name] == 0]
    order: list[Symbol] = []
    for name in ready:
        order.append(name)
        for user in users.get(name, ()):
            missing[user] -= 1
            if missing[user] == 0:
                ready.append(user)
    return tuple(order)

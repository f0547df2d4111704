"""Jacobians: how every tensor moves with one of them, walked once through the equations, first to last.

∂u[k]/∂w[j] = Σ over the tensors v that u reads, Σ over v's indices m, of ∂u[k]/∂v[m]·∂v[m]/∂w[j]: one product per path,
added up, and the local derivative itself where v is w. The walk goes with the equations and not against them, so that
every name on the way, ∂v/∂w, is one of the notation; that holds for derivatives of derivatives too: ∂²C/∂v∂w.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from chainrule.diff.axis_letters import AxisLetters
from chainrule.diff.chain_rule import Contribution, chain_rule
from chainrule.diff.coupled_samples import refuse_coupled_samples
from chainrule.diff.graph import Graph, check_names, graph_of
from chainrule.diff.inlining import better_of
from chainrule.diff.local import Locals, refuse_steps
from chainrule.diff.simplifying import Simplifying
from chainrule.errors import DerivativeError, listed
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import ZERO, Expr, Index, Indexed, Partial, delta, times
from chainrule.expr.symbols import Symbol, derivative_by
from chainrule.system.model import Equation, System
from chainrule.system.recurrences import recurrences


@dataclass(frozen=True)
class Total:
    """∂u[k]/∂w[j] = value, with u's `indices`. `inlined` lists the v whose ∂v/∂w is written in the value."""

    tensor: Symbol
    indices: tuple[Index, ...]
    value: Expr
    inlined: tuple[Symbol, ...]


class Totals:
    """The derivatives of the tensors `of`, and of all between, by the tensor `wrt`, each computed when first needed.

    `system` has its extrema named. Raises DerivativeError for names that it does not have, or that make no sense.
    """

    def __init__(self, system: System, simplifier: Simplifying, of: Sequence[str], wrt: str) -> None:
        self.system = system
        self.simplifier = simplifier
        self.graph: Graph = graph_of(system)
        check_names(self.graph, of, (wrt,))
        self.targets = tuple(map(system.symbol, of))
        self.wrt = system.symbol(wrt)
        refuse_steps(system, (self.wrt,))
        self._active = self.graph.depending_on([wrt])
        refuse_coupled_samples(system, self._active)
        self._leading = frozenset[str]().union(*(self.graph.leading_to(name) for name in of))
        letters = [i for name in of for i in system.axes(name)]
        self._letters = AxisLetters(system)
        self.by = Indexed(wrt, self._letters.give(system.axes(wrt), letters))
        self._locals = Locals(system, simplifier)
        self._recurrent = frozenset(name for one in recurrences(system) for name in one.axes)
        self._known: dict[Symbol, Total] = {}
        between = [n for n in self.graph.order if n in self._active and n in self._leading and n != self.wrt]
        self._check_new((*between, *self.targets))
        for name in between:
            self._known[name] = self._compute(name)
        for name in self.targets:
            if name not in self._known:
                self._known[name] = self._without_a_way(name)

    @property
    def by_indices(self) -> tuple[Index, ...]:
        """The indices of what is derived by."""
        return tuple(i for i in self.by.indices if isinstance(i, Index))

    def _check_new(self, tensors: Iterable[Symbol]) -> None:
        """Refuse a system that has an equation of a derivative that is to be derived here."""
        present = next((n for n in (derivative_by(t, self.wrt) for t in tensors) if n in self.system.defined), "")
        if present:
            raise DerivativeError(
                f"the system defines {present} itself",
                expected="a system whose derivatives are to be derived",
                advice="Give the system without that equation.",
            )

    def axes(self, tensor: str) -> tuple[Index, ...]:
        """Return the indices that a tensor has here, apart from those of what is derived by."""
        return self._letters.give(self.system.axes(tensor), self.by_indices)

    def of(self, tensor: Symbol) -> Total:
        """Return ∂tensor/∂wrt, for one of `tensors`."""
        return self._known[tensor]

    @property
    def tensors(self) -> tuple[Symbol, ...]:
        """What has been derived: everything between `wrt` and the targets, and these."""
        return tuple(self._known)

    def _without_a_way(self, tensor: Symbol) -> Total:
        """The derivative of `wrt` by itself, or of what does not depend on it."""
        own = self.axes(tensor)
        pairs = zip(own, self.by_indices, strict=True) if tensor == self.wrt else ()
        value = times(*(delta(k, j) for k, j in pairs)) if tensor == self.wrt else ZERO
        return Total(tensor, own, value, ())

    def entry(self, tensor: Symbol, indices: tuple[Index, ...]) -> Indexed:
        """Return ∂tensor[indices]/∂wrt by its name."""
        return Indexed(derivative_by(tensor, self.wrt), (*indices, *self.by.indices))

    def is_unknown(self, tensor: Symbol) -> bool:
        """Say whether ∂tensor/∂wrt is itself a derivative of an unknown function, with no equation of its own."""
        known = self._known.get(tensor)
        return known is not None and isinstance(known.value, Partial) and self._arguments(tensor) == (self.wrt,)

    def _arguments(self, tensor: str) -> tuple[str, ...]:
        declared = self.system.declared.get(tensor)
        return () if declared is None else tuple(a.tensor for a in declared.arguments)

    def contributions(self, tensor: Symbol) -> tuple[Contribution, ...]:
        """Return what reaches ∂tensor/∂wrt through each tensor that its equation reads."""
        own = Indexed(tensor, self.axes(tensor))
        read = [v for v in self.graph.reads[tensor] if v in self._active]
        arguments = self._arguments(tensor)
        if self.wrt in arguments and len(read) > 1:
            others = listed(v for v in read if v != self.wrt)
            raise DerivativeError(
                f"∂{tensor}/∂{self.wrt} would mean two things: the unknown {tensor} is a function of {self.wrt} "
                f"itself, and of {others}, which depends on it",
                expected="an unknown function of tensors that do not depend on one another",
                advice=f"Give {tensor} a copy of {self.wrt}: an equation of its own, {self.wrt}_in[j] = {self.wrt}[j]",
            )
        found = [self._contribution(own, through) for through in read]
        return tuple(one for one in found if one.local.value != ZERO)

    def _contribution(self, own: Indexed, through: Symbol) -> Contribution:
        if through == self.wrt:
            return Contribution(through, self.by_indices, self._locals.between(own, self.by), None, forward=True)
        used = [i for i in (*own.indices, *self.by.indices) if isinstance(i, Index)]
        indices = self._letters.give(self.system.axes(through), used)
        entry = Indexed(through, indices)
        beyond = Partial(entry, (self.by,)) if self.is_unknown(through) else self.entry(through, indices)
        return Contribution(through, indices, self._locals.between(own, entry), beyond, forward=True)

    def _compute(self, tensor: Symbol) -> Total:
        """Return ∂tensor/∂wrt by the chain rule: Σ over its contributions, each with ∂v/∂w by its name or inlined."""
        own = self.axes(tensor)
        order = (*own, *self.by_indices)
        found = tuple(self._as_is_better(one, order) for one in self.contributions(tensor))
        value = self.simplifier.simplify(chain_rule(found), order)
        return Total(tensor, own, value, tuple(one.through for one in found if one.inlined is not None))

    def _as_is_better(self, one: Contribution, order: tuple[Index, ...]) -> Contribution:
        """Return a contribution to a derivative with these indices, ∂v/∂w inlined where that is better."""
        if one.beyond is None or isinstance(one.beyond, Partial) or one.through in self._recurrent:
            return one
        simple = not self._known[one.through].inlined
        uses = partial(self._uses, one.through)
        return better_of(one, self._inlined(one), uses, self.simplifier, order, simple=simple)

    def _inlined(self, one: Contribution) -> Contribution:
        """Return a contribution with the value of ∂v/∂w, at its indices."""
        known = self._known[one.through]
        return one.with_inlined(known.indices, known.value)

    def as_written(self, tensor: Symbol) -> tuple[Contribution, ...]:
        """Return the contributions to ∂tensor/∂wrt, ∂v/∂w inlined in those where it was when the value was derived."""
        inlined = self.of(tensor).inlined
        return tuple(self._inlined(c) if c.through in inlined else c for c in self.contributions(tensor))

    def _uses(self, tensor: str) -> int:
        return sum(user in self._leading for user in self.graph.users.get(tensor, ()))

    def equations(self) -> tuple[Equation, ...]:
        """Return the equations of what is asked for and of every name they need, in order."""
        names: dict[Symbol, Symbol] = {derivative_by(tensor, self.wrt): tensor for tensor in self._known}
        needed: set[Symbol] = set()
        waiting = list(self.targets)
        while waiting:
            tensor = waiting.pop()
            if tensor not in needed:
                needed.add(tensor)
                waiting.extend(names[n] for n in tensors_in(self.of(tensor).value) if n in names)
        return tuple(self.equation(tensor) for tensor in self.graph.order if tensor in needed)

    def equation(self, tensor: Symbol) -> Equation:
        """Return the equation of ∂tensor/∂wrt, as a book would write it."""
        known = self.of(tensor)
        return Equation(self.entry(tensor, known.indices), self.simplifier.present(known.value))

"""Jacobians: how every tensor moves with one of them, walked once through the equations, first to last.

∂u[k]/∂w[j] = Σ over the tensors v that u reads, Σ over v's indices m, of ∂u[k]/∂v[m]·∂v[m]/∂w[j]: one product per path,
added up, and the local derivative itself where v is w. The walk goes with the equations and not against them, so that
every name on the way, ∂v/∂w, is one of the notation; that holds for derivatives of derivatives too: ∂²C/∂v∂w.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chainrule.diff.graph import Graph, check_names, graph_of
from chainrule.diff.local import Letters, Local, Locals, refuse_coupled_samples
from chainrule.diff.putting_in import Choice, Simplifier
from chainrule.errors import DerivativeError, listed
from chainrule.expr.binding import reduce_over, rename_indices, tensors_in
from chainrule.expr.nodes import ZERO, Expr, Index, Indexed, Partial, delta, plus, times
from chainrule.expr.symbols import Symbol, derivative_by
from chainrule.system.model import Equation, System


@dataclass(frozen=True)
class Way:
    """One way from w to u: through the tensor v that u reads, whose indices are `indices`.

    `local` is ∂u[k]/∂v[m], `onward` is ∂v[m]/∂w[j] by its name; where v is w itself the local derivative is all.
    """

    through: Symbol
    indices: tuple[Index, ...]
    local: Local
    onward: Expr | None


@dataclass(frozen=True)
class Total:
    """∂u[k]/∂w[j] = value, with u's `indices`. `put_in` lists the v whose ∂v/∂w was put into the value."""

    tensor: Symbol
    indices: tuple[Index, ...]
    value: Expr
    put_in: tuple[Symbol, ...]


class Totals:
    """The derivatives of the tensors `of`, and of all between, by the tensor `wrt`, each computed when first needed.

    `system` has its extrema named. Raises DerivativeError for names that it does not have, or that make no sense.
    """

    def __init__(self, system: System, simplifier: Simplifier, of: Sequence[str], wrt: str) -> None:
        self.system = system
        self.simplifier = simplifier
        self.graph: Graph = graph_of(system)
        check_names(self.graph, of, (wrt,))
        self.targets = tuple(map(system.symbol, of))
        self.wrt = system.symbol(wrt)
        self._active = self.graph.depending_on([wrt])
        refuse_coupled_samples(system, self._active)
        self._leading = frozenset[str]().union(*(self.graph.leading_to(name) for name in of))
        letters = [i for name in of for i in system.axes(name)]
        self._letters = Letters(system)
        self.by = Indexed(wrt, self._letters.give(system.axes(wrt), letters))
        self._locals = Locals(system, simplifier)
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
        return isinstance(self.of(tensor).value, Partial) and self._arguments(tensor) == (self.wrt,)

    def _arguments(self, tensor: str) -> tuple[str, ...]:
        declared = self.system.declared.get(tensor)
        return () if declared is None else tuple(a.tensor for a in declared.arguments)

    def ways(self, tensor: Symbol) -> tuple[Way, ...]:
        """Return every way from wrt to a tensor, by what its equation reads."""
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
        found = [self._way(own, through) for through in read]
        return tuple(way for way in found if way.local.value != ZERO)

    def _way(self, own: Indexed, through: Symbol) -> Way:
        if through == self.wrt:
            return Way(through, self.by_indices, self._locals.between(own, self.by), None)
        used = [i for i in (*own.indices, *self.by.indices) if isinstance(i, Index)]
        indices = self._letters.give(self.system.axes(through), used)
        entry = Indexed(through, indices)
        onward = Partial(entry, (self.by,)) if self.is_unknown(through) else self.entry(through, indices)
        return Way(through, indices, self._locals.between(own, entry), onward)

    def _compute(self, tensor: Symbol) -> Total:
        own = self.axes(tensor)
        terms: list[Expr] = []
        put_in: list[Symbol] = []
        for way in self.ways(tensor):
            term, inserted = self._term(tensor, way, (*own, *self.by_indices))
            terms.append(term)
            if inserted:
                put_in.append(way.through)
        value = self.simplifier.simplify(plus(*terms), (*own, *self.by_indices))
        return Total(tensor, own, value, tuple(put_in))

    def _term(self, tensor: Symbol, way: Way, order: tuple[Index, ...]) -> tuple[Expr, bool]:
        """Return Σ_m ∂u[k]/∂v[m]·∂v[m]/∂w[j] of one way, and whether ∂v/∂w was put in."""
        if way.onward is None:
            return way.local.value, False
        named = reduce_over("sum", way.indices, times(way.local.value, way.onward))
        if isinstance(way.onward, Partial):
            return named, False
        value = self.put_in_value(way)
        inserted = reduce_over("sum", way.indices, times(way.local.value, value))
        simple = not self._known[way.through].put_in
        choice = Choice(value, named, inserted, lambda: self._uses(way.through), simple)
        return (inserted, True) if choice.puts_in(self.simplifier, order) else (named, False)

    def _uses(self, tensor: str) -> int:
        return sum(user in self._leading for user in self.graph.users.get(tensor, ()))

    def put_in_value(self, way: Way) -> Expr:
        """Return the value of ∂v/∂w at the indices of a way."""
        known = self._known[way.through]
        return rename_indices(known.value, dict(zip(known.indices, way.indices, strict=True)))

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

"""Forward mode: how every tensor changes when what it is computed from changes, as equations.

du[k] = Σ over the tensors v that u reads, Σ over v's indices m, of ∂u[k]/∂v[m]·dv[m]: one product per path, added up,
with the same local derivatives as the walk back. Every change is named by a d before the tensor's name and has an
equation right after that of the tensor; the changes of what is derived by are inputs. A change is put into another
only where a quotient cancels by that: dC of a cross-entropy then divides by no probability.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import count

from chainrule.diff.axis_letters import AxisLetters
from chainrule.diff.coupled_samples import refuse_coupled_samples
from chainrule.diff.graph import check_names, graph_of
from chainrule.diff.inlining import may_cancel
from chainrule.diff.local import Locals, refuse_steps
from chainrule.diff.simplifying import Simplifying
from chainrule.expr.binding import reduce_over, rename_indices, tensors_in
from chainrule.expr.functions import ARITY, REDUCTIONS
from chainrule.expr.nodes import ZERO, Expr, Index, Indexed, plus, times
from chainrule.expr.symbols import Change, Symbol
from chainrule.notation.advice import RESERVED
from chainrule.system.model import Declaration, Equation, Role, System
from chainrule.system.recurrences import read_ahead, recurrences


def with_tangents(system: System, simplifier: Simplifying, of: str, wrt: Sequence[str]) -> System:
    """Return the system with the equations of d‹of› and of every change it needs; `system` has its extrema named.

    The changes of `wrt` are inputs: const for params and consts, which are the same for all samples, else data. Where
    `of` is the cost, its change is the cost of the new system. Raises DerivativeError.
    """
    return _Tangents(system, simplifier, of, wrt).system


class _Tangents:
    """One run of the walk."""

    def __init__(self, system: System, simplifier: Simplifying, of: str, wrt: Sequence[str]) -> None:
        self._system = system
        self._simplifier = simplifier
        self._graph = graph_of(system)
        check_names(self._graph, (of,), wrt)
        self._wrt = tuple(dict.fromkeys(map(system.symbol, wrt)))
        refuse_steps(system, self._wrt)
        self._of = system.symbol(of)
        active = self._graph.depending_on(self._wrt)
        refuse_coupled_samples(system, active)
        self._moving = active & self._graph.leading_to(of)
        self._locals = Locals(system, simplifier)
        self._letters = AxisLetters(system)
        self._names = self._named()
        self._values: dict[str, tuple[tuple[Index, ...], Expr]] = {}

    def _named(self) -> dict[Symbol, Change]:
        """Return the change of every tensor that moves; a number tells it from what has its name already."""
        words = {*RESERVED, *ARITY, *REDUCTIONS}
        taken = {*self._system.names(), *self._system.function, *words}
        names: dict[Symbol, Change] = {}
        for tensor in self._graph.order:
            if tensor in self._moving or tensor in (*self._wrt, self._of):
                numbered = (Change(tensor, number) for number in count(1))
                names[tensor] = next(change for change in numbered if change not in taken)
                taken.add(names[tensor])
        return names

    @cached_property
    def system(self) -> System:
        """Return the whole."""
        declarations = list(self._system.declarations)
        for declared in self._system.declarations:
            if declared.tensor in self._wrt:
                role: Role = "const" if declared.role in ("param", "const") else "data"
                declarations.append(Declaration(role, self._names[declared.tensor], declared.indices))
        between = [w for w in self._wrt if w in self._system.defined]
        for name in between:
            axes = tuple(Index(i.name, i.extent, i.letter) for i in self._system.axes(name))
            declarations.append(Declaration("data", self._names[name], axes))
        cost = self._names[self._of] if self._of == self._system.cost else self._system.cost
        return replace(self._system, declarations=tuple(declarations), equations=self._needed(), cost=cost, updates=())

    def _needed(self) -> tuple[Equation, ...]:
        """Return all equations but those of changes that nothing reads, each below what it reads.

        A change may be written with a tensor that is defined further down: dn of a norm n with w[i]/n.
        """
        equations = self._equations()
        values = {equation.name: equation.value for equation in equations}
        read: set[Symbol] = {self._names[self._of]}
        waiting = list(read)
        while waiting:
            more = tensors_in(values.get(waiting.pop(), ZERO)) - read
            read |= more
            waiting += more
        changes = set(self._names.values())
        ahead = {e.name: read_ahead(self._system, e) for one in recurrences(self._system) for e in one.equations}
        later: dict[Symbol, frozenset[Symbol]] = dict(ahead)
        for name in ahead.keys() & self._names.keys():
            later[self._names[name]] = frozenset(self._names[t] for t in ahead[name] if t in self._names)
        return _in_order((e for e in equations if e.name in read or e.name not in changes), later)

    def _equations(self) -> tuple[Equation, ...]:
        """Return all equations, that of a change right after that of the tensor, or after those of its arguments."""
        equations: list[Equation] = []
        done: set[str] = set(self._wrt)
        wanted = {*self._moving, self._of}
        unknown = [n for n in self._graph.order if n in self._moving and n in self._system.declared]
        for equation in (None, *self._system.equations):
            if equation is not None:
                equations.append(equation)
                if equation.name in wanted and equation.name not in done:
                    equations.append(self._equation(equation.name))
                    done.add(equation.name)
            for name in unknown:
                needed = [v for v in self._graph.reads[name] if v in self._moving]
                if name not in done and all(v in done for v in needed):
                    equations.append(self._equation(name))
                    done.add(name)
        return tuple(equations)

    def _equation(self, tensor: Symbol) -> Equation:
        """Return du[k] = Σ_v Σ_m ∂u[k]/∂v[m]·dv[m]."""
        own = self._letters.own(self._system.axes(tensor))
        terms: list[Expr] = []
        for through in self._graph.reads[tensor]:
            if through not in self._moving:
                continue
            indices = self._letters.give(self._system.axes(through), own)
            terms.append(self._share(Indexed(tensor, own), Indexed(through, indices)))
        value = self._simplifier.simplify(plus(*terms), own)
        self._values[tensor] = own, value
        return Equation(Indexed(self._names[tensor], own), self._simplifier.present(value))

    def _share(self, own: Indexed, through: Indexed) -> Expr:
        """Return Σ_m ∂u[k]/∂v[m]·dv[m], with the value of dv where all quotients cancel by that."""
        named = self._locals.along(own, through, self._names[through.tensor])
        if through.tensor not in self._values:
            return named
        local = self._locals.between(own, through).value
        if not may_cancel(local):
            return named
        order = [i for i in own.indices if isinstance(i, Index)]
        indices = tuple(i for i in through.indices if isinstance(i, Index))
        letters, value = self._values[through.tensor]
        there = rename_indices(value, dict(zip(letters, indices, strict=True)))
        inserted = reduce_over("sum", indices, times(local, there))
        return named if may_cancel(self._simplifier.simplify(inserted, order)) else inserted


def _in_order(equations: Iterable[Equation], later: Mapping[Symbol, frozenset[Symbol]]) -> tuple[Equation, ...]:
    """Return equations in an order to compute them in, each as early as what it reads allows.

    What one reads of other steps of a recurrence may come `later`.
    """
    waiting = list(equations)
    missing = {e.name for e in waiting}
    ordered: list[Equation] = []
    while waiting:
        ready = next(e for e in waiting if missing.isdisjoint(tensors_in(e.value) - later.get(e.name, frozenset())))
        waiting.remove(ready)
        missing.remove(ready.name)
        ordered.append(ready)
    return tuple(ordered)

"""Backpropagation: the chain rule of several variables, walked once through the equations, last to first.

∂C/∂v[j] = Σ over the equations u that use v, Σ over u's indices k, of ∂C/∂u[k]·∂u[k]/∂v[j]: one product per path, added
up. Each local derivative is simplified on its own, then the whole. What is used once, is a single entry or holds a
Kronecker delta is put into its users; everything else stays named, and those names are the textbook's δ. Nothing here
knows a layer, an activation or a cost; how to simplify is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chainrule.diff.graph import Graph, graph_of
from chainrule.diff.local import Letters, Local, Locals, refuse_coupled_samples
from chainrule.diff.putting_in import Choice, Simplifier
from chainrule.errors import DerivativeError, listed
from chainrule.expr.binding import reduce_over, rename_indices, tensors_in
from chainrule.expr.nodes import (
    ONE,
    ZERO,
    Expr,
    Index,
    Indexed,
    Partial,
    plus,
    times,
)
from chainrule.expr.skeleton import Bare, Names, Shape, bare, joined
from chainrule.expr.symbols import Derivative, Symbol, taken_by
from chainrule.system.model import Equation, System
from chainrule.system.places import cost_advice, did_you_mean


@dataclass(frozen=True)
class Path:
    """One way from v to the cost: through the equation of `user`, whose indices are `indices`.

    `upstream` is ∂C/∂u[k] by its name, `partial` is ∂u[k]/∂v[j] by its name, `raw` what calculus makes of it, `local`
    the same simplified, and `notes` the rules of calculus used.
    """

    user: Symbol
    indices: tuple[Index, ...]
    upstream: Expr
    local: Expr
    derivative: Local

    @property
    def partial(self) -> Partial:
        """∂u[k]/∂v[j] by its name."""
        return self.derivative.partial

    @property
    def raw(self) -> Expr:
        """∂u[k]/∂v[j] as calculus makes it."""
        return self.derivative.raw

    @property
    def notes(self) -> tuple[str, ...]:
        """The rules of calculus used."""
        return self.derivative.notes


@dataclass(frozen=True)
class Cotangent:
    """∂C/∂v[j] = value. `put_in` lists the u whose ∂C/∂u was put into the value instead of being named in it."""

    tensor: Symbol
    indices: tuple[Index, ...]
    value: Expr
    put_in: tuple[Symbol, ...]


class Cotangents:
    """All cotangents of a system, each computed when it is first needed.

    `system` is the forward system with its extrema named. Derivatives are always taken of all params and of what is
    asked for in `wrt`, so that the shown form does not depend on which param somebody asks about: `active` is all that
    moves with these. Computed `at_once` are all of them, or those that are named.
    """

    def __init__(
        self,
        system: System,
        simplifier: Simplifier,
        wrt: Iterable[str] = (),
        at_once: Iterable[str] | None = None,
    ) -> None:
        if not system.cost:
            raise DerivativeError(
                "the system has no cost, so there is nothing to take derivatives of",
                expected="one equation marked as the cost",
                advice=cost_advice(system),
            )
        derived = next((e.name for e in system.equations if taken_by(e.name, system.cost) is not None), "")
        if derived:
            raise DerivativeError(
                f"the system defines {derived} itself: it is a backward pass already",
                expected="a forward system, whose derivatives are to be derived",
                advice="Give the system without its backward equations.",
            )
        self.system = system
        self.cost = system.cost
        self.simplifier = simplifier
        self.graph: Graph = graph_of(system)
        self._to_cost = self.graph.leading_to(self.cost)
        wanted = dict.fromkeys([*system.params, *wrt])
        self.active = self.graph.depending_on(wanted)
        self._locals = Locals(system, simplifier)
        self._letters = Letters(system)
        refuse_coupled_samples(system, self.active)
        self._known: dict[str, Cotangent] = {}
        self._bare: dict[str, Bare] = {}
        self._alike: dict[tuple[object, ...], tuple[Cotangent, Names]] = {}
        self._paths: dict[tuple[str, str], Path] = {}
        self._fill(wanted if at_once is None else at_once)

    def _fill(self, wanted: Iterable[str]) -> None:
        """Compute the cotangents of everything between the wanted tensors and the cost, last to first."""
        needed = self.graph.depending_on(wanted) & self._to_cost
        for name in reversed(self.graph.order):
            if name in needed and name not in self._known and name != self.cost:
                self._known[name] = self._compute(name)

    def of(self, tensor: str) -> Cotangent:
        """Return ∂C/∂tensor. Raises DerivativeError for a tensor that the system does not have."""
        if tensor not in self.graph.reads:
            known = listed(self.graph.reads)
            advice = did_you_mean(tensor, self.graph.reads)
            raise DerivativeError(f"no tensor named '{tensor}'", expected=f"known are {known}", advice=advice)
        own = self.system.symbol(tensor)
        if own == self.cost:
            return Cotangent(own, (), ONE, ())
        if own not in self._known:
            self._fill([own])
        if own not in self._known:
            self._known[own] = Cotangent(own, self._axes(own), ZERO, ())
        return self._known[own]

    def is_unknown(self, tensor: str) -> bool:
        """Say whether ∂C/∂tensor is itself a derivative of an unknown cost, with no equation of its own."""
        return tensor in self._known and isinstance(self._known[tensor].value, Partial) and self._cost_reads(tensor)

    def _cost_reads(self, tensor: str) -> bool:
        declared = self.system.declared.get(self.cost)
        return declared is not None and any(a.tensor == tensor for a in declared.arguments)

    def _axes(self, tensor: str) -> tuple[Index, ...]:
        return self._letters.own(self.system.axes(tensor))

    def entry(self, tensor: str, indices: tuple[Index, ...]) -> Indexed:
        """Return ∂C/∂tensor[indices] by its name."""
        return Indexed(Derivative(self.cost, tensor), indices)

    def is_whole(self, tensor: str) -> bool:
        """Say whether a tensor holds whole numbers, whose derivative is 0 by convention."""
        declared = self.system.declared.get(tensor)
        return declared is not None and declared.values is not None

    def paths(self, tensor: str) -> tuple[Path, ...]:
        """Return every path from a tensor to the cost, by the equations that use it.

        Where a single path comes to nothing only once it is simplified, it is there too: a given may be the reason.
        """
        if self.is_whole(tensor):
            return ()
        own = self.system.symbol(tensor)
        users = self._users(own)
        found = [self._path(own, user) for user in users]
        if self._cost_reads(tensor) and len(users) > 1:
            raise DerivativeError(
                f"∂{self.cost}/∂{tensor} would mean two things: the unknown {self.cost} reads {tensor} directly, and "
                f"so does {listed(u for u in users if u != self.cost)}",
                expected="an unknown cost reads tensors that nothing else reads",
                advice=f"Give the cost a copy: {tensor}_out[j] = {tensor}[j], and write {self.cost}({tensor}_out[j])",
            )
        direct = len(found) == 1 and found[0].user == self.cost
        return tuple(path for path in found if path.local != ZERO or (direct and path.raw != ZERO))

    def _users(self, tensor: Symbol) -> list[Symbol]:
        return [user for user in self.graph.users.get(tensor, ()) if user in self._to_cost]

    def _path(self, tensor: Symbol, user: Symbol) -> Path:
        if (tensor, user) not in self._paths:
            self._paths[tensor, user] = self._make_path(tensor, user)
        return self._paths[tensor, user]

    def _make_path(self, tensor: str, user: Symbol) -> Path:
        target = self._axes(tensor)
        indices = self._letters.give(self.system.axes(user), target)
        upstream = ONE if user == self.cost else self._upstream(user, indices)
        local = self._locals.between(Indexed(user, indices), Indexed(tensor, target))
        return Path(user, indices, upstream, local.value, local)

    def _upstream(self, user: str, indices: tuple[Index, ...]) -> Expr:
        if self.is_unknown(user):
            return Partial(Indexed(self.cost), (Indexed(user, indices),))
        return self.entry(user, indices)

    def _compute(self, tensor: Symbol) -> Cotangent:
        """Return a cotangent; of equations alike in all but names, the one that has been derived in other names."""
        shape = self._shape(tensor)
        if shape is None:
            return self._derived(tensor)
        if shape.key not in self._alike:
            self._alike[shape.key] = self._derived(tensor), shape.names
        known, names = self._alike[shape.key]
        if known.tensor == tensor:
            return known
        renaming = names.to(shape.names)
        put_in = tuple(renaming.tensors[user] for user in known.put_in)
        return Cotangent(tensor, self._axes(tensor), renaming.of(known.value), put_in)

    def _shape(self, tensor: Symbol) -> Shape | None:
        """Return the shape of all that a cotangent is derived from; None where more than that matters."""
        if self._locals.has_unknown:
            return None
        target = self._axes(tensor)
        items = [*map(bare, target), bare(self.entry(tensor, target)), bare(Indexed(tensor, target))]
        flags: list[object] = []
        moving: list[list[Symbol]] = []
        for user in self._users(tensor):
            indices = self._letters.give(self.system.axes(user), target)
            items += (*map(bare, indices), self._locals.bare(user))
            moving.append([read for read in self.graph.reads[user] if read in self.active])
            if user == self.cost:
                flags.append(None)
                continue
            items.append(self._bare_cotangent(user))
            flags.append((len(indices), self._is_put_together(user)))
        shape = self.simplifier.shape(items)
        numbers = shape.names.tensors
        read = tuple([tuple(sorted([numbers[name] for name in names])) for names in moving])
        return Shape((shape.key, len(target), tuple(flags), read, self._locals.told(numbers)), shape.names)

    def _bare_cotangent(self, tensor: Symbol) -> Bare:
        if tensor not in self._bare:
            known = self._known[tensor]
            parts = (*known.indices, self.entry(tensor, known.indices), known.value)
            self._bare[tensor] = joined(("cotangent",), list(map(bare, parts)))
        return self._bare[tensor]

    def _is_put_together(self, user: Symbol) -> bool:
        """Say whether more than numbers was put into the value of ∂C/∂user."""
        return any(tensors_in(self.of(other).value) for other in self._known[user].put_in)

    def _derived(self, tensor: Symbol) -> Cotangent:
        target = self._axes(tensor)
        terms: list[Expr] = []
        put_in: list[Symbol] = []
        paths = self.paths(tensor)
        if len(paths) == 1 and paths[0].user == self.cost:
            return Cotangent(tensor, target, paths[0].local, ())
        for path in paths:
            term, inserted = self._term(tensor, path, target)
            terms.append(term)
            if inserted:
                put_in.append(path.user)
        return Cotangent(tensor, target, self.simplifier.simplify(plus(*terms), target), tuple(put_in))

    def _term(self, tensor: str, path: Path, target: tuple[Index, ...]) -> tuple[Expr, bool]:
        """Return Σ_k ∂C/∂u[k]·∂u[k]/∂v[j] of one path, and whether ∂C/∂u was put in."""
        named = reduce_over("sum", path.indices, times(path.upstream, path.local))
        if path.user == self.cost or self.is_unknown(path.user):
            return named, False
        value = self.put_in_value(path)
        inserted = reduce_over("sum", path.indices, times(value, path.local))
        simple = not self._is_put_together(path.user)
        choice = Choice(value, named, inserted, lambda: self._uses(path.user), simple)
        return (inserted, True) if choice.puts_in(self.simplifier, target) else (named, False)

    @property
    def values(self) -> tuple[Expr, ...]:
        """The values of all cotangents that are known by now."""
        return tuple(known.value for known in self._known.values())

    def put_in_value(self, path: Path) -> Expr:
        """Return the value of ∂C/∂u at the path's indices."""
        known = self._known[path.user]
        return rename_indices(known.value, dict(zip(known.indices, path.indices, strict=True)))

    def _uses(self, user: Symbol) -> int:
        """Return how many derivatives ∂C/∂user is a factor of: those of all that its equation really moves with."""
        return sum(t in self.active and self._path(t, user).local != ZERO for t in self.graph.reads[user])

    def equations(self, wrt: Sequence[str]) -> tuple[Equation, ...]:
        """Return the equations of ∂C/∂t for the tensors asked for and for every name they need, in order."""
        needed: dict[str, Cotangent] = {}
        waiting = [self.of(tensor) for tensor in wrt if not self.is_unknown(self.of(tensor).tensor)]
        while waiting:
            cotangent = waiting.pop()
            if cotangent.tensor not in needed:
                needed[cotangent.tensor] = cotangent
                waiting.extend(self.of(name) for name in self._names_in(cotangent.value))
        place: dict[str, int] = {name: n for n, name in enumerate(reversed(self.graph.order))}
        position: dict[str, tuple[int, int]] = {}
        for name in sorted(needed, key=lambda n: place.get(n, 0)):
            read = [position[n][0] for n in self._names_in(needed[name].value)]
            leaf = not self.graph.reads.get(name)
            position[name] = (max(read, default=0), 1) if leaf else (place[name], 0)
        order = sorted(needed, key=lambda n: (position[n], -place.get(n, 0) if position[n][1] else 0))
        return tuple(map(self.equation, order))

    def equation(self, tensor: str) -> Equation:
        """Return the equation of ∂C/∂tensor, as a book would write it."""
        known = self.of(tensor)
        return Equation(self.entry(tensor, known.indices), self.simplifier.present(known.value))

    def _names_in(self, expr: Expr) -> list[Symbol]:
        return sorted(by for t in tensors_in(expr) if (by := taken_by(t, self.cost)) is not None)

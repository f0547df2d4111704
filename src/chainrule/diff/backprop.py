"""Backpropagation: the chain rule of several variables, walked once through the equations, last to first.

∂C/∂v[j] = Σ over the equations u that use v, Σ over u's indices k, of ∂C/∂u[k]·∂u[k]/∂v[j]: one product per path, added
up. The formula is `chain_rule`; here it is walked. Each local derivative is simplified on its own, then the whole. What
`inlining` does not write into its users stays named, and those names are the textbook's δ. Nothing here knows a layer,
an activation or a cost; how to simplify is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from chainrule.diff.axis_letters import AxisLetters
from chainrule.diff.chain_rule import Contribution, chain_rule
from chainrule.diff.coupled_samples import refuse_coupled_samples
from chainrule.diff.graph import Graph, graph_of
from chainrule.diff.inlining import better_of
from chainrule.diff.local import Locals
from chainrule.diff.order import last_to_first
from chainrule.diff.simplifying import Simplifying
from chainrule.errors import DerivativeError, listed
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import (
    ONE,
    ZERO,
    Expr,
    Index,
    Indexed,
    Partial,
)
from chainrule.expr.shared import Node, kept
from chainrule.expr.skeleton import Bare, Names, Renaming, Shape, bare, joined, packed
from chainrule.expr.symbols import Derivative, Symbol, taken_by
from chainrule.system.locations import cost_advice, did_you_mean
from chainrule.system.model import Equation, System
from chainrule.system.recurrences import recurrences


@dataclass(frozen=True, eq=False)
class Cotangent(Node):
    """∂C/∂v[j] = value. `inlined` lists the u whose ∂C/∂u is written in the value instead of being named in it.

    What has been derived in other names is put in those of v when somebody asks for it: `like` is that derivative, with
    the renaming from its names.
    """

    tensor: Symbol
    indices: tuple[Index, ...]
    inlined: tuple[Symbol, ...]
    found: Expr | None = None
    like: tuple[Cotangent, Renaming] | None = None

    @property
    def value(self) -> Expr:
        """The derivative, simplified."""
        return _value(self)

    @property
    def read(self) -> tuple[Symbol, ...]:
        """The tensors in the value."""
        return _read(self)

    def compared(self) -> tuple[object, ...]:
        """Return the derivative itself, however it was found."""
        return self.tensor, self.indices, self.inlined, self.value


@kept
def _value(cotangent: Cotangent) -> Expr:
    if cotangent.like is None:
        assert cotangent.found is not None
        return cotangent.found
    known, renaming = cotangent.like
    return renaming.of(known.value)


@kept
def _read(cotangent: Cotangent) -> tuple[Symbol, ...]:
    if cotangent.like is None:
        return tuple(sorted(tensors_in(cotangent.value)))
    known, renaming = cotangent.like
    return tuple([renaming.tensors[tensor] for tensor in known.read])


class Cotangents:
    """All cotangents of a system, each computed when it is first needed.

    `system` is the forward system with its extrema named. Derivatives are always taken of all params and of what is
    asked for in `wrt`, so that the shown form does not depend on which param somebody asks about: `active` is all that
    moves with these. Computed `at_once` are all of them, or those that are named.
    """

    def __init__(
        self,
        system: System,
        simplifier: Simplifying,
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
        known = [tensor for tensor in self.active if tensor in self.graph.reads]
        self._compared = frozenset(i.extent for tensor in known for i in system.axes(tensor))
        self._letters = AxisLetters(system)
        refuse_coupled_samples(system, self.active)
        self._recurrent = {name: one for one in recurrences(system) for name in one.axes}
        self._known: dict[str, Cotangent] = {}
        self._own_axes: dict[str, tuple[Index, ...]] = {}
        self._entries: dict[str, Bare] = {}
        self._bare: dict[str, Bare] = {}
        self._alike: dict[tuple[object, ...], tuple[Cotangent, Names]] = {}
        self._symbols: dict[str, Derivative] = {}
        self._moving: dict[str, tuple[Symbol, ...]] = {}
        self._presented: dict[str, Expr] = {}
        self._contributions: dict[tuple[str, str], Contribution] = {}
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
            return Cotangent(own, (), (), ONE)
        if own not in self._known:
            self._fill([own])
        if own not in self._known:
            self._known[own] = Cotangent(own, self._axes(own), (), ZERO)
        return self._known[own]

    def is_unknown(self, tensor: str) -> bool:
        """Say whether ∂C/∂tensor is itself a derivative of an unknown cost, with no equation of its own."""
        return tensor in self._known and isinstance(self._known[tensor].value, Partial) and self._cost_reads(tensor)

    def _cost_reads(self, tensor: str) -> bool:
        declared = self.system.declared.get(self.cost)
        return declared is not None and any(a.tensor == tensor for a in declared.arguments)

    def _axes(self, tensor: str) -> tuple[Index, ...]:
        if tensor not in self._own_axes:
            self._own_axes[tensor] = self._letters.own(self.system.axes(tensor))
        return self._own_axes[tensor]

    def _indices(self, user: str, target: tuple[Index, ...]) -> tuple[Index, ...]:
        """Return indices for the equation of a user that are none of the target's."""
        return self._letters.give(self.system.axes(user), target)

    def entry(self, tensor: str, indices: tuple[Index, ...]) -> Indexed:
        """Return ∂C/∂tensor[indices] by its name."""
        return Indexed(self._symbol(tensor), indices)

    def _symbol(self, tensor: str) -> Derivative:
        known = self._symbols.get(tensor)
        if known is None:
            known = self._symbols[tensor] = Derivative(self.cost, tensor)
        return known

    def is_whole(self, tensor: str) -> bool:
        """Say whether a tensor holds whole numbers, whose derivative is 0 by convention."""
        declared = self.system.declared.get(tensor)
        return declared is not None and declared.values is not None

    def contributions(self, tensor: str) -> tuple[Contribution, ...]:
        """Return what reaches ∂C/∂tensor through each equation that reads the tensor.

        Where a single one comes to nothing only once it is simplified, it is there too: a given may be the reason.
        """
        if self.is_whole(tensor):
            return ()
        own = self.system.symbol(tensor)
        users = self._users(own)
        found = [self._contribution(own, user) for user in users]
        if self._cost_reads(tensor) and len(users) > 1:
            raise DerivativeError(
                f"∂{self.cost}/∂{tensor} would mean two things: the unknown {self.cost} reads {tensor} directly, and "
                f"so does {listed(u for u in users if u != self.cost)}",
                expected="an unknown cost reads tensors that nothing else reads",
                advice=f"Give the cost a copy: {tensor}_out[j] = {tensor}[j], and write {self.cost}({tensor}_out[j])",
            )
        direct = len(found) == 1 and found[0].beyond is None
        return tuple(one for one in found if one.local.value != ZERO or (direct and one.local.raw != ZERO))

    def without_effect(self, tensor: str) -> tuple[Contribution, ...]:
        """Return what reads a tensor on the way to the cost, and does not change with it: its local derivative is 0."""
        own = self.system.symbol(tensor)
        if self.is_whole(tensor):
            return ()
        found = (self._contribution(own, user) for user in self._users(own))
        return tuple(one for one in found if one.beyond is not None and one.local.value == ZERO)

    def held_fixed(self, tensor: str) -> dict[Symbol, tuple[Symbol, ...]]:
        """Return, for each tensor that reads this one on the way to the cost, what else it reads that depends on it.

        That moves along in the total derivative, and is held fixed in the local one.
        """
        moving = self.graph.depending_on([tensor]) - {tensor}
        found = [part.through for part in self.contributions(tensor) if part.beyond is not None]
        if len(found) < 2:
            return dict.fromkeys(found, ())
        return {
            user: tuple(t for t in self.graph.reads[user] if t in moving and self._moves(t, user)) for user in found
        }

    def _moves(self, tensor: Symbol, user: Symbol) -> bool:
        return self._contribution(tensor, user).local.value != ZERO

    def _users(self, tensor: Symbol) -> list[Symbol]:
        return [user for user in self.graph.users.get(tensor, ()) if user in self._to_cost]

    def _contribution(self, tensor: Symbol, user: Symbol) -> Contribution:
        if (tensor, user) not in self._contributions:
            target = self._axes(tensor)
            indices = self._indices(user, target)
            local = self._locals.between(Indexed(user, indices), Indexed(tensor, target))
            self._contributions[tensor, user] = Contribution(user, indices, local, self._beyond(user, indices))
        return self._contributions[tensor, user]

    def _beyond(self, user: Symbol, indices: tuple[Index, ...]) -> Expr | None:
        """Return ∂C/∂user by its name, or as the derivative of an unknown cost; None for the cost itself."""
        if user == self.cost:
            return None
        if self.is_unknown(user):
            return Partial(Indexed(self.cost), (Indexed(user, indices),))
        return self.entry(user, indices)

    def _compute(self, tensor: Symbol) -> Cotangent:
        """Return a cotangent; of equations alike in all but names, the one that has been derived in other names."""
        shape = self._shape(tensor)
        if shape is None:
            return self._derived(tensor)
        alike = self._alike.get(shape.key)
        if alike is None:
            found = self._derived(tensor)
            self._alike[shape.key] = found, shape.names
            return found
        known, names = alike
        renaming = names.to(shape.names)
        inlined = tuple([renaming.tensors[user] for user in known.inlined])
        return Cotangent(tensor, self._axes(tensor), inlined, like=(known, renaming))

    def _shape(self, tensor: Symbol) -> Shape | None:
        """Return the shape of all that a cotangent is derived from; None where more than that matters."""
        users = self._users(tensor)
        if self._locals.has_unknown or any(user in self._recurrent for user in users):
            return None
        target = self._axes(tensor)
        items = [self._bare_entries(tensor)]
        flags: list[object] = []
        for user in users:
            indices = self._indices(user, target)
            items += (*map(bare, indices), self._locals.bare(user))
            if user == self.cost:
                flags.append(None)
                continue
            items.append(self._bare_cotangent(user))
            flags.append((len(indices), self._has_inlined(user)))
        shape = self.simplifier.shape(items, self._compared)
        numbers = shape.names.tensors
        read = tuple([tuple(sorted(map(numbers.__getitem__, self._moves_with(user)))) for user in users])
        return Shape((shape.key, tuple(flags), read, self._locals.told(numbers)), shape.names)

    def _bare_entries(self, tensor: Symbol) -> Bare:
        """Return the skeleton and the leaves of ∂C/∂v[j] and v[j]."""
        if tensor not in self._entries:
            own, target = (self._symbol(tensor), self.system.symbol(tensor)), self._axes(tensor)
            self._entries[tensor] = joined(("entries", len(target)), list(map(bare, target)), *own)
        return self._entries[tensor]

    def _bare_cotangent(self, tensor: Symbol) -> Bare:
        if tensor not in self._bare:
            known = self._known[tensor]
            self._bare[tensor] = (
                packed(joined(("cotangent",), [self._bare_entries(tensor), bare(known.value)]))
                if known.like is None
                else known.like[1].bare(self._bare_cotangent(known.like[0].tensor))
            )
        return self._bare[tensor]

    def _moves_with(self, user: Symbol) -> tuple[Symbol, ...]:
        """Return the active tensors that an equation reads."""
        if user not in self._moving:
            self._moving[user] = tuple([read for read in self.graph.reads[user] if read in self.active])
        return self._moving[user]

    def _has_inlined(self, user: Symbol) -> bool:
        """Say whether more than numbers is inlined in the value of ∂C/∂user."""
        return any(self.of(other).read for other in self._known[user].inlined)

    def _derived(self, tensor: Symbol) -> Cotangent:
        """Return ∂C/∂tensor by the chain rule: Σ over its contributions, each with ∂C/∂u by its name or inlined."""
        target = self._axes(tensor)
        found = tuple(
            one if self._keeps_its_name(one.through, tensor) else self._as_is_better(one, target)
            for one in self.contributions(tensor)
        )
        if len(found) == 1 and found[0].beyond is None:
            return Cotangent(tensor, target, (), found[0].local.value)
        value = self.simplifier.simplify(chain_rule(found), target)
        return Cotangent(tensor, target, tuple(one.through for one in found if one.inlined is not None), value)

    def _as_is_better(self, one: Contribution, target: tuple[Index, ...]) -> Contribution:
        """Return a contribution to a derivative with these indices, ∂C/∂u inlined where that is better."""
        if one.beyond is None or self.is_unknown(one.through):
            return one
        simple = not self._has_inlined(one.through)
        uses = partial(self._uses, one.through)
        return better_of(one, self._inlined(one), uses, self.simplifier, target, simple=simple)

    def _keeps_its_name(self, user: Symbol, tensor: Symbol) -> bool:
        """Say whether ∂C/∂user is that of other steps, or is read at other steps: then it needs its name anyway."""
        own = self._recurrent.get(user)
        if own is None:
            return False
        return (
            own is not self._recurrent.get(tensor)
            or user not in self._known
            or self._symbol(user) in self._known[user].read
        )

    def _inlined(self, one: Contribution) -> Contribution:
        """Return a contribution with the value of ∂C/∂u, at its indices."""
        known = self._known[one.through]
        return one.with_inlined(known.indices, known.value)

    def as_written(self, tensor: str) -> tuple[Contribution, ...]:
        """Return the contributions to ∂C/∂tensor, ∂C/∂u inlined in those where it was when the value was derived."""
        inlined = self.of(tensor).inlined
        return tuple(self._inlined(c) if c.through in inlined else c for c in self.contributions(tensor))

    @property
    def values(self) -> Iterator[Expr]:
        """The values of all cotangents that are known by now."""
        return (known.value for known in self._known.values())

    def _uses(self, user: Symbol) -> int:
        """Return how many derivatives ∂C/∂user is a factor of: those of all that its equation really moves with."""
        return sum(t in self.active and self._contribution(t, user).local.value != ZERO for t in self.graph.reads[user])

    def equations(self, wrt: Sequence[str]) -> tuple[Equation, ...]:
        """Return the equations of ∂C/∂t for the tensors asked for and for every name they need, in order."""
        read: dict[Symbol, list[Symbol]] = {}
        waiting = [self.of(tensor) for tensor in wrt if not self.is_unknown(self.of(tensor).tensor)]
        while waiting:
            cotangent = waiting.pop()
            if cotangent.tensor not in read:
                read[cotangent.tensor] = [by for t in cotangent.read if (by := taken_by(t, self.cost)) is not None]
                waiting.extend(map(self.of, read[cotangent.tensor]))
        order = last_to_first(read, self.graph)
        return tuple(map(self.equation, order))

    def equation(self, tensor: str) -> Equation:
        """Return the equation of ∂C/∂tensor, as a book would write it."""
        known = self.of(tensor)
        return Equation(self.entry(known.tensor, known.indices), self._presentation(known))

    def _presentation(self, known: Cotangent) -> Expr:
        """Return the value of a cotangent as a book would write it; if nothing depends on names, that of one alike."""
        if known.tensor not in self._presented:
            alike = self.simplifier.presents_alike
            if known.like is not None and alike(known.read) and alike(known.like[0].read):
                found = known.like[1].of(self._presentation(known.like[0]))
            else:
                found = self.simplifier.present(known.value)
            self._presented[known.tensor] = found
        return self._presented[known.tensor]

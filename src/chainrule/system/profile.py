"""What an equation says about the extents of its indices, found in one walk and kept with the equation.

A profile depends on the equation alone, not on the system around it, so a pass that leaves an equation as it is leaves
its profile too, and checking a settled system again costs a look at each entry. Each index is a variable: the free ones
by name, the bound ones by the reduction that binds them. No judgement here: that is the matter of `typecheck`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from chainrule.expr.nodes import (
    UNSETTLED,
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Expr,
    Extent,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
    MatrixEntry,
    Partial,
    Position,
    Product,
    Reduce,
    Select,
    mark_of,
    operands,
)
from chainrule.system.model import Equation, System


@dataclass(frozen=True)
class Combination:
    """An affine position: constant + sum of coefficient*variable."""

    terms: tuple[tuple[int, int], ...]
    constant: int = 0


Slot: TypeAlias = int | Combination | None
"""A position as a variable, or an affine combination of variables; None is a number that is looked up."""


@dataclass
class Profile:
    """The variables of an equation and what binds them together.

    `variables` are the indices, the first `targets` of them those of the target; `free` finds the free ones by name
    and `binders` are those bound by reductions, in writing order. `entries` are the tensors with their slots (without
    the target), `protected` the places among them of those that a bracket or a choice guards, and of looked-up ones
    that a mark guards, `matrices` those that are named whole, with the slots of their entries; `deltas` pairs of
    `[i = j]`, `ties` those of `[2*i = j]`, `aliases` further extents that an index was found with, `uses` the variables
    that stand in the value. `settled` says that each index carries one extent.
    """

    variables: list[Index] = field(default_factory=list)
    targets: int = 0
    free: dict[str, int] = field(default_factory=dict)
    binders: list[int] = field(default_factory=list)
    entries: list[tuple[Indexed, tuple[Slot, ...]]] = field(default_factory=list)
    protected: set[int] = field(default_factory=set)
    matrices: list[tuple[MatrixEntry, tuple[Slot, ...]]] = field(default_factory=list)
    deltas: list[tuple[int, int]] = field(default_factory=list)
    ties: list[tuple[Combination, int]] = field(default_factory=list)
    aliases: list[tuple[int, Extent]] = field(default_factory=list)
    extents: list[ExtentValue] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    partials: list[Partial] = field(default_factory=list)
    uses: set[int] = field(default_factory=set)
    settled: bool = True

    def free_on_the_right(self) -> list[str]:
        """Return the names of the indices that are free in the value, the target's among them, in writing order."""
        return [name for name, number in self.free.items() if number in self.uses]

    def used(self, variable: int) -> bool:
        """Say whether an index stands in the value."""
        return variable in self.uses


def profile_of(equation: Equation) -> Profile:
    """Return the profile of an equation, whose target has plain indices."""
    known: Profile | None = equation.__dict__.get("_profile")
    if known is None:
        known = profile_of_value(equation.value, equation.indices)
        equation.__dict__["_profile"] = known
    return known


def profile_of_value(value: Expr | Condition, target: Sequence[Index] = ()) -> Profile:  # noqa: C901 -- one match
    """Return the profile of an expression or a condition, as the value for a target with these indices."""
    profile = Profile(targets=len(target))
    for index in target:
        _free_variable(profile, index)
    seen: set[tuple[str, int, int]] = set()
    bound: dict[str, int] = {}  # canonical names differ within a reduction, so one table serves: see `settling`
    stack: list[tuple[Expr | Condition, bool, bool]] = [(value, False, False)]
    while stack:
        node, guarded, marked = stack.pop()
        first = len(profile.entries)
        match node:
            case Indexed():
                _entry(profile, bound, node)
                looked_up = len(profile.entries) - 1  # those of look-ups stand before the entry itself
                if guarded or marked or node.guarded:
                    profile.protected.update(range(first, looked_up + guarded))
                continue
            case MatrixEntry(_, _, positions, samples):
                slots = tuple([_slot(profile, bound, p) for p in (*samples, *positions)])
                profile.matrices.append((node, slots))
                continue
            case Reduce(_, indices, body):
                bound.update(_bind(profile, indices))
                stack.append((body, guarded, marked))
                continue
            case IndexValue(position):
                _slot(profile, bound, position)
                if guarded or marked:
                    profile.protected.update(range(first, len(profile.entries)))
            case ExtentValue(extent):
                profile.extents.append(node)
                profile.settled = profile.settled and extent != UNSETTLED
            case Comparison("=", IndexValue(Index() as left), IndexValue(Index() as right)):
                profile.deltas.append((_variable(profile, bound, left), _variable(profile, bound, right)))
            case Comparison("=", IndexValue(Affine() as left), IndexValue(Index() as right)):
                _tie(profile, bound, left, right)
            case Comparison("=", IndexValue(Index() as left), IndexValue(Affine() as right)):
                _tie(profile, bound, right, left)
            case Call(function, arguments, order) if (function, len(arguments), order) not in seen:
                seen.add((function, len(arguments), order))
                profile.calls.append(node)
            case Partial():
                profile.partials.append(node)
            case _:
                pass
        guarded = guarded or _guards(node)
        marked = marked or _marks(node)
        stack.extend([(part, guarded, marked) for part in reversed(operands(node))])
    return profile


def _guards(node: Expr | Condition) -> bool:
    """Say whether something in a node can rule out that the rest of it is read."""
    if isinstance(node, Product):
        return any(isinstance(f, Bracket) for f in node.factors)
    return isinstance(node, Select | Logic)


def _marks(node: Expr | Condition) -> bool:
    """Say whether a factor with a mark says where the look-ups of a product are read."""
    return isinstance(node, Product) and any(mark_of(f) is not None for f in node.factors)


def _entry(profile: Profile, bound: Mapping[str, int], entry: Indexed) -> None:
    profile.entries.append((entry, tuple([_slot(profile, bound, p) for p in entry.indices])))


def _slot(profile: Profile, bound: Mapping[str, int], position: Position) -> Slot:
    if isinstance(position, Index):
        return _variable(profile, bound, position)
    if isinstance(position, Lookup):
        profile.lookups.append(position)
        profile.settled = profile.settled and position.extent != UNSETTLED
        _entry(profile, bound, position.entry)
        return None
    return _combination(profile, bound, position)


def _combination(profile: Profile, bound: Mapping[str, int], position: Affine) -> Combination:
    return Combination(tuple([(_variable(profile, bound, i), c) for i, c in position.terms]), position.constant)


def _tie(profile: Profile, bound: Mapping[str, int], shifted: Affine, plain: Index) -> None:
    profile.ties.append((_combination(profile, bound, shifted), _variable(profile, bound, plain)))


def _variable(profile: Profile, bound: Mapping[str, int], index: Index) -> int:
    number = bound.get(index.name)
    if number is None:
        number = profile.free.get(index.name)
    if number is None:
        number = _free_variable(profile, index)
    profile.uses.add(number)
    known = profile.variables[number].extent
    if known is not index.extent and known != index.extent:
        profile.aliases.append((number, index.extent))
        profile.settled = False
    return number


def _free_variable(profile: Profile, index: Index) -> int:
    number = len(profile.variables)
    profile.free[index.name] = number
    _add(profile, index)
    return number


def _bind(profile: Profile, indices: Sequence[Index]) -> dict[str, int]:
    names: dict[str, int] = {}
    for index in indices:
        names[index.name] = len(profile.variables)
        profile.binders.append(len(profile.variables))
        _add(profile, index)
    return names


def _add(profile: Profile, index: Index) -> None:
    profile.variables.append(index)
    profile.settled = profile.settled and index.extent != UNSETTLED


def read_by_number(system: System) -> dict[Extent, int]:
    """Return how many entries axes have at least: those that an equation reads by number, whatever the values are."""
    found: dict[Extent, int] = {}
    for equation in system.equations:
        profile = profile_of(equation)
        for place, (entry, _) in enumerate(profile.entries):
            if place in profile.protected or entry.guarded:
                continue
            for position, axis in zip(entry.indices, system.axes(entry.tensor), strict=True):
                if isinstance(position, Affine) and not position.terms:
                    found[axis.extent] = max(found.get(axis.extent, 0), position.constant + 1)
    return found

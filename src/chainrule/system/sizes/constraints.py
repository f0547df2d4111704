"""What one statement says about the sizes of its indices: typed constraints, found in one walk, kept with it.

Constraints depend on the statement alone, not on the system around it, so a pass that leaves an equation as it is
leaves its constraints too, and inferring sizes again costs a look at each entry. Each index is a variable: the free
ones by name, the bound ones by the reduction that binds them. No judgement here: that is the matter of `solve`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Expr,
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
from chainrule.expr.shared import kept
from chainrule.expr.sizes import Literal, Size, Uninferred
from chainrule.system.model import Equation, System

Slot: TypeAlias = "int | LinearForm[int, int] | None"
"""A position as a variable, or a linear form of variables; None is a number that is looked up."""


@dataclass(frozen=True)
class Reads:
    """An entry is read: a plain slot labels its axis, a linear one lies inside of it, unless it is marked.

    A `protected` one is guarded by a bracket or a choice, or stands in a look-up that a mark guards: it may be outside.
    """

    entry: Indexed
    slots: tuple[Slot, ...]
    protected: bool = False


@dataclass(frozen=True)
class ReadsMatrix:
    """A matrix is named whole: its two axes are one size, and slots label them."""

    matrix: MatrixEntry
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Partners:
    """[i = j] of two plain indices: one without a size has that of the other."""

    left: int
    right: int


@dataclass(frozen=True)
class Tied:
    """[2*i = j]: elsewhere it is only false, so i need not run farther."""

    shifted: LinearForm[int, int]
    plain: int


@dataclass(frozen=True)
class Carries:
    """An index was found with a further size."""

    variable: int
    size: Size


Constraint: TypeAlias = Reads | ReadsMatrix | Partners | Tied | Carries


@dataclass
class Constraints:
    """The variables of a statement and what binds them together.

    `variables` are the indices, the first `targets` of them those of the target; `free` finds the free ones by name
    and `binders` are those bound by reductions, in writing order. `uses` are the variables that stand in the value.
    `inferred` says that each index carries one size. `extents` and `lookups` have sizes of their own; `calls` and
    `partials` are there for whoever checks them.
    """

    variables: list[Index] = field(default_factory=list)
    targets: int = 0
    free: dict[str, int] = field(default_factory=dict)
    binders: list[int] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    extents: tuple[ExtentValue, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    calls: tuple[Call, ...] = ()
    partials: tuple[Partial, ...] = ()
    uses: set[int] = field(default_factory=set)
    inferred: bool = True

    @property
    def reads(self) -> list[Reads]:
        """The entries that are read, without the target, in writing order."""
        return [one for one in self.constraints if isinstance(one, Reads)]

    @cached_property
    def plain(self) -> bool:
        """Whether each index labels an axis by itself, and no position is shifted: then text says all sizes."""
        labels = self._labels()
        if labels is None or len(labels) == len(self.variables):
            return labels is not None
        rest = (index for variable, index in enumerate(self.variables) if variable not in labels)
        return all(isinstance(index.extent, Literal) for index in rest)

    def _labels(self) -> set[int] | None:
        """Return the variables that label axes without a mark; None where a position is shifted."""
        if self.settled is not None:
            return {variable for _, variables in self.settled for variable in variables}
        if any(isinstance(slot, LinearForm) and slot.terms for one in self.reads for slot in one.slots):
            return None
        unmarked = (one for one in self.reads if not one.entry.guarded)
        return {slot for one in unmarked for slot in one.slots if isinstance(slot, int)}

    @cached_property
    def settled(self) -> tuple[tuple[Indexed, tuple[int, ...]], ...] | None:
        """The entries, each with the variables at its positions; None where a size depends on more than them.

        It does where an index does not carry its size, or a position is marked, shifted, looked up or compared.
        """
        found: list[tuple[Indexed, tuple[int, ...]]] = []
        for one in self.constraints:
            if not isinstance(one, Reads) or one.entry.guarded or not self.inferred:
                return None
            plain = tuple([slot for slot in one.slots if isinstance(slot, int)])
            if len(plain) < len(one.slots):
                return None
            found.append((one.entry, plain))
        return tuple(found)

    @cached_property
    def shifted(self) -> frozenset[int]:
        """The variables in shifted positions that are not marked: the letter of a declared axis tells them nothing."""
        slots = [slot for one in self.reads if not one.entry.guarded for slot in one.slots]
        return frozenset(v for slot in slots if isinstance(slot, LinearForm) for v in slot.terms)

    def free_on_the_right(self) -> list[str]:
        """Return the names of the indices that are free in the value, the target's among them, in writing order."""
        return [name for name, number in self.free.items() if number in self.uses]

    def used(self, variable: int) -> bool:
        """Say whether an index stands in the value."""
        return variable in self.uses


@kept
def constraints_of(equation: Equation) -> Constraints:
    """Return the constraints of an equation, whose target has plain indices."""
    return constraints_of_value(equation.value, equation.indices)


def constraints_of_value(value: Expr | Condition, target: Sequence[Index] = ()) -> Constraints:  # noqa: C901 -- one match
    """Return the constraints of an expression or a condition, as the value for a target with these indices."""
    found = Constraints(targets=len(target))
    for index in target:
        _free_variable(found, index)
    seen: set[tuple[str, int, int]] = set()
    bound: dict[str, int] = {}  # canonical names differ within a reduction, so one table serves: see `annotate`
    stack: list[tuple[Expr | Condition, bool, bool]] = [(value, False, False)]
    while stack:
        node, guarded, marked = stack.pop()
        match node:
            case Indexed():
                _entry(found, bound, node, guarded, guarded or marked or node.guarded)
                continue
            case MatrixEntry(_, _, positions, samples):
                slots = tuple([_slot(found, bound, p, False) for p in (*samples, *positions)])
                found.constraints.append(ReadsMatrix(node, slots))
                continue
            case Reduce(_, indices, body):
                bound.update(_bind(found, indices))
                stack.append((body, guarded, marked))
                continue
            case IndexValue(position):
                _slot(found, bound, position, guarded or marked)
            case ExtentValue(extent):
                found.extents += (node,)
                found.inferred = found.inferred and not isinstance(extent, Uninferred)
            case Comparison("=", IndexValue(Index() as left), IndexValue(Index() as right)):
                pair = Partners(_variable(found, bound, left), _variable(found, bound, right))
                found.constraints.append(pair)
            case Comparison("=", IndexValue(Affine() as left), IndexValue(Index() as right)):
                _tie(found, bound, left, right)
            case Comparison("=", IndexValue(Index() as left), IndexValue(Affine() as right)):
                _tie(found, bound, right, left)
            case Call(function, arguments, order) if (function, len(arguments), order) not in seen:
                seen.add((function, len(arguments), order))
                found.calls += (node,)
            case Partial():
                found.partials += (node,)
            case _:
                pass
        guarded = guarded or _guards(node)
        marked = marked or _marks(node)
        stack.extend([(part, guarded, marked) for part in reversed(operands(node))])
    return found


def _guards(node: Expr | Condition) -> bool:
    """Say whether something in a node can rule out that the rest of it is read."""
    if isinstance(node, Product):
        return any(isinstance(f, Bracket) for f in node.factors)
    return isinstance(node, Select | Logic)


def _marks(node: Expr | Condition) -> bool:
    """Say whether a factor with a mark says where the look-ups of a product are read."""
    return isinstance(node, Product) and any(mark_of(f) is not None for f in node.factors)


def _entry(found: Constraints, bound: Mapping[str, int], entry: Indexed, protected: bool, lookups: bool) -> None:
    """Note an entry, after those of its look-ups, which may be protected where it is not itself."""
    slots = tuple([_slot(found, bound, p, lookups) for p in entry.indices])
    found.constraints.append(Reads(entry, slots, protected))


def _slot(found: Constraints, bound: Mapping[str, int], position: Position, protected: bool) -> Slot:
    if isinstance(position, Index):
        return _variable(found, bound, position)
    if isinstance(position, Lookup):
        found.lookups += (position,)
        found.inferred = found.inferred and not isinstance(position.extent, Uninferred)
        _entry(found, bound, position.entry, protected, protected)
        return None
    return _linear(found, bound, position)


def _linear(found: Constraints, bound: Mapping[str, int], position: Affine) -> LinearForm[int, int]:
    terms: dict[int, int] = {}
    for index, c in position.terms:
        variable = _variable(found, bound, index)
        terms[variable] = terms.get(variable, 0) + c
    return LinearForm(terms, position.constant)


def _tie(found: Constraints, bound: Mapping[str, int], shifted: Affine, plain: Index) -> None:
    found.constraints.append(Tied(_linear(found, bound, shifted), _variable(found, bound, plain)))


def _variable(found: Constraints, bound: Mapping[str, int], index: Index) -> int:
    number = bound.get(index.name)
    if number is None:
        number = found.free.get(index.name)
    if number is None:
        number = _free_variable(found, index)
    found.uses.add(number)
    known = found.variables[number].extent
    if known is not index.extent and known != index.extent:
        found.constraints.append(Carries(number, index.extent))
        found.inferred = False
    return number


def _free_variable(found: Constraints, index: Index) -> int:
    number = len(found.variables)
    found.free[index.name] = number
    _add(found, index)
    return number


def _bind(found: Constraints, indices: Sequence[Index]) -> dict[str, int]:
    names: dict[str, int] = {}
    for index in indices:
        names[index.name] = len(found.variables)
        found.binders.append(len(found.variables))
        _add(found, index)
    return names


def _add(found: Constraints, index: Index) -> None:
    found.variables.append(index)
    found.inferred = found.inferred and not isinstance(index.extent, Uninferred)


def read_by_number(system: System) -> dict[Size, int]:
    """Return how many entries axes have at least: those that an equation reads by number, whatever the values are."""
    least: dict[Size, int] = {}
    for equation in system.equations:
        for read in constraints_of(equation).reads:
            if read.protected or read.entry.guarded or Affine not in map(type, read.entry.indices):
                continue
            for position, axis in zip(read.entry.indices, system.axes(read.entry.tensor), strict=True):
                if isinstance(position, Affine) and not position.terms:
                    least[axis.extent] = max(least.get(axis.extent, 0), position.constant + 1)
    return least

"""How everything that families compute changes with one declared tensor: ∂z[l; k]/∂W[m; p,q], for each step m of it.

Each equation is derived by itself: what it reads is an unknown function of W[m;], so that its derivative is the sum
over what it reads; where it reads W at its own step, that is W[m;] if the two steps are one, which a bracket says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from chainrule.expr.nodes import (
    ZERO,
    Call,
    Expr,
    Index,
    Indexed,
    Partial,
    Position,
    operands,
    plus,
    product_factors,
    times,
    with_operands,
)
from chainrule.expr.symbols import Derivative, Steps, Symbol, Tensor
from chainrule.families.rewriting import with_own_extents
from chainrule.families.step_order import Interval
from chainrule.families.step_positions import FREE, at_positions, position_at, same
from chainrule.families.templates import Item, StepBlock, StepRange, letter_summed, range_summed, sum_over
from chainrule.families.uses import Definition, Flow
from chainrule.families.windows import StepWindow
from chainrule.system.model import Equation, System
from chainrule.system.sizes.erase import erased_equation

Total: TypeAlias = Callable[[System, Symbol, Symbol], Equation]
"""Derives one tensor of a system by another, everything between the two moving along."""


@dataclass(frozen=True)
class Along:
    """What is derived by, W[m; k,j]: the tensor at a step of its own, its axes, and which steps there are."""

    tensor: Tensor
    indices: tuple[Index, ...]
    box: Mapping[str, Interval]

    @property
    def ranges(self) -> tuple[StepRange, ...]:
        """The steps of what is derived by."""
        return tuple(StepRange(letter, *ends) for letter, ends in self.box.items())


@dataclass(frozen=True)
class _Slot:
    """A tensor that an equation is derived by, with the steps and positions at which it is a member of a family."""

    tensor: Tensor
    steps: Steps = ()
    positions: tuple[Position, ...] = ()


@dataclass(frozen=True)
class Tangents:
    """The derivatives of all that families compute by one declared tensor."""

    flow: Flow
    along: Along
    total: Total

    @cached_property
    def moving(self) -> frozenset[str]:
        """The names of what is computed from what is derived by."""
        found = {self.along.tensor.name}
        while True:
            more = {one.target.name for one in self.flow.definitions if any(t.name in found for t in one.reads)}
            if more <= found:
                return frozenset(found - {self.along.tensor.name})
            found |= more

    def slope(self, tensor: Tensor) -> Derivative:
        """Return ∂z[l;]/∂W[m;]."""
        return Derivative(tensor, self.along.tensor)

    def items(self, wanted: Sequence[str]) -> tuple[Item, ...]:
        """Return the equations of the derivatives wanted, by name, and of those that these read, in order."""
        needed = self._needed(wanted)
        found = tuple(self._items(self.flow.blocks.items, needed))
        for steps in reversed(self.along.ranges):
            found = (StepBlock(steps, found),) if found else ()
        return found

    def _needed(self, wanted: Sequence[str]) -> set[str]:
        found = {name for name in wanted if name in self.moving}
        while True:
            read = {t.name for name in found for one in self.flow.by_name[name] for t in one.reads}
            more = {name for name in read if name in self.moving} - found
            if not more:
                return found
            found |= more

    def _items(self, items: Sequence[Item], needed: set[str]) -> Iterator[Item]:
        made = {id(one.template): one for one in self.flow.definitions}
        for item in items:
            match item:
                case StepBlock(steps, inner):
                    within = tuple(self._items(inner, needed))
                    if within:
                        yield StepBlock(steps, within)
                case Equation(target, _) if target.tensor in needed or made[id(item)].target.name in needed:
                    yield self.equation(made[id(item)])
                case _:
                    pass

    def equation(self, one: Definition) -> Equation:
        """Return the derivative of what an equation defines."""
        assert isinstance(one.template, Equation)
        value = one.template.value
        steps = range_summed(value) if isinstance(value, Call) and letter_summed(value) else None
        if steps is not None:
            body: Any = operands(value)[0]
            *brackets, entry = product_factors(body)
            assert isinstance(entry, Indexed)
            slope = Indexed(self.slope(self._tensor(entry.tensor)), (*entry.indices, *self._apart(one.template)))
            return Equation(self._target(one.template), sum_over(steps.letter, times(*brackets, slope), steps))
        window = StepWindow(self.flow, {})
        window.add(one, {letter: (letter, 0) for letter in one.letters})
        system = window.system_along(self.along.tensor, self.moving)
        target = self._target(one.template)
        parts = [self._part(window, system, one, slot, target) for slot in self._slots(window, system, one)]
        return Equation(target, plus(*[part for part in parts if part != ZERO]))

    def _slots(self, window: StepWindow, system: System, one: Definition) -> Iterator[_Slot]:
        """Yield what an equation is derived by: all that it reads at once, and members that it reads itself."""
        yield _Slot(self.along.tensor)
        for tensor, (source, positions) in window.axes.items():
            if isinstance(source, Tensor) and source.name == self.along.tensor.name:
                yield _Slot(tensor, source.superscript, positions)
        for tensor in one.reads:
            if tensor.name == self.along.tensor.name and tensor.superscript and tensor in system.names():
                yield _Slot(tensor, tensor.superscript)

    def _part(self, window: StepWindow, system: System, one: Definition, slot: _Slot, target: Indexed) -> Expr:
        """Return what a derivative has through what an equation reads, or by one member that it reads itself."""
        found = self.total(system, window.name(one.target), slot.tensor)
        restored = Equation(found.target, self._restored(window, found.value))
        whole = erased_equation(with_own_extents(restored, system))
        positions = (FREE,) * (len(target.indices) - len(self.along.indices)) + slot.positions
        value = at_positions(whole, target, positions if slot.positions else ())
        steps = zip(self.along.tensor.superscript, slot.steps, strict=False)
        brackets = [same(position_at(own), position_at(there)) for own, there in steps]
        return times(*brackets, value) if brackets and value != ZERO else value

    def _restored(self, window: StepWindow, node: Any) -> Any:
        match node:
            case Partial(Indexed(Tensor() as of, own), (Indexed(by, others),)) if by == self.along.tensor:
                entry = window.restored(Indexed(of, own))
                return Indexed(self.slope(entry.tensor), (*entry.indices, *others))
            case Indexed():
                return window.restored(node)
            case _:
                parts = operands(node)
                return with_operands(node, [self._restored(window, part) for part in parts]) if parts else node

    def _target(self, equation: Equation) -> Indexed:
        entry = equation.target
        return Indexed(self.slope(self._tensor(entry.tensor)), (*entry.indices, *self._apart(equation)))

    def _apart(self, equation: Equation) -> tuple[Index, ...]:
        """Return letters for the axes of what is derived by, other than those of an equation's own."""
        taken = {i.name for i in equation.indices} | set(self.flow.blocks.letters)
        taken |= {steps.letter for steps in (*self.flow.blocks.ranges, *self.along.ranges)}
        found: list[Index] = []
        for index in self.along.indices:
            letter = next(letter for letter in letters(index.preferred) if letter not in taken)
            taken.add(letter)
            found.append(Index(letter))
        return tuple(found)

    def _tensor(self, tensor: Symbol) -> Tensor:
        assert isinstance(tensor, Tensor)
        return tensor


def letters(preferred: str) -> Iterator[str]:
    """Yield a letter, then others in the order in which they are tried where it is taken."""
    yield preferred
    yield from "mnpqrsuvwabcdefghijk"
    yield from (f"{preferred}{number}" for number in range(2, 1000))

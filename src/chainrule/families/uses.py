"""Who reads a tensor at a step: the equations that its derivative is a sum over, and at which steps these are.

A tensor stands at a position, z[l;] or a[L;]. An equation that reads z[l'-1;] at its step l' reads it for l' = l+1, if
there is such a step; one that reads a[L;] does at l = L; one of a block whose steps do not stand in what it reads does
at all of its steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from chainrule.expr.nodes import Call, walk
from chainrule.expr.symbols import Steps, Tensor, unused
from chainrule.families.rewriting import Environment, moved
from chainrule.families.step_order import Interval, StepOrder, shifted
from chainrule.families.step_ranges import range_of
from chainrule.families.templates import (
    Blocks,
    Item,
    Step,
    StepBlock,
    StepRange,
    entries_in,
    letter_summed,
    range_summed,
    tensors_of_template,
)
from chainrule.system.locations import Location
from chainrule.system.model import Declaration, Equation, Given


@dataclass(frozen=True)
class Definition:
    """An equation or an unknown function with the blocks that it stands in; the cost is one in none."""

    number: int
    path: tuple[StepRange, ...]
    blocks: tuple[int, ...]
    template: Equation | Declaration

    @cached_property
    def target(self) -> Tensor:
        """What it defines."""
        return next(tensors_of_template(self.template))

    @cached_property
    def reads(self) -> tuple[Tensor, ...]:
        """What it reads, each slot once."""
        match self.template:
            case Equation(_, value):
                return tuple(dict.fromkeys(entries_in(value)))
            case Declaration(_, _, _, _, arguments):
                return tuple(dict.fromkeys(a.tensor for a in arguments if isinstance(a.tensor, Tensor)))

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """The letters of its steps."""
        return tuple(steps.letter for steps in self.path)

    @cached_property
    def box(self) -> dict[str, Interval]:
        """The steps that it is repeated for."""
        return {steps.letter: (steps.low, steps.high) for steps in self.path}


@dataclass(frozen=True)
class StepUse:
    """A definition that reads a tensor in one slot: at which of its steps, where that is so, and which stay open."""

    user: Definition
    slot: Tensor
    steps: tuple[tuple[str, Step], ...]
    where: tuple[tuple[str, Interval], ...]
    open: tuple[str, ...]
    read: Tensor
    """What is read, as it was asked for."""
    summed: str = ""
    """The letter of the sum over steps that the slot stands under, "" for none."""

    @property
    def environment(self) -> Environment:
        """The steps of the user."""
        return dict(self.steps)

    @property
    def target(self) -> Tensor:
        """What the user defines, at its steps."""
        return moved(self.user.target, self.environment)

    def is_same_step(self, path: Sequence[str]) -> bool:
        """Say whether the user is at the same step of letters of the same name."""
        return all(step == (letter, 0) and letter in path for letter, step in self.steps) and not self.open


@dataclass
class Flow:
    """The definitions of a family's forward pass, and who reads what."""

    blocks: Blocks
    order: StepOrder = field(default_factory=StepOrder)

    def __post_init__(self) -> None:
        self.definitions = _definitions(self.blocks)
        self.by_name: dict[str, list[Definition]] = {}
        for one in self.definitions:
            self.by_name.setdefault(one.target.name, []).append(one)
        self.summed = [_summed_slots(self.blocks, one) for one in self.definitions]
        self.cost = self.blocks.head.cost
        names = {str(name) for name in self.blocks.head.names()} | set(self.by_name) | set(self.blocks.head.function)
        # The unknown part of a cost that is known in part: what other steps make of it.
        self.beyond = unused("R", {name.partition("[")[0] for name in names})
        self._to_cost = self._leading_to_cost()
        self.active = self._depending_on({p.name for p in self.blocks.head.params if isinstance(p, Tensor)})
        self.carried = {one.number for one in self.definitions if self._is_carried(one)}

    def uses(self, tensor: Tensor, letters: Sequence[str], box: Mapping[str, Interval]) -> Iterator[StepUse]:
        """Yield who reads a tensor at a position in these letters, on the way to the cost."""
        for user in self.definitions:
            if user.target.name not in self._to_cost:
                continue
            sums = self.summed[user.number]
            for slot in user.reads:
                if slot.name == tensor.name and len(slot.superscript) == len(tensor.superscript):
                    use = self._solved(user, slot, tensor.superscript, letters, sums.get(slot))
                    if use is not None and all(self.order.meets(where, box[letter]) for letter, where in use.where):
                        yield use

    def _solved(
        self, user: Definition, slot: Tensor, position: Steps, letters: Sequence[str], over: StepRange | None
    ) -> StepUse | None:
        """Return the steps of a user at which a slot of it is at a position, None where it never is."""
        steps: dict[str, Step] = {}
        where: dict[str, Interval] = {}
        summed = over.letter if over is not None else ""
        path = user.path if over is None else (*user.path, over)
        own = {steps.letter for steps in path}
        for (letter, shift), at in zip(slot.superscript, position, strict=True):
            if letter in own:
                value = shifted(at, -shift)
                if steps.setdefault(letter, value) != value:
                    return None
            elif at[0] in letters:
                point = letter, shift - at[1]
                if not _narrow(where, at[0], (point, point), self.order):
                    return None
            elif not self.order.same((letter, shift), at):
                return None
        if not all(self._exists(r, steps[r.letter], letters, where) for r in path if r.letter in steps):
            return None
        rest = tuple(r.letter for r in user.path if r.letter not in steps)
        at_steps = tuple((letter, step) for letter, step in steps.items() if letter != summed)
        return StepUse(user, slot, at_steps, tuple(where.items()), rest, Tensor(slot.name, position), summed)

    def _exists(self, steps: StepRange, at: Step, letters: Sequence[str], where: dict[str, Interval]) -> bool:
        """Say whether a block has a step, and note for which steps of the position it has."""
        if at[0] in letters:
            bounds = shifted(steps.low, -at[1]), shifted(steps.high, -at[1])
            return _narrow(where, at[0], bounds, self.order)
        return self.order.within((at, at), (steps.low, steps.high))

    def is_read_by_families(self, tensor: Tensor) -> bool:
        """Say whether a block of steps reads a tensor."""
        return any(one.path and tensor in one.reads for one in self.definitions)

    def _is_carried(self, one: Definition) -> bool:
        """Say whether a member of a block is read at another step than its own."""
        if not one.path:
            return False
        uses = self.uses(one.target, one.letters, one.box)
        return any(use.user.path and not use.is_same_step(one.letters) for use in uses if not use.summed)

    def _leading_to_cost(self) -> frozenset[str]:
        found = {str(self.cost)}
        while True:
            more = {t.name for one in self.definitions if one.target.name in found for t in one.reads} - found
            if not more:
                return frozenset(found)
            found |= more

    def _depending_on(self, names: set[str]) -> frozenset[str]:
        found = set(names)
        while True:
            more = {one.target.name for one in self.definitions if any(t.name in found for t in one.reads)} - found
            if not more:
                return frozenset(found)
            found |= more


def _narrow(where: dict[str, Interval], letter: str, interval: Interval, order: StepOrder) -> bool:
    """Add a condition on a step; return whether it can hold together with the others."""
    if letter not in where:
        where[letter] = interval
        return True
    before = where[letter]
    low = interval[0] if order.at_most(before[0], interval[0]) else before[0]
    high = before[1] if order.at_most(before[1], interval[1]) else interval[1]
    where[letter] = low, high
    return order.at_most(low, high)


def _summed_slots(blocks: Blocks, user: Definition) -> dict[Tensor, StepRange]:
    """Return the slots under a sum over steps, each with the steps of the sum."""
    if not isinstance(user.template, Equation):
        return {}
    found: dict[Tensor, StepRange] = {}
    for part in walk(user.template.value):
        if isinstance(part, Call) and letter_summed(part):
            over = range_summed(part) or range_of(blocks, part, Location("equation"))
            found |= dict.fromkeys(entries_in(part), over)
    return found


def _definitions(blocks: Blocks) -> list[Definition]:
    found: list[Definition] = []

    def go(items: Sequence[Item], path: tuple[StepRange, ...], ids: tuple[int, ...]) -> None:
        for item in items:
            match item:
                case StepBlock(steps, inner):
                    go(inner, (*path, steps), (*ids, id(item)))
                case Given():
                    pass
                case _:
                    found.append(Definition(len(found), path, ids, item))

    go(blocks.items, (), ())
    for declaration in blocks.head.declarations:
        if declaration.arguments:
            found.append(Definition(len(found), (), (), declaration))
    return found


def steps_of_fact(fact: Given, letters: Sequence[str], there: set[Tensor]) -> list[Environment]:
    """Return the steps at which a fact of a block speaks of tensors that are there."""
    if not letters:
        return [{}]
    found: list[Environment] = []
    for tensor in entries_in(fact.condition):
        for other in sorted(there):
            if other.name != tensor.name or len(other.superscript) != len(tensor.superscript):
                continue
            pairs = zip(tensor.superscript, other.superscript, strict=True)
            steps = {letter: shifted(step, -shift) for (letter, shift), step in pairs if letter in letters}
            if set(steps) == set(letters) and steps not in found:
                found.append(steps)
    return found

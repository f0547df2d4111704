"""A family's derivatives as a family: the cases as equations and blocks, in an order in which they can be computed.

Blocks are gone through against their direction. Where their cases are cut, each piece has a block of its own, or, if it
is a single step, its equations by themselves; params come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chainrule.expr.nodes import Indexed, walk
from chainrule.expr.symbols import Derivative, Tensor
from chainrule.families.rewriting import at_steps
from chainrule.families.step_order import Interval, StepOrder, holds_in
from chainrule.families.subjects import StepCase
from chainrule.families.templates import Item, Step, StepBlock, StepRange
from chainrule.families.uses import Flow
from chainrule.system.model import Declaration, Equation, Given


def derived_items(flow: Flow, cases: Mapping[str, Sequence[StepCase]]) -> tuple[Item, ...]:
    """Return the equations of all cases."""
    order = _Order(flow, cases)
    params = [case for found in cases.values() for case in found if case.subject.own is None]
    return (*order.backwards(flow.blocks.items, {}), *_at_the_end(params))


def case_equation(case: StepCase) -> Equation:
    """Return the equation of a case: at a single step, with that step in the place of its letter."""
    return at_steps(case.equation, case.points)


def case_range(case: StepCase) -> tuple[StepRange, ...]:
    """Return the ranges of a case, none where it stands for a single step."""
    return tuple(StepRange(letter, *ends) for letter, ends in case.box.items() if ends[0] != ends[1])


@dataclass(frozen=True)
class _Order:
    flow: Flow
    cases: Mapping[str, Sequence[StepCase]]

    def backwards(self, items: Sequence[Item], fixed: Mapping[str, Interval]) -> tuple[Item, ...]:
        """Return the derivatives by what some items define, the last item first."""
        found: list[Item] = []
        for item in reversed(items):
            match item:
                case StepBlock(steps, inner):
                    found += self._block(steps, inner, fixed)
                case Equation() | Declaration():
                    found += self._by(item, fixed)
                case Given():
                    pass
        return tuple(found)

    def _by(self, template: Equation | Declaration, fixed: Mapping[str, Interval]) -> Iterator[Equation]:
        for case in self._cases_of([template]):
            if all(holds_in(piece, case.box[letter]) for letter, piece in fixed.items()):
                points = {letter: low for letter, (low, high) in fixed.items() if low == high}
                yield at_steps(case.equation, points)

    def _cases_of(self, templates: Iterable[Item]) -> Iterator[StepCase]:
        wanted = {id(template) for template in templates}
        for found in self.cases.values():
            for case in found:
                if case.subject.own is not None and id(case.subject.own.template) in wanted:
                    yield case

    def _block(self, steps: StepRange, inner: Sequence[Item], fixed: Mapping[str, Interval]) -> Iterator[Item]:
        """Yield the derivatives by what a block defines, piece by piece, against its direction."""
        whole = steps.low, steps.high
        own = [c.box[steps.letter] for c in self._cases_of(_templates_in(inner)) if steps.letter in c.box]
        if not own:
            return
        pieces = self.flow.order.pieces(whole, own)
        for piece in pieces if steps.down else reversed(pieces):
            made = self.backwards(inner, {**fixed, steps.letter: piece})
            if not made:
                continue
            if piece[0] == piece[1]:
                yield from made
            else:
                yield StepBlock(StepRange(steps.letter, *piece, down=not steps.down), made)


def _templates_in(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, StepBlock):
            yield from _templates_in(item.items)
        else:
            yield item


def _at_the_end(cases: Sequence[StepCase]) -> Iterator[Item]:
    """Yield the derivatives by params: those over one range in one block."""
    blocks: dict[tuple[StepRange, ...], list[Item]] = {}
    for case in cases:
        blocks.setdefault(case_range(case), []).append(case_equation(case))
    for ranges, equations in sorted(blocks.items(), key=lambda one: len(one[0]) == 0):
        items: tuple[Item, ...] = tuple(equations)
        for steps in reversed(ranges):
            items = (StepBlock(steps, items),)
        yield from items


def needed(flow: Flow, cases: Mapping[str, Sequence[StepCase]], asked: Sequence[str]) -> dict[str, list[StepCase]]:
    """Return the cases that are asked for, and those that others read at their steps."""
    kept: dict[int, StepCase] = {id(case): case for name in asked for case in cases.get(name, ())}
    waiting = list(kept.values())
    for_many = StepOrder()
    while waiting:
        reader = waiting.pop()
        for tensor in _reads(reader):
            for case in cases.get(tensor.name, ()):
                if id(case) not in kept and _is_read(for_many, reader, tensor, case):
                    kept[id(case)] = case
                    waiting.append(case)
    for reader in kept.values():
        for tensor in _reads(reader):
            for case in cases.get(tensor.name, ()):
                # What is left out binds how many steps there are; what is kept by another way does not.
                if id(case) not in kept:
                    _is_read(flow.order, reader, tensor, case)
    return {name: [case for case in found if id(case) in kept] for name, found in cases.items()}


def _reads(case: StepCase) -> Iterator[Tensor]:
    for part in walk(case.equation.value):
        if isinstance(part, Indexed) and isinstance(part.tensor, Derivative):
            yield from (t for t in part.tensor.wrt if isinstance(t, Tensor))


def _is_read(order: StepOrder, reader: StepCase, tensor: Tensor, case: StepCase) -> bool:
    """Say whether a derivative by a tensor, as one case reads it, may be that of another."""
    for step, own in zip(tensor.superscript, case.subject.tensor.superscript, strict=True):
        there = _interval(step, reader.box)
        here = _interval(own, case.box)
        if there is not None and here is not None and not order.meets(there, here):
            return False
    return True


def _interval(step: Step, box: Mapping[str, Interval]) -> Interval | None:
    """Return which steps a superscript stands for; None where a sum goes over them."""
    letter, shift = step
    if letter in box:
        (first, low), (second, high) = box[letter]
        return (first, low + shift), (second, high + shift)
    return (step, step) if not letter or letter.isupper() else None

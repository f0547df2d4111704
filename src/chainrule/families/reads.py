"""How far families are read: the first and the last step, in letters, of what is given for each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chainrule.expr.binding import position_indices
from chainrule.expr.nodes import Affine, Call, Condition, Expr, Index, Indexed, operands, walk
from chainrule.expr.symbols import Symbol, Tensor, steps_text
from chainrule.families.step_ranges import with_ranges
from chainrule.families.templates import (
    Blocks,
    Step,
    StepRange,
    entries_in,
    letter_summed,
    range_summed,
    tensors_of_template,
)
from chainrule.system.locations import Location
from chainrule.system.model import Equation, Given


@dataclass(frozen=True)
class Reach:
    """A step, or a number of steps: a letter, "" for none, and what is added to it."""

    letter: str
    offset: int

    def at(self, numbers: Mapping[str, int]) -> int:
        """Return the number that it is where letters have these."""
        return (numbers[self.letter] if self.letter else 0) + self.offset

    def counted_from(self, low: Reach) -> Reach:
        """Return how many steps there are from another up to this one; no letter where that says nothing."""
        return Reach(self.letter, self.offset - low.offset + 1) if not low.letter else Reach("", 0)

    @property
    def text(self) -> str:
        """The step as it is written."""
        return steps_text(((self.letter, self.offset),))


def reach_of(blocks: Blocks, name: str) -> tuple[tuple[Reach, Reach], ...]:
    """Return the first and the last step at which a family is read, for each of its superscripts."""
    found: list[list[Step]] = []
    for path, tensor in slots_read(blocks):
        if tensor.name != name:
            continue
        found = found or [[] for _ in tensor.superscript]
        for ends, step in zip(found, tensor.superscript, strict=False):
            ends += _ends(path, step)
    return tuple((Reach(*min(ends, key=_order)), Reach(*max(ends, key=_order))) for ends in found if ends)


def reach_of_axis(blocks: Blocks, tensor: Symbol, axis: int) -> Reach | None:
    """Return how long an axis is whose last entry is read at the last step; None where no step stands at it."""
    ends: list[Step] = []
    for path, template in blocks.templates():
        if not isinstance(template, Equation):
            continue
        letters = {steps.letter: steps for steps in path}
        for entry in walk(template.value):
            if isinstance(entry, Indexed) and entry.tensor == tensor and axis < len(entry.indices):
                position = entry.indices[axis]
                names = [i.name for i in position_indices(position)]
                if len(names) == 1 and names[0] in letters and not entry.guarded:
                    shift = _shift(position)
                    if shift is not None:
                        ends += _ends(path, (names[0], shift))
    last = max(ends, key=_order, default=None)
    return None if last is None or not last[0] else Reach(last[0], last[1] + 1)


def _shift(position: object) -> int | None:
    match position:
        case Index():
            return 0
        case Affine(((_, 1),), constant):
            return constant
        case _:
            return None


def _order(step: Step) -> tuple[bool, int]:
    return bool(step[0]), step[1]


def _ends(path: Sequence[StepRange], step: Step) -> list[Step]:
    """Return the first and the last value of a superscript in a block."""
    letter, shift = step
    steps = next((steps for steps in path if steps.letter == letter), None)
    if steps is None:
        return [step]
    return [(end, own + shift) for end, own in (steps.low, steps.high)]


def slots_read(blocks: Blocks) -> Iterator[tuple[Sequence[StepRange], Tensor]]:
    """Yield what is read or defined, with the ranges of steps that it stands under."""
    for path, template in (*blocks.templates(), *blocks.update_templates()):
        match template:
            case Equation(target, value):
                yield from ((path, tensor) for tensor in entries_in(target))
                yield from _in_sums(path, with_ranges(blocks, value, Location("equation")))
            case Given(condition):
                yield from _in_sums(path, with_ranges(blocks, condition, Location("given")))
            case _:
                yield from ((path, tensor) for tensor in tensors_of_template(template))


def slots_of_fact(blocks: Blocks, given: Given) -> Iterator[tuple[Sequence[StepRange], Tensor]]:
    """Yield what a fact outside of all blocks speaks of, with the ranges of steps that it stands under."""
    return _in_sums((), with_ranges(blocks, given.condition, Location("given")))


def _in_sums(path: Sequence[StepRange], node: Expr | Condition) -> Iterator[tuple[Sequence[StepRange], Tensor]]:
    if not any(letter_summed(part) for part in walk(node)):
        yield from ((path, tensor) for tensor in entries_in(node))
        return
    steps = range_summed(node) if isinstance(node, Call) else None
    inside = path if steps is None else (*path, steps)
    parts = operands(node)
    for part in parts:
        yield from _in_sums(inside, part)

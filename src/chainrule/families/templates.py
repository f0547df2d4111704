"""What a family of equations is: equations that hold for every step of a range, as frozen data.

`for l = 1..L:` repeats the statements below it, one for each l. Tensors are told apart by superscripts, which are part
of their names: z[l+1; k] is an entry of the tensor z^(l+1), which has axes of its own. In a template a letter stands in
them, that of a step, or of how many steps there are. For numbers of steps that are known `at` makes an ordinary system.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from chainrule.expr.binding import lookups_in, own_positions
from chainrule.expr.nodes import Call, Condition, Expr, Indexed, MatrixEntry, walk
from chainrule.expr.symbols import Derivative, Tensor
from chainrule.system.coupled import reductions_over
from chainrule.system.model import Declaration, Equation, Given, System

Step: TypeAlias = tuple[str, int]
"""One superscript: a letter, or "" for none, and what is added to it."""

_OVER = "sum over "
_SUMMED = re.compile(rf"{_OVER}(?P<letter>[\w']+) (?P<low>\w*)(?P<first>[+-]\d+) (?P<high>\w*)(?P<last>[+-]\d+)")


@dataclass(frozen=True)
class StepRange:
    """The steps of a `for` line, in the order they are done: from `low` up to `high`, or down to `low`."""

    letter: str
    low: Step
    high: Step
    down: bool = False

    def steps(self, numbers: Mapping[str, int]) -> range:
        """Return the steps as numbers, in order, where letters of bounds have these numbers."""
        low, high = (numbers[letter] + shift if letter else shift for letter, shift in (self.low, self.high))
        return range(high, low - 1, -1) if self.down else range(low, high + 1)


@dataclass(frozen=True)
class StepBlock:
    """The statements that are repeated for each step of a range."""

    range: StepRange
    items: tuple[Item, ...]


Template: TypeAlias = Equation | Declaration | Given
"""What is repeated: an equation, an unknown function, a fact."""
Item: TypeAlias = Template | StepBlock


@dataclass(frozen=True)
class Blocks:
    """A forward pass of equations and of blocks of them, for any number of layers or steps of time.

    `head` is all that stands outside of them, declarations above all, as a system without equations that is not
    checked. `items` are the equations and blocks in order, and the unknown functions and facts within blocks; `updates`
    are blocks of updates alone, done after all else.
    """

    head: System
    items: tuple[Item, ...]
    updates: tuple[StepBlock, ...] = ()

    def templates(self) -> Iterator[tuple[tuple[StepRange, ...], Template]]:
        """Yield each statement with the ranges that it is repeated over, outermost first."""
        yield from _templates((), self.items)

    def update_templates(self) -> Iterator[tuple[tuple[StepRange, ...], Equation]]:
        """Yield each update with the ranges that it is repeated over: those outside of blocks, then the others."""
        yield from (((), update) for update in self.head.updates)
        yield from ((path, item) for path, item in _templates((), self.updates) if isinstance(item, Equation))

    def names_samples(self) -> bool:
        """Say whether an equation reduces over the samples of a batch."""
        values = (t.value for _, t in self.templates() if isinstance(t, Equation) and self.head.batch)
        return any(True for value in values for _ in reductions_over(value, self.head.batch))

    @cached_property
    def ranges(self) -> tuple[StepRange, ...]:
        """The ranges of all `for` lines, in order."""
        return tuple(_ranges((*self.items, *self.updates)))

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """The letters that count steps, as L does: those of bounds, and of superscripts, that are no step."""
        steps = {r.letter for r in self.ranges}
        bounds = [letter for r in self.ranges for letter, _ in (r.low, r.high)]
        raised = [letter for tensor in self.tensors() for letter, _ in tensor.superscript]
        return tuple(dict.fromkeys(letter for letter in (*bounds, *raised) if letter and letter not in steps))

    @property
    def sizes(self) -> Mapping[str, int]:
        """The numbers of steps that the text declares: `index L = 3`."""
        known = {i.name: self.head.size[i.extent] for i in self.head.indices if i.extent in self.head.size}
        return {letter: known[letter] for letter in self.letters if letter in known}

    def tensors(self) -> Iterator[Tensor]:
        """Yield the tensors that equations and facts name, as they stand there."""
        for _, template in (*self.templates(), *self.update_templates()):
            yield from tensors_of_template(template)
        for declaration in self.head.declarations:
            yield from (t for t in (a.tensor for a in declaration.arguments) if isinstance(t, Tensor))


def _templates(
    path: tuple[StepRange, ...], items: tuple[Item, ...]
) -> Iterator[tuple[tuple[StepRange, ...], Template]]:
    for item in items:
        if isinstance(item, StepBlock):
            yield from _templates((*path, item.range), item.items)
        else:
            yield path, item


def _ranges(items: tuple[Item, ...]) -> Iterator[StepRange]:
    for item in items:
        if isinstance(item, StepBlock):
            yield item.range
            yield from _ranges(item.items)


def tensors_of_template(template: Template) -> Iterator[Tensor]:
    """Yield the tensors that a template defines and reads, in writing order."""
    match template:
        case Equation(target, value):
            yield from entries_in(target)
            yield from entries_in(value)
        case Given(condition):
            yield from entries_in(condition)
        case Declaration(_, tensor, _, _, arguments):
            yield from (t for t in (tensor, *(a.tensor for a in arguments)) if isinstance(t, Tensor))


def entries_in(node: Expr | Condition) -> Iterator[Tensor]:
    """Yield the tensors that are read in an expression, in writing order, with those that look up positions."""
    for part in walk(node):
        if isinstance(part, Indexed | MatrixEntry) and isinstance(part.tensor, Tensor):
            yield part.tensor
        for lookup in lookups_in(own_positions(part)):
            if isinstance(lookup.entry.tensor, Tensor):
                yield lookup.entry.tensor


def raised_in(node: Expr | Condition) -> Iterator[Tensor]:
    """Yield the tensors that are named in an expression, those too that derivatives are of and taken by."""
    yield from entries_in(node)
    for part in walk(node):
        if isinstance(part, Indexed) and isinstance(part.tensor, Derivative):
            yield from (t for t in (part.tensor.of, *part.tensor.wrt) if isinstance(t, Tensor))


def sum_over(letter: str, body: Expr, steps: StepRange | None = None) -> Call:
    """Return the sum of a body over steps: sum(t) f[t;], over these steps or those that `step_ranges` finds.

    It stands in templates only. It is no reduction, since what it runs over is no index: it has no size, and what the
    letter stands for are superscripts too.
    """
    ends = "".join(f" {end}{shift:+d}" for end, shift in (steps.low, steps.high)) if steps is not None else ""
    return Call(_OVER + letter + ends, (body,))


def letter_summed(node: Expr | Condition) -> str:
    """Return the letter of the steps that a sum goes over, "" for anything else."""
    if not isinstance(node, Call) or not node.function.startswith(_OVER):
        return ""
    return node.function.removeprefix(_OVER).partition(" ")[0]


def range_summed(node: Call) -> StepRange | None:
    """Return the steps that a sum goes over, None where the sum does not say them itself."""
    found = _SUMMED.fullmatch(node.function)
    if found is None:
        return None
    return StepRange(found["letter"], (found["low"], int(found["first"])), (found["high"], int(found["last"])))


def declared_family(families: Blocks, name: str) -> Declaration | None:
    """Return the declaration of a family of data, params or consts by its name without superscripts, or None."""
    for declaration in families.head.declarations:
        tensor = declaration.tensor
        if isinstance(tensor, Tensor) and tensor.superscript and tensor.name == name:
            return declaration
    return None

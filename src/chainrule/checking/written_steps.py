"""A family with numbers of steps at which all is apart that an answer names, as one system with its letters.

An answer for ∂C/∂z[l; k] is graded at a step that is neither the first nor the last, for so many steps that z[l+1;],
z[L;] and a[0;] are tensors of their own. Each is called there as the answer calls it, so that an answer may name any
of them, the wrong ones too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.errors import OptionError
from chainrule.expr.binding import own_positions, position_indices
from chainrule.expr.nodes import Call, Indexed, IndexValue, walk
from chainrule.expr.symbols import Steps, Tensor, step_of
from chainrule.families.families import Families
from chainrule.families.rewriting import everywhere, renamed_system, tensor_at
from chainrule.families.step_ranges import equation_with_ranges
from chainrule.families.templates import Step, StepRange, range_summed, tensors_of_template
from chainrule.system.locations import Location
from chainrule.system.model import Equation, System

_RAISED = re.compile(r"(?<![\w])(?P<name>[^\W\d]\w*)\s*\[(?P<steps>[^;\[\]]*);")
_PLAIN = re.compile(r"(?<!\w)(?P<name>[^\W\d]\w*)\[(?P<inside>[^;\[\]]*)\]")
_BY = re.compile(r"∂\s*\w+\s*(?:\[[^\]]*\])?\s*/\s*∂\s*(?P<name>[^\W\d]\w*)\s*(\[(?P<steps>[^;\[\]]*);)?")
_ERROR = re.compile(r"(?<!\w)(δ|delta)\s*\[(?P<steps>[^;\[\]]*);")
_FARTHEST = 4
"""No step is farther from the others in what an answer names; what is names no tensor."""
_FEWEST = 3
"""There are no fewer steps than these, so that what holds for them is none of few terms."""
_TRIED = 4
"""So many numbers of steps are tried, where a family is not defined for few."""


@dataclass(frozen=True)
class WrittenSteps:
    """A family at `numbers` of steps, with letters of steps at `steps`; `reach` is how far names with a letter go."""

    families: Families
    numbers: Mapping[str, int]
    steps: Mapping[str, int]
    reach: int
    ends: int

    @cached_property
    def members(self) -> System:
        """The family written out, with numbers as superscripts."""
        return self.families.members(**self.numbers)

    @cached_property
    def names(self) -> frozenset[str]:
        """The tensors that are there, with numbers as superscripts."""
        return frozenset(map(str, self.members.names()))

    @cached_property
    def system(self) -> System:
        """The family written out, each tensor under the name that an answer has for it."""
        return renamed_system(self.members, everywhere(self.called))

    def called(self, tensor: Tensor) -> Tensor:
        """Return a tensor with a superscript of numbers under the name that an answer has for it."""
        letters = self._letters.get(tensor.name, ())
        pairs = zip(tensor.superscript, letters, strict=False) if len(letters) == len(tensor.superscript) else ()
        raised = tuple(self._step(number, *known) for (_, number), known in pairs)
        return Tensor(tensor.name, raised or tensor.superscript)

    def at(self, tensor: Tensor, steps: Mapping[str, int] | None = None) -> Tensor:
        """Return a tensor that an answer names as it is called in `members`, at these steps or at its own."""
        return tensor_at(tensor, {**self.numbers, **self.steps, **(steps or {})})

    def missing(self, named: Sequence[Tensor], steps: Mapping[str, int]) -> Tensor | None:
        """Return one of the tensors that an answer names which is not there at these steps, None if all are."""
        families = {tensor.name for tensor in self.families.tensors()}
        there = (tensor for tensor in named if tensor.name in families)
        return next((tensor for tensor in there if str(self.at(tensor, steps)) not in self.names), None)

    def _step(self, number: int, letter: str, count: str) -> Step:
        if letter in self.steps and abs(number - self.steps[letter]) <= self.reach:
            return letter, number - self.steps[letter]
        if count and number >= self.numbers[count] - self.ends:
            return count, number - self.numbers[count]
        return "", number

    @cached_property
    def _letters(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """The letter of a step and that of how many there are, for each superscript of a family."""
        found: dict[str, list[list[set[str]]]] = {}
        for path, tensor in _tensors(self.families):
            ends = {steps.letter: {steps.low[0], steps.high[0]} - {""} for steps in path}
            slots = found.setdefault(tensor.name, [[set(), set()] for _ in tensor.superscript])
            for slot, (letter, _) in zip(slots, tensor.superscript, strict=False):
                if letter in ends:
                    slot[0].add(letter)
                    slot[1] |= ends[letter]
                elif letter in self.families.letters:
                    slot[1].add(letter)
        return {name: tuple(self._chosen(slot) for slot in slots) for name, slots in found.items()}

    def _chosen(self, slot: Sequence[set[str]]) -> tuple[str, str]:
        letters = [*sorted(slot[0] & set(self.steps)), ""]
        return letters[0], [*sorted(slot[1]), ""][0]


def written_steps(families: Families, target: Tensor, answer: str, summed: Collection[str] = ()) -> WrittenSteps | None:
    """Return a family with steps at which all is apart that an answer for ∂C/∂target names.

    Letters that are `summed` over stand for no one step. None where steps stand as numbers or as positions, so that one
    step says nothing of the others.
    """
    if _counts_by_steps(families):
        return None
    letters = {steps.letter for steps in families.ranges} - set(summed)
    named = [target, *(t for t in raised_in_text(answer) if t.name in {t.name for t in families.tensors()})]
    own = [step for tensor in named for step in tensor.superscript if abs(step[1]) <= _FARTHEST]
    text = [step for tensor in families.tensors() for step in tensor.superscript]
    bounds = [end for steps in families.ranges for end in (steps.low, steps.high)]
    everything = [*own, *text, *bounds]
    # What comes through a step that the answer names is one further away, and no end of the family either.
    reach = _reach(own, letters) + _reach([*text, *bounds], letters)
    ends = max((-shift for letter, shift in everything if letter in families.letters), default=0)
    if any(letter in families.letters for letter, _ in target.superscript):
        ends = max(ends, reach)
    first = max((shift for letter, shift in everything if not letter), default=0)
    at = first + reach + 1
    steps = {letter: at for letter, _ in own if letter in letters}
    least = (at + reach if steps else first) + max(ends, 0) + 1
    for more in range(_TRIED):
        numbers = {letter: max(least, _FEWEST) + more for letter in families.letters}
        found = WrittenSteps(families, numbers, steps, reach, max(ends, 0))
        try:
            assert found.members is not None
        except OptionError:
            continue
        return found
    return None


def _reach(steps: Collection[Step], letters: Collection[str]) -> int:
    return max((abs(shift) for letter, shift in steps if letter in letters), default=0)


def raised_in_text(answer: str) -> Iterator[Tensor]:
    """Yield the tensors with superscripts that a text names."""
    for name, inside in _RAISED.findall(answer):
        steps = superscript_of(inside)
        if steps:
            yield Tensor(name, steps)


def derivatives_in_text(answer: str) -> Iterator[str]:
    """Yield the tensors that a text names derivatives of the cost by: ∂C/∂z[l;] and δ[l;]."""
    for name, _, inside in _BY.findall(answer):
        yield str(Tensor(name, superscript_of(inside)))
    for _, inside in _ERROR.findall(answer):
        yield str(Tensor("z", superscript_of(inside)))


def with_raised_positions(families: Families, answer: str) -> str:
    r"""Return an answer in which steps at ordinary axes stand in superscripts, as they do in windows: x[t-1; i].

    >>> from chainrule.notation import parse
    >>> text = "data x[t,i]\nparam v[i]\nh[0;] = 1\nfor t = 1..T:\n    h[t;] = h[t-1;]*sum(i) v[i]*x[t-1,i]\n"
    >>> with_raised_positions(parse(text + "cost C = h[T;]"), "h[t-1;]*x[t-1,i]")
    'h[t-1;]*x[t-1; i]'
    """
    letters = {steps.letter for steps in families.ranges} | set(families.letters)
    found: dict[str, set[int]] = {}
    for _, template in families.templates():
        entries = walk(template.value) if isinstance(template, Equation) else ()
        for entry in (part for part in entries if isinstance(part, Indexed)):
            for axis, position in enumerate(entry.indices):
                if {index.name for index in position_indices(position)} & letters:
                    found.setdefault(str(entry.tensor), set()).add(axis)

    def raised(match: re.Match[str]) -> str:
        parts = [part.strip() for part in match["inside"].split(",")]
        axes = [axis for axis in sorted(found.get(match["name"], ())) if axis < len(parts)]
        steps = [step_of(parts[axis]) for axis in axes]
        if not axes or any(step is None or step[0] not in letters for step in steps):
            return match[0]
        left = [part for axis, part in enumerate(parts) if axis not in axes]
        return f"{match['name']}[{','.join(parts[axis] for axis in axes)}; {','.join(left)}]"

    return _PLAIN.sub(raised, answer)


def superscript_of(inside: str) -> Steps:
    """Return a superscript as written, without what is none in it."""
    found = (step_of(part) for part in inside.split(","))
    return tuple(step for step in found if step is not None)


def _tensors(families: Families) -> Iterator[tuple[tuple[StepRange, ...], Tensor]]:
    for path, template in families.templates():
        sums = _sums(families, template) if isinstance(template, Equation) else ()
        for tensor in tensors_of_template(template):
            yield (*path, *sums), tensor


def _sums(families: Families, equation: Equation) -> tuple[StepRange, ...]:
    ranged = equation_with_ranges(families, equation, Location("equation"))
    found = (range_summed(part) for part in walk(ranged.value) if isinstance(part, Call))
    return tuple(steps for steps in found if steps is not None)


def _counts_by_steps(families: Families) -> bool:
    """Say whether steps stand as numbers or as positions of ordinary axes."""
    letters = {steps.letter for steps in families.ranges} | set(families.letters)
    for _, template in families.templates():
        for part in walk(template.value) if isinstance(template, Equation) else ():
            positions = (part.position,) if isinstance(part, IndexValue) else own_positions(part)
            if any(index.name in letters for position in positions for index in position_indices(position)):
                return True
    return False

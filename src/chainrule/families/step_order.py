"""Steps compared where their numbers are not known: 1 comes before L-1, as long as there are enough of them.

A comparison of a number with a letter is decided for many steps; from how many on it is right is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from chainrule.errors import DerivativeError
from chainrule.expr.symbols import steps_text
from chainrule.families.templates import Step

Interval = tuple[Step, Step]
"""The first and the last of some steps that follow each other."""


def shifted(step: Step, shift: int) -> Step:
    """Return the step so many further on."""
    return step[0], step[1] + shift


@dataclass
class StepOrder:
    """Decides which of two steps comes first; `least` is from how many steps on all that was decided holds."""

    least: dict[str, int] = field(default_factory=dict)

    def at_most(self, left: Step, right: Step) -> bool:
        """Say whether left ≤ right, for many steps, and keep from how many on that holds."""
        (first, low), (second, high) = left, right
        found = _at_most(left, right)
        if first != second:
            # c ≤ L+s holds from L = c-s on, and L+s ≤ c is false from L = c-s+1 on.
            letter, number = (second, low - high) if second else (first, high - low + 1)
            self.least[letter] = max(self.least.get(letter, 0), number)
        return found

    def same(self, left: Step, right: Step) -> bool:
        """Say whether two steps are one, for many steps."""
        return self.at_most(left, right) and self.at_most(right, left)

    def within(self, inner: Interval, outer: Interval) -> bool:
        """Say whether all steps of one interval belong to another."""
        return self.at_most(outer[0], inner[0]) and self.at_most(inner[1], outer[1])

    def meets(self, one: Interval, other: Interval) -> bool:
        """Say whether two intervals have a step in common. Where they do not for few steps, nothing is lost."""
        pairs = ((one[0], other[1]), (other[0], one[1]))
        return all(_at_most(*pair) or self.at_most(*pair) for pair in pairs)

    def pieces(self, whole: Interval, parts: Sequence[Interval]) -> list[Interval]:
        """Return an interval cut where others begin and end; for few steps some of the pieces may be empty."""
        after = shifted(whole[1], 1)
        starts = {whole[0]}
        for first, last in parts:
            for start in (first, shifted(last, 1)):
                if self.at_most(whole[0], start) and start != after and self.at_most(start, after):
                    starts.add(start)
        ordered = sorted(starts, key=lambda step: (bool(step[0]), step[1]))
        for before, start in pairwise(ordered):
            self.at_most(before, start)
        ends = [shifted(start, -1) for start in ordered[1:]]
        return list(zip(ordered, [*ends, whole[1]], strict=True))


def holds_in(piece: Interval, where: Interval) -> bool:
    """Say whether a piece belongs to an interval that it was cut by: that holds in the order of the cuts."""
    return _at_most(where[0], piece[0]) and _at_most(piece[1], where[1])


def _at_most(left: Step, right: Step) -> bool:
    (first, low), (second, high) = left, right
    if first == second:
        return low <= high
    if first and second:
        raise DerivativeError(
            f"{steps_text((left,))} and {steps_text((right,))} are steps of one family, and nothing compares them",
            expected="one letter for how many steps a family has",
        )
    return bool(second)

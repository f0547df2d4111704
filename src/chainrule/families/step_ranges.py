"""Which steps a sum over steps goes over: those at which all that it adds up is defined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from chainrule.expr.nodes import AnyNode, Call, operands, with_operands
from chainrule.expr.symbols import Tensor
from chainrule.families.families_text import range_text
from chainrule.families.step_order import shifted
from chainrule.families.templates import (
    Blocks,
    StepRange,
    entries_in,
    letter_summed,
    raised_in,
    range_summed,
    sum_over,
)
from chainrule.system.locations import Location
from chainrule.system.model import Equation, Given


def with_ranges(families: Blocks, node: AnyNode, place: Location) -> AnyNode:
    """Return an expression or a condition in which each sum over steps says which. Raises TypecheckError."""
    ranged: Any = _with_ranges(families, node, place)
    return ranged  # type: ignore[no-any-return]


def equation_with_ranges(families: Blocks, equation: Equation, place: Location) -> Equation:
    """Return an equation in which each sum over steps says which. Raises TypecheckError."""
    value = with_ranges(families, equation.value, place)
    return equation if value is equation.value else Equation(equation.target, value)


def _with_ranges(families: Blocks, node: Any, place: Location) -> Any:
    parts = operands(node)
    if not parts:
        return node
    ranged = [_with_ranges(families, part, place) for part in parts]
    letter = letter_summed(node)
    if letter and range_summed(node) is None:
        return sum_over(letter, ranged[0], range_of(families, node, place))
    same = all(new is old for new, old in zip(ranged, parts, strict=True))
    return node if same else with_operands(node, ranged)


def is_plain(families: Blocks, node: Call) -> bool:
    """Say whether the steps of a sum follow from what it adds up, whatever other blocks there are."""
    steps = range_summed(node)
    if steps is None:
        return True
    ranges = [_joined(ranges) for ranges in _defining(families, node).values()]
    known = [steps for steps in ranges if steps is not None]
    return len(known) == len(ranges) and _common(known) == replace(steps, down=False)


def range_of(families: Blocks, node: Call, place: Location) -> StepRange:
    """Return the steps of one sum: those at which all that it adds up is defined, else those of the only block."""
    letter = letter_summed(node)
    defining = _defining(families, node)
    joined = [_joined(ranges) for ranges in defining.values()]
    common = _common([steps for steps in joined if steps is not None]) if None not in joined else None
    if common is not None:
        return common
    stated = [steps for ranges in defining.values() for steps in ranges]
    stated = stated or [steps for steps in families.ranges if steps.letter == letter]
    found = {(steps.low, steps.high): steps for steps in stated}
    if len(found) == 1:
        return replace(next(iter(found.values())), down=False)
    ranges = " or ".join(range_text(steps) for steps in found.values())
    raise place.error(
        f"the sum over {letter} could go over {ranges}",
        letter,
        expected="one range, that of the steps that define what is added up",
        advice="Give the steps of one of the blocks another letter, and the sum that of its own.",
    )


def _defining(families: Blocks, node: Call) -> dict[str, list[StepRange]]:
    """Return the ranges of the blocks that define what a sum reads at its step, by what they define."""
    letter = letter_summed(node)
    read = {t.name for t in raised_in(node) if (letter, 0) in t.superscript}
    found: dict[str, list[StepRange]] = {}
    for path, template in families.templates():
        target = template.target.tensor if isinstance(template, Equation) else None
        if isinstance(target, Tensor) and target.name in read:
            for steps in path:
                if steps.letter == letter:
                    found.setdefault(target.name, []).append(steps)
    return found


def _joined(ranges: Sequence[StepRange]) -> StepRange | None:
    """Return the ranges of blocks that follow each other as one, None where they leave a gap."""
    different = {(steps.low, steps.high): steps for steps in ranges}.values()
    ordered = sorted(different, key=lambda steps: (bool(steps.low[0]), steps.low[1]))
    if any(shifted(before.high, 1) != after.low for before, after in pairwise(ordered)):
        return None
    return StepRange(ordered[0].letter, ordered[0].low, ordered[-1].high)


def _common(ranges: Sequence[StepRange]) -> StepRange | None:
    """Return the steps that all ranges have, None where their ends cannot be compared, or there are none."""
    if not ranges:
        return None
    lows, highs = ({end[0] for end in ends} for ends in zip(*((s.low, s.high) for s in ranges), strict=True))
    if len(lows) != 1 or len(highs) != 1:
        return None
    low = max((steps.low for steps in ranges), key=lambda end: end[1])
    high = min((steps.high for steps in ranges), key=lambda end: end[1])
    return None if low[0] == high[0] and low[1] > high[1] else StepRange(ranges[0].letter, low, high)


def ranges_of_fact(families: Blocks, given: Given) -> tuple[tuple[StepRange, ...], ...]:
    """Return the ranges that a fact outside of all blocks holds for, given sum(k) q[t; k] = 1, for each of its steps.

    It holds for all steps of the blocks in that letter. Where it names no step, there is none.
    """
    letters = {letter for tensor in entries_in(given.condition) for letter, _ in tensor.superscript}
    steps = {over.letter for over in families.ranges} & letters
    return tuple(
        tuple({(r.low, r.high): replace(r, down=False) for r in families.ranges if r.letter == letter}.values())
        for letter in sorted(steps)
    )

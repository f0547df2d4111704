"""Which steps a sum over steps goes over: those of the blocks that define what it adds up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chainrule.expr.nodes import Condition, Expr, walk
from chainrule.expr.symbols import Tensor
from chainrule.families.families_text import range_text
from chainrule.families.templates import Blocks, StepRange, entries_in, letter_summed, raised_in
from chainrule.system.locations import Location
from chainrule.system.model import Equation, Given


def ranges_of_sums(families: Blocks, node: Expr | Condition, place: Location) -> Mapping[str, StepRange]:
    """Return the ranges of the sums over steps in an expression, by their letters. Raises TypecheckError."""
    return {letter: _range_of(families, letter, part, place) for part in walk(node) if (letter := letter_summed(part))}


def _range_of(families: Blocks, letter: str, body: Expr | Condition, place: Location) -> StepRange:
    """Return the range of one sum: that of the blocks in its letter that define what it reads, else of all of them."""
    read = {t.name for t in raised_in(body) if (letter, 0) in t.superscript}
    defining: dict[tuple[object, object], StepRange] = {}
    others: dict[tuple[object, object], StepRange] = {}
    for path, template in families.templates():
        for steps in path:
            if steps.letter == letter:
                target = template.target.tensor if isinstance(template, Equation) else None
                defines = isinstance(target, Tensor) and target.name in read
                (defining if defines else others)[steps.low, steps.high] = steps
    found = list((defining or others).values())
    if len(found) != 1:
        ranges = " or ".join(range_text(steps) for steps in found)
        raise place.error(
            f"the sum over {letter} could go over {ranges}",
            letter,
            expected="one range, that of the steps that define what is added up",
            advice="Give the steps of one of the blocks another letter, and the sum that of its own.",
        )
    return found[0]


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

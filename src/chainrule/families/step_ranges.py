"""Which steps a sum over steps goes over: those of the blocks that define what it adds up."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.expr.nodes import Condition, Expr, walk
from chainrule.expr.symbols import Tensor
from chainrule.families.families_text import range_text
from chainrule.families.templates import Blocks, StepRange, letter_summed, raised_in
from chainrule.system.locations import Location
from chainrule.system.model import Equation


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

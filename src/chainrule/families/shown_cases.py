"""The cases of a derivative as they are shown: ∂C/∂z[0; i], where it says what ∂C/∂z[l; k] does, is none of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chainrule.expr.binding import substitute_indices
from chainrule.expr.nodes import Index
from chainrule.families.rewriting import at_steps
from chainrule.families.step_order import shifted
from chainrule.families.subjects import StepCase


def shown_cases(cases: Sequence[StepCase]) -> Iterator[StepCase]:
    """Yield the cases to show, the last steps first."""
    joined: dict[int, StepCase] = {}
    left = list(cases)
    for base in [case for case in cases if not case.box]:
        for case in cases:
            wider = _with_base(joined.get(id(case), case), base)
            if wider is not None:
                joined[id(case)] = wider
                left = [one for one in left if one is not base]
                break
    for case in reversed(left):
        yield joined.get(id(case), case)


def _with_base(case: StepCase, base: StepCase) -> StepCase | None:
    """Return a case for one step more, that of a base, if both say the same."""
    steps = base.subject.tensor.superscript
    if len(case.box) != 1 or len(steps) != 1 or len(case.points):
        return None
    ((letter, (low, high)),) = case.box.items()
    (step,) = steps
    if step not in (shifted(low, -1), shifted(high, 1)):
        return None
    there = at_steps(case.equation, {letter: step})
    pairs = zip(there.indices, base.equation.indices, strict=False)
    letters = {Index(own.name): Index(other.name) for own, other in pairs}
    alike = there.target.tensor == base.equation.target.tensor and len(there.indices) == len(base.equation.indices)
    if not alike or substitute_indices(there.value, letters) != base.equation.value:
        return None
    return replace(case, box={letter: (low, step) if step == shifted(high, 1) else (step, high)})

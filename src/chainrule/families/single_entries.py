"""Derivatives that are a number or a single entry at all steps: who reads them goes on to what these are read by.

∂C/∂p[t;] = 1 needs no name. The windows of those who would name it hold the equation of p[t;] and of what reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from chainrule.expr.nodes import Index, Indexed, IndexValue, Number, walk
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.families.rewriting import Environment, moved, step_from
from chainrule.families.subjects import StepCase
from chainrule.families.uses import StepUse


def single_entries(cases: Mapping[str, Sequence[StepCase]], cost: Symbol) -> dict[int, StepCase]:
    """Return the cases of tensors whose derivatives are numbers or single entries, by the number of what defines them.

    They have one case for each equation that defines them, and none leads back to itself.
    """
    single = {name: found for name, found in cases.items() if found and all(map(_is_single, found))}
    single = {name: found for name, found in single.items() if _one_each(found)}
    named = {name: set(_named(single[name], cost)) & set(single) for name in single}
    ending: set[str] = set()
    while more := {name for name, others in named.items() if others <= ending} - ending:
        ending |= more
    return {
        case.subject.own.number: case for name in single if name in ending for case in single[name] if case.subject.own
    }


def _is_single(case: StepCase) -> bool:
    """Say whether a derivative is a number or one entry, and reached through sums at its own step only."""
    value = case.equation.value
    plain = isinstance(value, Indexed) and all(isinstance(i, Index) for i in value.indices) and not value.guarded
    return (isinstance(value, Number | IndexValue) or plain) and not case.shared


def _one_each(cases: Sequence[StepCase]) -> bool:
    whole = all(case.subject.own is not None and case.box == case.subject.box for case in cases)
    return whole and len({case.subject.own for case in cases}) == len(cases)


def _named(cases: Sequence[StepCase], cost: Symbol) -> Iterator[str]:
    for case in cases:
        for part in walk(case.equation.value):
            if isinstance(part, Indexed) and isinstance(part.tensor, Derivative) and part.tensor.of == cost:
                yield from (t.name for t in part.tensor.wrt if isinstance(t, Tensor))


def continued(
    uses: Sequence[StepUse], single: Mapping[int, StepCase]
) -> tuple[tuple[StepUse, ...], tuple[StepUse, ...]]:
    """Return the uses by users that need no name and by what reads these, then the uses at which a window ends."""
    inner: dict[StepUse, None] = {}
    frontier: dict[StepUse, None] = {}
    waiting = list(uses)
    while waiting:
        use = waiting.pop(0)
        case = single.get(use.user.number)
        if case is None:
            frontier[use] = None
            continue
        if use in inner:
            continue
        inner[use] = None
        inner |= {_from(one, use.environment): None for one in case.inner}
        waiting += [_from(one, use.environment) for one in case.frontier]
    return tuple(inner), tuple(frontier)


def _from(use: StepUse, steps: Environment) -> StepUse:
    """Return a use told from the steps of another equation."""
    there = tuple((letter, step_from(step, steps)) for letter, step in use.steps)
    return replace(use, steps=there, read=moved(use.read, steps))

"""What is advised where a metric has no name that fits: an equation that can be copied, in the system's own names."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.errors import NotationError, listed
from chainrule.network.ends import Ends
from chainrule.system.locations import did_you_mean
from chainrule.system.model import System
from chainrule.training.metric_names import OutputAndTarget, entry

USUAL = "mae = mean(k) abs(a[k] - y[k])"
"""An example where no system is known."""


def example(system: System, ends: Ends, pairs: Sequence[tuple[OutputAndTarget, str]]) -> str:
    """Return a metric as an equation that this network can be measured by.

    It is the distance of an output from its target; where these have different axes, that of the output's mean.
    """
    pair = next((pair for pair, _ in pairs if not pair.labels), None)
    if pair is not None:
        return f"mae = {_mean(pair.letters, f'abs({pair.a} - {pair.y})')}"
    outputs = [name for name in ends.outputs or ends.candidates[-1:] if name in system.defined]
    if not outputs:
        return f"size = abs({system.cost})"
    output = outputs[0]
    axes = system.axes(output)
    a = entry(output, tuple(i.preferred for i in axes))
    for target in ends.targets:
        wanted = [i.extent for i in system.axes(target)]
        if system.declared[target].values is None and all(extent in [i.extent for i in axes] for extent in wanted):
            kept = [next(i for i in axes if i.extent == extent) for extent in wanted]
            others = tuple(i.preferred for i in axes if i not in kept)
            letters = tuple(i.preferred for i in kept)
            middle = f"({_mean(others, a)})" if others else a
            return f"mae = {_mean(letters, f'abs({middle} - {entry(target, letters)})')}"
    return f"size = {_mean(tuple(i.preferred for i in axes), f'abs({a})')}"


def _mean(letters: tuple[str, ...], body: str) -> str:
    return f"mean({','.join(letters)}) {body}" if letters else body


def in_a_metric(error: NotationError, system: System) -> NotationError:
    """Return an error of a metric's line with advice for one: a metric declares nothing, it reads what is there."""
    if not error.advice.startswith("Declare it"):
        return error
    known = [str(name) for name in system.names()]
    near = did_you_mean(error.what.rpartition(" ")[2], known)
    return NotationError(
        error.what,
        where=error.where,
        expected=f"the tensors that there are: {listed(known)}",
        advice=near,
        line=error.line,
        column=error.column,
    )

"""Data of all steps at once: one array, or a list, for what a system has a tensor of for each step, x1, x2, x3.

In an array the steps stand behind the samples, x[n,t,i].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.interchange import as_array
from chainrule.errors import InputError
from chainrule.network.ends import Ends
from chainrule.network.step_names import Members
from chainrule.system.model import System


def step_by_step(system: System, ends: Ends, label: str, value: Any, members: Members) -> dict[str, tuple[str, Any]]:
    """Return what is given for all steps as data of each, by tensor, with what it is called in errors.

    Raises InputError for another number of steps than there are.
    """
    first = members[0][0]
    counts = [members[-1][0][axis] - start + 1 for axis, start in enumerate(first)]
    whole = value if isinstance(value, list | tuple) else _steps_in_front(system, ends, label, value, members)
    _check_counts(label, whole, counts, members)
    found: dict[str, tuple[str, Any]] = {}
    for steps, tensor in members:
        part = whole
        for step, start in zip(steps, first, strict=True):
            part = part[step - start]
        found[tensor] = f"{label} at step {','.join(map(str, steps))}", part
    return found


def _steps_in_front(system: System, ends: Ends, label: str, value: Any, members: Members) -> Any:
    """Return an array with the axes of its steps in front of that of the samples."""
    steps, tensor = members[0]
    declared = system.declared[tensor]
    array = as_array(label, value)
    rank, front = len(declared.indices) + len(steps), ends.samples.in_front
    classes = any(pair.target == tensor and pair.axis is not None for pair in ends.pairs)
    labels = classes and array.ndim == rank - 1 + front and array.dtype.kind in "iub"
    if array.ndim not in (rank, rank + front) and not labels:
        letters = [i.preferred for i in declared.indices]
        axes = [*["samples"] * front, *["steps"] * len(steps), *letters]
        raise InputError(
            f"{label} has the shape {list(array.shape)}",
            expected=f"the shape ({', '.join(axes)}), or a list with an array for each step",
            advice=f"It stands for {members[0][1]} to {members[-1][1]}.",
        )
    return np.moveaxis(array, 0, len(steps)) if front and (labels or array.ndim > rank) else array


def _check_counts(label: str, value: Any, counts: Sequence[int], members: Members) -> None:
    if not counts:
        return
    if len(value) != counts[0]:
        raise InputError(
            f"{label} has {len(value)} steps",
            expected=f"{counts[0]} of them, {members[0][1]} to {members[-1][1]}",
        )
    for part in value if len(counts) > 1 else ():
        _check_counts(label, part, counts[1:], members)

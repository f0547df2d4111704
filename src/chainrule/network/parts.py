"""A system run for many samples, some at once, so that memory does not grow with the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.protocol import Executable
from chainrule.expr.sizes import Size
from chainrule.system.model import System

Array = npt.NDArray[Any]
_ROWS = 4096
"""Samples that are run at once where all tensors are small."""
_NUMBERS = 1 << 24
"""Numbers of the widest tensor that are held at once; of a vector it is many samples, of images fewer."""


def rows_at_once(system: System, sizes: Mapping[Size, int], most: int) -> int:
    """Return how many samples of a system are run at once, `most` of them where all tensors are small."""
    names = [e.name for e in system.equations] + list(system.with_role("data"))
    widest = max((prod(sizes.get(i.extent, 1) for i in system.axes(name)) for name in names), default=1)
    return max(1, min(most, _NUMBERS // max(1, widest)))


def in_parts(
    executable: Executable,
    values: Mapping[str, Array],
    data: Sequence[str],
    rows: tuple[int, Mapping[Size, int]] | None,
) -> dict[str, Array]:
    """Return the value of every equation in float64; `rows` are how many samples the data have, and all extents.

    Without them all is run at once.
    """
    system = executable.system
    names = [e.name for e in system.equations]
    most = rows_at_once(system, rows[1], _ROWS) if rows else 0
    if rows is None or rows[0] <= most:
        found = executable.evaluate(values)
        return {name: np.asarray(found[name], np.float64) for name in names}
    parts: list[Mapping[str, Array]] = []
    for start in range(0, rows[0], most):
        part = {name: values[name][start : start + most] for name in data}
        parts.append(executable.evaluate({**values, **part}))
    return together(parts, system)


def together(parts: Sequence[Mapping[str, Array]], system: System) -> dict[str, Array]:
    """Return what was computed of some samples at a time as of all of them, in float64."""
    names = [e.name for e in system.equations]
    carried = [name for name in names if parts[0][name].ndim > len(system.axes(name))]
    return {
        name: np.concatenate([np.asarray(p[name], np.float64) for p in parts])
        if name in carried
        else np.asarray(parts[0][name], np.float64)
        for name in names
    }

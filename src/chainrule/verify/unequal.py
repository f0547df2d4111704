"""Extents for points that tell everything apart: at least three of each, and no two that could be mistaken.

Two entries are too few for much: two numbers, standardised, are always +1 and −1. Equal extents hide a transposition.
What is declared stays as it is declared, and what positions determine is what follows from the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from chainrule.errors import InputError
from chainrule.expr.sizes import Literal, Size
from chainrule.system.derived import solve
from chainrule.system.model import System
from chainrule.system.sizes.constraints import read_by_number

LEAST = 3
MOST_ENTRIES = 10_000
"""Of the largest tensor; declared extents alone may make more."""


def unequal_extents(system: System, seed: int) -> dict[Size, int]:
    """Return an extent for every axis of inputs and unknown functions that is neither declared nor determined.

    They are 3, 4, 5 … without repetition, as long as no tensor gets more than 10,000 entries; else some are equal,
    others for each seed. Each extent is another one for the next seed, so that it is no constant.
    """
    determined = {one.extent for one in system.derived}
    axes = (i.extent for d in system.declarations for i in d.indices)
    free = tuple(
        dict.fromkeys(e for e in axes if e not in system.size and e not in determined and not isinstance(e, Literal))
    )
    numbers = read_by_number(system)
    for width in range(max(len(free), LEAST), 0, -1):
        pool = LEAST + np.random.default_rng(width).permutation(width)
        drawn = [int(pool[(n + seed + n // width * (1 + seed)) % width]) for n in range(len(free))]
        sizes: dict[Size, int] = {e: max(size, numbers.get(e, 0)) for e, size in zip(free, drawn, strict=True)}
        if _largest(system, sizes) <= MOST_ENTRIES:
            break
    return sizes


def _largest(system: System, sizes: Mapping[Size, int]) -> int:
    """Return the number of entries of the largest tensor, as far as its extents are known and not declared."""
    try:
        known = solve(system.derived, {**system.size, **sizes})
    except InputError:
        known = {**system.size, **sizes}
    shapes = [[i.extent for i in system.axes(name)] for name in system.names()]
    return max((math.prod(known.get(e, 1) for e in s) for s in shapes if not sizes.keys().isdisjoint(s)), default=0)

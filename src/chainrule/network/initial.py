"""The numbers that a network begins with, drawn by a seeded generator: the same seed, the same network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.nn.layer import Initial, Normal
from chainrule.system.model import System

Array = npt.NDArray[np.float64]


def initial_params(system: System, initial: Mapping[str, Initial], seed: Any) -> dict[str, Array]:
    """Return the params of a system whose extents are all declared, in float64, in order of declaration."""
    generator = seeded(seed)
    params: dict[str, Array] = {}
    for name in system.params:
        shape = tuple(system.size[index.extent] for index in system.axes(name))
        start = initial[name]
        if isinstance(start, Normal):
            params[name] = generator.normal(0.0, np.sqrt(start.variance), shape)
        else:
            params[name] = np.array(np.broadcast_to(np.asarray(start.value, np.float64), shape))
    return params


def seeded(seed: Any) -> np.random.Generator:
    """Return the generator of a seed. Raises OptionError for what is no seed.

    >>> seeded(0).integers(100, size=3)
    array([85, 63, 51])
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise OptionError(f"the seed is {seed!r}", expected="a whole number, 0 or more")
    return np.random.default_rng(int(seed))

"""Random inputs for a system, with extents that are told by the letters of axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.system.model import System


def random_inputs(system: System, seed: int = 0, least: int = 2, most: int = 4, steps: int = 6) -> dict[str, Any]:
    """Return an array for everything that a system is given; an axis of steps, t, has so many entries."""
    generator = np.random.default_rng(seed)
    size = dict(system.size)
    found: dict[str, Any] = {}
    for declaration in system.declarations:
        if declaration.value is not None:
            continue
        for index in declaration.indices:
            if index.extent not in size:
                size[index.extent] = steps if index.preferred == "t" else int(generator.integers(least, most + 1))
        found[declaration.tensor] = generator.normal(size=[size[i.extent] for i in declaration.indices]) * 0.7
    return found

"""What random entries are drawn from: of both signs, positive, small, large, negative."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.execute.scalars import Array

DISTRIBUTIONS: tuple[Callable[[np.random.Generator, tuple[int, ...]], Array], ...] = (
    lambda draw, shape: np.asarray(draw.normal(size=shape)),
    lambda draw, shape: np.asarray(draw.uniform(0.2, 0.8, size=shape)),
    lambda draw, shape: np.asarray(draw.uniform(0.5, 2, size=shape)),
    lambda draw, shape: np.asarray(draw.uniform(2, 4, size=shape)),
    lambda draw, shape: np.asarray(draw.uniform(0.05, 0.3, size=shape)),
    lambda draw, shape: np.asarray(draw.uniform(-2, -0.2, size=shape)),
)
"""First each for all tensors, in this order, then one at random for each tensor."""

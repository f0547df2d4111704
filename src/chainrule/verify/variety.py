"""How entries are drawn where answers are graded: every side of what a system can do is to be seen at a few points.

Large tensors have small entries, as trained networks have: sums of many products would saturate whatever they go
through. Scalars take both signs within the first four points, and random ones after these, so that all combinations are
met. Inputs that equations compare with a number by =, as masks are, have that number in about half of their entries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.execute.scalars import Array
from chainrule.expr.nodes import Comparison, Indexed, Number, walk
from chainrule.system.model import Declaration, System
from chainrule.verify.distributions import DISTRIBUTIONS

LARGE = 32
"""Entries of a tensor whose entries are about 1; those of a larger one are smaller, by the root of their number."""
SIGNS = ((1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1))
SPREADS = (0.1, 1.0, 1.0, 3.0, 10.0)
"""What tensors are multiplied by, one of these each, where a point is to be far from others."""


@dataclass(frozen=True)
class Variety:
    """Draws the entries of the inputs of one system at the point of a seed; `spread` for a point far from others."""

    system: System
    seed: int
    spread: bool = False

    def entries(
        self, draw: np.random.Generator, declaration: Declaration, shape: tuple[int, ...], attempt: int
    ) -> Array:
        """Return the entries of an input; the first attempts take one distribution each for all inputs."""
        first = attempt < len(DISTRIBUTIONS) and not self.spread
        which = attempt if first else int(draw.integers(len(DISTRIBUTIONS)))
        scale = math.sqrt(min(1.0, LARGE / max(1, math.prod(shape))))
        entries = np.asarray(scale * DISTRIBUTIONS[which](draw, shape))
        if self.spread:
            entries = entries * float(draw.choice(SPREADS))
        elif attempt == 0 and declaration.tensor in self._scalars:
            signs = SIGNS[self._scalars[declaration.tensor] % len(SIGNS)]
            entries = np.abs(entries) * signs[self.seed] if self.seed < len(signs) else entries
        numbers = self._compared_with.get(declaration.tensor, ())
        if not numbers:
            return np.asarray(entries)
        return np.where(draw.integers(2, size=shape) > 0, draw.choice(numbers, size=shape), entries)

    @cached_property
    def _scalars(self) -> Mapping[str, int]:
        names = (d.tensor for d in self.system.declarations if not d.indices and d.role != "abstract")
        return {name: number for number, name in enumerate(names)}

    @cached_property
    def _compared_with(self) -> Mapping[str, tuple[float, ...]]:
        return compared_with(self.system)


def compared_with(system: System) -> Mapping[str, tuple[float, ...]]:
    """Return the inputs that equations compare with a number by =, and these numbers."""
    found: dict[str, tuple[float, ...]] = {}
    inputs = {d.tensor for d in system.declarations if d.role in ("data", "const") and is_real(d)}
    for part in (part for e in system.equations for part in walk(e.value)):
        match part:
            case Comparison("=" | "!=", Indexed(tensor), Number(value)) if tensor in inputs:
                found[tensor] = (*found.get(tensor, ()), float(value))
            case _:
                pass
    return found


def is_real(declaration: Declaration) -> bool:
    """Say whether a declaration is of an input whose entries are any numbers."""
    return declaration.role != "abstract" and declaration.value is None and declaration.values is None

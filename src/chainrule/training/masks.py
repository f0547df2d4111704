"""The masks of dropout, drawn anew for every epoch: which numbers of which sample are dropped.

They come from the generator that orders the samples, after it has; so they are the same for every executor and any
number of threads. No more than those of one epoch are held, in the arrays that steps read.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.expr.sizes import Size
from chainrule.network.network import Network

_AT_ONCE = 1 << 18
"""Numbers that are drawn at once."""


class Masks:
    """The masks of a network for so many samples; `arrays` are those of an epoch, with the samples in front.

    `sizes` are extents that are known, those of the network unless they are given.
    """

    def __init__(self, network: Network, count: int, dtype: Any, sizes: Mapping[Size, int] | None = None) -> None:
        self._dropped = network.dropped
        axes = int(network.ends.samples.coupled)
        self.arrays: dict[str, npt.NDArray[Any]] = {
            name: np.zeros((count, *network.shape_of(name, sizes)[axes:]), dtype) for name in self._dropped
        }

    def draw(self, generator: np.random.Generator, into: Mapping[str, npt.NDArray[Any]] | None = None) -> None:
        """Draw the masks of an epoch, into arrays that stand in for `arrays` where they are given."""
        for name, probability in self._dropped.items():
            array = self.arrays[name] if into is None else into[name]
            rows = max(1, _AT_ONCE // max(1, prod(array.shape[1:])))
            for start in range(0, len(array), rows):
                part = array[start : start + rows]
                part[...] = generator.random(part.shape, np.float32) >= probability

"""How many samples are classified right, measured after each epoch by the executor that trains.

What is measured is the forward pass alone, in the executor's own numbers: in machine code it takes a fraction of an
epoch, where a matrix product of NumPy's leaves threads spinning beside the next one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from chainrule.execute.protocol import Executor
from chainrule.network.network import Network
from chainrule.network.samples import labels_of
from chainrule.training.samples import Samples

Array = npt.NDArray[np.float64]
_ROWS = 2500
"""Samples that are run at once: they and what is computed of them stay in the cache."""


class Accuracy:
    """The fraction of samples whose label is right; of answers that are no classes, or of no samples, None."""

    def __init__(self, engine: Executor, network: Network, samples: Samples | None) -> None:
        self._forward = network.forward
        self._executable = engine.compile(network.forward)
        self._ends = network.ends
        self._x = samples.x if samples is not None and samples.classes else None
        self._labels = labels_of(samples.y) if samples is not None and samples.classes else None

    def of(self, params: Mapping[str, Array]) -> float | None:
        """Return the accuracy with these params."""
        if self._x is None or self._labels is None:
            return None
        needed = {name: array for name, array in params.items() if name in self._forward.declared}
        right = 0
        for start in range(0, len(self._x), _ROWS):
            some = slice(start, start + _ROWS)
            values = self._executable.evaluate({**needed, self._ends.data: self._x[some]})
            found = labels_of(np.asarray(values[self._ends.output]))
            right += int(np.count_nonzero(found == self._labels[some]))
        return right / len(self._x)

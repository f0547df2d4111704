"""How good a network is on samples, measured after each epoch by the executor that trains.

What is measured is the forward pass alone, or the forward pass with the cost, in the executor's own numbers: in machine
code it takes a fraction of an epoch, where a matrix product of NumPy's leaves threads spinning beside the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chainrule.execute.protocol import Executor
from chainrule.network.network import Network
from chainrule.network.samples import labels_of
from chainrule.training.training_data import Samples

Array = npt.NDArray[np.float64]
_ROWS = 2500
"""Samples that are run at once: they and what is computed of them stay in the cache."""


@dataclass(frozen=True)
class Score:
    """What was measured; None what makes no sense, or was not asked for.

    `accuracy` is the fraction of samples whose label is right, of classes; `error`, of other numbers, the mean over
    samples and outputs of how far off they are, |a − y|; `cost` the mean over the samples, penalties included.
    """

    accuracy: float | None = None
    error: float | None = None
    cost: float | None = None


class Scores:
    """Measures samples; `cost`: with their cost, which only the system of training has."""

    def __init__(self, engine: Executor, network: Network, samples: Samples | None, *, cost: bool = False) -> None:
        self._system = network.scored if cost else network.predicting
        self._executable = engine.compile(self._system) if samples is not None else None
        self._ends = network.ends
        self._samples = samples
        self._cost = network.system.cost if cost else ""
        self._classes = samples is not None and samples.classes

    def of(self, params: Mapping[str, Array]) -> Score:
        """Return the score with these params; of no samples, nothing."""
        if self._samples is None or self._executable is None:
            return Score()
        needed = {name: array for name, array in params.items() if name in self._system.declared}
        right = off = cost = 0.0
        for start in range(0, len(self._samples.x), _ROWS):
            x, y = (values[start : start + _ROWS] for values in (self._samples.x, self._samples.y))
            data = {self._ends.data: x, self._ends.target: y} if self._cost else {self._ends.data: x}
            values = self._executable.evaluate({**needed, **data})
            found = np.asarray(values[self._ends.output], np.float64)
            if self._classes:
                right += float(np.count_nonzero(labels_of(found) == labels_of(y)))
            else:
                off += float(np.sum(np.abs(found - y)))
            cost += float(np.sum(values[self._cost], dtype=np.float64)) if self._cost else 0.0
        count = len(self._samples.x)
        accuracy, error = (right / count, None) if self._classes else (None, off / self._samples.y.size)
        return Score(accuracy, error, cost / count if self._cost else None)

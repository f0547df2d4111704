"""How good a network is on samples, measured after each epoch by the executor that trains.

What is measured is the forward pass alone, or the forward pass with the cost, in the executor's own numbers: in machine
code it takes a fraction of an epoch, where a matrix product of NumPy's leaves threads spinning beside the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chainrule.execute.protocol import Executable, Executor
from chainrule.network.network import Network
from chainrule.network.parts import rows_at_once
from chainrule.simplify.stability import stable
from chainrule.training.streamed import AnySamples

Array = npt.NDArray[np.float64]
AT_ONCE = 2500
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
    """Measures samples; `cost`: with their cost, which only the system of training has.

    Samples that the equations couple are measured in parts of `together`, as they are learned from.
    """

    def __init__(
        self,
        engine: Executor,
        network: Network,
        samples: AnySamples | None,
        *,
        cost: bool = False,
        together: int = 0,
    ) -> None:
        self._samples = samples
        self._network = network
        self._cost = network.system.cost if cost else ""
        self._answers = () if samples is None else samples.classes + samples.numbers
        outputs = dict.fromkeys(one.pair.output for one in self._answers)
        self._executable: Executable | None = None
        if samples is not None and (outputs or cost):
            self._system = network.scored if cost else stable(network.leading_to(tuple(outputs)))
            self._executable = engine.compile(self._system)
            self._rows = together or rows_at_once(self._system, samples.sizes, AT_ONCE)

    def of(self, params: Mapping[str, Array]) -> Score:
        """Return the score with these params, and states where there are some; of no samples, nothing."""
        samples = self._samples
        if samples is None or self._executable is None:
            return Score()
        declared = self._system.declared
        kept = {**params, **self._network.consts}
        needed = {name: array for name, array in kept.items() if name in declared}
        totals = dict.fromkeys(self._answers, 0.0)
        sizes = dict.fromkeys(self._answers, 0)
        cost, count = 0.0, 0
        for number, data in samples.parts(self._rows):
            values = self._executable.evaluate({**needed, **{n: array for n, array in data.items() if n in declared}})
            for one in self._answers:
                found, target = np.asarray(values[one.pair.output], np.float64), data[one.pair.target]
                totals[one] += one.right(found, target) if one in samples.classes else one.off(found, target)
                sizes[one] += target.size
            cost += self._cost_of(values, number) if self._cost else 0.0
            count += number
        accuracies = [totals[one] / count for one in samples.classes]
        errors = [totals[one] / sizes[one] for one in samples.numbers]
        return Score(_mean(accuracies), _mean(errors), cost / count if self._cost else None)

    def _cost_of(self, values: Mapping[str, Array], count: int) -> float:
        """Return the costs of so many samples, added up; where they are coupled, their cost for each."""
        found = np.asarray(values[self._cost])
        return float(np.sum(found, dtype=np.float64)) if found.ndim else count * float(found)


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None

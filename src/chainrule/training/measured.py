"""The metrics of a network on samples: checked before the first step, and measured after each epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.protocol import Executor
from chainrule.execute.reference.evaluation import Reference
from chainrule.network.forward import without_masks
from chainrule.network.network import Network
from chainrule.system.stages import before_backprop
from chainrule.training.measures import Measures, check_probabilities
from chainrule.training.metric_lines import MetricSystem, with_metrics
from chainrule.training.metric_names import OutputAndTarget
from chainrule.training.scores import Scores
from chainrule.training.training_data import Samples, checked_samples

Array = npt.NDArray[Any]
_ROWS = 2500
"""Samples that are run at once: they and what is computed of them stay in the cache."""
_TRIED = 8
"""Samples that metrics are tried with before training."""


def metric_system(network: Network, metrics: Sequence[str], samples: Samples) -> MetricSystem:
    """Return the system that measures a network, tried with a few samples.

    Raises OptionError for what is no metric of such samples, and NotationError for an equation that cannot be read.
    """
    system = without_masks(before_backprop(network.system), network.ends.masks)
    made = with_metrics(system, _pairs(network, samples), metrics)
    if made.metrics:
        some = next(_parts(network, samples, _TRIED))
        if any(metric.probabilities for metric in made.metrics):
            values = Reference().compile(network.predicting).evaluate(_needed(network, some[1]))
            check_probabilities(made.metrics, values, front=1)
        Measures(made, Reference(), {}).of(network.params, [some])
    return made


class Measured:
    """Metrics ready to be measured of samples; of none, and of no samples, nothing is."""

    def __init__(self, engine: Executor, network: Network, made: MetricSystem, samples: Samples | None) -> None:
        self._network = network
        self._samples = samples
        self._measures = Measures(made, engine, {}) if made.metrics and samples is not None else None

    def of(self, params: Mapping[str, Array]) -> dict[str, float]:
        """Return each metric by its name, with these params."""
        if self._measures is None or self._samples is None:
            return {}
        return self._measures.of(params, _parts(self._network, self._samples, _ROWS))


def measure(network: Network, x: npt.ArrayLike, y: npt.ArrayLike, *, metrics: Sequence[str] = ()) -> dict[str, float]:
    """Return how good a network is on samples: cost, accuracy or error, and metrics, by name.

    `accuracy` is the fraction of labels that are right; of targets that are no classes `error` is the mean absolute
    error instead. `metrics` are names or equations, see `train`. Everything is computed in float64. Raises InputError
    for data that do not fit, OptionError for what is no metric.

    >>> from chainrule import nn
    >>> network = Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    >>> network.params = {"W1": [[2.0]], "b1": [0.0]}
    >>> measure(network, [[0.0], [1.0]], [[1.0], [2.0]], metrics=["r2", "worst = max(n) max(k) abs(a[k] - y[k])"])
    {'cost': 0.25, 'error': 0.5, 'r2': -1.0, 'worst': 1.0}
    """
    samples = checked_samples(network, x, y, ("x", "y"))
    made = metric_system(network, metrics, samples)
    score = Scores(Reference(), network, samples, cost=True).of(network.params)
    told = {"cost": score.cost, "accuracy": score.accuracy, "error": score.error}
    found = {name: value for name, value in told.items() if value is not None}
    return found | Measured(Reference(), network, made, samples).of(network.params)


def _pairs(network: Network, samples: Samples) -> list[tuple[OutputAndTarget, str]]:
    """Return what comes out with what should, and what the targets are."""
    ends, batch = network.ends, network.system.batch
    letters = tuple(i.preferred for i in network.system.axes(ends.output))
    pair = OutputAndTarget(ends.output, ends.target, letters, 0, False, network.outputs, batch, (batch,))
    return [(pair, "classes" if samples.classes else "numbers")]


def _parts(network: Network, samples: Samples, rows: int) -> Iterator[tuple[int, dict[str, Array]]]:
    """Yield the data some samples at a time, each with their number."""
    for start in range(0, len(samples.x), rows):
        x, y = (values[start : start + rows] for values in (samples.x, samples.y))
        yield len(x), {network.ends.data: x, network.ends.target: y}


def _needed(network: Network, data: Mapping[str, Array]) -> dict[str, Array]:
    given = {**network.params, **data}
    return {name: np.asarray(array) for name, array in given.items() if name in network.predicting.declared}

"""The metrics of a network on samples: checked before the first step, and measured after each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from chainrule.execute.protocol import Executor
from chainrule.execute.reference.evaluation import Reference
from chainrule.keywords import answers
from chainrule.network.answers import Answers
from chainrule.network.given_network import check_network
from chainrule.network.named_data import Data
from chainrule.network.network import Network
from chainrule.network.parts import rows_at_once
from chainrule.system.stages import before_backprop
from chainrule.training.measures import Measures, are_scores, check_probabilities, probable_outputs
from chainrule.training.metric_advice import example
from chainrule.training.metric_lines import MetricSystem, with_metrics
from chainrule.training.metric_names import OutputAndTarget, takes_probabilities
from chainrule.training.opened import all_at_once, opened_samples
from chainrule.training.scores import AT_ONCE, Scores
from chainrule.training.streamed import AnySamples

Array = npt.NDArray[Any]
_TRIED = 8
"""Samples that metrics are tried with before training."""


def metric_system(network: Network, metrics: Sequence[str], samples: AnySamples) -> MetricSystem:
    """Return the system that measures a network, tried with a few samples.

    Raises OptionError for what is no metric of such samples, and NotationError for an equation that cannot be read.
    """
    axis = network.ends.samples
    system = before_backprop(network.system)
    if not metrics:
        return with_metrics(system, (), metrics)
    some = _tried(samples)
    pairs = _pairs(network, samples)
    if any(takes_probabilities(metric) for metric in metrics):
        pairs = [(_seen(network, pair, some[1]), kind) for pair, kind in pairs]
    made = with_metrics(
        system, pairs, metrics, axis.extent if axis.coupled else None, example=example(system, network.ends, pairs)
    )
    if made.metrics:
        measures = _measures(made, Reference(), network, samples)
        check_probabilities(made.metrics, measures.first(network.params, some[1]), axis.in_front)
        measures.of(network.params, [some])
    return made


class Measured:
    """Metrics ready to be measured of samples; of none, and of no samples, nothing is.

    Samples that the equations couple are measured in parts of `together`, as they are learned from.
    """

    def __init__(
        self, engine: Executor, network: Network, made: MetricSystem, samples: AnySamples | None, *, together: int = 0
    ) -> None:
        self._samples = samples
        self._measures: Measures | None = None
        if made.metrics and samples is not None:
            self._measures = _measures(made, engine, network, samples)
            self._rows = together or rows_at_once(self._measures.system, samples.sizes, AT_ONCE)

    def of(self, params: Mapping[str, Array]) -> dict[str, float]:
        """Return each metric by its name, with these params."""
        if self._measures is None or self._samples is None:
            return {}
        return self._measures.of(params, self._samples.parts(self._rows))


@answers
def measure(network: Network, x: Data, y: Data | None = None, *, metrics: Sequence[str] = ()) -> dict[str, float]:
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
    check_network(network, "measured")
    samples = opened_samples(network, x, y, ("x", "y"))
    coupled = bool(network.ends.samples.coupled)
    together = all_at_once(samples) if coupled else 0
    made = metric_system(network, metrics, samples)
    score = Scores(Reference(), network, samples, cost=True, together=together).of(network.params)
    told = {"cost": score.cost, "accuracy": score.accuracy, "error": score.error}
    found = {name: value for name, value in told.items() if value is not None}
    return found | Measured(Reference(), network, made, samples, together=together).of(network.params)


def _measures(made: MetricSystem, engine: Executor, network: Network, samples: AnySamples) -> Measures:
    sizes, masks = {**network.sizes, **samples.sizes}, network.ends.masks
    return Measures(made, engine, values=network.consts, sizes=sizes, masks=masks)


def _pairs(network: Network, samples: AnySamples) -> list[tuple[OutputAndTarget, str]]:
    """Return what comes out with what should, and what the targets are."""
    kinds: list[tuple[Answers, str]] = [(one, "classes") for one in samples.classes]
    said = ((one, one.are_yes_or_no(samples.first[one.pair.target])) for one in samples.numbers)
    kinds += [(one, "yes or no" if yes_or_no else "numbers") for one, yes_or_no in said]
    return [(replace(_pair(network, one, samples), separate=kind == "yes or no"), kind) for one, kind in kinds]


def _pair(network: Network, answers: Answers, samples: AnySamples) -> OutputAndTarget:
    pair, axis = answers.pair, network.ends.samples
    axes = network.system.axes(pair.output)
    letters = tuple(i.preferred for i in axes)
    counted: tuple[str, ...] = letters
    if network.system.batch:
        counted = (network.system.batch,)
    elif axis.coupled:
        counted = tuple(i.preferred for i in axes if i.extent == axis.extent)
    width = 1 if pair.axis is None else network.shape_of(pair.output, {**network.sizes, **samples.sizes})[pair.axis]
    return OutputAndTarget(
        pair.output, pair.target, letters, pair.axis, pair.labels, width, network.system.batch, counted
    )


def _seen(network: Network, pair: OutputAndTarget, data: Mapping[str, Array]) -> OutputAndTarget:
    """Return a pair whose outputs are scores where the cost of some samples shows it."""
    system = network.scored
    if pair.single or pair.output not in system.defined:
        return pair
    given = {name: array for name, array in {**network.values, **data}.items() if name in system.declared}
    values: dict[str, Array] = {**data, **Reference().compile(system).evaluate(given)}
    front = network.ends.samples.in_front
    scores = not probable_outputs(pair, values, front) and are_scores(pair, values, values[network.system.cost], front)
    return replace(pair, scores=scores)


def _tried(samples: AnySamples) -> tuple[int, dict[str, Array]]:
    """Return a few samples, with their number."""
    if not samples.counted:
        return 1, dict(samples.first)
    some = {name: array[:_TRIED] for name, array in samples.first.items()}
    return len(next(iter(some.values()))), some

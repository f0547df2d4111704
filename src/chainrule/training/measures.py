"""Metrics measured: of each sample with the forward pass, by the executor that trains, then over all samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.execute.finite import all_finite
from chainrule.execute.protocol import Executable, Executor
from chainrule.execute.reference.evaluation import Reference
from chainrule.expr.binding import tensors_in
from chainrule.expr.sizes import Size
from chainrule.network.forward import leading_to, told_by_others
from chainrule.simplify.stability import stable
from chainrule.system.batching import batch
from chainrule.system.model import NO_COST, Declaration, System
from chainrule.system.sizes.fixed import with_fixed_sizes, with_own_values
from chainrule.system.typecheck import typecheck
from chainrule.training.metric_lines import Metric, MetricSystem
from chainrule.training.metric_names import OutputAndTarget, perplexity_of_scores

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _Split:
    """The system of one sample, that over all samples, and the tensors that the second is given by the first."""

    first: System
    second: System | None
    handed: tuple[str, ...]


class Measures:
    """Metrics of a system, ready to be measured of samples that come in parts.

    `values` are consts, `sizes` all extents but that of the samples; `masks` are what they are on average.
    """

    def __init__(
        self,
        made: MetricSystem,
        engine: Executor,
        *,
        values: Mapping[str, Array],
        sizes: Mapping[Size, int],
        masks: Mapping[str, str],
    ) -> None:
        self.metrics = made.metrics
        self._split = _split(made, sizes, masks)
        self._values = values
        self._executable: Executable = engine.compile(stable(self._split.first))
        self._second: Executable | None = None
        if self._split.second is not None:
            self._second = Reference().compile(self._split.second)

    @property
    def system(self) -> System:
        """What is run with the samples."""
        return self._split.first

    def first(self, params: Mapping[str, Array], data: Mapping[str, Array]) -> dict[str, Array]:
        """Return the value of each equation that is run with the samples."""
        given = {n: array for n, array in {**params, **self._values, **data}.items() if n in self.system.declared}
        return self._executable.evaluate(given)

    def of(self, params: Mapping[str, Array], parts: Iterable[tuple[int, Mapping[str, Array]]]) -> dict[str, float]:
        """Return each metric by its name; the parts are data by name, with the number of samples in each."""
        late = {e.name for e in self._split.second.equations} if self._split.second else set()
        alone = [metric for metric in self.metrics if metric.tensor not in late]
        totals, samples = dict.fromkeys(alone, 0.0), 0
        handed: dict[str, list[Array]] = {name: [] for name in self._split.handed}
        for count, data in parts:
            found = {**data, **self.first(params, data)}
            for metric in alone:
                value = float(np.mean(found[metric.tensor], dtype=np.float64))
                totals[metric] += value * count
            for name, arrays in handed.items():
                arrays.append(np.asarray(found[name]))
            samples += count
        measured = {metric.name: total / samples for metric, total in totals.items()}
        if self._second is not None:
            whole = {name: np.concatenate(arrays) for name, arrays in handed.items()}
            again = {n: a for n, a in {**params, **self._values}.items() if n in self._second.system.declared}
            finite = all(all_finite(array) for array in whole.values())
            values: Mapping[str, Array] = self._second.evaluate({**again, **whole}) if finite else {}
            nothing = np.array(np.nan)
            measured |= {
                m.name: float(np.mean(values.get(m.tensor, nothing))) for m in self.metrics if m.tensor in late
            }
        return {metric.name: measured[metric.name] for metric in self.metrics}


def _split(made: MetricSystem, sizes: Mapping[Size, int], masks: Mapping[str, str]) -> _Split:
    late = made.late
    names = {line.name for line in late}
    read = [t for line in late for t in sorted(tensors_in(line.value)) if t not in names]
    whole = made.whole
    handed = tuple(dict.fromkeys(t for t in read if t in _carrying(made)))
    wanted = [m.tensor for m in made.metrics if m.tensor not in names]
    first = leading_to(whole, masks, sizes, (*wanted, *handed))
    if not late:
        return _Split(first, None, ())
    others = tuple(d for d in whole.declarations if d.tensor in read and d.tensor not in handed)
    given = tuple(_given(whole, t, others, sizes) for t in handed)
    second = replace(
        whole, declarations=(*given, *others), givens=(), equations=late, cost=NO_COST, updates=(), derived=()
    )
    told: dict[Size, int] = {size: sizes[size] for size in told_by_others(whole, second) if size in sizes}
    return _Split(first, typecheck(with_fixed_sizes(second, told)), handed)


def _carrying(made: MetricSystem) -> set[str]:
    """Return the tensors that have a value for each sample."""
    whole, late = made.whole, {line.name for line in made.late}
    if not whole.batch:
        return {t for t in whole.names() if any(i.extent == made.samples for i in whole.axes(t)[:1])}
    batched = batch(replace(whole, equations=tuple(e for e in whole.equations if e.name not in late)))
    known = set(batched.names()) - late  # the number of a sample is a tensor for one sample alone
    return {t for t in whole.names() if t in known and len(batched.axes(t)) > len(whole.axes(t))}


def _given(system: System, tensor: str, others: Sequence[Declaration], sizes: Mapping[Size, int]) -> Declaration:
    """Return a tensor as data, whole numbers without what they are positions of where that is not there."""
    declared = system.declared.get(tensor) or Declaration("data", tensor, system.axes(tensor))
    values = declared.values
    told = values is not None and any(i.extent == values.extent for d in others for i in d.indices)
    return declared if told else with_own_values(declared, sizes)


def check_probabilities(metrics: Sequence[Metric], values: Mapping[str, Array], front: int) -> None:
    """Raise OptionError where a metric takes outputs for probabilities, and they are none."""
    for metric in metrics:
        pair = metric.probabilities
        if pair is None or pair.scores:
            continue
        if probable_outputs(pair, values, front):
            continue
        raise OptionError(
            f"{metric.name} takes {pair.output} for probabilities, and it is none",
            expected="outputs between 0 and 1, those of all classes 1 together",
            advice="" if pair.single else f"Of scores it is an equation:\n{perplexity_of_scores(pair)}",
        )


def probable_outputs(pair: OutputAndTarget, values: Mapping[str, Array], front: int) -> bool:
    """Say whether outputs, as rounded as float32 leaves them, could be probabilities: of a yes, or of all classes."""
    found = np.asarray(values[pair.output], np.float64)
    if not (np.all(found >= 0) and np.all(found <= 1 + 1e-5)):
        return False
    return pair.single or pair.axis is None or bool(np.allclose(found.sum(axis=pair.axis + front), 1, atol=1e-4))


def are_scores(pair: OutputAndTarget, values: Mapping[str, Array], cost: Array, front: int) -> bool:
    """Say whether the cost is the cross-entropy of a softmax of the outputs, added up or averaged over their axes.

    `values` are outputs and targets of some samples.
    """
    if pair.single or pair.axis is None:
        return False
    found = np.moveaxis(np.asarray(values[pair.output], np.float64), pair.axis + front, -1)
    target = np.asarray(values[pair.target])
    if pair.labels:
        own = np.take_along_axis(found, target.astype(np.int64)[..., None], axis=-1)[..., 0]
    else:
        own = (np.moveaxis(target, pair.axis + front, -1) * found).sum(axis=-1)
    most = found.max(axis=-1)
    surprise = most + np.log(np.exp(found - most[..., None]).sum(axis=-1)) - own
    axes = tuple(range(np.ndim(cost), surprise.ndim))
    return any(np.allclose(cost, way(surprise, axis=axes), rtol=1e-6) for way in (np.mean, np.sum))

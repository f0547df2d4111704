"""What is trained on, checked as a whole before the first step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.execute.protocol import Executor, Trainer
from chainrule.execute.reference.evaluation import evaluate
from chainrule.expr.binding import tensors_in
from chainrule.expr.sizes import Size
from chainrule.network.answers import Answers, answers_of
from chainrule.network.named_data import Data, GivenData
from chainrule.network.network import Network
from chainrule.system.model import NO_COST
from chainrule.system.model import Given as Fact
from chainrule.system.sizes.fixed import with_own_values

Array = npt.NDArray[Any]
VALIDATION = 1
"""Goes into the seed of what is drawn to validate with, so that this does not depend on what else is drawn."""


@dataclass(frozen=True)
class Samples:
    """Data by name, inputs before targets, with the samples in front; `count` says how many there are.

    `counted`: mini-batches run over an axis of samples; else the data are one whole, which each step learns from.
    `sizes` are the extents of all axes but that.
    `answers` are what comes out and what should: labels of `classes`, or `numbers`.
    """

    data: Mapping[str, Array]
    count: int
    sizes: Mapping[Size, int]
    counted: bool = True
    classes: tuple[Answers, ...] = ()
    numbers: tuple[Answers, ...] = ()

    def some(self, chosen: Any) -> dict[str, Array]:
        """Return the data of the samples chosen by their numbers or a slice; of a whole all of it."""
        return {name: array[chosen] for name, array in self.data.items()} if self.counted else dict(self.data)

    @property
    def first(self) -> Mapping[str, Array]:
        """Samples that show what the others are like: all of them."""
        return self.data

    def parts(self, rows: int) -> Iterator[tuple[int, dict[str, Array]]]:
        """Yield the data so many samples at a time, each with their number."""
        if not self.counted:
            yield 1, dict(self.data)
            return
        for start in range(0, self.count, rows):
            yield min(rows, self.count - start), self.some(slice(start, start + rows))

    def part(self, chosen: npt.NDArray[np.bool_]) -> Samples:
        """Return those of the samples that are marked."""
        return replace(self, data=self.some(chosen), count=int(chosen.sum()))

    @property
    def one_label(self) -> npt.NDArray[np.int64] | None:
        """The label of each sample, where each has one."""
        if len(self.classes) != 1:
            return None
        labels = self.classes[0].labels(self.data[self.classes[0].pair.target])
        return labels if labels.ndim == 1 and self.counted else None


def samples_of(network: Network, given: GivenData) -> Samples:
    """Return data that were read as samples."""
    ends = network.ends
    counted = bool(ends.samples.letter)
    classes, numbers = answers_of(ends.pairs, ends.samples.in_front, given.values, counted=counted)
    return Samples(given.values, given.count, given.sizes, counted, tuple(classes), tuple(numbers))


def checked_samples(network: Network, x: Data | None, y: Data | None, names: tuple[str, str]) -> Samples:
    """Return samples and targets as the network's system takes them. Raises InputError and GivenError."""
    given = network.given(x, y, names, many=True)
    network.begin(given.sizes)
    check_facts(network, given)
    return samples_of(network, given)


def divided(samples: Samples, fraction: Any, seed: int) -> tuple[Samples, Samples]:
    """Return samples to learn from and, that fraction of all, others for validation, drawn by the seed.

    Of each class goes the same fraction, as far as that can be; the order is kept. Raises OptionError for a fraction
    that makes no sense, or leaves one of the two without samples.
    """
    count = samples.count
    if not samples.counted:
        raise OptionError(
            "validation_fraction is given, and the data have no axis of samples",
            expected="data whose first axis counts samples",
            advice="Give data to validate with: x_validation and y_validation.",
        )
    marks = marks_of("validation_fraction", fraction, count)
    order = np.random.default_rng([seed, VALIDATION]).permutation(count)
    labels = samples.one_label
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    validating = np.zeros(count, bool)
    validating[order[marks]] = True
    return samples.part(~validating), samples.part(validating)


def marks_of(name: str, fraction: Any, count: int) -> npt.NDArray[np.bool_]:
    """Return marks of shape (count,), evenly spread, of the samples that a fraction takes to validate with.

    Raises OptionError for a fraction that makes no sense, or leaves nothing to validate with or to learn from.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, int | float | np.number) or not 0 < fraction < 1:
        raise OptionError(f"{name} is {fraction!r}", expected="a number between 0 and 1, such as 0.1")
    steps = np.floor(np.arange(count + 1) * float(fraction) + 0.5)
    marks: npt.NDArray[np.bool_] = steps[1:] > steps[:-1]
    if marks.all() or not marks.any():
        raise OptionError(
            f"{name} is {fraction!r}, which makes {int(marks.sum())} of {count} samples",
            expected="one or more for each of the two",
        )
    return marks


def check_facts(network: Network, given: GivenData) -> None:
    """Check what the system takes for given of its data, for all samples at once."""
    system, known = network.system, network.consts.keys() | given.values.keys()
    facts = tuple(g for g in system.givens if tensors_in(g.condition) <= known and _reads(g, given.values))
    if not facts:
        return
    read = {name for fact in facts for name in tensors_in(fact.condition)}
    values = {n: v for n, v in {**given.values, **network.consts}.items() if n in read}
    declarations = tuple(with_own_values(d, given.sizes) for d in system.declarations if d.tensor in values)
    alone = replace(system, declarations=declarations, givens=facts, equations=(), updates=(), cost=NO_COST)
    evaluate(alone, values, sizes={**network.sizes, **given.sizes})


def _reads(fact: Fact, values: Mapping[str, Array]) -> bool:
    return not tensors_in(fact.condition).isdisjoint(values)


def checked_count(name: str, value: Any) -> int:
    """Return a whole number, 1 or more. Raises OptionError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise OptionError(f"{name} is {value!r}", expected="a whole number, 1 or more")
    return int(value)


def checked_threads(name: str, value: Any, engine: Executor) -> int | None:
    """Return a number of threads that an executor can run in, None where it may choose. Raises OptionError."""
    if value is None:
        return None
    if not isinstance(engine, Trainer):
        raise OptionError(
            f"{name} is {value!r}, and the executor {engine.name} does not divide its work among threads",
            expected="the executor native",
            advice=f"Leave out {name}.",
        )
    count = checked_count(name, value)
    if count > engine.most_threads:
        raise OptionError(f"{name} is {count}", expected=f"1 to {engine.most_threads}", advice="More are no quicker.")
    return count

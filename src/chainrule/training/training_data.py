"""What is trained on, checked as a whole before the first step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, OptionError
from chainrule.execute.protocol import Executor, Trainer
from chainrule.execute.reference.evaluation import evaluate
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import Index
from chainrule.expr.sizes import Literal
from chainrule.network.network import Network, check_lengths
from chainrule.network.samples import is_one_hot, labels_of
from chainrule.system.model import NO_COST, Declaration

Array = npt.NDArray[np.float64]
_VALIDATION = 1
"""Goes into the seed of what is drawn to validate with, so that this does not depend on what else is drawn."""


@dataclass(frozen=True)
class Samples:
    """Samples and targets, shapes (samples, features) and (samples, outputs); `classes`: the targets are one-hot."""

    x: Array
    y: Array

    @property
    def classes(self) -> bool:
        """Whether the targets are one-hot, so that an accuracy makes sense."""
        return is_one_hot(self.y)


def checked_samples(network: Network, x: npt.ArrayLike, y: npt.ArrayLike, names: tuple[str, str]) -> Samples:
    """Return samples and targets as the network's system takes them. Raises InputError and GivenError."""
    samples = network.samples(x, names[0])
    if samples.ndim != 2 or not len(samples):
        raise InputError(
            f"{names[0]} has the shape {list(samples.shape)}",
            expected="the shape (samples, features), one sample or more",
        )
    targets = network.targets(y, names[1])
    check_lengths(samples, targets, names)
    _check_facts(network, samples, targets)
    return Samples(samples, targets)


def checked_pair(network: Network, x: npt.ArrayLike | None, y: npt.ArrayLike | None, part: str) -> Samples | None:
    """Return samples that need not be there, None where neither they nor answers are. Raises InputError."""
    names = (f"x_{part}", f"y_{part}")
    if x is not None and y is not None:
        return checked_samples(network, x, y, names)
    if x is not None or y is not None:
        raise InputError(f"of {names[0]} and {names[1]} only one is given", expected="both, or neither")
    return None


def divided(samples: Samples, fraction: Any, seed: int) -> tuple[Samples, Samples]:
    """Return samples to learn from and, that fraction of all, others to validate with, drawn by the seed.

    Of each class goes the same fraction, as far as that can be; the order is kept. Raises OptionError for a fraction
    that makes no sense, or leaves one of the two without samples.
    """
    count = len(samples.x)
    marks = marks_of("validation_fraction", fraction, count)
    order = np.random.default_rng([seed, _VALIDATION]).permutation(count)
    if samples.classes:
        order = order[np.argsort(labels_of(samples.y)[order], kind="stable")]
    validating = np.zeros(count, bool)
    validating[order[marks]] = True
    learning, held = (Samples(samples.x[some], samples.y[some]) for some in (~validating, validating))
    return learning, held


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


def _check_facts(network: Network, x: Array, y: Array) -> None:
    """Check what the system takes for given of its data, for all samples at once."""
    system, ends = network.system, network.ends
    data = {ends.data: x, ends.target: y}
    facts = tuple(g for g in system.givens if tensors_in(g.condition) <= data.keys())
    declarations = tuple(_with_own_values(d, network) for d in system.declarations if d.tensor in data)
    alone = replace(system, declarations=declarations, givens=facts, equations=(), updates=(), cost=NO_COST)
    evaluate(alone, data, sizes=network.sizes)


def _with_own_values(declaration: Declaration, network: Network) -> Declaration:
    """Return a declaration that does without the tensor whose axis its whole numbers are positions of."""
    values = declaration.values
    if values is None or values.extent not in network.sizes:
        return declaration
    return replace(declaration, values=Index(values.name, Literal(network.sizes[values.extent])))


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

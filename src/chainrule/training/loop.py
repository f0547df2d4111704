"""The training loop: mini-batches of a seeded permutation, each one step of one system.

A step is forward pass, derived backward pass and updates as one system, compiled once by the executor. Nothing here
knows what the equations are; the same seed gives the same result to the bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, OptionError, TrainingError
from chainrule.execute.protocol import Executable
from chainrule.execute.registry import executor as executor_named
from chainrule.network.initial import seeded
from chainrule.network.network import Network
from chainrule.nn.optimizers import SGD, Optimizer, updates_text
from chainrule.pipeline import training_step
from chainrule.training.history import Epoch, History
from chainrule.training.samples import Samples, checked_count, checked_samples

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Progress:
    """Where training is: `step` of `steps` in `epoch` of `epochs`, all from 1, and the mean cost of the epoch so far.

    `finished` is the epoch's result, in the last report of each.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    cost: float
    finished: Epoch | None = None


def train(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: Optimizer | None = None,
    executor: str = "reference",
    seed: int = 0,
    x_test: npt.ArrayLike | None = None,
    y_test: npt.ArrayLike | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> History:
    """Train a network in place with the equations derived from it, and return what happened.

    x has the shape (samples, features); y is labels of shape (samples,) or targets of shape (samples, outputs). The
    optimizer is `SGD(0.5)` unless the system has updates of its own. Accuracy is that on x_test, y_test where they are
    given, else on x, y. `progress` is called after every step. Ctrl-C ends the training with what was learned so far.
    Raises InputError and OptionError before the first step, and TrainingError where the cost is not finite any more;
    the network is then as it was after the last whole epoch.

    >>> from chainrule import nn
    >>> network = Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    >>> history = train(network, [[0.0], [1.0]], [[1.0], [3.0]], epochs=200, optimizer=nn.SGD(0.5))
    >>> network.predict([2.0]).round(3), history.epochs[-1].cost < 1e-6
    (array([5.]), True)
    """
    epochs, batch_size = checked_count("epochs", epochs), checked_count("batch_size", batch_size)
    samples = checked_samples(network, x, y, ("x", "y"))
    tested = samples
    if x_test is not None and y_test is not None:
        tested = checked_samples(network, x_test, y_test, ("x_test", "y_test"))
    elif x_test is not None or y_test is not None:
        raise InputError("of x_test and y_test only one is given", expected="both, or neither")
    updates = _updates(network, optimizer)
    generator = seeded(seed)
    system = training_step(network.with_updates(updates))
    run = _Run(network, executor_named(executor).compile(system), system.cost, samples, batch_size)
    history = History()
    try:
        for number in range(1, epochs + 1):
            for report in run.epoch(generator, Progress(number, epochs, 0, run.steps, 0.0)):
                if progress is not None and report.step < run.steps:
                    progress(report)
            network.params, network.updates = run.params, updates
            accuracy = network.accuracy(tested.x, tested.y) if tested.classes else None
            finished = Epoch(report.cost, accuracy, run.seconds)
            history.epochs.append(finished)
            if progress is not None:
                progress(Progress(number, epochs, run.steps, run.steps, report.cost, finished))
    except KeyboardInterrupt:
        network.params, network.updates = run.params, updates
        history.interrupted = True
    return history


def _updates(network: Network, optimizer: Optimizer | None) -> str:
    """Return the lines of the optimizer."""
    if network.system.updates:
        if optimizer is not None:
            raise OptionError(
                "the system has updates of its own, and an optimizer is given too",
                advice="Leave out the optimizer, or the lines that begin with update.",
            )
        return ""
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise OptionError(f"the optimizer is {optimizer!r}", expected="for example nn.SGD(learning_rate=0.5)")
    return updates_text(optimizer or SGD(0.5), network.system)


class _Run:
    """The params on their way, and what steps them."""

    def __init__(self, network: Network, executable: Executable, cost: str, samples: Samples, batch_size: int) -> None:
        self.params = dict(network.params)
        self.seconds = 0.0
        self.steps = -(-len(samples.x) // batch_size)
        self._network = network
        self._executable = executable
        self._cost = cost
        self._samples = samples
        self._batch_size = batch_size

    def epoch(self, generator: np.random.Generator, start: Progress) -> Iterator[Progress]:
        """Step through all samples once, in an order drawn from the generator, and report after each step."""
        x, y = self._samples.x, self._samples.y
        order = generator.permutation(len(x))
        self.seconds = 0.0
        total = 0.0
        for step in range(1, self.steps + 1):
            began = time.perf_counter()
            chosen = order[(step - 1) * self._batch_size : step * self._batch_size]
            total += len(chosen) * self._step(x[chosen], y[chosen], start.epoch, step)
            self.seconds += time.perf_counter() - began
            seen = min(step * self._batch_size, len(x))
            yield Progress(start.epoch, start.epochs, step, self.steps, total / seen)

    def _step(self, x: Array, y: Array, epoch: int, step: int) -> float:
        """Learn from one mini-batch and return its mean cost."""
        ends = self._network.ends
        values, updated = self._executable.step({**self.params, ends.data: x, ends.target: y})
        cost = float(np.mean(values[self._cost]))
        wrong = [name for name, array in updated.items() if not np.isfinite(array).all()]
        if not np.isfinite(cost) or wrong:
            what = f"the cost is {cost}" if not np.isfinite(cost) else f"{wrong[0]} is not finite any more"
            raise TrainingError(
                f"{what}, in epoch {epoch}, step {step} of {self.steps}",
                expected="finite numbers",
                advice="A smaller learning rate helps, or x scaled to numbers between -1 and 1.",
            )
        self.params = {**self.params, **updated}
        return cost

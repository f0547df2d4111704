"""The training loop: mini-batches of a seeded permutation, each one step of one system.

A step is forward pass, derived backward pass and updates as one system, compiled once by the executor. Nothing here
knows what the equations are; the same seed gives the same result to the bit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy.typing as npt

from chainrule.errors import OptionError
from chainrule.execute.registry import executor as executor_named
from chainrule.network.initial import seeded
from chainrule.network.network import Network
from chainrule.nn.optimizers import SGD, Optimizer
from chainrule.nn.schedules import Timing
from chainrule.nn.updates import updates_text
from chainrule.pipeline import training_step
from chainrule.training.accuracy import Accuracy
from chainrule.training.history import Epoch, History
from chainrule.training.runs import Progress, run_of
from chainrule.training.samples import checked_count, checked_pair, checked_samples, checked_threads


def train(
    network: Network,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: Optimizer | None = None,
    executor: str = "native",
    threads: int | None = None,
    seed: int = 0,
    x_validation: npt.ArrayLike | None = None,
    y_validation: npt.ArrayLike | None = None,
    x_test: npt.ArrayLike | None = None,
    y_test: npt.ArrayLike | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> History:
    """Train a network in place with the equations derived from it, and return what happened.

    x has the shape (samples, features); y is labels of shape (samples,) or targets of shape (samples, outputs). The
    optimizer is `SGD(0.5)` unless the system has updates of its own. After every epoch the accuracy is measured on
    x_test, y_test where they are given, else on x, y; beside it on x_validation, y_validation, by which settings can be
    chosen while the test data remain unseen. Nothing is learned from either.

    `executor` is "reference" (float64, NumPy) or "native" (float32, machine code, whole epochs in one call). `threads`
    is for native: so many divide the work, by default as many as it is worth. `progress` is called on the way, by the
    reference after every step. Ctrl-C ends the training with what was learned so far. Raises InputError and OptionError
    before the first step, and TrainingError where the cost is not finite any more; the network is then as it was after
    the last whole epoch.

    >>> from chainrule import nn
    >>> network = Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    >>> history = train(network, [[0.0], [1.0]], [[1.0], [3.0]], epochs=200, optimizer=nn.SGD(0.5))
    >>> network.predict([2.0]).round(3), history.epochs[-1].cost < 1e-6
    (array([5.]), True)
    """
    epochs, batch_size = checked_count("epochs", epochs), checked_count("batch_size", batch_size)
    samples = checked_samples(network, x, y, ("x", "y"))
    validation = checked_pair(network, x_validation, y_validation, "validation")
    test = checked_pair(network, x_test, y_test, "test")
    per_epoch = -(-len(samples.x) // batch_size)
    updates = _updates(network, optimizer, Timing(per_epoch, epochs * per_epoch))
    generator = seeded(seed)
    engine = executor_named(executor)
    threads = checked_threads("threads", threads, engine)
    system = training_step(network.with_updates(updates))
    run = run_of(engine, network, system, samples, batch_size, progress, threads)
    accuracy = Accuracy(engine, network, test or samples)
    validated = Accuracy(engine, network, validation)
    history = History(note=run.note, accuracy_on="test" if test else "training")
    try:
        for number in range(1, epochs + 1):
            for report in run.epoch(generator, Progress(number, epochs, 0, run.steps, 0.0)):
                if progress is not None and report.step < run.steps:
                    progress(report)
            network.params, network.updates = run.params, updates
            measured = accuracy.of(network.params), run.seconds, validated.of(network.params), run.accuracy
            finished = Epoch(report.cost, *measured)
            history.epochs.append(finished)
            if progress is not None:
                progress(Progress(number, epochs, run.steps, run.steps, report.cost, finished))
    except KeyboardInterrupt:
        network.params, network.updates = run.params, updates
        history.interrupted = True
    return history


def _updates(network: Network, optimizer: Optimizer | None, timing: Timing) -> str:
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
    return updates_text(optimizer or SGD(0.5), network.system, timing)

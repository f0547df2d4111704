"""The training loop: mini-batches of a seeded permutation, each one step of one system.

A step is forward pass, derived backward pass and updates as one system, compiled once by the executor. Nothing here
knows what the equations are; the same seed gives the same result to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from chainrule.data.block_sources import Batches
from chainrule.errors import OptionError, listed
from chainrule.execute.protocol import Executor, Trainer
from chainrule.execute.registry import executor as executor_named
from chainrule.execute.shortage import enough_memory
from chainrule.keywords import answers
from chainrule.network.given_network import check_network
from chainrule.network.initial import seeded
from chainrule.network.locks import owned
from chainrule.network.named_data import Data
from chainrule.network.network import Network
from chainrule.network.on_average import not_averaged
from chainrule.nn.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from chainrule.nn.schedules import Timing
from chainrule.nn.updates import counting_line, updates_text
from chainrule.pipeline import training_step
from chainrule.system.model import STEP
from chainrule.training.callbacks import Callback, checked_callbacks
from chainrule.training.checkpoint import LENGTH
from chainrule.training.course import Course, file_of, settings_of
from chainrule.training.history import History
from chainrule.training.measured import Measured, metric_system
from chainrule.training.opened import divided_samples, opened_pair, opened_samples
from chainrule.training.own_words import own_words
from chainrule.training.progress_line import reporting
from chainrule.training.runs import Progress, run_of
from chainrule.training.scores import Scores
from chainrule.training.stopping import EarlyStopping, check_monitor
from chainrule.training.streamed import AnySamples, StreamedSamples
from chainrule.training.training_data import checked_count, checked_threads

_BATCH_SIZE = 32
MOST_STEPS = 1 << 24
_LONGER = 1000
"""By that much longer a training shows whether its updates depend on its length; rounding would hide an epoch more."""


@answers
@enough_memory("the training", advice="Train on fewer samples, with a smaller batch_size or with narrower layers.")
def train(
    network: Network,
    x: Data | str | Path | Batches | Iterable[Any],
    y: Data | None = None,
    *,
    epochs: int = 10,
    batch_size: int = _BATCH_SIZE,
    optimizer: Optimizer | None = None,
    executor: str = "native",
    threads: int | None = None,
    seed: int = 0,
    x_validation: Data | str | Path | Batches | Iterable[Any] | None = None,
    y_validation: Data | None = None,
    x_test: Data | str | Path | Batches | Iterable[Any] | None = None,
    y_test: Data | None = None,
    validation_fraction: float | None = None,
    early_stopping: EarlyStopping | None = None,
    callbacks: Sequence[Callback] = (),
    checkpoint: str | Path | None = None,
    resume: bool = False,
    metrics: Sequence[str] = (),
    buffer_size: int | None = None,
    progress: Callable[[Progress], None] | bool | None = None,
) -> History:
    """Train a network in place with the equations derived from it, and return what happened.

    x are samples, of shape (samples, features) where the network takes a vector, else with the axes of its data behind
    that of the samples; y are targets, or labels in the place of one-hot rows: shape (samples,) for one label each.
    They are arrays of any library, or frames, or dicts of such by the names of the data, where there are several; y is
    left out where the cost compares with no data of its own. Without `batch` in the system, mini-batches are what the
    first index of all data runs over; where they have none in common, each step learns from all data.

    Data that do not fit into memory are read block by block, again for every epoch: x is then memory-mapped
    (`np.load(…, mmap_mode="r")`), the path of a folder of .npz files or of .npy files by the names of the data, or an
    iterable of batches, see `Batches`. Blocks come in an order drawn by the seed, those of an iterable as it gives
    them, and are shuffled in a buffer of `buffer_size` samples, rounded up to whole batches: by default as many as
    have 33 million numbers, of an iterable of unknown length 65,536 at the most. No more than the buffer and a block
    are held. Files that fit into the buffer are read once; of others `validation_fraction` draws whatever the class.
    Data to validate with and to test on may be read so, too.

    The optimizer is `SGD(0.5)` unless the system has updates of its own. After every epoch
    the accuracy, or for targets that are no classes the mean absolute error, is measured on x_test, y_test where they
    are given, else on x, y; beside it, with the cost, on x_validation, y_validation, by which settings can be chosen
    while the test data remain unseen. Nothing is learned from either. `validation_fraction` takes that part of x, y to
    validate with instead, drawn by the seed, of each class the same fraction.

    `metrics` are measured after every epoch too, and kept in `history.epochs[-1].metrics` and `validation_metrics`.
    Each is a name, "accuracy", "top-5 accuracy", "perplexity", "r2", "mae", "mse" or "rmse", or an equation over what
    comes out, `a`, and what should, `y`: "worst = max(k) abs(a[k] - y[k])" is written for one sample, and averaged;
    one that names the samples, max(n), is over all of them.

    `early_stopping` ends the training when it goes on for nothing; the network then has the params of its best epoch,
    however the training ends. `callbacks` are told of every epoch and may stop; an error in one ends the training with
    what was learned. `checkpoint` names a file that is written after every epoch, whole or not at all; with `resume`
    training goes on from there to the same bits as without a break, or begins where there is no such file yet.

    `executor` is "reference" (float64, NumPy) or "native" (float32, machine code, whole epochs in one call). `threads`
    is for native: so many divide the work, by default as many as it is worth. `progress` is called on the way, by the
    reference after every step; True shows a line that changes, in a notebook or a terminal. Ctrl-C ends the training
    with what was learned so far. Raises InputError and OptionError before the first step, and TrainingError where the
    cost is not finite any more; the network is then as it was after the last whole epoch.

    >>> from chainrule import nn
    >>> network = Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    >>> history = train(network, [[0.0], [1.0]], [[1.0], [3.0]], epochs=200, optimizer=nn.SGD(0.5))
    >>> network.predict([2.0]).round(3), history.epochs[-1].cost < 1e-6
    (array([5.]), True)
    """
    check_network(network, "trained")
    epochs, batch_size = checked_count("epochs", epochs), checked_count("batch_size", batch_size)
    if buffer_size is not None:
        buffer_size = checked_count("buffer_size", buffer_size)
    held = (buffer_size, batch_size)
    samples = opened_samples(network, x, y, ("x", "y"), *held)
    validation = opened_pair(network, x_validation, y_validation, "validation", *held)
    test = opened_pair(network, x_test, y_test, "test", *held)
    generator = seeded(seed)
    if validation_fraction is not None:
        if validation is not None:
            raise OptionError("both x_validation and validation_fraction are given", expected="one of them, or neither")
        samples, validation = divided_samples(samples, validation_fraction, seed)
    measured = metric_system(network, metrics, samples)
    known = [metric.name for metric in measured.metrics]
    accuracy, error = bool(samples.classes), bool(samples.numbers)
    check_monitor(early_stopping, validation is not None, accuracy=accuracy, error=error, metrics=known)
    called = checked_callbacks(callbacks)
    together = batch_size if network.ends.samples.coupled else 0
    per_epoch = -(-(samples.count or 1) // batch_size)
    lengths = (epochs * per_epoch, epochs * per_epoch * _LONGER)
    updates, longer = (_updates(network, optimizer, Timing(per_epoch, steps)) for steps in lengths)
    if samples.count is None:
        _check_unscheduled(updates, _updates(network, optimizer, Timing(_LONGER, lengths[1])))
    engine = executor_named(executor)
    threads = checked_threads("threads", threads, engine)
    _check_steps(network, lengths[0], engine)
    system = training_step(network.learning(network.with_updates(updates)))
    file = file_of(checkpoint, resume)
    measured_on = "test" if test else "training"
    owner = owned(file, "checkpoint") if file is not None else nullcontext()
    with reporting(progress, measured_on) as report, owner:
        run = run_of(engine, network, system, samples, batch_size, report, threads, buffer_size)
        course = Course(
            network=network,
            updates=updates,
            run=run,
            generator=generator,
            scores=Scores(engine, network, test or samples, together=together),
            validation=Scores(engine, network, validation, cost=True, together=together),
            metrics=Measured(engine, network, measured, test or samples, together=together),
            validation_metrics=Measured(engine, network, measured, validation, together=together),
            history=History(
                note="; ".join(filter(None, (run.note, _mean_note(network), _whole_note(samples, batch_size)))),
                accuracy_on=measured_on,
            ),
            facts={
                **({} if samples.count is None else {"samples": samples.count}),
                "batch_size": batch_size,
                "executor": engine.name,
                "seed": int(seed),
            },
            early=early_stopping,
            callbacks=called,
            progress=report,
            file=file,
        )
        if file is not None:
            data = (samples, validation, test)
            course.settings = settings_of(network, updates, engine.name, batch_size, int(seed), early_stopping, data)
            if isinstance(samples, StreamedSamples):
                course.settings["buffer_size"] = samples.buffer_rows(*held)
            if updates != longer:
                course.settings = {LENGTH: epochs, **course.settings}
            if resume and file.exists():
                course.resume()
        with own_words(network, samples):
            return course.finish(epochs)


def _check_unscheduled(updates: str, longer: str) -> None:
    """Check that updates do not depend on the steps of an epoch, whose number nobody knows."""
    if updates != longer:
        raise OptionError(
            "the learning rate follows a schedule, and nobody says how many samples there are",
            expected="their number: cr.Batches(…, samples=60_000)",
            advice="Or a learning rate that stays.",
        )


def _mean_note(network: Network) -> str:
    """Say of what is drawn what its place is taken by outside of training, where that is not its mean."""
    unknown = not_averaged(network.system)
    if not unknown:
        return ""
    return (
        f"the mean of {listed(unknown)} is not known: what is measured and predicted comes of the mean of each number "
        "that is drawn"
    )


def _whole_note(samples: AnySamples, batch_size: int) -> str:
    """Say that a size of batches is not used where there are none."""
    if samples.counted or batch_size == _BATCH_SIZE:
        return ""
    return "every step learns from all of the data, whose first axis counts no samples: batch_size is not used"


def _check_steps(network: Network, steps: int, engine: Executor) -> None:
    """Check that the steps can be counted where their number is read: float32 does not get beyond 2^24."""
    if network.system.counts_steps and steps > MOST_STEPS and isinstance(engine, Trainer):
        raise OptionError(
            f"{steps} steps are too many for {engine.name}, which counts them in float32",
            expected=f"up to {MOST_STEPS} where equations read {STEP}",
            advice='Larger batches, fewer epochs, or executor="reference", which counts in float64.',
        )


def _updates(network: Network, optimizer: Optimizer | None, timing: Timing) -> str:
    """Return the lines of the optimizer. Raises OptionError where there is none, or nothing that it could change."""
    if set(network.frozen) >= set(network.system.params):
        raise OptionError("all params are frozen: there is nothing to learn", advice="Let some go: network.unfreeze()")
    if network.system.updates:
        counts = network.system.counts_steps and all(u.name != STEP for u in network.system.updates)
        if optimizer is not None:
            raise OptionError(
                "the system has updates of its own, and an optimizer is given too",
                advice="Leave out the optimizer, or the lines that begin with update.",
            )
        return counting_line() if counts else ""
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise _no_optimizer(optimizer)
    return updates_text(optimizer or SGD(0.5), network.system, timing, frozen=network.frozen)


def _no_optimizer(given: object) -> OptionError:
    """Return the error for what is no optimizer; a name or a class means one, which is then advised."""
    names = {kind.__name__.lower(): kind for kind in (Adam, AdamW, RMSProp)}
    made = "nn.SGD(learning_rate=0.5)"
    if isinstance(given, str) and given.lower() in names:
        made = f"nn.{names[given.lower()].__name__}()"
    elif isinstance(given, type) and given in names.values():
        made = f"nn.{given.__name__}()"
    what = f"the optimizer is {given.__name__ if isinstance(given, type) else repr(given)}"
    return OptionError(what, expected=f"for example optimizer={made}", advice="With from chainrule import nn.")

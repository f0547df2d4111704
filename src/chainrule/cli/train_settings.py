"""The options of `chainrule train`, checked, and the network and data that they describe.

Everything that can be wrong is found before the first step: names, widths, files. Nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from chainrule import nn
from chainrule.cli.sources import check_data_dir, mnist_folder, read_dataset
from chainrule.cli.train_optimizer import OPTIMIZERS, SCHEDULES, Descent, Lengths, check_lengths, factors_of
from chainrule.data import Dataset
from chainrule.data.mnist import mnist_files
from chainrule.errors import OptionError
from chainrule.execute.registry import executor
from chainrule.network.atomic import check_writable
from chainrule.network.samples import is_one_hot
from chainrule.nn.activations import NAMED
from chainrule.nn.checks import check_fraction, check_number
from chainrule.nn.layer import Layer
from chainrule.training import EarlyStopping
from chainrule.training.course import file_of
from chainrule.training.metric_names import named
from chainrule.training.stopping import MONITORS, VALIDATION
from chainrule.training.training_data import checked_count, checked_threads, marks_of

OUTPUTS: Mapping[str, Callable[[], Layer] | None] = {**NAMED, "softmax": nn.Softmax, "linear": None}
COSTS: Mapping[str, Callable[[], nn.Cost]] = {
    "quadratic": nn.QuadraticCost,
    "binary-cross-entropy": nn.BinaryCrossEntropy,
    "cross-entropy": nn.CrossEntropy,
}
IMPLIED = {"quadratic": "sigmoid", "binary-cross-entropy": "sigmoid", "cross-entropy": "softmax"}
"""The output that goes with each cost, unless another is asked for."""

HIDDEN = 30
MONITOR = EarlyStopping().monitor


@dataclass(frozen=True)
class Defaults:
    """What is chosen where nothing is asked for; no cost means the one that fits the answers.

    `quadratic_rate` is the learning rate for the quadratic cost with sigmoid units and outputs, whose gradients are
    small: each has the factor a·(1 − a), which is at most ¼.
    """

    cost: str = ""
    rate: float = 0.5
    quadratic_rate: float = 0.5
    batch_size: int = 16


DEFAULTS: Mapping[str, Defaults] = {"mnist": Defaults(cost="quadratic", quadratic_rate=3.0, batch_size=10)}
"""For MNIST those of the first network in Nielsen, Neural Networks and Deep Learning (2015), chapter 1."""


@dataclass(frozen=True)
class Settings:
    """The options as given; an empty text or None means the default, which depends on the data."""

    source: str
    data_dir: Path | None
    layers: str
    activation: str
    cost: str
    output: str
    optimizer: str
    learning_rate: float | None
    schedule: str
    decay_epochs: float | None
    warm_up_epochs: float | None
    weight_decay: float | None
    clip_norm: float | None
    dropout: float
    epochs: int
    batch_size: int | None
    seed: int
    executor: str
    threads: int | None
    validation_fraction: float | None
    patience: int | None
    monitor: str
    min_delta: float
    checkpoint: Path | None
    resume: bool
    save: Path | None
    plot: Path | None
    json: Path | None
    flat: bool = False
    model: Path | None = None
    metrics: tuple[str, ...] = ()
    freeze: tuple[str, ...] = ()
    rate_factors: tuple[str, ...] = ()

    @property
    def lengths(self) -> Lengths:
        """How long the learning rate rises and falls, as far as that is said."""
        return Lengths(self.warm_up_epochs, self.decay_epochs)

    @property
    def early_stopping(self) -> EarlyStopping | None:
        """When to stop early, if at all. Raises OptionError."""
        if self.patience is not None:
            return EarlyStopping(self.patience, self.min_delta, self.monitor)
        if self.min_delta or self.monitor != MONITOR:
            raise OptionError(
                "--monitor and --min-delta say when to stop, and --patience is missing",
                expected="--patience N, the number of epochs to wait for a better one",
            )
        return None


@dataclass(frozen=True)
class Plan:
    """The options settled for the data at hand."""

    widths: tuple[int, ...]
    activation: str
    cost: str
    output: str
    learning_rate: float
    weight_decay: float
    dropout: float
    batch_size: int

    @property
    def layers(self) -> list[Layer]:
        """The layers of the network; what leaves a hidden layer is dropped now and then, where that is asked for."""
        layers: list[Layer] = []
        last = len(self.widths) - 1
        for number, (before, after) in enumerate(zip(self.widths, self.widths[1:], strict=False), start=1):
            layers.append(nn.Linear(before, after))
            made = OUTPUTS[self.output] if number == last else NAMED[self.activation]
            layers += [made()] if made else []
            if self.dropout and number < last:
                layers.append(nn.Dropout(self.dropout))
        return layers


def read_data(settings: Settings) -> Dataset:
    """Return what to learn from. Raises OptionError for a file that is not there, DataFileError for a bad one."""
    return read_dataset(settings.source, settings.data_dir)


def _files_of(settings: Settings) -> tuple[Path, ...]:
    """Return the files that are learned from."""
    if settings.source == "mnist":
        return tuple(mnist_files(mnist_folder(settings.data_dir)).values())
    model = () if settings.model is None else (settings.model,)
    return model if settings.source == "digits" else (Path(settings.source), *model)


def check_files(settings: Settings) -> None:
    """Raise OptionError where a file to write is in the way of another, or cannot be written."""
    files = {
        "--save": settings.save,
        "--json": settings.json,
        "--plot": settings.plot,
        "--checkpoint": settings.checkpoint,
    }
    named = {option: path for option, path in files.items() if path}
    read = {path.resolve() for path in _files_of(settings)}
    for option, path in named.items():
        if path.resolve() in read:
            raise OptionError(f"{option} {path} is a file that is learned from", advice="Name another file.")
        if str(path) == "-":
            raise OptionError(f"{option} is -: what it writes does not go to the standard output", expected="a file")
        check_writable(path)
    file_of(settings.checkpoint, settings.resume)
    first: dict[Path, str] = {}
    for option, path in named.items():
        other = first.setdefault(path.resolve(), option)
        if other != option:
            raise OptionError(f"{other} and {option} name the same file, {path}", advice="Name two files.")


def check_options(settings: Settings) -> None:
    """Raise OptionError for numbers and names that no data can make right."""
    check_data_dir(settings.source, settings.data_dir)
    checked_count("--epochs", settings.epochs)
    if settings.batch_size is not None:
        checked_count("--batch-size", settings.batch_size)
    if settings.seed < 0:
        raise OptionError(f"--seed is {settings.seed}", expected="a whole number, 0 or more")
    checked_threads("--threads", settings.threads, executor(settings.executor))
    _check_choice("--optimizer", settings.optimizer, OPTIMIZERS)
    _check_choice("--schedule", settings.schedule, SCHEDULES)
    check_lengths(settings.schedule, settings.lengths)
    if settings.learning_rate is not None:
        check_number("--learning-rate", settings.learning_rate)
    if settings.weight_decay is not None:
        check_number("--weight-decay", settings.weight_decay, zero=True)
    if settings.clip_norm is not None:
        check_number("--clip-norm", settings.clip_norm)
    check_fraction("--dropout", settings.dropout)
    if settings.validation_fraction is not None and not 0 < settings.validation_fraction < 1:
        raise OptionError(
            f"--validation-fraction is {settings.validation_fraction:g}",
            expected="a number between 0 and 1, such as 0.1",
        )
    if settings.patience is not None:
        checked_count("--patience", settings.patience)
    check_number("--min-delta", settings.min_delta, zero=True)
    _check_monitor(settings)
    _ = settings.early_stopping
    factors_of(settings.rate_factors)
    if settings.resume and settings.checkpoint is None:
        raise OptionError("--resume is given, and no --checkpoint", expected="--checkpoint FILE, to go on from")


def _check_validation(settings: Settings, data: Dataset) -> None:
    """Raise OptionError where samples are to be held back of data that have such already, or too few."""
    if settings.validation_fraction is None:
        return
    if data.x_validation is not None:
        raise OptionError(
            f"--validation-fraction is given, and {settings.source} has validation samples of its own: "
            f"{len(data.x_validation):,}",
            advice="Leave out --validation-fraction.",
        )
    marks_of("--validation-fraction", settings.validation_fraction, len(data.x_train))


def _check_watched(settings: Settings, data: Dataset, *, classes: bool) -> None:
    """Raise OptionError where early stopping waits for a number of data that are not there."""
    early = settings.early_stopping
    validated = data.x_validation is not None or settings.validation_fraction is not None
    in_file = (
        "" if settings.source in ("digits", "mnist") else f", or x_validation and y_validation in {settings.source}"
    )
    if early is not None and early.monitor != "cost" and not validated:
        raise OptionError(
            f"--patience waits for a better {early.monitor.replace('_', ' ')}, and there are no validation data",
            expected=f"--validation-fraction 0.1{in_file}",
            advice="Or wait for a lower cost of what is learned from: --monitor cost",
        )
    if early is not None and early.monitor == ("validation_error" if classes else "validation_accuracy"):
        kind = "other numbers than classes" if classes else "classes"
        others = [name for name in MONITORS if name != early.monitor]
        raise OptionError(
            f"--monitor {early.monitor} is for {kind}, and the answers in {settings.source} are "
            + ("classes" if classes else "none"),
            expected="--monitor " + ", ".join(others[:-1]) + f" or {others[-1]}",
        )


def plan_for(settings: Settings, data: Dataset) -> Plan:
    """Return the options settled for the data. Raises OptionError for those that do not fit it or each other."""
    _check_choice("--activation", settings.activation, NAMED)
    _check_validation(settings, data)
    classes = data.labelled or (data.outputs > 1 and is_one_hot(np.asarray(data.y_train, np.float64)))
    if classes and data.outputs < 2:
        raise OptionError(f"all labels in {settings.source} are 0", expected="at least two classes to tell apart")
    _check_watched(settings, data, classes=classes)
    defaults = DEFAULTS.get(settings.source, Defaults())
    cost, output = settings.cost or defaults.cost, settings.output
    if not cost:
        cost = "cross-entropy" if classes else "quadratic"
        output = output or ("softmax" if classes else "linear")
    _check_choice("--cost", cost, COSTS)
    output = output or IMPLIED[cost]
    _check_choice("--output", output, OUTPUTS)
    if cost != "quadratic" and output not in ("sigmoid", "softmax"):
        raise OptionError(
            f"--cost {cost} takes the logarithm of the outputs, and {output} outputs can be negative or 0",
            expected=f"--output {IMPLIED[cost]}, or --cost quadratic",
        )
    if (cost, output) == ("binary-cross-entropy", "softmax"):
        raise OptionError(
            f"--cost {cost} takes each output for a yes or no of its own, and softmax outputs add up to 1",
            expected="--output sigmoid, or --cost cross-entropy",
        )
    small = (cost, settings.activation, output) == ("quadratic", "sigmoid", "sigmoid")
    kind = OPTIMIZERS[settings.optimizer]
    rate = settings.learning_rate or kind.rate(defaults.quadratic_rate if small else defaults.rate)
    decay = kind.decay if settings.weight_decay is None else settings.weight_decay
    batch_size = settings.batch_size or defaults.batch_size
    widths = _widths(settings.layers, data)
    return Plan(widths, settings.activation, cost, output, rate, decay, settings.dropout, batch_size)


def _check_monitor(settings: Settings) -> None:
    """Raise OptionError unless what is watched is a number of each epoch, or a metric by name that is measured."""
    known = [found[0] for metric in settings.metrics if (found := named(metric))]
    _check_choice("--monitor", settings.monitor, {**MONITORS, **{f"{VALIDATION}{name}": 0 for name in known}})


def _check_choice(option: str, value: str, known: Mapping[str, object]) -> None:
    if value not in known:
        raise OptionError(f"{option} is {value!r}", expected="one of " + ", ".join(known))


def _widths(text: str, data: Dataset) -> tuple[int, ...]:
    if not text:
        return (data.features, HIDDEN, data.outputs)
    parts = [part.strip() for part in text.split(",")]
    wrong = next((part for part in parts if not (part.isascii() and part.isdigit() and int(part))), None)
    if wrong is not None or len(parts) < 2:
        raise OptionError(
            f"--layers is {text!r}" + (f": {wrong!r} is no width" if wrong is not None else ""),
            expected="at least two whole numbers, 1 or more, with commas between",
            advice=f"For example --layers {data.features},{HIDDEN},{data.outputs}",
        )
    widths = tuple(int(part) for part in parts)
    if widths[0] != data.features:
        raise OptionError(
            f"--layers begins with {widths[0]}, but each sample has {data.features} numbers",
            advice=f"Begin with {data.features}.",
        )
    if widths[-1] != data.outputs:
        kind = "classes" if data.labelled else "targets"
        raise OptionError(
            f"--layers ends with {widths[-1]}, but there are {data.outputs} {kind}", advice=f"End with {data.outputs}."
        )
    return widths


class Rates(Protocol):
    """What a plan says of steps, whatever the network is made from."""

    @property
    def learning_rate(self) -> float:
        """How far each step goes."""

    @property
    def weight_decay(self) -> float:
        """How strongly weights are pulled to 0."""


def descent_for(settings: Settings, plan: Rates) -> Descent:
    """Return how steps are made."""
    return Descent(
        settings.optimizer,
        plan.learning_rate,
        settings.schedule,
        settings.lengths,
        plan.weight_decay,
        settings.clip_norm,
        factors_of(settings.rate_factors),
    )

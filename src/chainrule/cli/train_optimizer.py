"""The options of `chainrule train` that say how steps are made: optimizer, learning rate, schedule, clipping.

Each name stands for something of `nn` with numbers that work; whoever wants others writes them in Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.nn.checks import check_number
from chainrule.nn.optimizers import Optimizer
from chainrule.nn.schedules import Schedule, Timing

MOMENTUM = 0.9


@dataclass(frozen=True)
class OptimizerOption:
    """An optimizer. `rate` makes the learning rate from that of sgd, `decay` is the weight decay, unless asked for."""

    title: str
    make: Callable[..., Optimizer]
    rate: Callable[[float], float]
    decay: float = 0.0


def _as_far(rate: float) -> float:
    """Return a rate with which momentum goes as far in the long run: Σ μ^t is 1/(1 − μ)."""
    return round(rate * (1 - MOMENTUM), 6)


def _small(rate: float) -> float:
    """Return the learning rate of those whose steps are about as long as it is, whatever the gradient."""
    return 0.001


def _with_momentum(*, nesterov: bool) -> Callable[..., Optimizer]:
    def make(rate: float | Schedule, decay: float, **named: Any) -> Optimizer:
        return nn.SGD(rate, decay, MOMENTUM, nesterov, **named)

    return make


OPTIMIZERS: Mapping[str, OptimizerOption] = {
    "sgd": OptimizerOption("Stochastic gradient descent", nn.SGD, lambda rate: rate),
    "momentum": OptimizerOption(f"Gradient descent with momentum {MOMENTUM}", _with_momentum(nesterov=False), _as_far),
    "nesterov": OptimizerOption(
        f"Gradient descent with Nesterov momentum {MOMENTUM}", _with_momentum(nesterov=True), _as_far
    ),
    "rmsprop": OptimizerOption("RMSProp", nn.RMSProp, _small),
    "adam": OptimizerOption("Adam", nn.Adam, _small),
    "adamw": OptimizerOption("AdamW", nn.AdamW, _small, decay=0.01),
}


@dataclass(frozen=True)
class Lengths:
    """For how many epochs a learning rate rises at first, and falls; None where that is a part of the training."""

    warm_up: float | None = None
    decay: float | None = None


@final
@dataclass(frozen=True)
class Spread(Schedule):
    """A schedule made from the number of epochs of the whole training, which the trainer can see it depends on."""

    make: Callable[[float], Schedule]

    @property
    def initial(self) -> float:  # type: ignore[override]
        """The rate of the first step, which the length has no part in."""
        return self.make(1.0).initial

    def written(self, clock: str, target: str, timing: Timing | None) -> str:
        """Return the lines of the schedule for a training of that length."""
        assert timing is not None, "the trainer knows the length"
        return self.make(timing.steps / timing.steps_per_epoch).written(clock, target, timing)


def _lasting(make: Callable[[float], Schedule], epochs: float | None, part: int) -> Schedule:
    """Return a schedule that takes so many epochs, by default one part of so many of the training."""
    return Spread(lambda whole: make(whole / part)) if epochs is None else make(epochs)


@dataclass(frozen=True)
class Curve:
    """What becomes of a learning rate: how it is made, what is said of it, and which lengths can be given for it."""

    make: Callable[[float, Lengths], float | Schedule]
    said: Callable[[Lengths], str] = lambda given: ""
    lengths: tuple[str, ...] = ()


def _epochs(count: float) -> str:
    return f"{count:g} epoch{'s' * (count != 1)}"


def _risen(given: Lengths) -> str:
    return " after a warm-up" + (f" of {_epochs(given.warm_up)}" if given.warm_up else "")


def _fallen(given: Lengths) -> str:
    return ", down to 0 along a cosine" + (f" of {_epochs(given.decay)}" if given.decay else "")


def _stepped(given: Lengths) -> str:
    return f", a tenth of it after every {_epochs(given.decay) if given.decay else 'third of the epochs'}"


def _step(rate: float, given: Lengths) -> Schedule:
    return _lasting(lambda epochs: nn.StepDecay(rate, 0.1, epochs=epochs), given.decay, 3)


def _warm_up(then: float | Schedule, given: Lengths) -> Schedule:
    return _lasting(lambda epochs: nn.WarmUp(then, epochs=epochs), given.warm_up, 20)


SCHEDULES: Mapping[str, Curve] = {
    "constant": Curve(lambda rate, given: rate),
    "step": Curve(_step, _stepped, ("decay",)),
    "cosine": Curve(lambda rate, given: nn.Cosine(rate, epochs=given.decay), _fallen, ("decay",)),
    "warm-up": Curve(_warm_up, _risen, ("warm_up",)),
    "warm-up-cosine": Curve(
        lambda rate, given: _warm_up(nn.Cosine(rate, epochs=given.decay), given),
        lambda given: _risen(given) + _fallen(given),
        ("warm_up", "decay"),
    ),
    "one-cycle": Curve(lambda rate, given: nn.OneCycle(rate), lambda given: " at the most, up and down in one cycle"),
}


def check_lengths(schedule: str, given: Lengths) -> None:
    """Raise OptionError for a length that makes no sense, or that a schedule does not have."""
    for field in ("warm_up", "decay"):
        option, value = f"--{field.replace('_', '-')}-epochs", getattr(given, field)
        if value is None:
            continue
        check_number(option, value)
        if field not in SCHEDULES[schedule].lengths:
            having = [name for name, curve in SCHEDULES.items() if field in curve.lengths]
            raise OptionError(
                f"{option} is given, and --schedule {schedule} has no such length",
                expected="--schedule " + ", ".join(having[:-1]) + f" or {having[-1]}",
                advice=f"Leave out {option}, or name one of these.",
            )


def selections(texts: Sequence[str]) -> tuple[str | int, ...]:
    """Return what options name: params and patterns of them, and layers by their numbers.

    >>> selections(["W1,b1", "2"])
    ('W1', 'b1', 2)
    """
    names = (name.strip() for text in texts for name in text.split(","))
    return tuple(_selection(name) for name in names if name)


def factors_of(texts: Sequence[str]) -> dict[str | int, float]:
    """Return rate factors by what they are for. Raises OptionError for a text that is none.

    >>> factors_of(["W1=0.1", "2 = 0.5"])
    {'W1': 0.1, 2: 0.5}
    """
    factors: dict[str | int, float] = {}
    for text in texts:
        name, _, number = (part.strip() for part in text.rpartition("="))
        try:
            factor = float(number)
        except ValueError:
            factor = math.nan
        if not name or not 0 < factor < math.inf:
            raise OptionError(
                f"--rate-factor is {text!r}",
                expected="a param, a pattern or the number of a layer, and a positive factor: W1=0.1",
                advice=f"A param that is not to be trained is frozen: --freeze {name}" if factor == 0 else "",
            )
        factors[_selection(name)] = factor
    return factors


def _selection(name: str) -> str | int:
    return int(name) if name.isascii() and name.isdigit() else name


@dataclass(frozen=True)
class Descent:
    """How steps are made, all settled; `factors` are those of the learning rate, as `rate_factors` of an optimizer."""

    optimizer: str
    learning_rate: float
    schedule: str
    lengths: Lengths
    weight_decay: float
    clip_norm: float | None
    factors: Mapping[str | int, float]

    def made(self) -> Optimizer:
        """Return the optimizer."""
        rate = SCHEDULES[self.schedule].make(self.learning_rate, self.lengths)
        named = {"clip_norm": self.clip_norm, "rate_factors": self.factors}
        return OPTIMIZERS[self.optimizer].make(rate, self.weight_decay, **named)

    def __str__(self) -> str:
        decay = f", weight decay {self.weight_decay:g}" if self.weight_decay else ""
        clip = f", gradients no longer than {self.clip_norm:g}" if self.clip_norm else ""
        factors = "".join(f", {factor:g} times that for {_named(name)}" for name, factor in self.factors.items())
        return (
            f"{OPTIMIZERS[self.optimizer].title}: learning rate {self.learning_rate:g}"
            f"{SCHEDULES[self.schedule].said(self.lengths)}{factors}{decay}{clip}"
        )


def _named(selection: str | int) -> str:
    return f"layer {selection}" if isinstance(selection, int) else selection

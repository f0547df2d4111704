"""The options of `chainrule train` that say how steps are made: optimizer, learning rate, schedule, clipping.

Each name stands for something of `nn` with numbers that work; whoever wants others writes them in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule import nn
from chainrule.nn.optimizers import Optimizer
from chainrule.nn.schedules import Schedule

MOMENTUM = 0.9


@dataclass(frozen=True)
class Kind:
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
    def make(rate: float | Schedule, decay: float, **clip: Any) -> Optimizer:
        return nn.SGD(rate, decay, MOMENTUM, nesterov, **clip)

    return make


OPTIMIZERS: Mapping[str, Kind] = {
    "sgd": Kind("Stochastic gradient descent", nn.SGD, lambda rate: rate),
    "momentum": Kind(f"Gradient descent with momentum {MOMENTUM}", _with_momentum(nesterov=False), _as_far),
    "nesterov": Kind(f"Gradient descent with Nesterov momentum {MOMENTUM}", _with_momentum(nesterov=True), _as_far),
    "rmsprop": Kind("RMSProp", nn.RMSProp, _small),
    "adam": Kind("Adam", nn.Adam, _small),
    "adamw": Kind("AdamW", nn.AdamW, _small, decay=0.01),
}

SCHEDULES: Mapping[str, tuple[str, Callable[[float, int], float | Schedule]]] = {
    "constant": ("", lambda rate, epochs: rate),
    "step": (", a tenth of it after every third of the epochs", lambda r, n: nn.StepDecay(r, 0.1, epochs=n / 3)),
    "cosine": (", down to 0 along a cosine", lambda rate, epochs: nn.Cosine(rate)),
    "warm-up": (" after a warm-up", lambda rate, epochs: nn.WarmUp(rate, epochs=epochs / 20)),
    "warm-up-cosine": (
        " after a warm-up, down to 0 along a cosine",
        lambda rate, epochs: nn.WarmUp(nn.Cosine(rate), epochs=epochs / 20),
    ),
    "one-cycle": (" at the most, up and down in one cycle", lambda rate, epochs: nn.OneCycle(rate)),
}
"""What each schedule is, behind the learning rate, and how it is made from that and the number of epochs."""


@dataclass(frozen=True)
class Descent:
    """How steps are made, all settled."""

    optimizer: str
    learning_rate: float
    schedule: str
    weight_decay: float
    clip_norm: float | None
    epochs: int

    def made(self) -> Optimizer:
        """Return the optimizer."""
        rate = SCHEDULES[self.schedule][1](self.learning_rate, self.epochs)
        return OPTIMIZERS[self.optimizer].make(rate, self.weight_decay, clip_norm=self.clip_norm)

    def __str__(self) -> str:
        decay = f", weight decay {self.weight_decay:g}" if self.weight_decay else ""
        clip = f", gradients no longer than {self.clip_norm:g}" if self.clip_norm else ""
        return (
            f"{OPTIMIZERS[self.optimizer].title}: learning rate {self.learning_rate:g}"
            f"{SCHEDULES[self.schedule][0]}{decay}{clip}"
        )

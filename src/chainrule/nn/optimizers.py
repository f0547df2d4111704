"""Optimizers: the update of one param as a line of notation, in which p stands for each param in turn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from chainrule.nn.checks import check_number
from chainrule.nn.template import const_line, renamed
from chainrule.system.model import System


class Optimizer(ABC):
    """What is done to every param p after each mini-batch, in which ∂C/∂p is the mean over its samples."""

    @property
    @abstractmethod
    def constants(self) -> Mapping[str, float]:
        """The numbers that the update names."""

    @abstractmethod
    def update(self, rank: int) -> str:
        """Return the update of a param p with that many indices; C is the cost."""


@final
@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent: a step against the gradient; weight decay pulls weights, not biases, towards 0.

    A param with at least two indices counts as a weight; the decay is that of the cost C + weight_decay/2 Σ W².
    """

    learning_rate: float
    weight_decay: float = 0.0

    step = "update p = p - learning_rate*∂C/∂p"
    decaying_step = "update p = p - learning_rate*(∂C/∂p + weight_decay*p)"

    def __post_init__(self) -> None:
        check_number("learning_rate", self.learning_rate)
        check_number("weight_decay", self.weight_decay, zero=True)

    @property
    def constants(self) -> Mapping[str, float]:
        """learning_rate, and weight_decay if there is any."""
        decay = {"weight_decay": self.weight_decay} if self.weight_decay else {}
        return {"learning_rate": self.learning_rate, **decay}

    def update(self, rank: int) -> str:
        """Return the step, with decay for weights if there is any."""
        return self.decaying_step if self.weight_decay and rank >= 2 else self.step


def updates_text(optimizer: Optimizer, system: System) -> str:
    r"""Return the lines that an optimizer adds to a system: its constants, and one update for each param.

    >>> from chainrule.notation import parse
    >>> system = parse("data x[i]\nparam w[i]\ncost C = (sum(i) w[i]*x[i])^2")
    >>> print(updates_text(SGD(0.5), system))
    const learning_rate = 0.5
    update w[i] = w[i] - learning_rate*∂C/∂w[i]
    """
    lines = [const_line(name, value) for name, value in optimizer.constants.items()]
    for param in system.params:
        letters = [index.name for index in system.axes(param)]
        entry = f"{param}[{','.join(letters)}]" if letters else param
        lines.append(renamed(optimizer.update(len(letters)), {"p": entry, "C": system.cost}))
    return "\n".join(lines)

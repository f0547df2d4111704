"""How the weights of a layer begin, by the names that the literature has for it: `nn.Linear(784, 30, weights=nn.He())`.

Each says what is drawn from the numbers that come into a unit and go out to; `network.initial` draws it. What is named
here is taken as it is, whatever activation follows.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.nn.checks import check_number, settle
from chainrule.nn.layer import Initial, Normal, Orthonormal, Uniform


class Initialisation(ABC):
    """How a matrix of weights begins."""

    @abstractmethod
    def of(self, inputs: int, outputs: int) -> Initial:
        """Return what the entries of a matrix of shape (outputs, inputs) are drawn from."""


@final
@answering_class
@dataclass(frozen=True)
class Xavier(Initialisation):
    """Variance 2/(inputs + outputs), for tanh and the like. Glorot and Bengio 2010, eq. 12; with `uniform` eq. 16."""

    uniform: bool = False

    def __post_init__(self) -> None:
        _check_uniform(self, self.uniform)

    def of(self, inputs: int, outputs: int) -> Initial:
        """Return N(0, 2/(inputs + outputs)), or the even distribution of that variance."""
        return _drawn(2 / (inputs + outputs), self.uniform)


@final
@answering_class
@dataclass(frozen=True)
class He(Initialisation):
    """Variance 2/((1 + slope²)·inputs), for rectifiers with that slope below 0. He et al. 2015, eq. 10 and 15."""

    slope: float = 0.0
    uniform: bool = False

    def __post_init__(self) -> None:
        settle(self, slope=check_number("slope of He", self.slope, zero=True))
        _check_uniform(self, self.uniform)

    def of(self, inputs: int, outputs: int) -> Initial:
        """Return N(0, 2/((1 + slope²)·inputs)), or the even distribution of that variance."""
        return _drawn(2 / ((1 + self.slope**2) * inputs), self.uniform)


@final
@answering_class
@dataclass(frozen=True)
class LeCun(Initialisation):
    """Variance 1/inputs, so that z varies about as much as x. LeCun et al. 1998, Efficient BackProp, section 4.6."""

    uniform: bool = False

    def __post_init__(self) -> None:
        _check_uniform(self, self.uniform)

    def of(self, inputs: int, outputs: int) -> Initial:
        """Return N(0, 1/inputs), or the even distribution of that variance."""
        return _drawn(1 / inputs, self.uniform)


@final
@answering_class
@dataclass(frozen=True)
class Orthogonal(Initialisation):
    """Orthonormal rows, or columns if there are fewer, times gain: no length is lost or won. Saxe et al. 2014."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        settle(self, gain=check_number("gain of Orthogonal", self.gain))

    def of(self, inputs: int, outputs: int) -> Initial:
        """Return the matrix, drawn evenly from all such."""
        return Orthonormal(float(self.gain))


def _drawn(variance: float, uniform: bool) -> Initial:
    return Uniform(math.sqrt(3 * variance)) if uniform else Normal(variance, fixed=True)


def _check_uniform(initial: Initialisation, uniform: object) -> None:
    if not isinstance(uniform, bool):
        what = f"uniform of {type(initial).__name__} is {uniform!r}"
        raise OptionError(what, expected="True or False", advice="For example nn.Xavier(uniform=True).")

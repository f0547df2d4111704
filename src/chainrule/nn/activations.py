"""The named activations; anybody's own is in `nn.own`.

All read z and write a; those whose a[k] depends on z[k] only and those that couple all entries, as softmax does, are
the same to the rest of the house. A number that an activation is given, such as a slope, is a const of its notation.
The gains are those of He et al. (2015), eq. 10 and 15, for what is about z for z > 0 and about 0 below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import final

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.nn.checks import check_number, settle
from chainrule.nn.layer import Codomain, Layer
from chainrule.nn.template import const_line


@final
@answering_class
@dataclass(frozen=True)
class Sigmoid(Layer):
    """The logistic function 1/(1 + e^−z)."""

    codomain = Codomain.PROBABILITY
    notation = "a[k] = sigmoid(z[k])"


@final
@answering_class
@dataclass(frozen=True)
class Tanh(Layer):
    """The hyperbolic tangent."""

    codomain = Codomain.ANYWHERE
    notation = "a[k] = tanh(z[k])"


@final
@answering_class
@dataclass(frozen=True)
class ReLU(Layer):
    """max(z, 0); its derivative at 0 is taken to be 0."""

    codomain = Codomain.ANYWHERE
    notation = "a[k] = relu(z[k])"
    gain = 2.0


@final
@answering_class
@dataclass(frozen=True)
class LeakyReLU(Layer):
    """z where it is positive, slope·z elsewhere; its derivative at 0 is taken to be the slope.

    Raises OptionError for a slope below 0. Maas et al. 2013.
    """

    slope: float = 0.01
    codomain = Codomain.ANYWHERE
    notation: str = field(init=False, repr=False, compare=False)
    gain: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        settle(self, slope=check_number("slope of LeakyReLU", self.slope, zero=True))
        line = "a[k] = where(z[k] > 0, z[k], slope*z[k])"
        settle(self, notation=f"{const_line('slope', self.slope)}\n{line}")
        settle(self, gain=2 / (1 + self.slope**2))


@final
@answering_class
@dataclass(frozen=True)
class ELU(Layer):
    """z where it is positive, alpha·(e^z − 1) elsewhere; its derivative at 0 is taken to be alpha.

    With alpha = 1 it has no kink. Raises OptionError unless alpha is greater than 0. Clevert et al. 2016.
    """

    alpha: float = 1.0
    codomain = Codomain.ANYWHERE
    notation: str = field(init=False, repr=False, compare=False)

    gain = 2.0

    def __post_init__(self) -> None:
        settle(self, alpha=check_number("alpha of ELU", self.alpha))
        line = "a[k] = where(z[k] > 0, z[k], alpha*expm1(z[k]))"
        settle(self, notation=f"{const_line('alpha', self.alpha)}\n{line}")


@final
@answering_class
@dataclass(frozen=True)
class GELU(Layer):
    """z·Φ(z), Φ the distribution function of the normal distribution; no kink. Hendrycks and Gimpel 2016.

    It is written with erf; `approximate="tanh"` is the paper's approximation, off by less than 0.0005. Raises
    OptionError for another approximation.
    """

    approximate: str = "none"
    codomain = Codomain.ANYWHERE
    notation: str = field(init=False, repr=False, compare=False)

    gain = 2.0

    def __post_init__(self) -> None:
        lines = {
            "none": "a[k] = 1/2*z[k]*(1 + erf(z[k]/sqrt(2)))",
            "tanh": "a[k] = 1/2*z[k]*(1 + tanh(sqrt(2/pi)*(z[k] + 0.044715*z[k]^3)))",
        }
        if self.approximate not in ("none", "tanh"):
            raise OptionError(
                f"approximate of GELU is {self.approximate!r}",
                expected="'none' or 'tanh'",
                advice="GELU() is exact: it is written with erf.",
            )
        settle(self, notation=lines[self.approximate])


@final
@answering_class
@dataclass(frozen=True)
class Softplus(Layer):
    """log(1 + e^z), a smooth ReLU, computed without overflow; its derivative is the sigmoid."""

    codomain = Codomain.POSITIVE
    notation = "a[k] = softplus(z[k])"


@final
@answering_class
@dataclass(frozen=True)
class Swish(Layer):
    """z·sigmoid(beta·z); no kink. With beta = 1 it is also called SiLU. Ramachandran et al. 2017.

    A beta that is learned: Activation("a[k] = z[k]*sigmoid(beta*z[k])", beta=1.0). Raises OptionError unless beta is
    greater than 0.
    """

    beta: float = 1.0
    codomain = Codomain.ANYWHERE
    notation: str = field(init=False, repr=False, compare=False)

    gain = 2.0

    def __post_init__(self) -> None:
        settle(self, beta=check_number("beta of Swish", self.beta))
        line = "a[k] = z[k]*sigmoid(beta*z[k])"
        settle(self, notation=f"{const_line('beta', self.beta)}\n{line}")


@final
@answering_class
@dataclass(frozen=True)
class Mish(Layer):
    """z·tanh(softplus(z)); no kink. Misra 2020."""

    codomain = Codomain.ANYWHERE
    notation = "a[k] = z[k]*tanh(softplus(z[k]))"
    gain = 2.0


@final
@answering_class
@dataclass(frozen=True)
class Softmax(Layer):
    """Probabilities: positive numbers that add up to 1. Every a[k] depends on every z[m]."""

    codomain = Codomain.DISTRIBUTION
    notation = "a[k] = exp(z[k])/(sum(m) exp(z[m]))"


NAMED: Mapping[str, Callable[[], Layer]] = MappingProxyType(
    {
        "sigmoid": Sigmoid,
        "tanh": Tanh,
        "relu": ReLU,
        "leaky-relu": LeakyReLU,
        "elu": ELU,
        "gelu": GELU,
        "softplus": Softplus,
        "swish": Swish,
        "mish": Mish,
    }
)
"""The activations that act entry by entry, by the names of the command line."""

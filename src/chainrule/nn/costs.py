"""Cost functions: one line of notation each, for one sample; what is trained is the mean over the samples.

In it `a` is the output of the network and `y` what it should have been. That ∂C/∂z becomes a − y for the right pairs
of output and cost is found out by the derivation, not known here. `nn.penalties` are added to a cost with +.
"""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import final

from chainrule.errors import OptionError
from chainrule.keywords import answering_class
from chainrule.nn.checks import check_number, settle
from chainrule.nn.layer import Codomain, Initial, Value
from chainrule.nn.penalties import Penalty
from chainrule.nn.template import const_line


class Cost(ABC):
    """A cost C of the output a and the target y; `notation` is written for one sample.

    It may declare params, which are trained with those of the layers; `initial` says how each begins. `penalties` are
    what is added for the size of the weights: `cost + nn.L2(0.01)`.
    """

    notation: str
    penalties: tuple[Penalty, ...] = ()
    needs: Codomain = Codomain.ANYWHERE
    """Where the outputs must lie for the cost to be finite."""
    least_outputs: int = 1
    """How many outputs there must be for the cost to tell anything."""

    @property
    def initial(self) -> Mapping[str, Initial]:
        """How each param begins."""
        return MappingProxyType({})

    def __add__(self, penalty: object) -> Cost:
        """Return the cost with a penalty added. Raises OptionError for what is none."""
        if not isinstance(penalty, Penalty):
            advice = f"Write {penalty.__name__}(…), with parentheses." if isinstance(penalty, type) else ""
            raise OptionError(
                f"{penalty!r} is added to the cost {self!r}, and is no penalty",
                expected="for example nn.CrossEntropy() + nn.L2(0.01)",
                advice=advice,
            )
        return Penalised(self, penalty)


@final
@answering_class
@dataclass(frozen=True)
class QuadraticCost(Cost):
    """Half the squared distance, ½ Σ (a − y)²."""

    notation = "cost C = 1/2*(sum(k) (a[k] - y[k])^2)"


@final
@answering_class
@dataclass(frozen=True)
class BinaryCrossEntropy(Cost):
    """Each output is the probability of a yes of its own; with sigmoid outputs ∂C/∂z[k] = a[k] − y[k].

    The outputs of a softmax are no such, and are refused.
    """

    needs = Codomain.PROBABILITY

    notation = "cost C = -sum(k) (y[k]*log(a[k]) + (1 - y[k])*log(1 - a[k]))"


@final
@answering_class
@dataclass(frozen=True)
class CrossEntropy(Cost):
    """The outputs are the probabilities of classes, one of which is right; y is its one-hot row, or probabilities too.

    That the y add up to 1 is stated, so that with softmax outputs ∂C/∂z[k] = a[k]·Σ y − y[k] becomes a[k] − y[k].
    """

    needs = Codomain.POSITIVE
    least_outputs = 2
    notation = "given sum(k) y[k] = 1\ncost C = -sum(k) y[k]*log(a[k])"


@final
@answering_class
@dataclass(frozen=True)
class Huber(Cost):
    """½ e² for an error e = a − y of at most delta, delta·(|e| − delta/2) for a larger one, added up over the outputs.

    Its derivative is e up to ±delta, and ±delta beyond, so that outliers pull no harder: there is no kink in it. Raises
    OptionError unless delta is greater than 0. Huber 1964.
    """

    delta: float = 1.0
    notation: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        settle(self, delta=check_number("delta of Huber", self.delta))
        lines = (
            const_line("delta", self.delta),
            "error[k] = a[k] - y[k]",
            "cost C = sum(k) where(abs(error[k]) <= delta, 1/2*error[k]^2, delta*(abs(error[k]) - delta/2))",
        )
        settle(self, notation="\n".join(lines))


@final
@answering_class
@dataclass(frozen=True)
class Hinge(Cost):
    """The multi-class hinge of Weston and Watkins (1999): wrong classes should be less than the right one by margin.

    The outputs are scores, of any size and at least two of them; y is one-hot. C = Σ over the wrong classes k of
    max(0, margin + a[k] − a[right]). Its derivative where a class is below by margin exactly is taken to be 0. Raises
    OptionError unless margin is greater than 0.
    """

    margin: float = 1.0
    least_outputs = 2
    notation: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        settle(self, margin=check_number("margin of Hinge", self.margin))
        lines = (
            const_line("margin", self.margin),
            "given sum(k) y[k] = 1",
            "right = sum(k) y[k]*a[k]",
            "cost C = sum(k) (1 - y[k])*relu(margin + a[k] - right)",
        )
        settle(self, notation="\n".join(lines))


@final
@answering_class
@dataclass(frozen=True)
class GaussianNLL(Cost):
    """The negative log-likelihood of y under normal distributions with the mean a[k] and a variance that is learned.

    Σ ½ (log variance + (y − a)²/variance), without the constant ½ log 2π. Each output has one variance, the same for
    all samples: a param of the cost, kept as its logarithm, so that no step makes it negative. Raises OptionError
    unless variance, with which each begins, is greater than 0.
    """

    variance: float = 1.0

    notation = "param log_variance[k]\ncost C = 1/2*(sum(k) (log_variance[k] + (a[k] - y[k])^2*exp(-log_variance[k])))"

    def __post_init__(self) -> None:
        settle(self, variance=check_number("variance of GaussianNLL", self.variance))

    @property
    def initial(self) -> Mapping[str, Initial]:
        """The logarithm of the variance."""
        return MappingProxyType({"log_variance": Value(math.log(self.variance))})


@final
@dataclass(frozen=True, repr=False)
class Penalised(Cost):
    """A cost with a penalty added; `cost + penalty` makes one."""

    cost: Cost
    penalty: Penalty
    notation: str = field(init=False, repr=False, compare=False)
    penalties: tuple[Penalty, ...] = field(init=False, repr=False, compare=False)
    needs: Codomain = field(init=False, repr=False, compare=False)
    least_outputs: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        settle(self, notation=self.cost.notation)
        settle(self, penalties=(*self.cost.penalties, self.penalty))
        settle(self, needs=self.cost.needs, least_outputs=self.cost.least_outputs)

    def __repr__(self) -> str:
        return f"{self.cost!r} + {self.penalty!r}"

    @property
    def initial(self) -> Mapping[str, Initial]:
        """How each param of the cost begins."""
        return self.cost.initial

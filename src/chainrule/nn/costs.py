"""Cost functions: one line of notation each, for one sample; what is trained is the mean over the samples.

In it `a` is the output of the network and `y` what it should have been. That ∂C/∂z becomes a − y for the right pairs
of output and cost is found out by the derivation, not known here.
"""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import final


class Cost(ABC):
    """A cost C of the output a and the target y; `notation` is written for one sample."""

    notation: str


@final
@dataclass(frozen=True)
class QuadraticCost(Cost):
    """Half the squared distance, ½ Σ (a − y)²."""

    notation = "cost C = 1/2*(sum(k) (a[k] - y[k])^2)"


@final
@dataclass(frozen=True)
class BinaryCrossEntropy(Cost):
    """Each output is the probability of a yes of its own; with sigmoid outputs ∂C/∂z[k] = a[k] − y[k]."""

    notation = "cost C = -sum(k) (y[k]*log(a[k]) + (1 - y[k])*log(1 - a[k]))"


@final
@dataclass(frozen=True)
class CrossEntropy(Cost):
    """The outputs are the probabilities of classes, one of which is right; y is its one-hot row, or probabilities too.

    That the y add up to 1 is stated, so that with softmax outputs ∂C/∂z[k] = a[k]·Σ y − y[k] becomes a[k] − y[k].
    """

    notation = "given sum(k) y[k] = 1\ncost C = -sum(k) y[k]*log(a[k])"

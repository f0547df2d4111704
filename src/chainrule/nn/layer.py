"""What a layer is: a few lines of notation in names of its own, and how its params begin.

`nn.assembly` puts layers together by renaming: the z, a, W, b of layer 1 become z1, a1, W1, b1. A layer knows nothing
of its neighbours and has no backward pass: that is derived from its lines. No numbers are drawn here, see
`network.initial`.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TypeAlias

Nested: TypeAlias = "float | tuple[Nested, ...]"
"""A number, or rows of them to any depth."""


@dataclass(frozen=True)
class Normal:
    """Entries drawn from N(0, variance); unless `fixed`, the variance is multiplied by the gain of what follows."""

    variance: float
    fixed: bool = False


@dataclass(frozen=True)
class Uniform:
    """Entries drawn evenly between −bound and bound, which have the variance bound²/3."""

    bound: float


@dataclass(frozen=True)
class Orthonormal:
    """A matrix of two axes whose rows, or columns if there are fewer, are orthonormal, times `gain`."""

    gain: float


@dataclass(frozen=True)
class Value:
    """Given entries; a single number fills the whole tensor."""

    value: Nested


Initial: TypeAlias = Normal | Uniform | Orthonormal | Value
NOTHING: Mapping[str, int] = MappingProxyType({})


class Codomain(IntEnum):
    """Where outputs lie: anywhere, above 0, in a distribution that adds up to 1, or each by itself between 0 and 1.

    Outputs suit a cost that needs what stands before them. Those of a distribution are not each by itself: what
    one gains the others lose, and where one rounds to 1, as it soon does, log(1 − a) is infinite.
    """

    ANYWHERE = 0
    POSITIVE = 1
    DISTRIBUTION = 2
    PROBABILITY = 3


class Layer(ABC):
    """A layer of a network. `notation` defines the tensor `writes` from the tensor `reads`, both vectors.

    It may declare params and define further tensors; all its names are its own and are renamed in a network.
    `gain` is what the variance of the weights before an activation is multiplied by.
    """

    notation: str
    reads: str = "z"
    writes: str = "a"
    gain: float = 1.0
    counted: bool = True
    """Whether it is a layer of units, which the numbers of tensors count."""
    codomain: Codomain | None = None
    """Where its outputs lie, if that is known: a cost may need positive ones, or probabilities."""

    seed: int | None = None
    """What its equations draw with, if they do: two layers with one seed would draw the same numbers."""

    @property
    def masks(self) -> Mapping[str, str]:
        """The data that the trainer draws, zeros and ones, each with the const that is the probability of a 0."""
        return MappingProxyType({})

    @property
    def sizes(self) -> Mapping[str, int]:
        """The extents that the layer fixes, by index letter."""
        return NOTHING

    @property
    def initial(self) -> Mapping[str, Initial]:
        """How each param begins."""
        return MappingProxyType({})

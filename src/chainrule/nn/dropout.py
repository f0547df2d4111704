"""Dropout: in training every number is 0 now and then, and the others larger by as much as that takes away.

With a seed what is dropped is an equation: a bracket of a number that is drawn in the step, by what counts it. Without
one it is data: a mask of zeros and ones, which the trainer draws for each sample and epoch from the generator that also
orders the samples. That is how networks were saved and trainings begun before there were such equations, and those go
on to the same bits. The backward pass is derived from the product like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import final

from chainrule.keywords import answering_class
from chainrule.nn.checks import check_fraction, check_seed, settle
from chainrule.nn.layer import Codomain, Layer
from chainrule.nn.template import const_line


@final
@answering_class
@dataclass(frozen=True)
class Dropout(Layer):
    """Each number 0 with that probability, else divided by 1 − probability; nothing is dropped but in training.

    So what comes out is on average what went in, which is what it is outside of training. Srivastava et al. 2014,
    section 10, with the factor in training. It is no layer of units: the numbers of layers do not count it. With a
    `seed`, a whole number that no other layer has, the numbers are drawn in the step and nothing is kept for an epoch.
    Raises OptionError unless 0 ≤ probability < 1.

    >>> print(Dropout(0.5, seed=3).notation)
    const seed = 3
    const dropout = 0.5
    d[k] = [uniform(seed, step, n, k) >= dropout]*z[k]/(1 - dropout)
    >>> print(Dropout(0.5).notation)
    data mask[k]
    const dropout = 0.5
    d[k] = mask[k]*z[k]/(1 - dropout)
    """

    probability: float = 0.5
    seed: int | None = None
    notation: str = field(init=False, repr=False, compare=False)

    writes = "d"
    counted = False
    codomain = Codomain.ANYWHERE

    def __post_init__(self) -> None:
        settle(self, probability=check_fraction("the probability of Dropout", self.probability))
        dropout = const_line("dropout", self.probability)
        if self.seed is None:
            lines = ("data mask[k]", dropout, "d[k] = mask[k]*z[k]/(1 - dropout)")
        else:
            settle(self, seed=check_seed("the seed of Dropout", self.seed))
            kept = "[uniform(seed, step, n, k) >= dropout]"
            lines = (f"const seed = {self.seed}", dropout, f"d[k] = {kept}*z[k]/(1 - dropout)")
        settle(self, notation="\n".join(lines))

    @property
    def masks(self) -> Mapping[str, str]:
        """The mask, and the probability of a 0 in it; none where what is dropped is an equation."""
        return MappingProxyType({"mask": "dropout"} if self.seed is None else {})

    def __repr__(self) -> str:
        return f"Dropout({self.probability!r}" + (")" if self.seed is None else f", seed={self.seed})")

"""Paths and their shares: what is wrong with ∂C/∂z as a multiple of itself.

∂C/∂z[j] is the sum over k of ∂C/∂a[k]·∂a[k]/∂z[j], one product for each path. Who cancels the ∂a[k] as in a fraction
counts ∂C/∂z[j] once for each k, and gets a sentence on why they do not cancel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from chainrule.checking.points import TOLERANCE
from chainrule.diff.backprop import Cotangents
from chainrule.diff.chain_rule import Contribution, named, product, symbolic
from chainrule.diff.derivations import tied
from chainrule.errors import InputError
from chainrule.execute.reference.evaluation import Evaluation
from chainrule.expr.binding import free_indices
from chainrule.expr.nodes import Expr, ExtentValue, Index, Indexed, Number, walk
from chainrule.render.text import expression_text


@dataclass(frozen=True)
class Fan:
    """What reaches ∂C/∂v through a u with an index k tied to none of v: each entry may depend on each of v's."""

    part: Contribution
    index: Index
    target: tuple[Index, ...]

    @property
    def above(self) -> Expr:
        """∂C/∂u[k] by its name."""
        assert self.part.beyond is not None, "the cost itself has no index"
        return self.part.beyond

    @property
    def share(self) -> Expr:
        """The product of one path."""
        return product(self.part, beyond=named)

    @property
    def text(self) -> str:
        """The product of one path, ∂C/∂a[k]·∂a[k]/∂z[j]."""
        return expression_text(product(self.part, symbolic, named))

    def differs(self, evaluation: Evaluation) -> bool:
        """Say whether the shares of the paths differ at a point."""
        axes = (self.index, *(i for i in self.part.indices if i != self.index), *self.target)
        try:
            values = evaluation.value_of(self.share, axes)
        except InputError:
            return False
        return bool((np.ptp(values, axis=0) > TOLERANCE * np.abs(values).max(axis=0)).any())


def fans(tensor: str, cotangents: Cotangents) -> Iterator[Fan]:
    """Yield the fans between a tensor and the cost, those nearest to the tensor first."""
    waiting, seen = [tensor], {tensor, cotangents.cost}
    while waiting:
        current = waiting.pop(0)
        target = cotangents.of(current).indices
        for part in cotangents.contributions(current):
            pairs = dict(tied(part.local.value, part.indices, target))
            yield from (Fan(part, index, target) for index in part.indices if index not in pairs)
            if part.through not in seen:
                seen.add(part.through)
                waiting.append(part.through)


def multiple_words(multiple: Expr, target: Expr, tensor: str, cotangents: Cotangents, evaluation: Evaluation) -> str:
    """Say what is wrong with c·∂C/∂v for ∂C/∂v, given a point."""
    claim = f"it says that {expression_text(target)} is {expression_text(multiple)} times itself"
    counted = {part.extent for part in walk(multiple) if isinstance(part, ExtentValue)}
    counted |= {index.extent for index in free_indices(multiple)}
    for fan in fans(tensor, cotangents):
        size = evaluation.scope.size(fan.index.extent, fan.index.preferred)
        if (fan.index.extent in counted or multiple == Number(Fraction(size))) and fan.differs(evaluation):
            user, above = fan.part.through, expression_text(fan.above)
            entry = expression_text(Indexed(user, fan.part.indices))
            return (
                f"{claim}, but the ∂{entry} do not cancel as in a fraction, because {above} holds the other entries "
                f"of {user} fixed: each product {fan.text} is the contribution through one of them; the contributions "
                f"differ, and each is added once"
            )
    return claim

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
from chainrule.diff.backprop import Cotangents, Path
from chainrule.diff.derivations import tied
from chainrule.errors import InputError
from chainrule.execute.reference.equations import Evaluation
from chainrule.expr.binding import free_indices
from chainrule.expr.nodes import Expr, ExtentValue, Index, Indexed, Number, times, walk
from chainrule.render.text import expression_text


@dataclass(frozen=True)
class Fan:
    """A path whose index k is not tied to an index of v: each entry of u may depend on each entry of v."""

    path: Path
    index: Index
    target: tuple[Index, ...]

    @property
    def share(self) -> Expr:
        """The product of one path."""
        return times(self.path.upstream, self.path.local)

    @property
    def text(self) -> str:
        """The product of one path, ∂C/∂a[k]·∂a[k]/∂z[j]."""
        return expression_text(times(self.path.upstream, self.path.partial))

    def differs(self, evaluation: Evaluation) -> bool:
        """Say whether the shares of the paths differ at a point."""
        axes = (self.index, *(i for i in self.path.indices if i != self.index), *self.target)
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
        for path in cotangents.paths(current):
            pairs = dict(tied(path.local, path.indices, target))
            yield from (Fan(path, index, target) for index in path.indices if index not in pairs)
            if path.user not in seen:
                seen.add(path.user)
                waiting.append(path.user)


def multiple_words(multiple: Expr, target: Expr, tensor: str, cotangents: Cotangents, evaluation: Evaluation) -> str:
    """Say what is wrong with c·∂C/∂v for ∂C/∂v, given a point."""
    claim = f"it says that {expression_text(target)} is {expression_text(multiple)} times itself"
    counted = {part.extent for part in walk(multiple) if isinstance(part, ExtentValue)}
    counted |= {index.extent for index in free_indices(multiple)}
    for fan in fans(tensor, cotangents):
        size = evaluation.scope.size(fan.index.extent, fan.index.preferred)
        if (fan.index.extent in counted or multiple == Number(Fraction(size))) and fan.differs(evaluation):
            user, above = fan.path.user, expression_text(fan.path.upstream)
            entry = expression_text(Indexed(user, fan.path.indices))
            return (
                f"{claim}, but the ∂{entry} do not cancel as in a fraction, because {above} holds the other entries "
                f"of {user} fixed: each product {fan.text} is the share of one path, the shares differ, and each is "
                f"added once"
            )
    return claim

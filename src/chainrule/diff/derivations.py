"""The derivation of a gradient: the steps of the chain rule on the way back from the cost.

∂C/∂v[j] = Σ_k ∂C/∂u[k]·∂u[k]/∂v[j]. The order of the steps is that of `derivation_steps`; here are the sentences that
only this direction has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chainrule.diff.backprop import Cotangents
from chainrule.diff.chain_rule import Contribution
from chainrule.diff.derivation_steps import DerivationSteps, may_vanish
from chainrule.expr.binding import rename_indices
from chainrule.expr.deltas import plain_delta
from chainrule.expr.nodes import (
    ZERO,
    Bracket,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Partial,
    Product,
    product_factors,
    times,
    walk,
)
from chainrule.expr.symbols import symbol
from chainrule.render.document import Words, joined, words
from chainrule.render.formula import ShownFormula, equal, gradient, lettered_formula, whole
from chainrule.rewrite.rules import Derivation


def derive(cotangents: Cotangents, tensor: str) -> Derivation:
    """Return the derivation of ∂C/∂tensor. Raises DerivativeError for an unknown tensor."""
    writer = _Backward(cotangents, tensor)
    if cotangents.is_whole(tensor):
        return writer.of_steps(
            (), ((whole(symbol(tensor)), " holds whole numbers: its derivative is 0 by convention"),)
        )
    parts = cotangents.as_written(tensor) if tensor != cotangents.cost else ()
    vectors = [writer.vector_form(part) for part in parts if len(parts) == 1 and len(part.indices) == 1]
    idle = [writer.without_effect(part) for part in cotangents.without_effect(tensor)] if parts else []
    return writer.derivation(parts, (*filter(None, vectors), *idle))


class _Backward(DerivationSteps):
    """Writes the derivation of one cotangent."""

    def __init__(self, cotangents: Cotangents, tensor: str) -> None:
        self._all, self._tensor = cotangents, tensor
        known = cotangents.of(tensor)
        self._own = known.indices
        super().__init__(
            cotangents.simplifier,
            cotangents.entry(tensor, known.indices),
            cotangents.simplifier.present(known.value),
            ends=(Indexed(cotangents.cost), Indexed(tensor, known.indices)),
            order=known.indices,
            inlined=known.inlined,
            taken=tuple(cotangents.graph.reads),
        )

    def vector_form(self, part: Contribution) -> Words:
        """Return Σ_k ∂h/∂g[k]·∂g[k]/∂x[j] as the product of a gradient and a column of the Jacobian matrix."""
        if part.local.value != part.local.partial or not isinstance(part.beyond, Partial):
            return ()
        product_of_both = gradient(self._all.cost, part.through, self.formula(self._by))
        return words("as a product of vectors: ", equal(self.formula(self._target), product_of_both))

    def without_effect(self, part: Contribution) -> Words:
        """Say why a tensor that reads this one has no part in the sum."""
        zero = equal(self.formula(part.local.partial), self.formula(ZERO))
        reader, read = self.formula(Indexed(part.through, part.indices)), self.formula(self._by)
        return words(reader, " reads ", read, " too, but ", zero, ": nothing is contributed through ", reader)

    def local_order(self, part: Contribution) -> tuple[Index, ...]:
        """Return the indices of ∂u[k]/∂v[j]."""
        return (*part.indices, *self._own)

    def local_result(self, part: Contribution) -> Expr:
        """Return ∂u[k]/∂v[j] in the letters of v where a delta ties those of u to them."""
        pairs = dict(tied(part.local.value, part.indices, self._own))
        return with_target_letters(self._simplifier.present(part.local.value), pairs)

    def term_remark(self, term: ShownFormula, part: Contribution) -> Words:
        """Say that one term is not the whole, nor are all alike."""
        through = self.formula(Indexed(part.through, part.indices))
        count = lettered_formula(times(*(ExtentValue(i.extent, i.preferred) for i in part.indices)), {})
        return words(
            term,
            " is the contribution through one ",
            through,
            "; in general the contributions differ, so the sum is not ",
            count,
            " times one of them",
        )

    def why_zero(self, part: Contribution) -> Words:
        """Say what the local derivative holds fixed, and which of the terms ∂u[k]/∂v[j] vanish, and why."""
        return joined(tuple(filter(None, (self._held_fixed(part), self._vanishing(part)))), "; ")

    def _held_fixed(self, part: Contribution) -> Words:
        """Say what else v reaches u through; () where the local derivative is the total one."""
        others = self._all.held_fixed(self._tensor)[part.through]
        if not others:
            return ()
        return words(
            "here ", self.formula(part.local.partial), " is with ", joined(tuple(map(whole, others)), " and "),
            " held fixed: the direct part of the total derivative, whose rest is in the other contributions",
        )  # fmt: skip

    def _vanishing(self, part: Contribution) -> Words:
        user = self.formula(Indexed(part.through, part.indices))
        own = self.formula(self._by)
        pairs = list(tied(part.local.value, part.indices, self._own))
        if pairs:
            same = dict(pairs)
            only = self.formula(Indexed(part.through, tuple(same.get(i, i) for i in part.indices)))
            unlike = [self.formula(Comparison("!=", IndexValue(k), IndexValue(j))) for k, j in pairs]
            vanish = words("so the terms with ", joined(tuple(unlike), " or "), " vanish")
            return words("diagonal: only ", only, " depends on ", own, ", ", vanish)
        if not part.indices:
            return ()
        if may_vanish(part.local.value):
            return words("where its brackets are false, ", user, " does not depend on ", own, ", and the term vanishes")
        if any(isinstance(piece, Bracket) for piece in walk(part.local.value)):
            return words("not diagonal: every ", user, " depends on ", own, ", so no term vanishes")
        return words("every ", user, " depends on ", own, ", so no term vanishes")


def tied(local: Expr, indices: tuple[Index, ...], target: tuple[Index, ...]) -> Iterator[tuple[Index, Index]]:
    """Yield the pairs (k, j) that a Kronecker delta before the whole of ∂u[k]/∂v[j] ties.

    `indices` are those of u, `target` those of v.
    """
    for factor in product_factors(local):
        pair = plain_delta(factor)
        if pair and pair[0] in indices and pair[1] in target:
            yield pair


def with_target_letters(shown: Expr, pairs: Mapping[Index, Index]) -> Expr:
    """Return a diagonal local derivative [k = j]·f(k) as [k = j]·f(j), in the letters of what is differentiated by."""
    if not pairs or not isinstance(shown, Product):
        return shown
    return Product(tuple(f if isinstance(f, Bracket) else rename_indices(f, pairs) for f in shown.factors))

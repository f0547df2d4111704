"""The derivation of a Jacobian: the steps of the chain rule on the way forward, from what is differentiated by.

∂u[k]/∂w[j] = Σ_m ∂u[k]/∂v[m]·∂v[m]/∂w[j]. The order of the steps is that of `derivation_steps`; here are the sentences
that only this direction has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chainrule.diff.chain_rule import Contribution
from chainrule.diff.derivation_steps import DerivationSteps, may_vanish
from chainrule.diff.totals import Totals
from chainrule.expr.deltas import plain_delta
from chainrule.expr.nodes import (
    Comparison,
    Expr,
    Index,
    Indexed,
    IndexValue,
    product_factors,
)
from chainrule.expr.symbols import Symbol
from chainrule.render.document import Words, joined, words
from chainrule.render.formula import ShownFormula
from chainrule.rewrite.rules import Derivation, Step, where


def derive_total(totals: Totals, tensor: Symbol, ranks: Mapping[str, int]) -> Derivation:
    """Return the derivation of ∂tensor/∂wrt; `ranks` are those of the system's tensors, for printing."""
    writer = _Forward(totals, tensor, ranks)
    if tensor == totals.wrt:
        return writer.of_itself()
    return writer.derivation(totals.as_written(tensor))


class _Forward(DerivationSteps):
    """Writes the derivation of one total derivative."""

    def __init__(self, totals: Totals, tensor: Symbol, ranks: Mapping[str, int]) -> None:
        self._all = totals
        known = totals.of(tensor)
        self._own = known.indices
        super().__init__(
            totals.simplifier,
            totals.entry(tensor, known.indices),
            totals.simplifier.present(known.value),
            ends=(Indexed(tensor, known.indices), totals.by),
            order=(*known.indices, *totals.by_indices),
            inlined=known.inlined,
            taken=tuple(totals.graph.reads),
            ranks=ranks,
        )

    def of_itself(self) -> Derivation:
        """Return the derivation of a tensor by itself."""
        why = words(self.formula(self._target), " is 1 for the same entry and 0 for any other")
        return self.of_steps((Step("Kronecker delta", why, self._target, self._result, where=where(Totals.of)),))

    def local_order(self, part: Contribution) -> tuple[Index, ...]:
        """Return the indices of ∂u[k]/∂v[m]."""
        return (*self._own, *part.indices)

    def local_result(self, part: Contribution) -> Expr:
        """Return ∂u[k]/∂v[m]."""
        return self._simplifier.present(part.local.value)

    def term_remark(self, term: ShownFormula, part: Contribution) -> Words:
        """Say that one term is not the whole."""
        through = self.formula(Indexed(part.through, part.indices))
        return words(term, " is the contribution through one ", through, ", not the whole derivative")

    def why_zero(self, part: Contribution) -> Words:
        """Say which of the terms ∂u[k]/∂v[m] vanish, and why."""
        user, read = self.formula(self._of), self.formula(Indexed(part.through, part.indices))
        pairs = dict(self._tied(part))
        if pairs:
            only = self.formula(Indexed(part.through, tuple(pairs.get(i, i) for i in part.indices)))
            unlike = [self.formula(Comparison("!=", IndexValue(m), IndexValue(k))) for m, k in pairs.items()]
            vanish = words("so the terms with ", joined(tuple(unlike), " or "), " vanish")
            return words("diagonal: ", user, " depends on ", only, " only, ", vanish)
        if not part.indices:
            return ()
        if may_vanish(part.local.value):
            return words(
                "where its brackets are false, ", user, " does not depend on ", read, ", and the term vanishes"
            )
        return words(user, " depends on every ", read, ", so no term vanishes")

    def _tied(self, part: Contribution) -> Iterator[tuple[Index, Index]]:
        """Yield the pairs (m, k) of indices of v and of u that a Kronecker delta before the local derivative ties."""
        for factor in product_factors(part.local.value):
            pair = plain_delta(factor) or ()
            for m, k in zip(pair, pair[::-1], strict=True):
                if m in part.indices and k in self._own:
                    yield m, k

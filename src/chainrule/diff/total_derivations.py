"""The derivation of a Jacobian as a reader wants it: the sum over paths in full, each local derivative, the collapse.

Made on demand from the totals, by the same simplifier and in the same order, so that it ends at the same result. What
`derivations` does for the way back from a cost, this does for the way forward from what is differentiated by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chainrule.diff.derivations import may_vanish
from chainrule.diff.local import Local
from chainrule.diff.totals import Totals, Way
from chainrule.expr.binding import reduce_over
from chainrule.expr.deltas import plain_delta
from chainrule.expr.nodes import (
    Expr,
    Index,
    Indexed,
    plus,
    product_factors,
    times,
)
from chainrule.render.text import expression_text
from chainrule.system.rewriting import Derivation, Step


def derive_total(totals: Totals, tensor: str, ranks: Mapping[str, int]) -> Derivation:
    """Return the derivation of ∂tensor/∂wrt; `ranks` are those of the system's tensors, for printing."""
    return _Writer(totals, tensor, ranks).derivation()


class _Writer:
    """Writes the derivation of one total derivative."""

    def __init__(self, totals: Totals, tensor: str, ranks: Mapping[str, int]) -> None:
        self._all = totals
        self._known = totals.of(tensor)
        self._simplifier = totals.simplifier
        self._own = Indexed(tensor, self._known.indices)
        self._target = totals.entry(tensor, self._known.indices)
        self._order = (*self._known.indices, *totals.by_indices)
        self._result = self._simplifier.present(self._known.value)
        self._taken = tuple(totals.graph.reads)
        self._ranks = ranks

    def derivation(self) -> Derivation:
        """Return the whole."""
        same = self._own.tensor == self._all.wrt
        ways = () if same else self._all.ways(self._own.tensor)
        if same:
            why = f"{self._text(self._own)} is 1 for the same entry, else 0: a Kronecker delta"
            steps: tuple[Step, ...] = (Step("an entry by another", why, self._target, self._result),)
        elif not ways:
            why = f"no path leads from {self._text(self._all.by)} to {self._text(self._own)}, so nothing is added up"
            steps = (Step("chain rule", why, self._target, self._result),)
        elif len(ways) == 1 and ways[0].onward is None:
            steps = self._only_direct(ways[0])
        else:
            steps = tuple(self._over_ways(ways))
        return Derivation(self._target, steps, self._result, (), self._known.put_in, self._taken, ranks=self._ranks)

    def _text(self, expr: Expr) -> str:
        return expression_text(expr, taken=self._taken, ranks=self._ranks)

    def _only_direct(self, way: Way) -> tuple[Step, ...]:
        """The tensor reads what it is derived by, and nothing between them: one local derivative is all."""
        if way.local.value == way.local.partial:
            why = f"{self._own.tensor} is an unknown function of {self._text(self._all.by)}: its derivative is a symbol"
            return (Step("unknown function", why, self._target, self._result),)
        return self._local_steps(way.local, self._target, self._order)

    def _local_steps(self, local: Local, target: Expr, order: tuple[Index, ...]) -> tuple[Step, ...]:
        begun = self._simplifier.arranged(local.raw, order)
        first = Step("differentiate", "; ".join(local.notes) or "the derivative", target, begun)
        return (first, *self._simplifier.steps(local.raw, order))

    def _over_ways(self, ways: tuple[Way, ...]) -> Iterator[Step]:
        symbolic = plus(*(self._share(way) for way in ways))
        yield Step("chain rule", self._why_a_sum(ways), self._target, symbolic, remark=self._what_a_share_is(ways))
        for way in ways:
            if way.onward is None:
                yield self._direct_share(way)
            elif way.local.value != way.local.partial:
                yield self._local(way)
        for name in dict.fromkeys(self._known.put_in):
            way = next(w for w in ways if w.through == name)
            assert way.onward is not None, "what is put in lies between"
            value = self._simplifier.present(self._all.put_in_value(way))
            yield Step("put in", f"{self._text(way.onward)} was derived before", way.onward, value)
        inserted = plus(*(self._inserted(way) for way in ways))
        arranged = self._simplifier.arranged(inserted, self._order)
        if arranged != symbolic:
            yield Step("put in", "each factor is replaced by what it was found to be", symbolic, arranged)
        yield from self._simplifier.steps(inserted, self._order)

    def _share(self, way: Way) -> Expr:
        if way.onward is None:
            return self._simplifier.present(way.local.value)
        return reduce_over("sum", way.indices, times(way.local.partial, way.onward))

    def _inserted(self, way: Way) -> Expr:
        if way.onward is None:
            return way.local.value
        onward = self._all.put_in_value(way) if way.through in self._known.put_in else way.onward
        return reduce_over("sum", way.indices, times(way.local.value, onward))

    def _direct_share(self, way: Way) -> Step:
        begun = self._simplifier.arranged(way.local.raw, self._order)
        words = f"the share of {self._text(self._all.by)} itself, everything else held fixed"
        said = "; ".join((words, *way.local.notes))
        return Step("direct share", said, begun, self._simplifier.present(way.local.value))

    def _local(self, way: Way) -> Step:
        local = way.local
        after = self._simplifier.present(local.value)
        steps = self._local_steps(local, local.partial, (*self._known.indices, *way.indices))
        if steps[-1].after != after:
            steps = (*steps, Step("as a book writes it", "the same, arranged for readers", steps[-1].after, after))
        why = self._why_zero(way)
        remarks = (why,) if why else ()
        detail = Derivation(local.partial, steps, after, remarks=remarks, taken=self._taken, ranks=self._ranks)
        return Step("local derivative", "; ".join(local.notes), local.partial, after, "", why, detail)

    def _why_a_sum(self, ways: tuple[Way, ...]) -> str:
        between = [
            f"every {self._text(Indexed(w.through, w.indices))}" if w.indices else self._text(Indexed(w.through))
            for w in ways
            if w.onward is not None
        ]
        by = self._text(self._all.by)
        direct = f", and reads {by} itself" if any(w.onward is None for w in ways) else ""
        through = " and ".join(between) + direct
        return f"{self._text(self._own)} depends on {by} through {through}: one product per path, added up"

    def _what_a_share_is(self, ways: tuple[Way, ...]) -> str:
        way = next(w for w in ways if w.onward is not None)
        if not way.indices:
            return ""
        assert way.onward is not None
        entry = self._text(times(way.local.partial, way.onward))
        return f"{entry} is the share of one path, not the whole derivative"

    def _why_zero(self, way: Way) -> str:
        """Say which of the terms ∂u[k]/∂v[m] vanish, and why."""
        user, read = self._text(self._own), self._text(Indexed(way.through, way.indices))
        pairs = dict(self._tied(way))
        if pairs:
            only = self._text(Indexed(way.through, tuple(pairs.get(i, i) for i in way.indices)))
            unlike = " or ".join(f"{m.preferred} ≠ {k.preferred}" for m, k in pairs.items())
            return f"diagonal: {user} depends on {only} only, so the terms with {unlike} vanish"
        if not way.indices:
            return ""
        if may_vanish(way.local.value):
            return f"where its brackets are false, {user} does not depend on {read}, and the term vanishes"
        return f"{user} depends on every {read}, so no term vanishes"

    def _tied(self, way: Way) -> Iterator[tuple[Index, Index]]:
        """Yield the pairs (m, k) of indices of v and of u that a Kronecker delta before the local derivative ties."""
        for factor in product_factors(way.local.value):
            pair = plain_delta(factor) or ()
            for m, k in zip(pair, pair[::-1], strict=True):
                if m in way.indices and k in self._known.indices:
                    yield m, k

"""The steps of the chain rule as a reader wants them, the same in both directions.

First the sum over paths in full, then each local derivative, what is put in, and the collapse. Made on demand by the
same simplifier and in the same order as the result, so that it ends there. The sentences say why each term is there and
why others vanish; what only one direction has to say is in `derivations` and `total_derivations`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chainrule.diff.putting_in import Simplifier
from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import Bracket, Condition, Expr, Index, Indexed, Partial, Product, Reduce, Select, Sum, plus
from chainrule.render.text import expression_text
from chainrule.rewrite.rules import Derivation, Step


@dataclass(frozen=True)
class Contribution:
    """What reaches a derivative through one tensor: Σ over its `indices` of a local derivative times the one beyond.

    The local derivative is `partial` by its name, `raw` as calculus makes it and `value` simplified; `notes` are the
    rules of calculus used. `beyond` is the other derivative by its name, ∂C/∂u[k] or ∂v[m]/∂w[j], and None where the
    local one is all; `found` is what it was derived to be, if that is put in.
    """

    through: str
    indices: tuple[Index, ...]
    partial: Partial
    raw: Expr
    value: Expr
    notes: tuple[str, ...]
    beyond: Expr | None
    found: Expr | None = None


class DerivationSteps(ABC):
    """Writes the derivation of one derivative: `target`, of the entry `of` by the entry `by`, is `result`.

    `order` are the indices of the target in their order, `put_in` the tensors whose derivatives are put in.
    """

    def __init__(
        self,
        simplifier: Simplifier,
        target: Expr,
        result: Expr,
        *,
        ends: tuple[Indexed, Indexed],
        order: tuple[Index, ...],
        put_in: tuple[str, ...],
        taken: tuple[str, ...],
        ranks: Mapping[str, int] | None = None,
    ) -> None:
        self._simplifier = simplifier
        self._target = target
        self._result = result
        self._of, self._by = ends
        self._order = order
        self._put_in = put_in
        self._taken = taken
        self._ranks = ranks

    @abstractmethod
    def product(self, local: Expr, beyond: Expr) -> Expr:
        """Return a local derivative and the one beyond it as a product, in the order of this direction."""

    @abstractmethod
    def local_order(self, part: Contribution) -> tuple[Index, ...]:
        """Return the indices of a local derivative in their order."""

    @abstractmethod
    def local_result(self, part: Contribution) -> tuple[Expr, tuple[str, str]]:
        """Return a local derivative as it is shown, and the rule and statement by which it comes to look so."""

    @abstractmethod
    def share_remark(self, entry: str, part: Contribution) -> str:
        """Say what a term of the sum is, `entry`, and is not."""

    @abstractmethod
    def why_zero(self, part: Contribution) -> str:
        """Say which of the terms of the sum vanish, and why."""

    def derivation(self, parts: tuple[Contribution, ...], remarks: tuple[str, ...] = ()) -> Derivation:
        """Return the derivation as the sum of these contributions."""
        if not parts:
            why = f"no path leads from {self.text(self._by)} to {self.text(self._of)}, so nothing is added up"
            return self.of_steps((Step("chain rule", why, self._target, self._result),), remarks)
        if len(parts) == 1 and parts[0].beyond is None:
            return self.of_steps(self._only_direct(parts[0]), remarks)
        return self.of_steps(tuple(self._over_paths(parts)), remarks)

    def of_steps(self, steps: tuple[Step, ...], remarks: tuple[str, ...] = ()) -> Derivation:
        """Return the derivation with these steps."""
        result, ranks = self._result, self._ranks
        return Derivation(self._target, steps, result, remarks, self._put_in, self._taken, ranks=ranks)

    def text(self, expr: Expr | Condition) -> str:
        """Return an expression or a condition as text."""
        return expression_text(expr, taken=self._taken, ranks=self._ranks)

    def _only_direct(self, part: Contribution) -> tuple[Step, ...]:
        """One reads the other, and nothing lies between them: the local derivative is all."""
        if part.value == part.partial:
            why = f"{self._of.tensor} is an unknown function of {self.text(self._by)}: its derivative is a symbol"
            return (Step("unknown function", why, self._target, self._result),)
        return self._local_steps(part, self._target)

    def _local_steps(self, part: Contribution, target: Expr) -> tuple[Step, ...]:
        order = self.local_order(part)
        begun = self._simplifier.arranged(part.raw, order)
        first = Step("differentiate", "; ".join(part.notes) or "the derivative", target, begun)
        return (first, *self._simplifier.steps(part.raw, order))

    def _over_paths(self, parts: tuple[Contribution, ...]) -> Iterator[Step]:
        symbolic = plus(*map(self._share, parts))
        yield Step("chain rule", self._why_a_sum(parts), self._target, symbolic, remark=self._what_a_share_is(parts))
        for part in parts:
            if part.beyond is None:
                yield self._direct_share(part)
            elif part.value != part.partial:
                yield self._local(part)
        for name in dict.fromkeys(self._put_in):
            part = next(p for p in parts if p.through == name)
            assert part.beyond is not None, "what is put in lies between"
            assert part.found is not None, "what is put in was derived"
            value = self._simplifier.present(part.found)
            yield Step("put in", f"{self.text(part.beyond)} was derived before", part.beyond, value)
        inserted = plus(*map(self._inserted, parts))
        arranged = self._simplifier.arranged(inserted, self._order)
        if arranged != symbolic:
            yield Step("put in", "each factor is replaced by what it was found to be", symbolic, arranged)
        yield from self._simplifier.steps(inserted, self._order)

    def _share(self, part: Contribution) -> Expr:
        if part.beyond is None:
            return self._simplifier.present(part.value)
        return reduce_over("sum", part.indices, self.product(part.partial, part.beyond))

    def _inserted(self, part: Contribution) -> Expr:
        if part.beyond is None:
            return part.value
        beyond = part.beyond if part.found is None else part.found
        return reduce_over("sum", part.indices, self.product(part.value, beyond))

    def _direct_share(self, part: Contribution) -> Step:
        begun = self._simplifier.arranged(part.raw, self._order)
        words = f"the share of {self.text(self._by)} itself, everything else held fixed"
        said = "; ".join((words, *part.notes))
        return Step("direct share", said, begun, self._simplifier.present(part.value))

    def _local(self, part: Contribution) -> Step:
        after, closing = self.local_result(part)
        steps = self._local_steps(part, part.partial)
        if steps[-1].after != after:
            steps = (*steps, Step(*closing, steps[-1].after, after))
        why = self.why_zero(part)
        remarks = (why,) if why else ()
        detail = Derivation(part.partial, steps, after, remarks=remarks, taken=self._taken, ranks=self._ranks)
        return Step("local derivative", "; ".join(part.notes), part.partial, after, "", why, detail)

    def _why_a_sum(self, parts: tuple[Contribution, ...]) -> str:
        between = [
            f"every {self.text(Indexed(p.through, p.indices))}" if p.indices else p.through
            for p in parts
            if p.beyond is not None
        ]
        by = self.text(self._by)
        direct = f", and reads {by} itself" if len(between) < len(parts) else ""
        through = " and ".join(between) + direct
        return f"{self.text(self._of)} depends on {by} through {through}: one product per path, added up"

    def _what_a_share_is(self, parts: tuple[Contribution, ...]) -> str:
        part = next(p for p in parts if p.beyond is not None)
        if not part.indices or part.beyond is None:
            return ""
        return self.share_remark(self.text(self.product(part.partial, part.beyond)), part)


def may_vanish(expr: Expr) -> bool:
    """Say whether brackets or choices can make the whole expression zero."""
    match expr:
        case Bracket() | Select():
            return True
        case Product(factors):
            return any(map(may_vanish, factors))
        case Sum(terms):
            return all(map(may_vanish, terms))
        case Reduce(_, _, body):
            return may_vanish(body)
        case _:
            return False

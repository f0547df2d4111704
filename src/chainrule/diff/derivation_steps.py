"""The steps of the chain rule as a reader wants them, the same in both directions.

First the sum over paths in full, then each local derivative, what is inlined, and the collapse. Made on demand by the
same simplifier and in the same order as the result, so that it ends there. The sentences say why each term is there and
why others vanish; what only one direction has to say is in `derivations` and `total_derivations`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from chainrule.diff.chain_rule import Contribution, chain_rule, named, product
from chainrule.diff.derivative import Differentiator
from chainrule.diff.local import Locals
from chainrule.diff.simplifying import Simplifying
from chainrule.errors import listed
from chainrule.expr.binding import free_in_order
from chainrule.expr.nodes import Bracket, Condition, Expr, Index, Indexed, Product, Reduce, Select, Sum
from chainrule.render.text import expression_text
from chainrule.rewrite.rules import Derivation, Step, where

Closing: TypeAlias = tuple[str, str, Callable[..., object]]
"""The rule, the statement and the function by which a local derivative comes to look as it is shown."""


class DerivationSteps(ABC):
    """Writes the derivation of one derivative: `target`, of the entry `of` by the entry `by`, is `result`.

    `order` are the indices of the target in their order, `inlined` the tensors whose derivatives are written out.
    """

    def __init__(
        self,
        simplifier: Simplifying,
        target: Expr,
        result: Expr,
        *,
        ends: tuple[Indexed, Indexed],
        order: tuple[Index, ...],
        inlined: tuple[str, ...],
        taken: tuple[str, ...],
        ranks: Mapping[str, int] | None = None,
    ) -> None:
        self._simplifier = simplifier
        self._target = target
        self._result = result
        self._of, self._by = ends
        self._order = order
        self._inlined = inlined
        self._taken = taken
        self._ranks = ranks

    @abstractmethod
    def local_order(self, part: Contribution) -> tuple[Index, ...]:
        """Return the indices of a local derivative in their order."""

    @abstractmethod
    def local_result(self, part: Contribution) -> tuple[Expr, Closing]:
        """Return a local derivative as it is shown, and by which rule, statement and function it comes to look so."""

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
            step = Step("chain rule", why, self._target, self._result, where=where(chain_rule))
            return self.of_steps((step,), remarks)
        if len(parts) == 1 and parts[0].beyond is None:
            return self.of_steps(self._only_direct(parts[0]), remarks)
        return self.of_steps(tuple(self._over_paths(parts)), remarks)

    def of_steps(self, steps: tuple[Step, ...], remarks: tuple[str, ...] = ()) -> Derivation:
        """Return the derivation with these steps."""
        result, ranks = self._result, self._ranks
        return Derivation(self._target, steps, result, remarks, self._inlined, self._taken, ranks=ranks)

    def text(self, expr: Expr | Condition) -> str:
        """Return an expression or a condition as text."""
        return expression_text(expr, taken=self._taken, ranks=self._ranks)

    def _only_direct(self, part: Contribution) -> tuple[Step, ...]:
        """One reads the other, and nothing lies between them: the local derivative is all."""
        if part.local.value == part.local.partial:
            why = f"{self._of.tensor} is an unknown function of {self.text(self._by)}: its derivative is a symbol"
            return (Step("unknown function", why, self._target, self._result, where=where(Locals.between)),)
        return self._local_steps(part, self._target)

    def _local_steps(self, part: Contribution, target: Expr) -> tuple[Step, ...]:
        order = self.local_order(part)
        begun = self._simplifier.arranged(part.local.raw, order)
        said, rule = "; ".join(part.local.notes) or "the derivative", where(Differentiator)
        first = Step("differentiate", said, target, begun, remark=self._what_cancels(part.local.raw), where=rule)
        return (first, *self._simplified(part.local.raw, order))

    def _over_paths(self, parts: tuple[Contribution, ...]) -> Iterator[Step]:
        rule = where(chain_rule)
        symbolic = chain_rule(parts, self._by_name, named)
        said = self._what_a_share_is(parts)
        yield Step("chain rule", self._why_a_sum(parts), self._target, symbolic, remark=said, where=rule)
        for part in parts:
            if part.beyond is None:
                yield self._direct_share(part)
            elif part.local.value != part.local.partial:
                yield self._local(part)
        for name in dict.fromkeys(self._inlined):
            part = next(p for p in parts if p.through == name)
            assert part.beyond is not None, "what is inlined lies between"
            assert part.inlined is not None, "what is inlined was derived"
            value, said = self._simplifier.present(part.inlined), f"{self.text(part.beyond)} was derived before"
            yield Step("put in", said, part.beyond, value, where=where(Contribution.with_inlined))
        inserted = chain_rule(parts)
        arranged = self._simplifier.arranged(inserted, self._order)
        if arranged != symbolic:
            said = "each factor is replaced by what it was found to be"
            yield Step("put in", said, symbolic, arranged, remark=self._what_cancels(inserted), where=where(product))
        yield from self._simplified(inserted, self._order)

    def _simplified(self, expr: Expr, order: tuple[Index, ...]) -> Iterator[Step]:
        """Yield the steps in which an expression is simplified, with what cancels in those that multiply out."""
        for step in self._simplifier.steps(expr, order):
            yield replace(step, remark=step.remark or self._cancel(expr, self._simplifier.lost(step)))

    def _by_name(self, part: Contribution) -> Expr:
        """Return a local derivative by its name; as a book would write it where nothing lies beyond."""
        return self._simplifier.present(part.local.value) if part.beyond is None else part.local.partial

    def _what_cancels(self, expr: Expr) -> str:
        """Say what the normal form of an expression has lost: a factor that stood above a bar and below one."""
        return self._cancel(expr, self._simplifier.cancelled(expr))

    def _cancel(self, expr: Expr, factors: tuple[Expr, ...]) -> str:
        """Say that factors of an expression cancel; "" for none."""
        taken = (*self._taken, *(index.preferred for index in free_in_order(expr)))
        lost = [expression_text(base, taken=taken, ranks=self._ranks) for base in factors]
        if len(lost) < 2:
            return f"{lost[0]} cancels" if lost else ""
        return f"{listed(lost[:-1])} and {lost[-1]} cancel"

    def _direct_share(self, part: Contribution) -> Step:
        begun = self._simplifier.arranged(part.local.raw, self._order)
        words = f"the share of {self.text(self._by)} itself, everything else held fixed"
        said = "; ".join((words, *part.local.notes))
        value = self._simplifier.present(part.local.value)
        return Step("direct share", said, begun, value, where=where(Locals.between))

    def _local(self, part: Contribution) -> Step:
        after, closing = self.local_result(part)
        steps = self._local_steps(part, part.local.partial)
        if steps[-1].after != after:
            rule, statement, function = closing
            steps = (*steps, Step(rule, statement, steps[-1].after, after, where=where(function)))
        why = self.why_zero(part)
        remarks = (why,) if why else ()
        detail = Derivation(part.local.partial, steps, after, remarks=remarks, taken=self._taken, ranks=self._ranks)
        said, rule = "; ".join(part.local.notes), where(Locals.between)
        return Step("local derivative", said, part.local.partial, after, remark=why, detail=detail, where=rule)

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
        return self.share_remark(self.text(product(part, self._by_name, named)), part)


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

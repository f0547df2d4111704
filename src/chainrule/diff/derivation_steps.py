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
from chainrule.expr.binding import free_in_order
from chainrule.expr.nodes import Bracket, Condition, Expr, Index, Indexed, Product, Reduce, Select, Sum
from chainrule.render.document import Words, joined, words
from chainrule.render.formula import ShownFormula, formula, whole
from chainrule.rewrite.lettering import with_free_letters
from chainrule.rewrite.rules import Derivation, Step, where

Closing: TypeAlias = tuple[str, Words, Callable[..., object]]
"""The rule, the law and the function by which a local derivative comes to look as it is shown."""


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
        """Return a local derivative as it is shown, and by which rule, law and function it comes to look so."""

    @abstractmethod
    def term_remark(self, term: ShownFormula, part: Contribution) -> Words:
        """Say what a term of the sum is, and is not."""

    @abstractmethod
    def why_zero(self, part: Contribution) -> Words:
        """Say which of the terms of the sum vanish, and why."""

    def derivation(self, parts: tuple[Contribution, ...], notes: tuple[Words, ...] = ()) -> Derivation:
        """Return the derivation as the sum of these contributions."""
        if not parts:
            why = words("no path leads from ", self.formula(self._by), " to ", self.formula(self._of))
            step = Step("chain rule", why, self._target, self._result, where=where(chain_rule))
            return self.of_steps((step,), notes)
        if len(parts) == 1 and parts[0].beyond is None:
            return self.of_steps(self._only_direct(parts[0]), notes)
        return self.of_steps(tuple(self._over_paths(parts)), notes)

    def of_steps(self, steps: tuple[Step, ...], notes: tuple[Words, ...] = ()) -> Derivation:
        """Return the derivation with these steps, their laws in letters that it does not use."""
        result, ranks = self._result, self._ranks
        made = Derivation(self._target, steps, result, notes, self._inlined, self._taken, ranks=ranks)
        return with_free_letters(made)

    def formula(self, expr: Expr | Condition) -> ShownFormula:
        """Return an expression or a condition laid out."""
        return formula(expr, taken=self._taken, ranks=self._ranks)

    def _only_direct(self, part: Contribution) -> tuple[Step, ...]:
        """One reads the other, and nothing lies between them: the local derivative is all."""
        if part.local.value == part.local.partial:
            of, by = whole(self._of.tensor), self.formula(self._by)
            why = words(of, " is an unknown function of ", by, ": its derivative is a symbol")
            return (Step("unknown function", why, self._target, self._result, where=where(Locals.between)),)
        return self._local_steps(part, self._target)

    def _local_steps(self, part: Contribution, target: Expr) -> tuple[Step, ...]:
        order = self.local_order(part)
        begun = self._simplifier.arranged(part.local.raw, order)
        said, rule = _laws(part) or ("the derivative",), where(Differentiator)
        first = Step("differentiate", said, target, begun, note=self._what_cancels(part.local.raw), where=rule)
        return (first, *self._simplified(part.local.raw, order))

    def _over_paths(self, parts: tuple[Contribution, ...]) -> Iterator[Step]:
        rule = where(chain_rule)
        symbolic = chain_rule(parts, self._by_name, named)
        said = self._what_a_term_is(parts)
        yield Step("chain rule", self._why_a_sum(parts), self._target, symbolic, note=said, where=rule)
        for part in parts:
            if part.beyond is None:
                yield self._direct_share(part)
            elif part.local.value != part.local.partial:
                yield self._local(part)
        for name in dict.fromkeys(self._inlined):
            part = next(p for p in parts if p.through == name)
            assert part.beyond is not None, "what is inlined lies between"
            assert part.inlined is not None, "what is inlined was derived"
            value, said = self._simplifier.present(part.inlined), words(self.formula(part.beyond), ", derived before")
            yield Step("substitute", said, part.beyond, value, where=where(Contribution.with_inlined))
        inserted = chain_rule(parts)
        arranged = self._simplifier.arranged(inserted, self._order)
        if arranged != symbolic:
            said, note = ("the factors that were found",), self._what_cancels(inserted)
            yield Step("substitute", said, symbolic, arranged, note=note, where=where(product))
        yield from self._simplified(inserted, self._order)

    def _simplified(self, expr: Expr, order: tuple[Index, ...]) -> Iterator[Step]:
        """Yield the steps in which an expression is simplified, with what cancels in those that multiply out."""
        for step in self._simplifier.steps(expr, order):
            yield replace(step, note=step.note or self._cancel(expr, self._simplifier.lost(step)))

    def _by_name(self, part: Contribution) -> Expr:
        """Return a local derivative by its name; as a book would write it where nothing lies beyond."""
        return self._simplifier.present(part.local.value) if part.beyond is None else part.local.partial

    def _what_cancels(self, expr: Expr) -> Words:
        """Say what the normal form of an expression has lost: a factor that stood above a bar and below one."""
        return self._cancel(expr, self._simplifier.cancelled(expr))

    def _cancel(self, expr: Expr, factors: tuple[Expr, ...]) -> Words:
        """Say that factors of an expression cancel; () for none."""
        taken = (*self._taken, *(index.preferred for index in free_in_order(expr)))
        lost = tuple(formula(base, taken=taken, ranks=self._ranks) for base in factors)
        if len(lost) < 2:
            return (lost[0], " cancels") if lost else ()
        return words(joined(lost[:-1], ", "), " and ", lost[-1], " cancel")

    def _direct_share(self, part: Contribution) -> Step:
        begun = self._simplifier.arranged(part.local.raw, self._order)
        said = words(self.formula(self._of), " reads ", self.formula(self._by), " itself, all else held fixed")
        value = self._simplifier.present(part.local.value)
        laws = words(said, "; ", _laws(part))
        return Step("direct contribution", laws, begun, value, where=where(Locals.between))

    def _local(self, part: Contribution) -> Step:
        after, closing = self.local_result(part)
        steps = self._local_steps(part, part.local.partial)
        if steps[-1].after != after:
            rule, law, function = closing
            steps = (*steps, Step(rule, law, steps[-1].after, after, where=where(function)))
        why = self.why_zero(part)
        notes = (why,) if why else ()
        detail = Derivation(part.local.partial, steps, after, notes=notes, taken=self._taken, ranks=self._ranks)
        said, rule = _laws(part), where(Locals.between)
        return Step("local derivative", said, part.local.partial, after, note=why, detail=detail, where=rule)

    def _why_a_sum(self, parts: tuple[Contribution, ...]) -> Words:
        between = tuple(
            words("every ", self.formula(Indexed(p.through, p.indices))) if p.indices else (whole(p.through),)
            for p in parts
            if p.beyond is not None
        )
        by = self.formula(self._by)
        direct = words(", and reads ", by, " itself") if len(between) < len(parts) else ()
        through = words(joined(between, " and "), direct)
        several = "; the contributions add up" if len(parts) > 1 or parts[0].indices else ""
        return words(self.formula(self._of), " depends on ", by, " through ", through, several)

    def _what_a_term_is(self, parts: tuple[Contribution, ...]) -> Words:
        part = next(p for p in parts if p.beyond is not None)
        if not part.indices or part.beyond is None:
            return ()
        return self.term_remark(self.formula(product(part, self._by_name, named)), part)


def _laws(part: Contribution) -> Words:
    return joined(tuple(words(f"{rule}: ", law) for rule, law in part.local.laws), "; ")


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

"""The steps of the chain rule as a reader wants them, the same in both directions.

First the sum over paths in full, then each local derivative, what is inlined, and the collapse. Made on demand by the
same simplifier and in the same order as the result, so that it ends there. The sentences say why each term is there and
why others vanish; what only one direction has to say is in `derivations` and `total_derivations`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace

from chainrule.diff.chain_rule import Contribution, chain_rule, named, product
from chainrule.diff.derivative import Differentiator
from chainrule.diff.local import Locals
from chainrule.diff.simplifying import Simplifying
from chainrule.expr.binding import free_in_order
from chainrule.expr.nodes import Bracket, Condition, Expr, Index, Indexed, Product, Reduce, Select, Sum, rate
from chainrule.render.document import Words, joined, words
from chainrule.render.formula import ShownFormula, equal, formula, whole
from chainrule.rewrite.lettering import with_free_letters
from chainrule.rewrite.rules import Derivation, Step, where

CONSTANT_FACTOR: Words = ("constant factors stay",)
"""The law where no other is used."""


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
    def local_result(self, part: Contribution) -> Expr:
        """Return a local derivative as it is shown."""

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
        return self._local_steps(part, self._target, self._result)

    def _local_steps(self, part: Contribution, target: Expr, shown: Expr) -> tuple[Step, ...]:
        """Return the steps from a local derivative to what is shown of it: the laws of calculus, then those of sums."""
        order = self.local_order(part)
        begun = self._simplifier.arranged(part.local.raw, order)
        steps: list[Step] = []
        cancelled: list[Words] = []
        for rule, law, made in self._calculus(part):
            before, after = steps[-1].after if steps else target, self._simplifier.arranged(made, order)
            cancelled.append(self._what_cancels(made))
            if after != before:
                note = cancelled[-1] if cancelled[-1] not in cancelled[:-1] else ()
                steps.append(Step(rule, law, before, after, note=note, where=where(Differentiator)))
        if not steps:
            steps = [Step("differentiate", CONSTANT_FACTOR, target, begun, where=where(Differentiator))]
        steps[-1] = replace(steps[-1], after=begun)
        steps += self._simplified(part.local.raw, order)
        return (*steps[:-1], replace(steps[-1], after=shown))

    def _calculus(self, part: Contribution) -> Iterator[tuple[str, Words, Expr]]:
        """Yield the laws of calculus by which a local derivative is found, with what each makes of it."""
        if part.local.expression is None:
            yield from ((rule, law, part.local.raw) for rule, law in part.local.laws)
        for step in part.local.worked_out(self._outer_letters(part.local.partial)):
            yield step.rule, step.law, step.after

    def _over_paths(self, parts: tuple[Contribution, ...]) -> Iterator[Step]:
        rule = where(chain_rule)
        symbolic = chain_rule(parts, self._by_name, named)
        said = self._what_a_term_is(parts)
        yield Step("chain rule", self._why_a_sum(parts), self._target, symbolic, note=said, where=rule)
        for part in parts:
            if part.beyond is None:
                yield self._direct(part)
            elif part.local.value != part.local.partial:
                yield self._local(part)
        inserted = chain_rule(parts)
        arranged = self._simplifier.arranged(inserted, self._order)
        if arranged != symbolic:
            uses, note = tuple(self._uses(parts)), self._what_cancels(inserted)
            law = self._what_is_substituted(uses, parts)
            yield Step("substitute", law, symbolic, arranged, note=note, uses=uses, where=where(product))
        yield from self._simplified(inserted, self._order)

    def _uses(self, parts: tuple[Contribution, ...]) -> Iterator[tuple[Expr, Expr]]:
        """Yield the derivatives beyond that are written out, each with what it was derived to be."""
        for name in dict.fromkeys(self._inlined):
            part = next(p for p in parts if p.through == name)
            assert part.beyond is not None, "what is inlined lies between"
            assert part.inlined is not None, "what is inlined was derived"
            yield part.beyond, self._simplifier.present(part.inlined)

    def _what_is_substituted(self, uses: tuple[tuple[Expr, Expr], ...], parts: tuple[Contribution, ...]) -> Words:
        known = tuple(equal(*map(self.formula, use)) for use in uses)
        found = [part for part in parts if part.beyond is not None and part.local.value != part.local.partial]
        local = [f"the local derivative{'s' if len(found) > 1 else ''}"] if found else []
        return words(joined(known, ", "), " and " if known and local else "", *local)

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

    def _direct(self, part: Contribution) -> Step:
        """Return the step of what one reads of the other itself."""
        assert part.local.expression is not None, "an unknown function reads its arguments through no equation"
        said = words(self.formula(self._of), " reads ", self.formula(self._by), " itself, all else held fixed")
        target, value = rate(part.local.expression, self._by), self._simplifier.present(part.local.value)
        return self._with_detail("direct contribution", part, target, value, said)

    def _local(self, part: Contribution) -> Step:
        why, value = self.why_zero(part), self.local_result(part)
        return self._with_detail("local derivative", part, part.local.partial, value, why)

    def _with_detail(self, rule: str, part: Contribution, target: Expr, value: Expr, note: Words) -> Step:
        """Return a step that is worked out in steps of its own, with the laws of calculus that they use."""
        steps = self._local_steps(part, target, value)
        notes = (note,) if note else ()
        taken = (*self._taken, *self._outer_letters(target))
        detail = Derivation(target, steps, value, notes=notes, taken=taken, ranks=self._ranks)
        used = tuple(words(f"{step.rule}: ", step.law) for step in steps if step.where == where(Differentiator))
        return Step(rule, joined(used, "; "), target, value, note=note, detail=detail, where=where(Locals.between))

    def _outer_letters(self, target: Expr) -> tuple[str, ...]:
        """Return the letters of the whole derivation that are no letters for a sum within one of its lines."""
        inner = free_in_order(target)
        return tuple(index.preferred for index in self._order if index not in inner)

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

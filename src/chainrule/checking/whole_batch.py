"""Answers that speak of all samples of a batch: `mean(n) a[j]*∂C/∂z[k]`, or `a[n,j]` with the letter of the sample.

In a system with `batch n` everything is said of one sample, and so is ∂C/∂z. ∂C/∂W is the mean over the samples for a
whole batch, as `value_and_grad` gives it, and their sum is too much. Such an answer is read in the system that the
batch pass makes, and compared there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.checking.agreement import Sampled, compare
from chainrule.checking.answer import Answer, read_entries, tensor_of
from chainrule.checking.multiples import constant_words
from chainrule.checking.names import short_names
from chainrule.checking.points import POINTS, Array, Point, Points, drawn_points, extended
from chainrule.checking.sides import Side, further_points, missing_sides, points_on
from chainrule.checking.verdicts import (
    NOWHERE,
    UNEXPLAINED,
    Difference,
    Verdict,
    at_a_point,
    not_compared,
    told,
    wrong_words,
)
from chainrule.diff.backprop import Cotangents
from chainrule.errors import InputError
from chainrule.execute.reference.evaluation import Evaluation
from chainrule.expr import symbols
from chainrule.expr.binding import map_operands, rename_indices
from chainrule.expr.nodes import (
    MINUS_ONE,
    Affine,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    Power,
    Product,
    Reduce,
    Sum,
    plus,
    times,
    walk,
)
from chainrule.expr.sizes import Declared, Size, source_of
from chainrule.expr.symbols import Derivative, unused
from chainrule.pipeline import backprop, cotangents_for
from chainrule.render.document import words
from chainrule.render.formula import ShownFormula, equation_formula, lettered_formula
from chainrule.system.batching import batch
from chainrule.system.model import Equation, System
from chainrule.system.printing import ranks_of
from chainrule.system.typecheck import typecheck


def mentions_samples(value: Expr, system: System) -> bool:
    """Say whether a value reduces over the samples of a batch, or names their number."""
    samples = Declared(system.batch)
    return bool(system.batch) and any(
        (isinstance(part, Reduce) and any(i.extent == samples for i in part.indices))
        or (isinstance(part, ExtentValue) and part.extent == samples)
        for part in walk(value)
    )


def verdict_of_samples(system: System, text: str, wrt: str | None) -> Verdict | None:
    """Return the verdict on an answer that names the sample in its entries; None for one that does not.

    Raises NotationError for one that cannot be read.
    """
    if not system.batch or not re.search(rf"\[[^\]]*\b{re.escape(system.batch)}\b", text):
        return None
    named = _named(text, system, wrt)
    cotangents = cotangents_for(system, named[0]) if len(named) == 1 else backprop(system, named).cotangents
    whole = _Whole.of(cotangents, named, ())
    tensor = tensor_of(text, whole.system, wrt)
    read = read_entries(text, tensor, whole.system, whole.target(tensor).indices)
    if read.loose:
        return whole.wrong_form(read.loose_letters, whole.target(tensor))
    return whole.verdict(tensor, read.value, read.indices, whole.target(tensor))


def verdict_for_the_batch(cotangents: Cotangents, read: Answer, truth: Expr, named: tuple[str, ...]) -> Verdict:
    """Return the verdict on an answer that is written for one sample and reduces over all.

    What differs from sample to sample even so is compared with the derivative of one sample.
    """
    names = tuple(cotangents.system.names())
    mine, share = unused("answer", names), unused("share", names)
    known = cotangents.of(read.tensor).indices
    added = (Equation(Indexed(mine, read.indices), read.value), Equation(Indexed(share, known), truth))
    whole = _Whole.of(cotangents, (read.tensor, *named), added)
    answer = whole.system.defined[mine]
    per_sample = len(answer.indices) > len(read.indices)
    right = whole.system.defined[share] if per_sample else whole.target(read.tensor)
    return whole.verdict(read.tensor, answer.value, answer.indices, right)


def of_one_sample(value: Expr, system: System) -> Expr | None:
    """Return what the mean over the samples is taken of, where a value is such a mean or a sum with some; else None.

    `mean(n) x` and `1/extent(n)*(sum(n) x)` are x.
    """
    samples = Declared(system.batch)
    if not mentions_samples(value, system):
        return value
    match value:
        case Reduce("mean", (Index(extent=extent),), body) if extent == samples:
            return None if mentions_samples(body, system) else body
        case Sum(terms):
            parts = [of_one_sample(term, system) for term in terms]
            found = [part for part in parts if part is not None]
            return plus(*found) if len(found) == len(parts) else None
        case Product(factors):
            return _factor_of_one_sample(factors, system)
        case _:
            return None


def _factor_of_one_sample(factors: tuple[Expr, ...], system: System) -> Expr | None:
    share = Power(ExtentValue(Declared(system.batch)), MINUS_ONE)
    others = [f for f in factors if f != share]
    if len(others) == len(factors) - 1:
        others = [Reduce("mean", f.indices, f.body) if isinstance(f, Reduce) and f.op == "sum" else f for f in others]
    parts = [of_one_sample(f, system) for f in others]
    found = [part for part in parts if part is not None]
    several = sum(mentions_samples(f, system) for f in others) != 1
    return None if several or len(found) < len(parts) else times(*found)


def _as_answered(expr: Expr) -> Expr:
    if isinstance(expr, Indexed):
        return Indexed(symbols.of_one_sample(expr.tensor), expr.indices, expr.guarded)
    return map_operands(expr, _as_answered)


def _named(text: str, system: System, wrt: str | None) -> tuple[str, ...]:
    """Return the tensors whose derivatives an answer is of or names, by ∂C/∂z2 or by δ2."""
    short: dict[str, str] = {name: full.wrt[-1] for name, full in short_names(system).items()}
    words = re.findall(r"(∂?)([^\W\d]\w*)", f"{text} ∂{wrt or ''}")
    only = system.params if len(system.params) == 1 else ()
    named = dict.fromkeys((*(short.get(word, word) for mark, word in words if mark or word in short), *only))
    known = frozenset(system.names()) - {system.cost}
    return tuple(tensor for tensor in named if tensor in known)


@dataclass(frozen=True)
class _Whole:
    """A system for all samples with derivatives of its cost, and the same at random points of its `forward` part."""

    system: System
    forward: System
    points: Points
    samples: Size

    @staticmethod
    def of(cotangents: Cotangents, named: tuple[str, ...], added: tuple[Equation, ...]) -> _Whole:
        """Return it with the derivatives by the named tensors and with further equations, written for one sample."""
        forward = cotangents.system
        wanted = tuple(dict.fromkeys(named))
        one = typecheck(forward.with_equations((*forward.equations, *cotangents.equations(wanted), *added)))
        whole = _Whole(batch(one), batch(forward), Points(()), Declared(forward.batch))
        return replace(whole, points=Points(whole.extended(drawn_points(whole.forward, range(POINTS)))))

    def extended(self, evaluations: Sequence[Evaluation]) -> tuple[Point, ...]:
        """Return evaluations of the forward part with the values of all that is derived."""
        return extended(evaluations, self.system, len(self.forward.equations)).points

    def on_all_sides(self, truth: Expr, answer: Expr) -> tuple[_Whole, tuple[Side, ...]]:
        """Return it with points on the sides of all that is compared, and the sides that no point has reached."""
        further = self.extended(further_points(truth, answer, self.system, self.forward))
        points = (*self.points.points, *further)
        missing = missing_sides(truth, answer, self.system, [point.evaluation for point in points])
        led, left = points_on(missing, self.forward, self.extended)
        return replace(self, points=Points((*points, *led))), left

    def target(self, tensor: str) -> Equation:
        """Return the equation of ∂C/∂tensor for all samples."""
        name = Derivative(self.system.cost, tensor)
        return self.system.defined[self.system.per_sample.get(name, name)]

    def line(self, right: Equation) -> ShownFormula:
        """Return an equation that an answer can be: in it derivatives are called as for one sample."""
        target, value = _as_answered(right.target), _as_answered(right.value)
        return equation_formula(target, value, ranks=ranks_of(self.system))

    def wrong_form(self, reason: str, right: Equation) -> Verdict:
        """Return the verdict on an answer that has no values of its own to compare."""
        return told(False, wrong_words(reason, self.line(right)), change=reason)

    def verdict(self, tensor: str, value: Expr, indices: tuple[Index, ...], right: Equation) -> Verdict:
        """Return the verdict on a value for ∂C/∂tensor where the equation `right` is right."""
        value = rename_indices(value, dict(zip(reversed(indices), reversed(right.indices), strict=False)))
        wider, untried = self.on_all_sides(right.value, value)
        verdict = wider.compared(tensor, value, right)
        return not_compared(verdict, tuple(side.text for side in untried)) if verdict else verdict

    def compared(self, tensor: str, value: Expr, right: Equation) -> Verdict:
        """Return the verdict that the points give, on a value with the indices of the right equation."""
        target = Indexed(Derivative(self.system.cost, tensor), right.indices)
        shown = Equation(target, right.value)
        line = self.line(shown)
        try:
            values = self.points.values(value, right.indices)
        except InputError as error:
            return self.wrong_form(error.what, shown)
        known = self.points.values(right.value, right.indices)
        answer, truth = Sampled(value, right.indices, values), Sampled(right.value, right.indices, known)
        found = compare(self.points, answer, truth, tensor)
        if found.kind == "equal":
            one = bool(right.indices) and right.indices[0].extent == self.samples
            return told(True, [words(f"Right{'' if one else ', for the whole batch'}: ", line)])
        if found.kind == "nowhere":
            return told(False, wrong_words(NOWHERE, line))
        change = self._change(answer, known)
        expected, mine = (float(side[found.point][found.entry]) for side in (known, values))
        place = Indexed(target.tensor, tuple([Affine((), int(number)) for number in found.entry]))
        difference = Difference(lettered_formula(place, ranks_of(self.system)), mine, expected)
        said = wrong_words(change or UNEXPLAINED, line)
        return told(False, said, difference, change, [at_a_point(difference)])

    def _change(self, answer: Sampled, known: Sequence[Array]) -> str:
        """Say so if the answer is right with means over the samples in place of sums, or times a number."""
        letter = source_of(self.samples)
        if self.points.agree(self._with_means(answer.value), answer.indices, known):
            sums = f"the sum over the samples {letter} stands where their mean belongs"
            return f"{sums}: it is extent({letter}) times the mean"
        return constant_words(answer.values, known, self.points, self.system)

    def _with_means(self, value: Expr) -> Expr:
        if isinstance(value, Reduce) and value.op == "sum" and [i.extent for i in value.indices] == [self.samples]:
            return Reduce("mean", value.indices, value.body)
        return map_operands(value, self._with_means)

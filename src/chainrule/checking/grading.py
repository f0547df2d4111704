"""`check`: whether a derivative worked out by hand is right, in whatever form it is written.

The truth is what backpropagation derives; answer and truth are compared as numbers at random points. An answer that is
right at all of them is also compared on each side of every bracket, choice and kink that they have missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from chainrule.checking.agreement import Agreement, Sampled, cancels, compare
from chainrule.checking.answer import Answer, circular, derivatives_named, read_answer, tensor_of
from chainrule.checking.circular import named_itself, names_itself
from chainrule.checking.clashes import clashes
from chainrule.checking.diagnosis import Array, Case, clash_words, loose_words, values_of
from chainrule.checking.family_answers import verdict_in_family
from chainrule.checking.forms import users_of
from chainrule.checking.jacobian_answers import verdict_between, verdict_of_steps
from chainrule.checking.names import unknown_derivatives
from chainrule.checking.points import POINTS, SCALAR_POINTS, Point, Points, drawn_points, with_derivatives
from chainrule.checking.sides import Side, further_points, missing_sides, points_on
from chainrule.checking.step_edits import OTHER_STEP
from chainrule.checking.two_readings import in_two_ways
from chainrule.checking.verdicts import Verdict, right, wrong, wrong_form
from chainrule.checking.whole_batch import (
    mentions_samples,
    of_one_sample,
    verdict_for_the_batch,
    verdict_of_samples,
)
from chainrule.diff.backprop import Cotangents
from chainrule.diff.coupled_samples import uncoupled
from chainrule.errors import ChainruleError, DerivativeError, InputError, NotationError
from chainrule.execute.reference.evaluation import Evaluation
from chainrule.execute.shortage import enough_memory
from chainrule.expr.binding import tensors_in
from chainrule.expr.nodes import ZERO, Expr
from chainrule.expr.shared import memory_of
from chainrule.expr.symbols import Derivative, Symbol
from chainrule.families.families import Families
from chainrule.keywords import answers
from chainrule.pipeline import cotangents_for
from chainrule.render.text import expression_text
from chainrule.system.given_system import check_system
from chainrule.system.locations import cost_advice
from chainrule.system.model import Given, System

REDRAWN = 3


@answers
@enough_memory("the check")
def check(system: System | Families, answer: str, *, wrt: str | None = None) -> Verdict:
    r"""Say whether an answer such as `∂C/∂z[j] = a[j] - y[j]` is right, in any algebraic form.

    A right side alone is an answer for ∂C/∂wrt. The answer may name ∂C/∂t of other tensors t, and ∂u/∂v of an equation
    that reads v; its indices may have any letters. Right is what has a value wherever the derivative has one, and is
    equal to it to nine digits at random points, drawn so that the facts of the system hold and both sides of brackets,
    choices and kinks are met. Where the terms of the derivative cancel, they are compared at their size. In a system
    with `batch n` an answer is for one sample, or with mean(n) for all. Of families an answer is for one case,
    ∂C/∂z[l; k] or ∂C/∂z[L; k]. Raises NotationError, with a caret, for what cannot be read.

    >>> from chainrule.notation import parse
    >>> system = parse("data y[k]\nparam a[k]\ncost C = 1/2*(sum(k) (a[k] - y[k])^2)")
    >>> bool(check(system, "∂C/∂a[k] = -(y[k] - a[k])"))
    True
    >>> print(check(system, "2*(a[k] - y[k])", wrt="a").change)
    an extra factor of 2
    """
    if isinstance(system, Families):
        of_steps = verdict_of_steps(system, answer, _graded)
        return verdict_in_family(system, answer, wrt, graded) if of_steps is None else of_steps
    return graded(system, answer, wrt)


def graded(system: System, answer: str, wrt: str | None, *, of_steps: bool = False) -> Verdict:
    """Return the verdict on an answer in a system; see `check`.

    In one that is made `of_steps` of a family an answer that goes round in a circle may have the wrong step, and where
    the derivative is 0 at all points, though not by its formula, nothing is said: DerivativeError.
    """
    check_system(system)
    system = uncoupled(system)
    of_tensors = verdict_between(system, answer, _graded)
    if of_tensors is not None:
        return of_tensors
    if not system.cost:
        raise DerivativeError("the system has no cost, so there is nothing to check", advice=cost_advice(system))
    try:
        tensor, cotangents = _asked(system, answer, wrt)
        read = read_answer(answer, tensor, cotangents)
        if read.two_ways:
            return _graded_in_two_ways(system, answer, read, cotangents, of_steps=of_steps)
    except NotationError:
        found = verdict_of_samples(system, answer, wrt)
        if found is None and of_steps:
            found = _of_another_step(system, answer, wrt)
        if found is None:
            raise
        return found
    return _graded(system, answer, read, cotangents, of_steps=of_steps)


def _of_another_step(system: System, text: str, wrt: str | None) -> Verdict | None:
    """Return the verdict on an answer that goes round in a circle, if another step makes it right; else None."""
    try:
        tensor, cotangents = _asked(system, text, wrt)
        case = _case(read_answer(text, tensor, cotangents, circles=True), cotangents)
    except NotationError:
        return None
    if clashes(case.answer, cotangents.system):
        words = clash_words(case)
        return wrong_form(case, words) if OTHER_STEP in words else None
    values = values_of(case.points, case.answer)
    if case.answer.loose or isinstance(values, InputError):
        return None
    found = _compared(case, values)
    verdict = wrong(case, values, found) if found.kind == "different" else None
    return verdict if verdict is not None and OTHER_STEP in verdict.change else None


def _asked(system: System, answer: str, wrt: str | None) -> tuple[Symbol, Cotangents]:
    """Return the tensor that an answer is a derivative by, and what knows that derivative.

    It may be one that was named for the derivation, such as the `a_argument` of a relu or the `C_inner` of a maximum.
    """
    try:
        tensor = tensor_of(answer, system, wrt)
    except NotationError:
        with suppress(ChainruleError):
            cotangents = cotangents_for(system, (*system.params, system.cost)[0])
            return tensor_of(answer, cotangents.system, wrt), cotangents
        raise
    if tensor == system.cost:
        raise DerivativeError(f"{tensor} is the cost itself; its derivative by itself is 1")
    return tensor, cotangents_for(system, tensor)


def _graded_in_two_ways(
    system: System, text: str, direct: Answer, cotangents: Cotangents, *, of_steps: bool
) -> Verdict:
    """Return the verdict on an answer with a ∂u/∂v that may be a local derivative or the total one."""
    total = read_answer(text, direct.tensor, cotangents, total=True)
    verdicts = [_graded(system, text, read, cotangents, of_steps=of_steps) for read in (direct, total)]
    return in_two_ways(verdicts[0], verdicts[1], direct.two_ways)


def _graded(system: System, text: str, read: Answer, cotangents: Cotangents, *, of_steps: bool = False) -> Verdict:
    """Return the verdict on an answer that has been read."""
    case = _case(read, cotangents)
    if of_steps and case.truth != ZERO and not any(np.any(known) for known in case.true_values):
        raise DerivativeError(f"{Derivative(cotangents.cost, read.tensor)} is 0 at all points that were drawn")
    if clashes(read, cotangents.system):
        return wrong_form(case, clash_words(case))
    if read.loose:
        return wrong_form(case, loose_words(case))
    if mentions_samples(read.value, system):
        return _graded_for_the_batch(system, text, case, cotangents)
    values = values_of(case.points, read)
    if isinstance(values, InputError):
        return wrong_form(case, values.what)
    found = _compared(case, values)
    if found.kind == "equal":
        return _right_on_all_sides(system, text, case, cotangents)
    if found.kind == "different":
        case, values = _at_further_points(case, values)
    return wrong(case, values, found)


def _graded_for_the_batch(system: System, text: str, case: Case, cotangents: Cotangents) -> Verdict:
    """Return the verdict on an answer about all samples; what is wrong with a mean is said of one sample."""
    named = derivatives_named(case.answer.value, cotangents.cost)
    verdict = verdict_for_the_batch(cotangents, case.answer, case.truth, named)
    value = None if verdict or verdict.change else of_one_sample(case.answer.value, system)
    if value is None:
        return verdict
    single = _graded(system, text, replace(case.answer, value=value), cotangents)
    return verdict if single else single


def _case(read: Answer, cotangents: Cotangents) -> Case:
    """Return answer and truth with what they are compared by; a truth whose terms cancel is 0.

    A point at which they cancel, though they do not at another, says nothing: it is drawn again.
    """
    truth, indices = cotangents.simplifier.present(cotangents.of(read.tensor).value), cotangents.of(read.tensor).indices
    count = POINTS if indices else SCALAR_POINTS
    points = _whole(cotangents, read, truth, drawn_points(cotangents.system, range(count)))
    for again in range(REDRAWN + 1):
        known = points.values(truth, indices)
        zero = cancels(points, Sampled(truth, indices, known))
        if again == REDRAWN or all(zero) or not any(zero):
            break
        seeds = [seed + count * (again + 1) for seed, none in enumerate(zero) if none]
        fresh = iter(_whole(cotangents, read, truth, drawn_points(cotangents.system, seeds)).points)
        kept = zip(points.points, zero, strict=True)
        points = Points(tuple(next(fresh) if none else point for point, none in kept))
    return Case(read, truth, indices, points, _exact(known, zero), cotangents)


def _exact(known: Sequence[Array], zero: Sequence[bool]) -> list[Array]:
    """Return the values of the truth with 0 at the points where its terms cancel."""
    return [np.where(np.isfinite(v), 0.0, v) if none else v for v, none in zip(known, zero, strict=True)]


def _whole(cotangents: Cotangents, answer: Answer, truth: Expr, evaluations: Sequence[Evaluation]) -> Points:
    """Return points with the values of all derivatives that a verdict needs."""
    named = (*derivatives_named(truth, cotangents.cost), *derivatives_named(answer.value, cotangents.cost))
    wanted = tuple(dict.fromkeys((answer.tensor, *named, *users_of(answer.tensor, cotangents))))
    unknown = (e for e in unknown_derivatives(cotangents.system) if e.name in tensors_in(answer.value))
    return with_derivatives(evaluations, cotangents.system, (*unknown, *cotangents.equations(wanted)))


def _compared(case: Case, values: Sequence[Array]) -> Agreement:
    answer = Sampled(case.answer.value, case.answer.indices, values)
    return compare(case.points, answer, Sampled(case.truth, case.indices, case.true_values), case.answer.tensor)


def _right_on_all_sides(system: System, text: str, case: Case, cotangents: Cotangents) -> Verdict:
    """Return the verdict on an answer that is right at all points, after looking at sides that none has reached."""
    if names_itself(case.answer.value, case.answer.indices, case.answer.tensor, cotangents):
        raise circular(text, named_itself(case.answer.tensor, cotangents))
    there, missing = _elsewhere(case)
    values = values_of(there.points, case.answer)
    if there.points.points and (
        isinstance(values, InputError) or _compared(there, values).kind in ("different", "undefined")
    ):
        return _wrong_on_a_side(case, there)
    givens = _givens_needed(system, text, case.answer.tensor, total=case.answer.total)
    return right(case, givens, tuple(side.text for side in missing))


def _elsewhere(case: Case) -> tuple[Case, tuple[Side, ...]]:
    """Return an answer and the truth at further points, on sides that none has reached, and those still not reached."""
    cotangents, answer, truth = case.cotangents, case.answer, case.truth
    whole, forward = case.points.evaluations[0].system, cotangents.system

    def extend(evaluations: Sequence[Evaluation]) -> tuple[Point, ...]:
        return _whole(cotangents, answer, truth, evaluations).points

    further = extend(further_points(truth, answer.value, whole, forward))
    reached = (*case.points.evaluations, *(point.evaluation for point in further))
    led, missing = points_on(missing_sides(truth, answer.value, whole, reached), forward, extend)
    points = Points((*further, *led))
    known = points.values(truth, case.indices)
    exact = _exact(known, cancels(points, Sampled(truth, case.indices, known)))
    return replace(case, points=points, true_values=exact), missing


def _with(case: Case, there: Case) -> Case:
    """Return an answer and the truth at the points of both."""
    points = Points((*case.points.points, *there.points.points))
    return replace(case, points=points, true_values=[*case.true_values, *there.true_values])


def _at_further_points(case: Case, values: list[Array]) -> tuple[Case, list[Array]]:
    """Return a wrong answer at the points of its sides too, so that no change explains it on one side alone."""
    there, _ = _elsewhere(case)
    more = values_of(there.points, case.answer)
    return (case, values) if isinstance(more, InputError) else (_with(case, there), [*values, *more])


def _wrong_on_a_side(case: Case, there: Case) -> Verdict:
    """Return the verdict on an answer that is right at random points, but not at points on further sides."""
    both = _with(case, there)
    values = values_of(both.points, case.answer)
    if isinstance(values, InputError):
        return wrong_form(both, values.what)
    return wrong(both, values, _compared(both, values))


def _givens_needed(system: System, text: str, tensor: Symbol, *, total: bool) -> tuple[str, ...]:
    """Return the facts without which the answer would be wrong."""
    needed = []
    kept: dict[Given, System] = memory_of(system, "systems without a fact")
    for given in system.givens:
        others = kept.setdefault(given, replace(system, givens=tuple(g for g in system.givens if g is not given)))
        try:
            cotangents = cotangents_for(others, tensor)
            case = _case(read_answer(text, tensor, cotangents, total=total), cotangents)
            values = values_of(case.points, case.answer)
        except ChainruleError:
            # Without the fact there may be no point at which anything is defined; then nothing can be said.
            continue
        if not isinstance(values, InputError) and _compared(case, values).kind in ("different", "undefined"):
            needed.append(expression_text(given.condition))
    return tuple(needed)

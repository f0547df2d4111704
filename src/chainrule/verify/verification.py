"""Verification of derivations: both sides of every step have the same value at random points.

The forward equations are evaluated at random inputs that satisfy the system's facts; every ∂C/∂u and ∂u/∂v that a step
names is taken by central differences, not by the rules under test. A step defined at no drawn point is reported as
unverified, never as right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, VerificationError
from chainrule.execute.reference.evaluation import Evaluation, evaluate_all
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.magnitudes import magnitude, size_of
from chainrule.execute.shortage import enough_memory
from chainrule.expr.binding import free_in_order, map_operands, tensors_in
from chainrule.expr.nodes import (
    RATE,
    Call,
    Expr,
    Index,
    Indexed,
    Lookup,
    Partial,
    Position,
    mark_of,
    product_factors,
    times,
    walk,
)
from chainrule.expr.symbols import Derivative, Symbol, Tensor, derivative_by
from chainrule.render.text import expression_text
from chainrule.rewrite.rules import Derivation, Step
from chainrule.system.model import Equation, System
from chainrule.verify.differences import Differences, numeric_derivative, numeric_local_derivative
from chainrule.verify.sampling import random_inputs
from chainrule.verify.unknowns import RandomUnknowns

Array = npt.NDArray[Any]
TOLERANCE = 1e-6
"""Largest difference of two sides, relative to the largest entry: far below a rule that is off by 0.05 %."""
ROUNDING = 2.0**14 * float(np.finfo(np.float64).eps)
"""What differences round off, relative to what is added up: they divide by steps of some ten thousandths."""
POINTS = 3
SEEDS = 12


@dataclass(frozen=True)
class StepCheck:
    """What verification found of one step: at how many points it was compared, and the largest relative difference."""

    step: Step
    points: int
    difference: float

    @property
    def verified(self) -> bool:
        """Whether the step was compared at any point at all."""
        return self.points > 0


@dataclass(frozen=True)
class Verification:
    """The checks of all steps of a derivation, of the details too, in reading order."""

    checks: tuple[StepCheck, ...]

    @property
    def unverified(self) -> tuple[Step, ...]:
        """The steps that are defined at no drawn point."""
        return tuple(check.step for check in self.checks if not check.verified)

    def __str__(self) -> str:
        worst = max((c.difference for c in self.checks), default=0.0)
        text = (
            f"verified {sum(c.verified for c in self.checks)} of {len(self.checks)} steps at random points in float64"
        )
        missing = (
            f"; defined at no drawn point: {', '.join(s.rule for s in self.unverified)}" if self.unverified else ""
        )
        return f"{text}, largest relative difference {worst:.1e}{missing}"


@enough_memory("the verification")
def verify_derivation(derivation: Derivation, system: System) -> Verification:
    """Check every step. `system` is the forward system that the derivation is of, its extrema named.

    Raises VerificationError for the first step whose sides differ, and where the last step does not end at the result.
    """
    _check_ends(derivation)
    steps = list(_all_steps(derivation))
    points = np.zeros(len(steps), int)
    worst = np.zeros(len(steps))
    for seed in range(SEEDS):
        if points.min(initial=POINTS) >= POINTS:
            break
        for number, (step, difference) in enumerate(_differences(steps, system, seed)):
            if difference is None:
                continue
            if difference > TOLERANCE:
                raise _wrong(derivation, step, difference, seed)
            points[number] += 1
            worst[number] = max(worst[number], difference)
    found = zip(steps, points, worst, strict=True)
    return Verification(tuple(StepCheck(s, int(n), float(w)) for s, n, w in found))


def _all_steps(derivation: Derivation) -> Iterator[Step]:
    for step in derivation.steps:
        if step.detail is not None:
            yield from _all_steps(step.detail)
        yield step


def _check_ends(derivation: Derivation) -> None:
    if derivation.steps and derivation.steps[-1].after != derivation.result:
        raise VerificationError(
            "the last step does not end at the result",
            where=derivation.equation(),
            expected=f"it ends at {derivation.text(derivation.steps[-1].after)}",
            advice="This is an error in chainrule; please report it with the system.",
        )
    for step in derivation.steps:
        if step.detail is not None:
            _check_ends(step.detail)


def _wrong(derivation: Derivation, step: Step, difference: float, seed: int) -> VerificationError:
    return VerificationError(
        f"a step of the derivation of {derivation.text(derivation.target)} is wrong: {step.rule}",
        where=f"{derivation.text(step.before)}  is not  {derivation.text(step.after)}",
        expected=f"equal values; they differ by {difference:.2e} relative to the largest entry, at point {seed}",
        advice=f"The rule says: {step.statement}",
    )


def _differences(steps: list[Step], system: System, seed: int) -> Iterator[tuple[Step, float | None]]:
    """Yield, for each step, the relative difference of its sides at one random point; None where undefined."""
    unknowns = RandomUnknowns(seed)
    inputs = random_inputs(system, seed, unknowns=unknowns)
    evaluation = evaluate_all(system, inputs, unknowns=unknowns)
    point = Trial(evaluation)
    for step in steps:
        try:
            found = [point.difference(*sides) for sides in (*step.uses, (step.before, step.after))]
        except InputError as error:
            raise VerificationError(
                f"a step of a derivation cannot be evaluated: {error.what}",
                where=f"{step.rule}: {expression_text(step.before)}  =  {expression_text(step.after)}",
                expected="two sides that are defined wherever the equations of the system are",
                advice=f"The rule says: {step.statement}",
            ) from error
        known = [difference for difference in found if difference is not None]
        yield step, max(known) if len(known) == len(found) else None


@dataclass
class Trial:
    """A random point, with every derivative that was asked for by central differences."""

    evaluation: Evaluation
    known: dict[Symbol, Differences] = field(default_factory=dict)
    sizes: dict[Symbol, float] = field(default_factory=dict)
    rates: dict[tuple[Expr, Symbol], Tensor] = field(default_factory=dict)

    def difference(self, left: Expr, right: Expr) -> float | None:
        """Return the largest difference of two expressions relative to their largest entry.

        None where a side is undefined, or the differences at hand are not exact enough to tell.
        """
        free = tuple(dict.fromkeys((*free_in_order(left), *free_in_order(right))))
        values = [self.value(side, free) for side in (left, right)]
        wider = [self.value(side, free, wider=True) for side in (left, right)]
        if not all(np.isfinite(value).all() for value in (*values, *wider)):
            return None
        scale = max(self._noise(), *(float(np.abs(value).max(initial=0.0)) for value in values))
        scale = max(scale, *(self._rounding(side, free) / TOLERANCE for side in (left, right)))
        doubt = max(float(np.abs(a - b).max(initial=0.0)) for a, b in zip(values, wider, strict=True))
        if not doubt <= TOLERANCE * scale / 10:
            return None
        return float(np.abs(values[0] - values[1]).max(initial=0.0)) / scale

    def _rounding(self, expr: Expr, free: tuple[Index, ...]) -> float:
        """Return what two ways to compute an expression may differ by, from the size of what it adds up."""
        found: dict[str, Array] = {}
        for name, known in self.known.items():
            found[name], found[size_of(name)] = known.values, np.abs(known.values) + self.sizes[name]
        scope, plain = self.evaluation.scope, self._named(expr)
        for tensor in tensors_in(plain) & scope.values.keys():
            found.setdefault(size_of(tensor), np.abs(scope.values[tensor]))
        values: Mapping[str, Array] = {**scope.values, **found}
        sizes = evaluate_in(replace(scope, values=values), magnitude(plain), free)
        return ROUNDING * float(np.abs(sizes[np.isfinite(sizes)]).max(initial=0.0))

    def _noise(self) -> float:
        """Return the size below which differences of the cost tell nothing: a small part of the cost itself."""
        cost = self.evaluation.scope.values.get(self.evaluation.system.cost)
        size = 0.0 if cost is None else float(np.abs(cost).max(initial=0.0))
        return 1e-4 * size if size > 0 else 1e-3

    def value(self, expr: Expr, free: tuple[Index, ...], *, wider: bool = False) -> Array:
        """Return the value of an expression that may name derivatives; `wider` takes those of the wider differences."""
        plain = self._named(expr)
        for part in walk(plain):
            if isinstance(part, Indexed) and isinstance(part.tensor, Derivative) and part.tensor not in self.known:
                of, wrt = part.tensor.of, part.tensor.wrt
                lower = Derivative(of, *wrt[:-1]) if len(wrt) > 1 else of
                self._learn(part.tensor, of, numeric_derivative(self.evaluation, lower, wrt[-1]))
        scope = self.evaluation.scope
        found: dict[str, Array] = {name: known.wider if wider else known.values for name, known in self.known.items()}
        values: Mapping[str, Array] = {**scope.values, **found}
        return evaluate_in(replace(scope, values=values), plain, free)

    def _named(self, expr: Expr) -> Expr:
        """Return the expression with ∂u[k]/∂v[j] of an equation u as an entry of an array of differences."""
        if isinstance(expr, Call) and expr.function == RATE:
            of, by = expr.arguments
            assert isinstance(by, Indexed), "a rate is by an entry"
            return self._rate(of, by)
        if not isinstance(expr, Partial):
            return map_operands(expr, self._named)
        equation = self.evaluation.system.defined.get(expr.of.tensor)
        if equation is None:
            return expr
        (wrt,) = expr.wrt
        name = Tensor(f"local {derivative_by(equation.name, wrt.tensor)}")
        if name not in self.known:
            self._learn(name, equation.name, numeric_local_derivative(self.evaluation, equation, wrt.tensor))
        return Indexed(name, (*expr.of.indices, *wrt.indices))

    def _rate(self, of: Expr, by: Indexed) -> Expr:
        """Return ∂(expression)/∂v[j] as an entry of an array of differences: that of an equation without a name.

        Where the expression reads outside of a tensor, a bracket or a mark beside it says that it does not count. Its
        own marks still make 0 of the product that the derivative stands in.
        """
        marks = [mark for factor in product_factors(of) if (mark := mark_of(factor)) is not None]
        indices, inside = free_in_order(of), _marked(of)
        name = Tensor(f"rate {len(self.known)}")
        known = self.rates.setdefault((of, by.tensor), name)
        if known not in self.known:
            equation = Equation(Indexed(name, indices), inside)
            size = np.abs(evaluate_in(self.evaluation.scope, inside, indices)).max(initial=0.0)
            self.known[known] = numeric_local_derivative(self.evaluation, equation, by.tensor)
            self.sizes[known] = float(size)
        entry = Indexed(known, (*indices, *by.indices))
        return times(*(Indexed(self._ones(mark.tensor), mark.indices, guarded=True) for mark in marks), entry)

    def _ones(self, tensor: Symbol) -> Symbol:
        """Return the name of a tensor of ones, of the shape of another: marked, it is 1 inside and 0 outside."""
        name = Tensor(f"ones {tensor}")
        if name not in self.known:
            ones = np.ones_like(self.evaluation.scope.values[tensor])
            self.known[name], self.sizes[name] = Differences(ones, ones), 1.0
        return name

    def _learn(self, name: Symbol, of: Symbol, differences: Differences) -> None:
        size = np.abs(self.evaluation.scope.values.get(of, 0.0)).max(initial=0.0)
        self.known[name], self.sizes[name] = differences, float(size)


def _marked(expr: Expr) -> Expr:
    """Return an expression that reads 0 where it would read outside of a tensor."""
    if not isinstance(expr, Indexed):
        return map_operands(expr, _marked)
    return Indexed(expr.tensor, tuple(map(_marked_position, expr.indices)), guarded=bool(expr.indices))


def _marked_position(position: Position) -> Position:
    if not isinstance(position, Lookup):
        return position
    entry = _marked(position.entry)
    assert isinstance(entry, Indexed), "an entry stays one"
    return replace(position, entry=entry)

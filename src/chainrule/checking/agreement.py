"""Whether an answer and the truth have the same values at random points, and where they have not.

They are compared where both have a value, at the size of what is added up. Where the derivative has a value the answer
must have one, unless a number on the way is too large or too small for float64. On a kink, where the slopes left and
right of a point differ, any convention goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chainrule.checking.points import ROUNDING, Array, Point, Points, differing
from chainrule.errors import InputError
from chainrule.execute.reference.evaluation import Evaluation
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.expr.binding import free_in_order, tensors_in
from chainrule.expr.functions import names_with
from chainrule.expr.nodes import (
    Bracket,
    Call,
    Comparison,
    Expr,
    Index,
    Logic,
    Power,
    Product,
    Select,
    Sum,
    operands,
    walk,
)
from chainrule.system.drawn import counting
from chainrule.verify.differences import moving
from chainrule.verify.variety import compared_with, is_real

Kind = Literal["equal", "different", "undefined", "nowhere"]
NEAR_ZERO = 1e-6
"""Where no entry of the truth is larger, its terms are looked at: they may cancel."""
SMALLEST = 1e-300
_ROUNDED = names_with(lambda function: function.rounded)
_BENDING = names_with(lambda function: function.kinks)
NEAR = 0.1
"""What differs by more, relatively, is no matter of rounding."""
NUDGES = 4
NUDGE = 1e-4
"""Relative change of inputs that rounding is another one after, and a difference that is none of rounding hardly."""
KINKS_TRIED = 12
STEPS = (1e-4, 1e-6)


@dataclass(frozen=True)
class Sampled:
    """An expression, its indices in the order of the axes, and its values at the points."""

    value: Expr
    indices: tuple[Index, ...]
    values: Sequence[Array]


@dataclass(frozen=True)
class Agreement:
    """What comparing found: `point` and `entry` are the first at which the answer is different or undefined."""

    kind: Kind
    point: int = 0
    entry: tuple[int, ...] = ()


def compare(points: Points, answer: Sampled, truth: Sampled, tensor: str) -> Agreement:
    """Say whether an answer for ∂C/∂tensor agrees with the truth."""
    bent = any(map(has_kinks, (answer.value, truth.value)))
    for point, entry in _differences(points, answer, truth):
        evaluation = points.points[point].evaluation
        both = answer.values[point][entry], truth.values[point][entry]
        near = abs(both[0] - both[1]) <= max(NEAR * max(map(abs, both)), NEAR_ZERO)
        if near and _ill_conditioned(evaluation, answer, truth, entry):
            continue
        if not (bent and _on_a_kink(evaluation, tensor, entry)):
            return Agreement("different", point, entry)
    pairs = zip(answer.values, truth.values, strict=True)
    if not any((np.isfinite(a) & np.isfinite(b)).any() for a, b in pairs):
        return Agreement("nowhere")
    undefined = next(_undefined(points, answer, truth), None)
    return Agreement("equal") if undefined is None else Agreement("undefined", *undefined)


def cancels(points: Points, side: Sampled) -> list[bool]:
    """Return for each point whether the value is 0 there only because its terms cancel: it is their rounding."""
    return [_cancels(point, side, value) for point, value in zip(points.points, side.values, strict=True)]


def _cancels(point: Point, side: Sampled, value: Array) -> bool:
    known = np.isfinite(value)
    if not known.any() or np.abs(value[known]).max() > NEAR_ZERO:
        return False
    return _is_rounding(value, point.size(side.value, side.indices))


def _is_rounding(value: Array, size: Array) -> bool:
    known = np.isfinite(value) & np.isfinite(size)
    return bool((size[known] > 0).any() and (np.abs(value)[known] <= ROUNDING * size[known]).all())


def has_kinks(expr: Expr) -> bool:
    """Say whether an expression has brackets, choices or functions that bend."""
    return any(
        isinstance(part, Bracket | Select) or (isinstance(part, Call) and part.function in _BENDING)
        for part in walk(expr)
    )


def _differences(points: Points, answer: Sampled, truth: Sampled) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the entries that differ, the first few of each point."""
    rough = [differing(a, b) for a, b in zip(answer.values, truth.values, strict=True)]
    if not any(found.any() for found in rough):
        return
    for number, point in enumerate(points.points):
        if rough[number].any():
            size = np.fmax(*(point.size(side.value, side.indices) for side in (answer, truth)))
            for place in np.argwhere(differing(answer.values[number], truth.values[number], size))[:KINKS_TRIED]:
                yield number, tuple(int(n) for n in place)


def _undefined(points: Points, answer: Sampled, truth: Sampled) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the entries at which the truth has a value and the answer has none."""
    for number, (a, b) in enumerate(zip(answer.values, truth.values, strict=True)):
        places = np.argwhere(~np.isfinite(a) & np.isfinite(b))
        if len(places) and not _out_of_range(answer.value, points.evaluations[number]):
            yield number, tuple(int(n) for n in places[0])


def _out_of_range(expr: Expr, evaluation: Evaluation) -> bool:
    """Say whether a part of an expression is infinite or 0 though what it is made of is neither: it was rounded so."""
    for part in walk(expr):
        if not isinstance(part, Power | Product | Sum) and not (isinstance(part, Call) and part.function in _ROUNDED):
            continue
        made_of = [p for p in operands(part) if not isinstance(p, Comparison | Logic)]
        if any(isinstance(p, Bracket) for p in made_of):
            continue
        axes = tuple(dict.fromkeys(i for p in (part, *made_of) for i in free_in_order(p)))
        try:
            value = evaluation.value_of(part, axes)
            below = [evaluation.value_of(p, axes) for p in made_of]
        except InputError:
            continue
        usual = np.logical_and.reduce([np.isfinite(v) & (np.abs(v) > SMALLEST) for v in below])
        if ((np.isinf(value) | (value == 0)) & usual).any():
            return True
    return False


def _ill_conditioned(evaluation: Evaluation, answer: Sampled, truth: Sampled, entry: tuple[int, ...]) -> bool:
    """Say whether a difference is that of roundings: it is quite another one where inputs are a little different.

    What facts say of is left as it is, and so is what is compared with a number by =, or counts what is drawn.
    """
    draw = np.random.default_rng(0)
    system, values = evaluation.system, evaluation.scope.values
    equal = [g.condition for g in system.givens if g.condition.relation == "="]
    fixed = frozenset(compared_with(system)).union(counting(system), *map(tensors_in, equal))
    free = [d.tensor for d in system.declarations if is_real(d) and d.tensor not in fixed]
    moved = moving(evaluation, free)

    def difference(scope: Scope) -> float:
        sides = (evaluate_in(scope, side.value, side.indices)[entry] for side in (answer, truth))
        return float(next(sides) - next(sides))

    here = difference(evaluation.scope)
    for _ in range(NUDGES):
        near: dict[str, Array] = {
            name: values[name] * (1 + NUDGE * draw.normal(size=np.shape(values[name]))) for name in free
        }
        if abs(difference(moved(near)) - here) > abs(here) / 2:
            return True
    return False


def _on_a_kink(evaluation: Evaluation, tensor: str, entry: tuple[int, ...]) -> bool:
    """Say whether the cost, as a function of one entry, has another slope on the left than on the right."""
    scope_of, cost = moving(evaluation, (tensor,)), evaluation.system.cost
    at = evaluation.scope.values[tensor]

    def moved(step: float) -> float:
        there = np.array(at, np.float64)
        there[entry] += step
        return float(np.sum(scope_of({tensor: there}).values[cost]))

    here = moved(0.0)
    steps = [step * max(1.0, abs(float(np.asarray(at)[entry]))) for step in STEPS]
    wide, narrow = (abs(moved(step) - 2 * here + moved(-step)) / step for step in steps)
    return narrow > wide / 2 and narrow > NEAR_ZERO * max(1.0, abs(here))

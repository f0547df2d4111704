"""The search for a change that explains an answer: each candidate is evaluated, few are evaluated twice.

A candidate is first evaluated at one point, where the parts that candidates share are computed once; only those that
hold there are tried at the others. How long the search may go on is counted in candidates, never in seconds, so that a
verdict is the same on every machine.

Two things make a candidate true at all points without explaining anything. A change that wipes a term out says only
that the term is missing. And where derivatives add up to 0, as those of a softmax do, a wrong factor may stand for a
right one: an answer that names ∂C/∂t is tried again with random numbers in place of ∂C/∂t.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.checking.edits import Edit
from chainrule.checking.places import operands_of
from chainrule.checking.points import TOLERANCE, Points
from chainrule.diff.backprop import Cotangents
from chainrule.errors import InputError
from chainrule.execute.expressions import evaluate_in
from chainrule.execute.scope import Scope
from chainrule.expr.binding import free_in_order, reduce_over, tensors_in
from chainrule.expr.nodes import Expr, Index, plus, times
from chainrule.system.model import derivative_name

Array = npt.NDArray[Any]

MOST_CANDIDATES = 600
"""No more candidates than this are evaluated for one answer."""
_FREED_POINTS = 2


@dataclass(frozen=True)
class Side:
    """An expression, the indices of its axes, and its values at the points."""

    value: Expr
    indices: tuple[Index, ...]
    values: Sequence[Array]


@dataclass(frozen=True)
class Change:
    """What edits are made of: an expression, the indices of its axes, and the values that an edit is to have."""

    before: Expr
    indices: tuple[Index, ...]
    wanted: Sequence[Array]
    of_answer: bool


@dataclass
class Search:
    """What candidates are tried with. `answer` and `truth` are what they are to turn into each other."""

    answer: Side
    truth: Side
    tensor: str
    points: Points
    cotangents: Cotangents
    left: int = MOST_CANDIDATES
    tried: set[tuple[Expr, bool]] = field(default_factory=set)

    @cached_property
    def first(self) -> int:
        """The number of the point at which every candidate is evaluated: the smallest at which both sides say much."""

        def key(number: int) -> tuple[int, int, int]:
            sides = (self.answer.values[number], self.truth.values[number])
            spoken = min(int(np.count_nonzero(np.isfinite(v) & (v != 0))) for v in sides)
            size = sum(np.size(v) for v in self.points.evaluations[number].scope.values.values())
            return (-min(spoken, 2), size, number)

        return min(range(len(self.points.evaluations)), key=key)

    @cached_property
    def scope(self) -> Scope:
        """The first point, with a memory."""
        return self.points.evaluations[self.first].scope.keeping()

    @property
    def spent(self) -> bool:
        """Whether as many candidates were tried as may be."""
        return self.left <= 0

    def at_first(self, expr: Expr, indices: tuple[Index, ...]) -> Array | None:
        """Return the value of a candidate at the first point, None where it has none or too many were tried."""
        self.left -= 1
        if self.left < 0:
            return None
        try:
            return evaluate_in(self.scope, expr, indices)
        except InputError:
            return None

    def repairs(
        self, edits: Iterable[Edit], before: Expr, confirmed: Callable[[Edit], bool] = lambda edit: True
    ) -> Edit | None:
        """Return the first edit of the answer, which is `before` in some form, that makes it the truth."""
        change = Change(before, self.answer.indices, self.truth.values, of_answer=True)
        return next((e for e in self._new(edits, change) if self._holds(e, change) and confirmed(e)), None)

    def spoils(self, edits: Iterable[Edit], before: Expr) -> Edit | None:
        """Return the first edit of the truth, which is `before` in some form, that makes it the answer."""
        change = Change(before, self.truth.indices, self.answer.values, of_answer=False)
        return next((e for e in self._new(edits, change) if self._holds(e, change)), None)

    def _new(self, edits: Iterable[Edit], change: Change) -> Iterator[Edit]:
        """Yield the edits that were not tried yet, as long as there may be more."""
        for edit in edits:
            if self.spent:
                return
            if (edit.expr, change.of_answer) not in self.tried:
                self.tried.add((edit.expr, change.of_answer))
                yield edit

    def _holds(self, edit: Edit, change: Change) -> bool:
        found = self.at_first(edit.expr, change.indices)
        if found is None or not same(found, change.wanted[self.first]):
            return False
        if not agrees(self.points, edit.expr, change.indices, change.wanted):
            return False
        return not self._wipes_out(change.before, edit.expr) and self._stays_true(edit.expr, change)

    def _wipes_out(self, before: Expr, after: Expr) -> bool:
        """Say whether a part that was changed is 0 everywhere, and was not before."""
        while before != after:
            if self._is_zero(after) and not self._is_zero(before):
                return True
            old, new = operands_of(before), operands_of(after)
            changed = [pair for pair in zip(old, new, strict=False) if pair[0] != pair[1]]
            if type(before) is not type(after) or len(old) != len(new) or len(changed) != 1:
                break
            before, after = changed[0]
        return False

    def _is_zero(self, expr: Expr) -> bool:
        try:
            value = evaluate_in(self.scope, expr, free_in_order(expr))
        except InputError:
            return False
        return bool((np.abs(value) <= TOLERANCE).all())

    def _stays_true(self, after: Expr, change: Change) -> bool:
        """Say whether an edit holds with random numbers for the ∂C/∂t that the answer names, where that can be asked.

        A form of the truth into which their values were put says nothing then.
        """
        for scope in self.freed:
            truth = self._freed_truth(scope)
            try:
                if not change.of_answer and not same(evaluate_in(scope, change.before, change.indices), truth):
                    continue
                mine = evaluate_in(scope, self.answer.value, self.answer.indices)
                if not same(evaluate_in(scope, after, change.indices), truth if change.of_answer else mine):
                    return False
            except InputError:
                return False
        return True

    @cached_property
    def freed(self) -> tuple[Scope, ...]:
        """Points at which every ∂C/∂t that the answer names is random, and those that are computed from it follow."""
        cost = self.cotangents.cost
        named = [t for t in sorted(tensors_in(self.answer.value)) if t.startswith(derivative_name(cost, ""))]
        own = derivative_name(cost, self.tensor)
        if not named or own in named:
            return ()
        found: list[Scope] = []
        for evaluation in self.points.evaluations[:_FREED_POINTS]:
            values = dict(evaluation.scope.values)
            draw = np.random.default_rng(len(found))
            values |= {name: draw.normal(size=values[name].shape) for name in named}
            found.append(
                replace(evaluation.scope, values=self._followed(replace(evaluation.scope, values=values), named))
            )
        return tuple(found)

    def _followed(self, scope: Scope, fixed: Sequence[str]) -> dict[str, Array]:
        """Return the values, with every ∂C/∂u between tensor and cost but the fixed ones as the sum over its paths."""
        values, cotangents = dict(scope.values), self.cotangents
        graph = cotangents.graph
        between = graph.depending_on([self.tensor]) & graph.leading_to(cotangents.cost)
        for name in reversed(graph.order):
            own = derivative_name(cotangents.cost, name)
            if name not in between or name == cotangents.cost or own in fixed:
                continue
            paths = cotangents.paths(name)
            if paths and not cotangents.is_unknown(name):
                whole = plus(*(reduce_over("sum", p.indices, times(p.upstream, p.local)) for p in paths))
                values[own] = evaluate_in(replace(scope, values=values), whole, cotangents.of(name).indices)
        return values

    def _freed_truth(self, scope: Scope) -> Array:
        return np.asarray(scope.values[derivative_name(self.cotangents.cost, self.tensor)])


def agrees(points: Points, expr: Expr, indices: tuple[Index, ...], wanted: Sequence[Array]) -> bool:
    """Say whether an expression has these values at all points, and some value somewhere."""
    try:
        pairs = [(e.value_of(expr, indices), w) for e, w in zip(points.evaluations, wanted, strict=True)]
    except InputError:
        return False
    return all(same(found, known) for found, known in pairs) and any(np.isfinite(found).any() for found, _ in pairs)


def same(left: Array, right: Array) -> bool:
    """Say whether two arrays agree to nine digits of the largest entry, wherever both are defined.

    >>> same(np.asarray([1.0, np.nan]), np.asarray([1.0 + 1e-12, 2.0]))
    True
    """
    defined = np.isfinite(left) & np.isfinite(right)
    if not defined.all():
        left, right = left[defined], right[defined]
    scale = max(float(np.abs(left).max(initial=0.0)), float(np.abs(right).max(initial=0.0)))
    return bool((np.abs(left - right) <= TOLERANCE * scale).all())

"""The random points at which an answer and the truth are compared, and what is known there.

At each point all inputs are drawn so that the facts of the system hold, with extents that differ and are at least 3;
unknown functions are random ones. Beside the values stands the size of what was added up to get them: where terms
cancel, a value far below that is rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, ShortageError
from chainrule.execute.reference.evaluation import Evaluation
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.magnitudes import magnitude, size_of
from chainrule.execute.reference.scope import Scope
from chainrule.execute.reference.step_by_step import values_step_by_step
from chainrule.expr.nodes import Expr, Index
from chainrule.expr.shared import memory_of
from chainrule.expr.symbols import Derivative
from chainrule.system.derived import solve
from chainrule.system.model import Equation, System
from chainrule.system.recurrence_order import Recurrence
from chainrule.system.recurrences import in_turn
from chainrule.system.typecheck import typecheck
from chainrule.verify.sampling import random_evaluation
from chainrule.verify.unequal import unequal_extents

Array = npt.NDArray[Any]
TOLERANCE = 1e-9
"""Largest relative difference of what counts as equal."""
FLOOR = 1e-3
"""Entries smaller than this share of the largest are compared as if they had that size: their digits are rounding."""
ROUNDING = 1e-12
"""What is below this share of what was added up is rounding: some thousand units in the last place."""
CANCELLED = 1e3
"""Where the terms of a tensor cancel to less than one part in this many, what is computed from it is compared at their
size; else its own size is enough, so that sizes do not grow from layer to layer."""
POINTS = 4
SCALAR_POINTS = 8
"""Points for what has one entry at each: four numbers are soon explained by anything."""


@dataclass(frozen=True, eq=False)
class Point:
    """The evaluation of a system, derivatives of its cost among its equations, at one random point."""

    evaluation: Evaluation

    def size(self, expr: Expr, indices: tuple[Index, ...]) -> Array:
        """Return the size of what an expression adds up: Σ|a·b| of Σ a·b. Raises InputError."""
        scope, names = self._sized
        return evaluate_in(scope, magnitude(expr, names), indices)

    @cached_property
    def _sized(self) -> tuple[Scope, frozenset[str]]:
        return _with_sizes(self.evaluation)


@dataclass(frozen=True)
class Points:
    """Several random points of one system."""

    points: tuple[Point, ...]

    @staticmethod
    def of(evaluations: Iterable[Evaluation]) -> Points:
        """Return the points of evaluations of one system."""
        return Points(tuple(map(Point, evaluations)))

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """The evaluation at each point."""
        return tuple(point.evaluation for point in self.points)

    def values(self, expr: Expr, indices: tuple[Index, ...]) -> list[Array]:
        """Return the values of an expression at all points, with one axis for each index. Raises InputError."""
        return [point.evaluation.value_of(expr, indices) for point in self.points]

    def agree(self, expr: Expr, indices: tuple[Index, ...], known: Sequence[Array]) -> bool:
        """Say whether an expression has the known values at all points; one that has no value there has not."""
        compared = False
        for point, expected in zip(self.points, known, strict=True):
            try:
                found = point.evaluation.value_of(expr, indices)
            except ShortageError:
                raise
            except InputError:
                return False
            if differing(found, expected).any():
                return False
            compared = compared or bool((np.isfinite(found) & np.isfinite(expected)).any())
        return compared


def drawn_points(forward: System, seeds: Sequence[int]) -> tuple[Evaluation, ...]:
    """Return a forward system at a random point for each seed, kept with the system.

    Raises VerificationError where nothing that was drawn satisfies the facts.
    """
    kept: dict[int, Evaluation] = memory_of(forward, "points")
    for seed in seeds:
        if seed not in kept:
            kept[seed] = random_evaluation(forward, seed, unequal_extents(forward, seed))
    return tuple(kept[seed] for seed in seeds)


def with_derivatives(evaluations: Sequence[Evaluation], forward: System, derived: tuple[Equation, ...]) -> Points:
    """Return points of a forward system at which derivatives of its cost have the values that equations give them.

    They are kept with the evaluations, for the next answer that is compared with the same derivatives.
    """
    kept: dict[tuple[Equation, ...], System] = memory_of(forward, "systems with derivatives")
    if derived not in kept:
        kept[derived] = typecheck(forward.with_equations((*forward.equations, *derived)))
    return Points(tuple(_extended(e, kept[derived], len(forward.equations)) for e in evaluations))


def extended(evaluations: Sequence[Evaluation], whole: System, known: int) -> Points:
    """Return points of a system, given evaluations of what its first equations are alone: so many are known."""
    return Points(tuple(_extended(e, whole, known) for e in evaluations))


def _extended(evaluation: Evaluation, whole: System, known: int) -> Point:
    """Return a point of a system, kept with the evaluation of what its first equations are alone."""
    kept: dict[int, tuple[System, Point]] = memory_of(evaluation, "extended points")
    if id(whole) not in kept:
        values = dict(evaluation.scope.values)
        scope = replace(evaluation.scope, values=values, sizes=solve(whole.derived, evaluation.scope.sizes))
        there = {equation.name for equation in whole.equations[:known]}
        for one in in_turn(whole):
            if isinstance(one, Recurrence):
                values |= values_step_by_step(one, scope) if one.axes.keys().isdisjoint(there) else {}
            elif one.name not in there:
                values[one.name] = evaluate_in(scope, one.value, one.indices)
        kept[id(whole)] = whole, Point(Evaluation(whole, scope))
    return kept[id(whole)][1]


def _with_sizes(evaluation: Evaluation) -> tuple[Scope, frozenset[str]]:
    """Return a scope with the size of what each tensor adds up, and the tensors for which it is more than their own."""
    values = dict(evaluation.scope.values)
    values |= {size_of(name): np.abs(value) for name, value in values.items()}
    scope = replace(evaluation.scope, values=values)
    names = set[str]()
    for equation in evaluation.system.equations:
        size = evaluate_in(scope, magnitude(equation.value, names), equation.indices)
        own = np.abs(values[equation.name])
        finite = np.isfinite(size) & np.isfinite(own)
        largest = np.where(finite, own, 0.0).max(initial=0.0)
        cancelled = np.where(finite, size, 0.0).max(initial=0.0) > CANCELLED * largest
        if cancelled or isinstance(equation.name, Derivative):
            values[size_of(equation.name)] = size if cancelled else own
            names.add(equation.name)
    return scope, frozenset(names)


def differing(left: Array, right: Array, sizes: Array | None = None) -> npt.NDArray[np.bool_]:
    """Return where two arrays differ, of the entries that are finite in both.

    `sizes` are those of what was added up: what differs by less than their rounding is equal.

    >>> differing(np.asarray([1.0, 2.0, np.nan]), np.asarray([1.0, 2.001, 3.0])).tolist()
    [False, True, False]
    >>> differing(np.asarray([1e-17]), np.asarray([0.0]), np.asarray([1.0])).tolist()
    [False]
    """
    defined = np.isfinite(left) & np.isfinite(right)
    left, right = np.where(defined, left, 0.0), np.where(defined, right, 0.0)
    own = np.maximum(np.abs(left), np.abs(right))
    allowed = TOLERANCE * np.maximum(own, FLOOR * own.max(initial=0.0))
    if sizes is not None:
        allowed = np.maximum(allowed, ROUNDING * np.where(np.isfinite(sizes), sizes, 0.0))
    return np.asarray(np.abs(left - right) > allowed)

"""The random points at which an answer and the truth are compared, and the comparison.

At each point all inputs are drawn so that the facts of the system hold, with extents that differ and are at least 2;
unknown functions are random ones. Two values agree if they do to nine digits wherever both are defined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError, ShortageError
from chainrule.execute.reference import Evaluation, evaluate_all
from chainrule.execute.sampling import random_inputs
from chainrule.execute.unknowns import RandomUnknowns
from chainrule.expr.nodes import Expr, Index
from chainrule.system.model import System

Array = npt.NDArray[Any]
TOLERANCE = 1e-9
"""Largest relative difference of what counts as equal."""
FLOOR = 1e-3
"""Entries smaller than this share of the largest are compared as if they had that size: their digits are rounding."""
POINTS = 6


@dataclass(frozen=True)
class Points:
    """Evaluations of one system at several random points."""

    evaluations: tuple[Evaluation, ...]

    def values(self, expr: Expr, indices: tuple[Index, ...]) -> list[Array]:
        """Return the values of an expression at all points, with one axis for each index. Raises InputError."""
        return [evaluation.value_of(expr, indices) for evaluation in self.evaluations]

    def agree(self, expr: Expr, indices: tuple[Index, ...], known: Sequence[Array]) -> bool:
        """Say whether an expression has the known values at all points; one that has no value there has not."""
        compared = False
        for evaluation, expected in zip(self.evaluations, known, strict=True):
            try:
                found = evaluation.value_of(expr, indices)
            except ShortageError:
                raise
            except InputError:
                return False
            if differing(found, expected).any():
                return False
            compared = compared or bool((np.isfinite(found) & np.isfinite(expected)).any())
        return compared


def points_of(forward: System, whole: System, count: int = POINTS) -> Points:
    """Return random points of a forward system, at which `whole`, with its derived equations, is evaluated.

    Raises VerificationError where nothing that was drawn satisfies the facts.
    """
    found = []
    for seed in range(count):
        unknowns = RandomUnknowns(seed)
        inputs = random_inputs(forward, seed, unknowns=unknowns)
        found.append(evaluate_all(whole, inputs, unknowns=unknowns))
    return Points(tuple(found))


def differing(left: Array, right: Array) -> npt.NDArray[np.bool_]:
    """Return where two arrays differ, of the entries that are finite in both.

    >>> differing(np.asarray([1.0, 2.0, np.nan]), np.asarray([1.0, 2.001, 3.0])).tolist()
    [False, True, False]
    """
    defined = np.isfinite(left) & np.isfinite(right)
    left, right = np.where(defined, left, 0.0), np.where(defined, right, 0.0)
    sizes = np.maximum(np.abs(left), np.abs(right))
    scale = np.maximum(sizes, FLOOR * sizes.max(initial=0.0))
    return np.asarray(np.abs(left - right) > TOLERANCE * scale)

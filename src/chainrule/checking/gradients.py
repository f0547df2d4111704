"""`gradient_check`: the derived gradients of all params beside central differences.

The differences know no rule of calculus; they are evaluated by the reference in float64. Their own error is estimated,
so that a kink in between (relu at 0) is told apart from a wrong derivative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chainrule.errors import DerivativeError, InputError
from chainrule.execute.differences import numeric_derivative
from chainrule.execute.reference import Evaluation, evaluate_all
from chainrule.execute.sampling import random_inputs
from chainrule.execute.scalars import Array
from chainrule.execute.unknowns import RandomUnknowns
from chainrule.explanation.numbers import number_text
from chainrule.pipeline import backprop
from chainrule.system.model import System, derivative_name

TOLERANCE = 1e-6
"""Largest relative error of a gradient that passes: far below one that is off by 0.05 %."""
FLOOR = 1e-3
"""Entries smaller than this share of the largest are measured as if they had that size."""


@dataclass(frozen=True)
class GradientRow:
    """One param: the largest relative error of its gradient and the entry where it is, with both values there.

    `uncertainty` is the estimated error of the differences, relative to the largest entry.
    """

    tensor: str
    shape: tuple[int, ...]
    error: float
    entry: tuple[int, ...]
    derived: float
    differences: float
    uncertainty: float

    @property
    def right(self) -> bool:
        """Whether the two agree as far as the differences can tell."""
        return self.error <= max(TOLERANCE, 4 * self.uncertainty)

    @property
    def settled(self) -> bool:
        """Whether the differences are exact enough to tell."""
        return 4 * self.uncertainty <= TOLERANCE


@dataclass(frozen=True)
class GradientReport:
    """The rows of all params; true where every gradient is right."""

    rows: tuple[GradientRow, ...]

    @property
    def worst(self) -> GradientRow:
        """The row with the largest error."""
        return max(self.rows, key=lambda row: row.error)

    def __bool__(self) -> bool:
        return all(row.right for row in self.rows)

    def __str__(self) -> str:
        lines = [("param", "shape", "largest relative error", "at", "derived", "differences", "")]
        for row in self.rows:
            verdict = "WRONG" if not row.right else "" if row.settled else "a kink nearby?"
            shape = "×".join(map(str, row.shape)) or "number"
            at = f"[{','.join(map(str, row.entry))}]" if row.shape else ""
            numbers = (number_text(row.derived), number_text(row.differences))
            lines.append((row.tensor, shape, f"{row.error:.1e}", at, *numbers, verdict))
        widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
        return "\n".join(_line(line, widths) for line in lines)


def gradient_check(system: System, inputs: Mapping[str, npt.ArrayLike] | None = None, seed: int = 0) -> GradientReport:
    r"""Compare the derived gradients of all params with central differences.

    Without `inputs` these are random, drawn from the seed so that the facts of the system hold. For a batch both are
    means over the samples. Raises InputError for inputs that do not fit, DerivativeError for a system without a cost or
    without params.

    >>> from chainrule.notation import parse
    >>> system = parse("data x[i], y\nparam w[i]\ncost C = (tanh(sum(i) w[i]*x[i]) - y)^2")
    >>> bool(gradient_check(system))
    True
    """
    if not system.params:
        raise DerivativeError("the system has no params, so it has no gradients", advice="Declare some: param w[i]")
    back = backprop(system)
    unknowns = RandomUnknowns(seed)
    given = random_inputs(system, seed, unknowns=unknowns) if inputs is None else inputs
    stands_in = unknowns if inputs is None else None
    forward = evaluate_all(back.cotangents.system, given, unknowns=stands_in)
    derived = evaluate_all(back.system, given, unknowns=stands_in).scope.values
    rows = []
    for tensor in system.params:
        name = derivative_name(system.cost, tensor)
        if name not in derived:
            raise InputError(f"{name} is the derivative of an unknown function: there is nothing to compare")
        rows.append(_row(tensor, np.asarray(derived[name]), forward, system.cost))
    return GradientReport(tuple(rows))


def _row(tensor: str, derived: Array, forward: Evaluation, cost: str) -> GradientRow:
    differences = numeric_derivative(forward, cost, tensor)
    samples = forward.scope.values[cost].ndim
    numeric = differences.values.mean(axis=tuple(range(samples))) if samples else differences.values
    largest = max(float(np.abs(a).max(initial=0.0)) for a in (derived, numeric))
    if largest == 0 or derived.size == 0:
        return GradientRow(tensor, derived.shape, 0.0, (0,) * derived.ndim, 0.0, 0.0, 0.0)
    scale = np.maximum(np.maximum(np.abs(derived), np.abs(numeric)), FLOOR * largest)
    errors = np.nan_to_num(np.abs(derived - numeric) / scale, nan=np.inf)
    at = tuple(int(n) for n in np.unravel_index(int(np.argmax(errors)), errors.shape))
    uncertainty = differences.error / largest
    return GradientRow(
        tensor, derived.shape, float(errors[at]), at, float(derived[at]), float(numeric[at]), uncertainty
    )


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first = f"{cells[0]:<{widths[0]}}"
    return "   ".join([first, *(f"{c:>{w}}" for c, w in zip(cells[1:], widths[1:], strict=True))]).rstrip()

"""`gradient_check`: the derived gradients of all params beside central differences.

The differences know no rule of calculus; they are evaluated by the reference in float64. Where the two disagree, finer
steps and slopes from both sides tell a kink nearby (relu at 0) from a derivative that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.diff.coupled_samples import uncoupled
from chainrule.errors import DerivativeError, InputError
from chainrule.execute.reference.evaluation import Evaluation, evaluate_all
from chainrule.execute.scalars import Array
from chainrule.execute.shortage import enough_memory
from chainrule.expr.symbols import Derivative
from chainrule.keywords import answers
from chainrule.pipeline import backprop
from chainrule.render.document import Group, Table
from chainrule.render.in_notebooks import ShownAsPage
from chainrule.render.numbers import number_text
from chainrule.system.given_system import check_system
from chainrule.system.model import System
from chainrule.verify.differences import numeric_derivative
from chainrule.verify.sampling import random_inputs
from chainrule.verify.unknowns import RandomUnknowns

TOLERANCE = 1e-6
"""Largest relative error of a gradient that passes: far below one that is off by 0.05 %."""
FLOOR = 1e-3
"""Entries smaller than this share of the largest are measured as if they had that size."""


@dataclass(frozen=True)
class GradientRow:
    """One param: the largest relative error of its gradient and the entry where it is, with both values there.

    `kinks` counts the entries left out of that, at which the differences step across a kink.
    """

    tensor: str
    shape: tuple[int, ...]
    error: float
    entry: tuple[int, ...]
    derived: float
    differences: float
    kinks: int

    @property
    def right(self) -> bool:
        """Whether the two agree."""
        return self.error <= TOLERANCE


@dataclass(frozen=True)
class GradientReport(ShownAsPage):
    """The rows of all params; true where every gradient is right."""

    rows: tuple[GradientRow, ...]

    @property
    def worst(self) -> GradientRow:
        """The row with the largest error."""
        return max(self.rows, key=lambda row: row.error)

    def __bool__(self) -> bool:
        return all(row.right for row in self.rows)

    def document(self) -> Group:
        """Return the rows, as a document."""
        headings, *rows = self._lines()
        return Group((Table(headings, tuple(rows), left=(0, 6)),), role="gradients")

    def __str__(self) -> str:
        lines = self._lines()
        widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
        return "\n".join(_line(line, widths) for line in lines)

    def _lines(self) -> list[tuple[str, ...]]:
        lines: list[tuple[str, ...]] = [
            ("param", "shape", "largest relative error", "at", "derived", "differences", "")
        ]
        for row in self.rows:
            left_out = f"{row.kinks} {'entry' if row.kinks == 1 else 'entries'} at a kink" if row.kinks else ""
            verdict = left_out if row.right else "WRONG"
            shape = "×".join(map(str, row.shape)) or "number"
            at = f"[{','.join(map(str, row.entry))}]" if row.shape else ""
            numbers = (number_text(row.derived), number_text(row.differences))
            lines.append((row.tensor, shape, f"{row.error:.1e}", at, *numbers, verdict))
        return lines


@answers
@enough_memory("the gradients")
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
    check_system(system)
    if not system.params:
        raise DerivativeError("the system has no params, so it has no gradients", advice="Declare some: param w[i]")
    system = uncoupled(system)
    back = backprop(system)
    unknowns = RandomUnknowns(seed)
    drawn = random_inputs(system, seed, unknowns=unknowns) if inputs is None else inputs
    given = {name: as_array(name, values) for name, values in drawn.items()}
    stands_in = unknowns if inputs is None else None
    forward = evaluate_all(back.cotangents.system, given, unknowns=stands_in)
    derived = evaluate_all(back.system, given, unknowns=stands_in).scope.values
    rows = []
    for tensor in system.params:
        name = Derivative(system.cost, tensor)
        if name not in derived:
            raise InputError(f"{name} is the derivative of an unknown function: there is nothing to compare")
        rows.append(_row(tensor, np.asarray(derived[name]), forward, given))
    return GradientReport(tuple(rows))


def _row(tensor: str, derived: Array, forward: Evaluation, given: Mapping[str, npt.ArrayLike]) -> GradientRow:
    cost = _CostOf(forward, given, tensor)
    numeric = numeric_derivative(forward, cost.name, tensor).values
    numeric = numeric.mean(axis=tuple(range(numeric.ndim - derived.ndim)))
    largest = max(float(np.abs(a).max(initial=0.0)) for a in (derived, numeric))
    if largest == 0 or derived.size == 0:
        return GradientRow(tensor, derived.shape, 0.0, (0,) * derived.ndim, 0.0, 0.0, 0)
    scale = np.maximum(np.maximum(np.abs(derived), np.abs(numeric)), FLOOR * largest)
    errors = np.array(np.nan_to_num(np.abs(derived - numeric) / scale, nan=np.inf))
    kinks = 0
    for place in np.argwhere(errors > TOLERANCE):
        at = tuple(int(n) for n in place)
        if not cost.bends(at, float(derived[at]), largest):
            break
        kinks += 1
        errors[at] = 0.0
    at = tuple(int(n) for n in np.unravel_index(int(np.argmax(errors)), errors.shape))
    return GradientRow(tensor, derived.shape, float(errors[at]), at, float(derived[at]), float(numeric[at]), kinks)


@dataclass(frozen=True)
class _CostOf:
    """The cost as a function of one entry of one param."""

    forward: Evaluation
    given: Mapping[str, npt.ArrayLike]
    tensor: str

    @property
    def name(self) -> str:
        return self.forward.system.cost

    def at(self, entry: tuple[int, ...], step: float) -> float:
        """Return the cost, its mean for a batch, with one entry moved."""
        moved = np.array(self.given[self.tensor], np.float64)
        moved[entry] += step
        found = evaluate_all(
            self.forward.system, {**self.given, self.tensor: moved}, unknowns=self.forward.scope.unknowns
        )
        return float(np.mean(found.scope.values[self.name]))

    def bends(self, entry: tuple[int, ...], derived: float, largest: float) -> bool:
        """Say whether the wide differences were misled: finer ones agree, or the slope jumps across the derived one."""
        width = max(1.0, abs(float(np.asarray(self.given[self.tensor])[entry])))
        for step in (1e-4 * width, 1e-5 * width, 1e-6 * width):
            slope = (self.at(entry, step) - self.at(entry, -step)) / (2 * step)
            if abs(slope - derived) <= TOLERANCE * largest:
                return True
        here = self.at(entry, 0.0)
        left, right = (here - self.at(entry, -step)) / step, (self.at(entry, step) - here) / step
        jumps = abs(right - left) > FLOOR * largest
        return jumps and min(left, right) - FLOOR * largest <= derived <= max(left, right) + FLOOR * largest


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first = f"{cells[0]:<{widths[0]}}"
    return "   ".join([first, *(f"{c:>{w}}" for c, w in zip(cells[1:], widths[1:], strict=True))]).rstrip()

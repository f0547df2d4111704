"""The witness of gradients in tests: central differences of the cost. Where they cannot tell is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.system.model import System
from chainrule.verify.differences import Differences, numeric_derivative
from support import assert_close

LARGEST_ERROR = 1e-6
"""Differences whose own estimated error is larger, relative to their largest entry, are no witness."""


@dataclass
class Tally:
    """How many gradients were compared, and how many could not be."""

    compared: int = 0
    skipped: int = 0

    def assert_mostly_compared(self, share: float = 0.9) -> None:
        """Raise AssertionError unless at least that share of the gradients was compared."""
        total = self.compared + self.skipped
        assert self.compared > 0, "nothing was compared"
        assert self.compared >= share * total, f"only {self.compared} of {total} gradients were compared"


def compare(
    system: System,
    inputs: Mapping[str, npt.ArrayLike],
    gradients: Mapping[str, npt.ArrayLike],
    tally: Tally,
    wrt: Sequence[str] | None = None,
) -> None:
    """Raise AssertionError unless every gradient is that of central differences of the cost at the inputs."""
    evaluation = evaluate_all(system, inputs)
    for tensor in gradients if wrt is None else wrt:
        found = numeric_derivative(evaluation, system.cost, tensor)
        try:
            compare_to(found, gradients[tensor], evaluation.values[system.cost], tally)
        except AssertionError as error:
            raise AssertionError(f"∂{system.cost}/∂{tensor}: {error}") from None


def compare_to(found: Differences, derivative: npt.ArrayLike, of: npt.ArrayLike, tally: Tally) -> None:
    """Raise AssertionError unless a derivative is that of the differences; `of` is the value that is differentiated."""
    scale = float(np.abs(found.values).max(initial=0.0))
    size = max(scale, 1e-4 * float(np.abs(of).max(initial=0.0)), 1e-6)
    error = float(np.abs(found.values - found.wider).max(initial=0.0))
    if not error <= LARGEST_ERROR * size:
        tally.skipped += 1
        return
    tally.compared += 1
    assert_close(derivative, found.values, rtol=0, atol=LARGEST_ERROR * size)

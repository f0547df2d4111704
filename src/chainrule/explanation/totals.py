"""Totals that must come out: exactly rounded sums, and the check of a total against the backward pass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import VerificationError
from chainrule.render.numbers import number_text

TOLERANCE = 1e-12
"""How far a total may be from the value of the backward pass, relative to the sum of its terms without their signs."""


def exact_sum(values: npt.NDArray[Any]) -> float:
    """Return the sum of all values, rounded once; where it overflows or a value is not finite, what NumPy makes of it.

    >>> exact_sum(np.asarray([1e16, 1.0, -1e16]))
    1.0
    """
    try:
        return math.fsum(np.asarray(values, np.float64).reshape(-1).tolist())
    except (OverflowError, ValueError):
        with np.errstate(all="ignore"):
            return float(np.sum(values))


def verified(name: str, total: float, value: float, magnitude: float) -> float:
    """Return the total, if it is the value up to rounding. Raises VerificationError otherwise."""
    return verified_within(name, total, value, TOLERANCE * max(magnitude, abs(value)))


def verified_within(name: str, total: float, value: float, tolerance: float) -> float:
    """Return the total, if it is the value up to the tolerance. Raises VerificationError otherwise."""
    if total == value or not np.isfinite([total, value, tolerance]).all():
        return total
    if abs(total - value) > tolerance:
        raise VerificationError(
            f"the terms of {name} do not add up to its value",
            where=f"they add up to {number_text(total)}, the backward pass has {number_text(value)}",
            expected=f"a difference below {number_text(tolerance)}, what rounding can make",
            advice="This is an error in chainrule; please report it with the system.",
        )
    return total

"""What several test modules share: the one comparison of numbers, which raises and says where and by how much.

Beside it, how many examples a random test draws.
"""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from numpy.typing import ArrayLike

THOROUGH = 50
"""The examples of a random test that says nothing of their number, in the profile that draws as many as tests say."""


def examples(count: int) -> settings:
    """Return how many examples a random test draws: that many where all tests run, in proportion in other profiles."""
    return settings(max_examples=max(2, round(count * settings.default.max_examples / THOROUGH)))


def assert_close(actual: ArrayLike, expected: ArrayLike, *, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    """Raise AssertionError unless the shapes are equal and |actual − expected| ≤ atol + rtol·|expected| everywhere.

    Infinities must agree in sign; nan equals nothing, not even nan.

    >>> assert_close([1.0, 2.0], [1.0, 2.0 + 1e-12])
    >>> assert_close([[1.0, 2.5]], [[1.0, 2.0]])
    Traceback (most recent call last):
    AssertionError: 1 of 2 entries differ, by 0.5 at most: at (0, 1) is 2.5, expected 2.0 (rtol 1e-09, atol 1e-12)
    """
    left, right = np.asarray(actual), np.asarray(expected)
    if left.shape != right.shape:
        raise AssertionError(f"shape {left.shape}, expected {right.shape}")
    with np.errstate(invalid="ignore"):
        difference = np.where(left == right, 0.0, np.abs(np.subtract(left, right, dtype=np.float64)))
        far = (left != right) & ~(np.isfinite(right) & (difference <= atol + rtol * np.abs(right)))
    if np.any(far):
        worst = np.unravel_index(int(np.argmax(np.where(far, np.nan_to_num(difference, nan=np.inf), -1.0))), far.shape)
        place = tuple(int(i) for i in worst)
        raise AssertionError(
            f"{int(far.sum())} of {far.size} entries differ, by {difference[place]:.6g} at most: "
            f"at {place} is {left[place]}, expected {right[place]} (rtol {rtol:g}, atol {atol:g})"
        )

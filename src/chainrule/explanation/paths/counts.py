"""Exact counts of paths, many at once: whole numbers of any size as rows of digits, added up by matrix products.

A count is a row of digits in base 2^24, the lowest first, each a float64. A matrix of zeros and ones times such rows is
exact for up to 2^29 of them, and runs as fast as any product of matrices; Python's own integers are made at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DIGIT_BITS = 24
BASE = float(1 << DIGIT_BITS)


def ones(shape: tuple[int, ...]) -> Array:
    """Return counts of 1 of a shape: one more axis, of a single digit."""
    return np.ones((*shape, 1))


def carried(digits: Array) -> Array:
    """Return the same counts with every digit below the base; digits above the highest one in use are left out.

    >>> carried(np.asarray([[3.0 * 2**24 + 5.0]]))
    array([[5., 3.]])
    """
    columns: list[Array] = []
    carry = np.zeros(digits.shape[:-1])
    for place in range(digits.shape[-1]):
        whole = digits[..., place] + carry
        carry = np.floor(whole / BASE)
        columns.append(whole - carry * BASE)
    while carry.any():
        higher = np.floor(carry / BASE)
        columns.append(carry - higher * BASE)
        carry = higher
    while len(columns) > 1 and not columns[-1].any():
        columns.pop()
    return np.stack(columns, axis=-1)


def widened(digits: Array, places: int) -> Array:
    """Return counts with at least so many digits."""
    missing = places - digits.shape[-1]
    return digits if missing <= 0 else np.concatenate([digits, np.zeros((*digits.shape[:-1], missing))], axis=-1)


def as_integer(digits: Array) -> int:
    """Return one count as a number of Python.

    >>> as_integer(np.asarray([5.0, 3.0])) == 5 + 3 * 2**24
    True
    """
    return sum(int(digit) << (DIGIT_BITS * place) for place, digit in enumerate(digits.tolist()))

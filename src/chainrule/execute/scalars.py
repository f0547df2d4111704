"""The values of the scalar functions of the notation, on arrays.

One table, name to function, for every name in `expr.functions.ARITY`; the conformance test says what is missing.
Where the textbook formula overflows (sigmoid, softplus) the form that does not is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.execute import threefry

Array: TypeAlias = npt.NDArray[Any]


def is_one_hot(whole: Array, axis: int | tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return where, along an axis, one entry is 1 and all others are 0, within a millionth.

    >>> is_one_hot(np.asarray([[0.0, 1.0], [0.5, 0.5], [1.0, 1.0], [0.0, 0.0]]), 1).tolist()
    [True, False, False, False]
    """
    ones = np.abs(whole - 1) <= 1e-6
    return np.asarray((ones | (np.abs(whole) <= 1e-6)).all(axis=axis) & (ones.sum(axis=axis) == 1))


def sigmoid(t: Array) -> Array:
    """Return 1/(1 + exp(-t)), taking exp of nothing positive."""
    small = np.exp(-np.abs(t))
    return np.where(t >= 0, 1 / (1 + small), small / (1 + small))


def erf(t: Array) -> Array:
    """Return the error function, entry by entry as the C library has it."""
    values = np.frompyfunc(math.erf, 1, 1)(t)
    return np.asarray(values).astype(np.asarray(t).dtype)


SCALARS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "exp": np.exp,
        "log": np.log,
        "log1p": np.log1p,
        "expm1": np.expm1,
        "sqrt": np.sqrt,
        "sin": np.sin,
        "cos": np.cos,
        "tan": np.tan,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "tanh": np.tanh,
        "atan": np.arctan,
        "sigmoid": sigmoid,
        "relu": lambda t: np.maximum(t, 0),
        "softplus": lambda t: np.logaddexp(t, 0),
        "erf": erf,
        "abs": np.abs,
        "sign": np.sign,
        "maximum": np.maximum,
        "minimum": np.minimum,
        "clip": lambda t, low, high: np.minimum(np.maximum(t, low), high),
        "stop": np.positive,
        "uniform": threefry.uniform,
        "normal": threefry.normal,
    }
)
"""Scalar functions by name; each takes arrays that broadcast and returns an array of their type."""

CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "∞": math.inf, "-∞": -math.inf})
"""The values of named constants."""

"""Names and arities of the scalar functions that the notation knows.

The one list from which parser, printers and executors are checked to be complete; their derivatives stand in
`diff.scalars`, their values in each executor.
"""

from __future__ import annotations

ARITY: dict[str, int] = {
    "exp": 1,
    "log": 1,
    "log1p": 1,
    "expm1": 1,
    "sqrt": 1,
    "sin": 1,
    "cos": 1,
    "tan": 1,
    "sinh": 1,
    "cosh": 1,
    "tanh": 1,
    "atan": 1,
    "sigmoid": 1,
    "relu": 1,
    "softplus": 1,
    "erf": 1,
    "abs": 1,
    "sign": 1,
    "maximum": 2,
    "minimum": 2,
    "clip": 3,
}
"""Scalar functions of the notation and their number of arguments; clip(t, low, high)."""

MATRIX_FUNCTIONS: dict[str, int] = {"det": 0, "inv": 2}
"""Functions of a matrix that is named whole, and the number of indices that their values have."""

REDUCTIONS: tuple[str, ...] = ("sum", "mean", "max", "min", "prod")
ONE_HOT = "onehot"
"""A reduction that only facts have: 1 where one entry is 1 and all others are 0, else 0."""
RELATIONS: tuple[str, ...] = ("=", "!=", "<", "<=", ">", ">=")
CONSTANTS: tuple[str, ...] = ("pi",)

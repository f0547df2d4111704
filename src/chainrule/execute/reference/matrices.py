"""Determinants and inverses of stacks of matrices, as numpy has them.

The determinant of a singular matrix is 0; its inverse does not exist, and which matrices of a stack have none is told
instead of hidden in an inf. Matrices that are singular up to rounding only are inverted: how well is for the caller to
judge, see `condition`.
"""

from __future__ import annotations

import numpy as np

from chainrule.execute.scalars import Array


def determinants(matrices: Array) -> Array:
    """Return the determinant of every matrix; that of no rows and columns is 1.

    >>> float(determinants(np.asarray([[1.0, 2.0], [3.0, 4.0]])).round(9))
    -2.0
    """
    return np.asarray(np.linalg.det(matrices))


def inverses(matrices: Array) -> tuple[Array, Array]:
    """Return the inverse of every matrix, 0 where there is none, and which are singular.

    >>> inverses(np.asarray([[[2.0]], [[0.0]]]))[1].tolist()
    [False, True]
    """
    found = np.zeros_like(matrices)
    singular = np.zeros(matrices.shape[:-2], bool)
    for place in np.ndindex(singular.shape):
        try:
            found[place] = np.linalg.inv(matrices[place])
        except np.linalg.LinAlgError:
            singular[place] = True
    return found, singular


def condition(matrices: Array) -> float:
    """Return the largest condition number of a stack of matrices, inf for a singular one; of nothing it is 1."""
    if not matrices.size or not np.isfinite(matrices).all():
        return 1.0
    return float(np.max(np.linalg.cond(matrices)))

"""Sums of few terms written out, so that what is summed is computed in registers and not kept for each term."""

from __future__ import annotations

from itertools import product
from math import prod

from chainrule.expr.binding import substitute_indices
from chainrule.expr.combinations import affine
from chainrule.expr.nodes import Expr, Index, plus
from chainrule.expr.sizes import Literal

SHORT = 16
"""The terms up to which a sum of what has to be computed is written out."""


def is_short(indices: tuple[Index, ...]) -> bool:
    """Say whether a sum has few terms, and so many whatever the data."""
    counts = [i.extent.count for i in indices if isinstance(i.extent, Literal)]
    return len(counts) == len(indices) and prod(counts) <= SHORT


def written_out_sum(indices: tuple[Index, ...], body: Expr) -> Expr:
    """Return Σ body term by term; the extents of the indices are numbers."""
    ranges = (range(i.extent.count) for i in indices if isinstance(i.extent, Literal))
    terms = (dict(zip(indices, numbers, strict=True)) for numbers in product(*ranges))
    return plus(*(substitute_indices(body, {i: affine({}, n) for i, n in one.items()}) for one in terms))

"""Arrays whose axes are named by indices, and how they are brought together.

An array carries the tuple of its indices, in the order of its axes; two arrays broadcast by name, never by position.
A mask is a conjunction of labelled truth values saying where a result is wanted; it is kept in parts, because together
they may have more axes than anything else in the expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import ShortageError
from chainrule.execute.scalars import Array
from chainrule.expr.nodes import Index

MOST_ENTRIES = 2**30
"""Of one array: 8 GiB in float64. Beyond it a machine swaps, or counts for hours."""


def check_size(indices: tuple[Index, ...], shape: tuple[int, ...]) -> None:
    """Raise ShortageError for an array, or a reduction, of more entries than can be made."""
    entries = math.prod(shape)
    if entries <= MOST_ENTRIES:
        return
    extents = ", ".join(f"{i.preferred} takes {n:,} values" for i, n in zip(indices, shape, strict=True) if n > 1)
    raise ShortageError(
        f"this takes an array of {entries:,} numbers, {8 * entries / 2**30:,.0f} GiB: {extents}",
        expected=f"at most {MOST_ENTRIES:,} numbers at a time",
        advice="Give an index a smaller extent, or sum over it in an equation of its own.",
    )


@dataclass(frozen=True, eq=False)
class Labelled:
    """An array with one distinct index per axis."""

    array: Array
    indices: tuple[Index, ...] = ()

    def aligned(self, indices: tuple[Index, ...]) -> Array:
        """Return the array with its axes in the order of the indices, of length 1 where it lacks one."""
        if self.indices == indices:
            return self.array
        order = [self.indices.index(i) for i in indices if i in self.indices]
        shape = [self.array.shape[self.indices.index(i)] if i in self.indices else 1 for i in indices]
        return self.array.transpose(order).reshape(shape)

    def relabelled(self, change: Callable[[Index], Index]) -> Labelled:
        """Return the same numbers under other names."""
        return Labelled(self.array, tuple(change(i) for i in self.indices))


Mask: TypeAlias = tuple[Labelled, ...]
"""Where a result is wanted: where every one of these is true; () is everywhere."""


def union(parts: Iterable[Labelled]) -> tuple[Index, ...]:
    """Return the indices of all parts, in order of first appearance."""
    return tuple(dict.fromkeys(i for part in parts for i in part.indices))


def broadcast(function: Callable[..., Any], *parts: Labelled) -> Labelled:
    """Apply a function of arrays to parts brought to common axes."""
    indices = union(parts)
    aligned = [part.aligned(indices) for part in parts]
    if math.prod(array.size for array in aligned) > MOST_ENTRIES:
        check_size(indices, np.broadcast_shapes(*(array.shape for array in aligned)))
    return Labelled(np.asarray(function(*aligned)), indices)


def conjunction(parts: Mask) -> Labelled:
    """Return the one truth value that holds where all hold."""
    combined = Labelled(np.asarray(True))
    for part in parts:
        combined = broadcast(np.logical_and, combined, part)
    return combined

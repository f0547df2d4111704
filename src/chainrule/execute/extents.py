"""The extents that only an equation determines: of an index that stands in affine positions and nowhere plainly.

`y[i] = sum(u) w[u]*x[i+u]` gives i the largest extent for which every position stays inside its tensor.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.errors import InputError
from chainrule.execute.scalars import Array
from chainrule.expr.nodes import Affine, Expr, Extent, Index, Indexed, Reduce, walk


def infer_sizes(value: Expr, values: Mapping[str, Array], sizes: Mapping[Extent, int]) -> dict[Extent, int]:
    """Return the extents that are missing in `sizes` and that the unguarded affine positions of a value determine.

    Raises InputError where a position cannot stay inside its tensor for any value of the index.
    """
    limits: dict[Extent, int] = {}
    for part in walk(value):
        if isinstance(part, Indexed) and not part.guarded and part.tensor in values:
            for position, length in zip(part.indices, values[part.tensor].shape, strict=False):
                if isinstance(position, Affine):
                    _limit(position, length, sizes, limits, part.tensor)
    return limits


def missing_extents(indices: tuple[Index, ...], value: Expr, sizes: Mapping[Extent, int]) -> bool:
    """Say whether an index of an equation has no known extent."""
    bound = (i for part in walk(value) if isinstance(part, Reduce) for i in part.indices)
    return any(i.extent not in sizes for i in (*indices, *bound))


def _limit(position: Affine, length: int, sizes: Mapping[Extent, int], limits: dict[Extent, int], tensor: str) -> None:
    unknown = [(index, c) for index, c in position.terms if index.extent not in sizes]
    if len(unknown) != 1 or unknown[0][1] < 0:
        return
    index, coefficient = unknown[0]
    known = [(c, sizes[i.extent]) for i, c in position.terms if i.extent in sizes]
    highest = position.constant + sum(c * (size - 1) for c, size in known if c > 0)
    extent = (length - 1 - highest) // coefficient + 1
    if extent < 1:
        raise InputError(
            f"index {index.preferred} can take no value: {tensor} has only {length} entries there",
            expected=f"at least {highest + 1} entries",
            advice=f"Give a larger {tensor}, or smaller tensors to shift it by.",
        )
    limits[index.extent] = min(limits.get(index.extent, extent), extent)

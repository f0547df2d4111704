"""How to bring an array into the shape that was expected, said only where no entry would land in the wrong place.

`reshape` keeps the order of the numbers, so it merges neighbouring axes or splits one, and never exchanges two. Where
the axes stand in another order the advice is a transpose. Where neither is certain there is no advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def shape_advice(label: str, array: Array, wanted: Sequence[int | None], axes: Sequence[str]) -> str:
    """Return how an array gets the `axes`, by name: those of `wanted` extents, None unknown, behind one of samples.

    Where `axes` are as many as `wanted` there is none of samples in front.

    >>> shape_advice("y", np.zeros((7, 2, 5)), [5, 2], "nhk")
    'If its axes are n, k, h: y.transpose(0, 2, 1)'
    >>> shape_advice("x", np.zeros((7, 28, 28)), [784], "ni")
    'Flatten each sample: x.reshape(-1, 784)'
    """
    front = len(axes) - len(wanted)
    if 0 in array.shape:
        return ""
    order = _order(array.shape, wanted, front) or (_order(array.shape, wanted, 0) if front else None)
    if order is not None:
        given = [axes[order.index(axis)] for axis in range(array.ndim)]
        return f"If its axes are {', '.join(given)}: {label}.transpose({', '.join(map(str, order))})"
    known = [extent for extent in wanted if extent is not None]
    if len(known) == len(wanted) and _same_order(array.shape[front:], known):
        sizes = ["-1"] * front + [str(extent) for extent in known]
        what = "Flatten each sample" if front and len(known) == 1 < array.ndim - 1 else "Its numbers fit in their order"
        return f"{what}: {label}.reshape({', '.join(sizes)})"
    ones = tuple(front + axis for axis, extent in enumerate(wanted) if extent == 1)
    if ones and array.ndim + len(ones) == front + len(wanted):
        return f"Add the axis of 1: np.expand_dims({label}, {ones[0] if len(ones) == 1 else ones})"
    return ""


def labels_advice(label: str, array: Array, wanted: Sequence[int | None], axes: Sequence[str]) -> str:
    """Return how an array with an axis too many becomes whole numbers, one for each entry that is `wanted`.

    >>> labels_advice("y", np.array([[3], [1]]), [], "n")
    'Take the labels out of their column: y[:, 0]'
    """
    front = len(axes) - len(wanted)
    if array.ndim != front + len(wanted) + 1 or 0 in array.shape:
        return shape_advice(label, array, wanted, axes)
    for axis in range(array.ndim - 1, front - 1, -1):
        rest = array.shape[front:axis] + array.shape[axis + 1 :]
        if not _fits(rest, wanted):
            continue
        last = axis == array.ndim - 1
        if array.shape[axis] == 1:
            taken = f"{label}[:, 0]" if array.ndim == 2 and last else f"{label}.squeeze({-1 if last else axis})"
            return f"Take the labels out of their column: {taken}" if last else f"Leave out the axis of 1: {taken}"
        if bool(np.all((array == 0) | (array == 1))) and bool(np.all(array.sum(axis=axis) == 1)):
            return f"Of one-hot rows the labels are {label}.argmax(axis={-1 if last else axis})"
    return ""


def _order(shape: Sequence[int], wanted: Sequence[int | None], front: int) -> list[int] | None:
    """Return the order of axes with which a shape is the wanted one, None where none is or they stand in it.

    The axis of samples stays in front where the others fit; else any axis may be the one that is left for it.
    """
    if len(shape) != front + len(wanted):
        return None
    for free in (range(front, len(shape)), range(len(shape))) if front else (range(len(shape)),):
        left = list(free)
        places = [_taken(left, shape, extent) for extent in wanted]
        if all(place is not None or extent is None for place, extent in zip(places, wanted, strict=True)):
            rest = [axis for axis in range(len(shape)) if axis not in places]
            order = [*(rest.pop(0) for _ in range(front)), *(p if p is not None else rest.pop(0) for p in places)]
            return order if order != sorted(order) else None
    return None


def _taken(left: list[int], shape: Sequence[int], extent: int | None) -> int | None:
    """Take the first axis of an extent out of those that are left."""
    place = next((axis for axis in left if shape[axis] == extent), None)
    if place is not None:
        left.remove(place)
    return place


def _fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    return all(extent in (None, size) for size, extent in zip(shape, wanted, strict=True))


def _same_order(have: Sequence[int], want: Sequence[int]) -> bool:
    """Say whether neighbouring axes merged, or single ones split, make one shape of the other.

    >>> _same_order((28, 28), (784,)), _same_order((2, 6), (2, 3, 2)), _same_order((4, 9), (6, 6))
    (True, True, False)
    """
    if prod(have) != prod(want):
        return False
    mine, other = ([extent for extent in axes if extent != 1] for axes in (have, want))
    while mine and other:
        first, second = [mine.pop(0)], [other.pop(0)]
        while prod(first) != prod(second):
            shorter, rest = (first, mine) if prod(first) < prod(second) else (second, other)
            if not rest:
                return False
            shorter.append(rest.pop(0))
        if len(first) > 1 and len(second) > 1:
            return False
    return True

"""Samples and answers as people give them, checked and brought to the form that a system takes.

Answers are labels 0 … K-1 or rows of targets; a network with one output takes the labels 0 and 1. Every refusal names
the tensor, the place, and what was expected.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.errors import InputError
from chainrule.network.shape_advice import shape_advice
from chainrule.render.text import place_text

Array = npt.NDArray[np.float64]


def as_samples(name: str, values: npt.ArrayLike, width: int | None, reader: str, *, narrow: bool = False) -> Array:
    """Return samples as float64 of shape (samples, width), or (width,) for a single one.

    `reader` says who takes them, in the words of an error; `narrow` is as in `as_numbers`.
    """
    array = as_numbers(name, values, narrow=narrow)
    if array.ndim not in (1, 2):
        raise InputError(
            f"{name} has {array.ndim} axes, shape {list(array.shape)}",
            expected="the shape (samples, features), or (features,) for one sample",
            advice=_flattening(name, array, width),
        )
    if width is not None and array.shape[-1] != width:
        raise InputError(
            f"{name} has {array.shape[-1]} numbers in each sample, but {reader} takes {width}",
            expected=f"the shape (samples, {width}), or ({width},) for one sample",
            advice=shape_advice(name, array, [width], ("samples", "features")),
        )
    return array


def _flattening(name: str, array: Array, width: int | None) -> str:
    """Return how samples of more axes become rows, where these have the numbers that a row is to have."""
    if width is None and array.ndim > 2:
        return f"Flatten each sample: {name}.reshape(len({name}), -1)"
    return shape_advice(name, array, [width], ("samples", "features")) if array.ndim > 2 else ""


def as_numbers(name: str, values: npt.ArrayLike, *, narrow: bool = False) -> Array:
    """Return finite numbers as float64: the array itself where it holds such, so that no large data are copied.

    With `narrow` numbers that float32 holds exactly, by their type, become float32.
    """
    found = as_array(name, values)
    exact = narrow and np.can_cast(found.dtype, np.float32)
    array: Array = found.astype(np.float32 if exact else np.float64, copy=False)
    if not np.isfinite(array).all():
        wrong = np.argwhere(~np.isfinite(array))[0]
        at = ",".join(str(int(n)) for n in wrong)
        raise InputError(f"{name}[{at}] is {array[tuple(wrong)]}", expected="finite numbers")
    return array


def as_targets(name: str, values: npt.ArrayLike, width: int, *, single: bool = False) -> Array:
    """Return answers as rows of targets, shape (samples, width): labels become one-hot rows.

    A `single` answer is a label or a row, and comes back as a row.
    """
    found = as_array(name, values)
    rank = 0 if single else 1
    if found.ndim == rank and found.dtype.kind in "iub":
        return one_hot_rows(name, found, width)
    array = as_numbers(name, found)
    if array.ndim == rank:
        raise InputError(
            f"{name} holds {found.dtype} numbers, one for each sample: labels or targets?",
            expected="integers for labels" + (f", or {width} targets for each sample" if width > 1 else ""),
            advice=f"Labels: {name}.astype(int)" + (f". Targets: {name}.reshape(-1, 1)" if width == 1 else ""),
        )
    if array.ndim != rank + 1 or array.shape[-1] != width:
        form = (
            f"a label, or targets of shape ({width},)"
            if single
            else f"labels of shape (samples,), or targets of shape (samples, {width})"
        )
        column = array.shape[-1:] == (1,)
        advice = (
            f"Labels: {name}.ravel()"
            if column
            else shape_advice(name, array, [width], ("samples", "outputs")[1 - rank :])
        )
        raise InputError(
            f"{name} has the shape {list(array.shape)}", expected=f"{form}: one for each output", advice=advice
        )
    return array


def one_hot_rows(name: str, labels: Any, width: int) -> Array:
    """Return the one-hot row of each label; a single output is 1 for label 1 and 0 for label 0.

    >>> one_hot_rows("y", np.array([1, 0]), 3)
    array([[0., 1., 0.],
           [1., 0., 0.]])
    """
    classes = max(width, 2)
    wrong = np.argwhere(np.asarray((labels < 0) | (labels >= classes)))
    if len(wrong):
        at = tuple(int(n) for n in wrong[0])
        outputs = "one output" if width == 1 else f"{width} outputs"
        raise InputError(
            f"{place_text(name, at)} is {labels[at]}, but the network has {outputs}",
            expected=f"labels 0 to {classes - 1}",
            advice=f"If they are numbers and no labels: {_as_row(name, labels)}" if width == 1 else "",
        )
    numbers = labels.astype(np.int64)
    if width == 1:
        return np.asarray(numbers[..., None], np.float64)
    return np.asarray(np.eye(width)[numbers])


def _as_row(name: str, labels: Any) -> str:
    """Return how numbers get the axis of a single output."""
    return {0: f"[{name}]", 1: f"{name}.reshape(-1, 1)"}.get(np.ndim(labels), f"np.expand_dims({name}, -1)")


def is_one_hot(rows: Array, axis: int = -1) -> bool:
    """Say whether every row is one-hot; of a single output, whether every entry is 0 or 1."""
    binary = bool(np.all((rows == 0) | (rows == 1)))
    return binary and (rows.shape[axis] == 1 or bool(np.all(rows.sum(axis=axis) == 1)))


def are_probabilities(rows: Array, axis: int = -1) -> bool:
    """Say whether every row could be the probabilities of classes; of a single output, that of a yes."""
    possible = bool(np.all((rows >= 0) & (rows <= 1)))
    return possible and (rows.shape[axis] == 1 or bool(np.allclose(rows.sum(axis=axis), 1.0)))


def labels_of(rows: Array, axis: int = -1) -> npt.NDArray[np.int64]:
    """Return the place of the largest entry of each row; of a single output, whether it is above one half."""
    if rows.shape[axis] == 1:
        return np.asarray(rows.take(0, axis) > 0.5, np.int64)
    return np.asarray(rows.argmax(axis=axis), np.int64)

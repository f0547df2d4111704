"""Anybody's arrays: an .npz file with x_train and y_train, perhaps others to validate with and to test on.

Each array is verified, so that whoever gets the `Dataset` need not look again. Nothing is guessed: where an array
could be meant in two ways, the error shows how to say which. This module does not scale or shuffle.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chainrule.data.archive import WRITE, AnyArray, array_names, read_archive
from chainrule.data.dataset import Answers, Dataset, Samples
from chainrule.data.part_names import PARTS, unread
from chainrule.errors import DataFileError

_MANY_CLASSES = 1000
"""As many classes may be numbered even where fewer samples are there; the network has an output for each."""


def load_npz(path: str | os.PathLike[str]) -> Dataset:
    """Read x_train, y_train and, if they are there, x_validation, y_validation, x_test, y_test from an .npz file.

    x has the shape (samples, features); further axes are flattened, so images need no preparation. y is either labels,
    integers 0 … K-1 of shape (samples,), or targets, numbers of shape (samples, outputs), such as one-hot rows. The
    values are taken as they stand. Raises DataFileError, which names the file, the array and what is wrong with it.
    """
    path = Path(path)
    try:
        arrays = read_archive(path, [f"{axis}_{part}" for part in PARTS for axis in "xy"])
        unread(array_names(path), ("x", "y"))
        return _dataset(path.stem, arrays)
    except DataFileError as error:
        raise error.inside(path) from error.__cause__


def load_pair(path: str | os.PathLike[str]) -> tuple[Samples, Answers]:
    """Read samples and answers to try a network on: x_test and y_test, else x and y, else x_train and y_train.

    Raises DataFileError as `load_npz` does.
    """
    path = Path(path)
    pairs = {f"x{end}": f"y{end}" for end in ("_test", "", "_train")}
    try:
        arrays = read_archive(path, [*pairs, *pairs.values()])
        unread(array_names(path), ("x", "y"))
        for x, y in pairs.items():
            if x in arrays and y in arrays:
                return _pair(arrays, x, y)
        raise DataFileError(f"there is {next(iter(arrays))}, but not the other of the two", expected="x and y")
    except DataFileError as error:
        raise error.inside(path) from error.__cause__


def _dataset(name: str, arrays: Mapping[str, AnyArray]) -> Dataset:
    for part in PARTS:
        for one, other in ((f"x_{part}", f"y_{part}"), (f"y_{part}", f"x_{part}")):
            if one in arrays and other not in arrays:
                raise DataFileError(
                    f"there is an array {one}, but no {other}", advice=f"Add {other}, or leave out {one}"
                )
    if "x_train" not in arrays:
        use = "test on" if "x_test" in arrays else "validate with"
        raise DataFileError(f"there is something to {use}, but no x_train and y_train", advice=WRITE)
    shape = arrays["x_train"].shape[1:]
    x_train, y_train = _part(arrays, "train")
    x_validation, y_validation = _other_part(arrays, "validation", y_train)
    x_test, y_test = _other_part(arrays, "test", y_train)
    return Dataset(name, x_train, y_train, x_test, y_test, shape, x_validation, y_validation)


def _other_part(
    arrays: Mapping[str, AnyArray], part: str, y_train: Answers
) -> tuple[Samples, Answers] | tuple[None, None]:
    """Return a part that need not be there, verified to be like the one that is trained on."""
    if f"x_{part}" not in arrays:
        return None, None
    x, y = _part(arrays, part)
    shapes = [arrays[name].shape[1:] for name in ("x_train", f"x_{part}")]
    if shapes[0] != shapes[1]:
        what = f"a sample of x_train has the shape {shapes[0]}, one of x_{part} {shapes[1]}"
        raise DataFileError(what, expected="the same shape for all parts")
    _check_answers_alike(f"y_{part}", y_train, y)
    return x, y


def _part(arrays: Mapping[str, AnyArray], part: str) -> tuple[Samples, Answers]:
    return _pair(arrays, f"x_{part}", f"y_{part}")


def _pair(arrays: Mapping[str, AnyArray], x_name: str, y_name: str) -> tuple[Samples, Answers]:
    x, y = _samples(x_name, arrays[x_name]), _answers(y_name, arrays[y_name])
    if len(x) != len(y):
        raise DataFileError(
            f"{x_name} and {y_name} differ in length: {len(x):,} and {len(y):,}",
            expected="one entry on the first axis of each for every sample",
            advice=f"Samples are rows here. If they are columns: {x_name} = {x_name}.T" if len(y) == x.shape[1] else "",
        )
    return x, y


def _samples(name: str, array: AnyArray) -> Samples:
    expected = "the shape (samples, features), or more axes, which are flattened"
    if array.ndim < 2:
        advice = f"If each sample is one number: {name} = {name}[:, None]" if array.ndim else ""
        raise DataFileError(f"the array {name} has the shape {array.shape}", expected=expected, advice=advice)
    if array.size == 0:
        raise DataFileError(f"the array {name} is empty: its shape is {array.shape}", expected=expected)
    return numbers(name, array).reshape(len(array), -1)


def _answers(name: str, array: AnyArray) -> Answers:
    if array.dtype.kind in "US":
        raise DataFileError(
            f"the array {name} holds text",
            expected="labels as integers 0, 1, 2, …",
            advice=f"Number the classes: names, {name} = np.unique({name}, return_inverse=True)",
        )
    integers = array.dtype.kind in "iub"
    if array.ndim == 1 and integers:
        return _labels(name, array)
    if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1 and integers):
        raise DataFileError(
            f"the array {name}, {array.dtype} of shape {array.shape}, could be labels or targets",
            expected="integers of shape (samples,) for labels, floats of shape (samples, outputs) for targets",
            advice=f"Labels: {name} = {name}.ravel().astype(int)\n"
            f"Targets: {name} = {name}.reshape(-1, 1).astype(float)",
        )
    if array.ndim != 2 or array.shape[1] == 0:
        expected = "(samples,) for labels, (samples, outputs) for targets"
        raise DataFileError(f"the array {name} has the shape {array.shape}", expected=expected)
    return numbers(name, array)


def _labels(name: str, array: AnyArray) -> NDArray[np.int64]:
    advice = f"Number the classes: {name} = np.unique({name}, return_inverse=True)[1]"
    labels = array.astype(np.int64)
    if np.any(labels < 0):
        at = int(labels.argmin())
        what = f"{name}[{at}] is {array[at]}: a label cannot be negative or above 2^63"
        raise DataFileError(what, expected="labels 0, 1, 2, …", advice=advice)
    if labels.size and labels.max() >= max(len(labels), _MANY_CLASSES):
        at = int(labels.argmax())
        what = f"{name}[{at}] is {array[at]}: that many classes for {len(labels):,} samples"
        raise DataFileError(what, expected="labels 0, 1, 2, … without great gaps", advice=advice)
    return labels


def numbers(name: str, array: AnyArray) -> NDArray[np.float64]:
    """Return finite numbers as float64. Raises DataFileError, which names the array, for others."""
    if array.dtype.kind not in "fiub":
        raise DataFileError(f"the array {name} has the type {array.dtype}", expected="real numbers")
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if wrong.size:
        at = ", ".join(str(int(i)) for i in np.unravel_index(int(wrong[0]), array.shape))
        raise DataFileError(
            f"{name}[{at}] is {numbers.flat[wrong[0]]}" + (f", and {wrong.size - 1:,} more" if wrong.size > 1 else ""),
            expected="finite numbers",
            advice=f"Find all: np.argwhere(~np.isfinite({name}))",
        )
    return numbers


def _check_answers_alike(name: str, y_train: Answers, y: Answers) -> None:
    if y_train.shape[1:] != y.shape[1:]:
        kinds = [f"targets of width {y.shape[1]}" if y.ndim == 2 else "labels" for y in (y_train, y)]
        what = f"y_train holds {kinds[0]}, {name} {kinds[1]}"
        raise DataFileError(what, expected="the same kind of answer for all parts")
    if y_train.ndim == 1 and y.max() > y_train.max():
        at = int(y.argmax())
        raise DataFileError(
            f"{name}[{at}] is {y[at]}, but the highest label in y_train is {y_train.max()}",
            expected=f"classes in {name} that are also trained",
            advice="Number the classes of all parts together, before they are split",
        )

"""Anybody's .npz: what is read and how, and every reason to refuse it, by its message."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import Dataset, load_npz
from chainrule.errors import DataFileError

Write = Callable[..., Path]

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write arrays to points.npz and return its path."""

    def save(**arrays: Any) -> Path:
        path = tmp_path / "points.npz"
        np.savez(path, **arrays)
        return path

    return save


def refusal(path: Path) -> str:
    """Return the message with which a file is refused; the file is always named."""
    with pytest.raises(DataFileError) as caught:
        load_npz(path)
    assert f"in {path}" in str(caught.value)
    return str(caught.value)


def test_training_arrays_alone(write: Write) -> None:
    data = load_npz(write(x_train=X, y_train=Y))
    assert isinstance(data, Dataset)
    assert (data.name, data.features, data.outputs, data.labelled) == ("points", 2, 3, True)
    assert np.array_equal(data.x_train, X)
    assert np.array_equal(data.y_train, Y)
    assert data.x_test is None
    assert data.y_test is None


def test_test_arrays_compressed_and_other_arrays_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "points.npz"
    np.savez_compressed(path, x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2], names=np.array(["a", "b", "c"]))
    data = load_npz(str(path))
    assert data.x_test is not None
    assert data.y_test is not None
    assert np.array_equal(data.x_test, X[:2])
    assert np.array_equal(data.y_test, Y[:2])


def test_arrays_to_validate_with(write: Write) -> None:
    data = load_npz(write(x_train=X, y_train=Y, x_validation=X[:3], y_validation=Y[:3]))
    assert data.x_validation is not None
    assert data.y_validation is not None
    assert np.array_equal(data.x_validation, X[:3])
    assert np.array_equal(data.y_validation, Y[:3])
    assert data.x_test is None
    assert load_npz(write(x_train=X, y_train=Y)).x_validation is None


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8", "uint8", "int64", "bool", "longdouble"])
def test_numbers_of_any_type_become_float64(write: Write, dtype: str) -> None:
    data = load_npz(write(x_train=X.astype(dtype), y_train=Y))
    assert data.x_train.dtype == np.float64
    assert np.array_equal(data.x_train, X.astype(dtype).astype(float))


@pytest.mark.parametrize("dtype", ["int8", "uint8", ">i4", "uint64", "int64"])
def test_labels_of_any_integer_type_become_int64(write: Write, dtype: str) -> None:
    data = load_npz(write(x_train=X, y_train=Y.astype(dtype)))
    assert data.y_train.dtype == np.int64
    assert np.array_equal(data.y_train, Y)


def test_yes_and_no_are_the_labels_one_and_zero(write: Write) -> None:
    data = load_npz(write(x_train=X, y_train=Y > 0))
    assert data.y_train.tolist() == [0, 1, 1, 0, 1, 1]


def test_images_are_flattened_and_their_shape_is_kept(write: Write) -> None:
    images = np.arange(6 * 3 * 2).reshape(6, 3, 2)
    data = load_npz(write(x_train=images, y_train=Y))
    assert data.x_train.shape == (6, 6)
    assert data.sample_shape == (3, 2)
    assert np.array_equal(data.x_train[4], images[4].ravel())


def test_arrays_in_fortran_order_keep_their_entries(write: Write) -> None:
    images = np.asfortranarray(np.arange(6 * 3 * 2).reshape(6, 3, 2))
    data = load_npz(write(x_train=images, y_train=Y))
    assert np.array_equal(data.x_train[4], [24, 25, 26, 27, 28, 29])


@pytest.mark.parametrize("dtype", ["int64", "float32", "bool"])
def test_rows_of_targets(write: Write, dtype: str) -> None:
    rows = np.eye(3)[Y].astype(dtype)
    data = load_npz(write(x_train=X, y_train=rows))
    assert (data.outputs, data.labelled) == (3, False)
    assert data.y_train.dtype == np.float64
    assert np.array_equal(data.y_train, rows)


def test_one_real_target_for_each_sample(write: Write) -> None:
    data = load_npz(write(x_train=X, y_train=np.linspace(0, 1, 6)[:, None]))
    assert (data.outputs, data.labelled) == (1, False)


def test_classes_that_no_sample_has_are_allowed_up_to_a_thousand(write: Write) -> None:
    assert load_npz(write(x_train=X, y_train=Y + 997)).outputs == 1000


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing of ours": (
        {"images": X, "labels": Y},
        ["there is no array x_train: the file holds images, labels", "np.savez_compressed('data.npz', x_train=x"],
    ),
    "empty": ({}, ["there is no array x_train: the file holds nothing"]),
    "no y_train": ({"x_train": X}, ["there is an array x_train, but no y_train", "Add y_train"]),
    "no x_train": ({"y_train": Y}, ["there is an array y_train, but no x_train", "Add x_train"]),
    "no y_test": ({"x_train": X, "y_train": Y, "x_test": X}, ["an array x_test, but no y_test", "leave out x_test"]),
    "no x_test": ({"x_train": X, "y_train": Y, "y_test": Y}, ["an array y_test, but no x_test", "leave out y_test"]),
    "only test": ({"x_test": X, "y_test": Y}, ["something to test on, but no x_train and y_train"]),
    "no y_validation": ({"x_train": X, "y_train": Y, "x_validation": X}, ["an array x_validation, but no y_val"]),
    "only validation": ({"x_validation": X, "y_validation": Y}, ["something to validate with, but no x_train and"]),
    "validation lengths": (
        {"x_train": X, "y_train": Y, "x_validation": X, "y_validation": Y[:1]},
        ["x_validation and y_validation differ in length: 6 and 1"],
    ),
    "other features to validate with": (
        {"x_train": X, "y_train": Y, "x_validation": np.ones((6, 3)), "y_validation": Y},
        ["a sample of x_train has the shape (2,), one of x_validation (3,)", "the same shape for all parts"],
    ),
    "other classes to validate with": (
        {"x_train": X, "y_train": Y, "x_validation": X, "y_validation": Y + 1},
        ["y_validation[2] is 3, but the highest label in y_train is 2", "classes in y_validation that are also"],
    ),
    "capitals": (
        {"x_train": X, "y_train": Y, "X_test": X, "y_test": Y},
        ["the array X_test would not be read", "the name x_test"],
    ),
    "lengths": ({"x_train": X, "y_train": Y[:5]}, ["x_train and y_train differ in length: 6 and 5", "every sample"]),
    "columns": (
        {"x_train": np.ones((2, 6)), "y_train": Y},
        ["x_train and y_train differ in length: 2 and 6", "x_train = x_train.T"],
    ),
    "test lengths": (
        {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y[:1]},
        ["x_test and y_test differ in length: 6 and 1"],
    ),
    "a number": (
        {"x_train": np.array(1.0), "y_train": Y},
        ["the array x_train has the shape ()", "(samples, features)"],
    ),
    "a vector": ({"x_train": X[:, 0], "y_train": Y}, ["x_train has the shape (6,)", "x_train = x_train[:, None]"]),
    "no samples": ({"x_train": X[:0], "y_train": Y[:0]}, ["x_train is empty: its shape is (0, 2)"]),
    "no features": ({"x_train": X[:, :0], "y_train": Y}, ["x_train is empty: its shape is (6, 0)"]),
    "nan": (
        {"x_train": np.where(X == 7, np.nan, X), "y_train": Y},
        ["x_train[3, 1] is nan\n", "finite numbers", "np.argwhere(~np.isfinite(x_train))"],
    ),
    "infinite": ({"x_train": np.where(X > 7, np.inf, X), "y_train": Y}, ["x_train[4, 0] is inf, and 3 more"]),
    "infinite target": (
        {"x_train": X, "y_train": np.full((6, 2), -np.inf)},
        ["y_train[0, 0] is -inf, and 11 more"],
    ),
    "complex": ({"x_train": X + 1j, "y_train": Y}, ["x_train has the type complex128", "real numbers"]),
    "text": ({"x_train": X.astype(str), "y_train": Y}, ["x_train has the type <U", "real numbers"]),
    "dates": ({"x_train": X.astype("M8[s]"), "y_train": Y}, ["x_train has the type datetime64[s]"]),
    "complex target": ({"x_train": X, "y_train": X + 1j}, ["y_train has the type complex128", "real numbers"]),
    "objects": (
        {"x_train": np.array([[1], [2, 3]], dtype=object), "y_train": Y},
        ["x_train holds Python objects, which are never loaded: they could run code", "x_train = np.stack(rows)"],
    ),
    "names of classes": (
        {"x_train": X, "y_train": np.array(list("abcabc"))},
        ["y_train holds text", "labels as integers", "names, y_train = np.unique(y_train, return_inverse=True)"],
    ),
    "labels as floats": (
        {"x_train": X, "y_train": Y.astype(float)},
        ["y_train, float64 of shape (6,), could be labels or targets", "astype(int)", "reshape(-1, 1).astype(float)"],
    ),
    "labels in a column": (
        {"x_train": X, "y_train": Y[:, None]},
        ["int64 of shape (6, 1), could be labels or targets"],
    ),
    "negative label": (
        {"x_train": X, "y_train": Y - 1},
        ["y_train[0] is -1: a label cannot be negative", "np.unique(y_train, return_inverse=True)[1]"],
    ),
    "immense label": (
        {"x_train": X, "y_train": np.array([0, 1, 2**63 + 5, 0, 0, 0], dtype=np.uint64)},
        ["y_train[2] is 9223372036854775813: a label cannot be negative or above 2^63"],
    ),
    "zip codes": (
        {"x_train": X, "y_train": Y + 90210},
        ["y_train[2] is 90212: that many classes for 6 samples", "without great gaps"],
    ),
    "images as answers": (
        {"x_train": X, "y_train": np.ones((6, 2, 2))},
        ["y_train has the shape (6, 2, 2)", "(samples,)"],
    ),
    "targets without columns": ({"x_train": X, "y_train": np.ones((6, 0))}, ["y_train has the shape (6, 0)"]),
    "one answer for all": ({"x_train": X, "y_train": np.array(1)}, ["y_train has the shape ()"]),
    "other features": (
        {"x_train": X, "y_train": Y, "x_test": np.ones((6, 3)), "y_test": Y},
        ["a sample of x_train has the shape (2,), one of x_test (3,)", "the same shape"],
    ),
    "other answers": (
        {"x_train": X, "y_train": Y, "x_test": X, "y_test": np.eye(3)[Y]},
        ["y_train holds labels, y_test targets of width 3"],
    ),
    "other width": (
        {"x_train": X, "y_train": np.ones((6, 2)), "x_test": X, "y_test": np.ones((6, 4))},
        ["y_train holds targets of width 2, y_test targets of width 4"],
    ),
    "other classes": (
        {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 1},
        ["y_test[2] is 3, but the highest label in y_train is 2", "also trained", "before they are split"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_the_arrays_is_said(write: Write, case: str) -> None:
    arrays, messages = WRONG[case]
    said = refusal(write(**arrays))
    assert [message for message in messages if message not in said] == []


def test_no_object_is_ever_made(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "made"),)

    path = tmp_path / "harmful.npz"
    np.savez(path, x_train=np.array([Harmful()], dtype=object), y_train=Y)
    assert "never loaded" in refusal(path)
    assert not (tmp_path / "made").exists()

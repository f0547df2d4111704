"""MNIST: which files are found, how they are split and scaled, what is only noted, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.data import mnist
from chainrule.data.mnist import FILES, mnist_files
from chainrule.errors import DataFileError
from unit.data.idx_files import idx_bytes, images, labels, write_mnist


def refusal(folder: Path) -> str:
    with pytest.raises(DataFileError) as caught:
        mnist(folder)
    return str(caught.value)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_a_set_in_the_form_of_mnist(tmp_path: Path, packed: bool) -> None:
    data = mnist(str(write_mnist(tmp_path, packed=packed)))
    rows = images(24).reshape(24, 784) / 255
    assert np.array_equal(data.x_train, rows[:20])
    assert data.y_train.tolist() == labels(24)[:20].tolist()
    assert data.x_validation is not None
    assert data.y_validation is not None
    assert np.array_equal(data.x_validation, rows[20:])
    assert data.y_validation.tolist() == [0, 1, 2, 3]
    assert data.x_test is not None
    assert data.y_test is not None
    assert (data.x_test.shape, data.y_test.tolist()) == ((5, 784), [0, 1, 2, 3, 4])
    assert (data.name, data.sample_shape, data.x_train.dtype, data.y_train.dtype) == (
        "mnist",
        (28, 28),
        np.float64,
        np.int64,
    )


def test_there_are_ten_classes_even_where_some_are_not_trained(tmp_path: Path) -> None:
    data = mnist(write_mnist(tmp_path, train=6, test=10))
    assert data.y_train.max() == 4
    assert data.outputs == 10


@pytest.mark.parametrize(("count", "validating"), [(6, 1), (11, 1), (12, 2), (60, 10)])
def test_the_last_sixth_validates(tmp_path: Path, count: int, validating: int) -> None:
    data = mnist(write_mnist(tmp_path, train=count))
    assert data.x_validation is not None
    assert (len(data.x_train), len(data.x_validation)) == (count - validating, validating)


@pytest.mark.parametrize("folder", ["", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("ending", ["-ubyte", "-ubyte.gz"])
@pytest.mark.parametrize("dot", [False, True])
def test_where_the_files_may_lie_and_how_they_may_be_called(
    tmp_path: Path, folder: str, ending: str, dot: bool
) -> None:
    found = write_mnist(tmp_path / folder, packed=ending.endswith("gz"))
    for path in found.iterdir():
        path.rename(path.with_name(path.name.replace("-idx", ".idx") if dot else path.name))
    for name, path in mnist_files(tmp_path).items():
        assert path.parent == tmp_path / folder
        assert path.name.replace(".idx", "-idx").removesuffix(".gz") == name
    assert mnist(tmp_path).x_train.shape == (20, 784)


def test_a_file_that_is_not_packed_is_preferred(tmp_path: Path) -> None:
    write_mnist(tmp_path, packed=True)
    write_mnist(tmp_path)
    assert [path.suffix for path in mnist_files(tmp_path).values()] == [""] * 4


def test_files_that_are_not_the_originals_are_noted(tmp_path: Path) -> None:
    remarks = mnist(write_mnist(tmp_path, packed=True)).note.splitlines()
    assert len(remarks) == 4
    assert remarks[0].startswith("train-images-idx3-ubyte.gz is not the original file of MNIST (SHA-256 ")


def test_no_folder(tmp_path: Path) -> None:
    said = refusal(tmp_path / "none")
    assert f"the folder of MNIST does not exist: {tmp_path / 'none'}" in said
    assert all(name in said for name in FILES)
    assert "yann.lecun.com/exdb/mnist or its mirrors" in said
    (tmp_path / "file").write_text("")
    assert "the folder of MNIST is a file: " in refusal(tmp_path / "file")


def test_missing_files_are_named(tmp_path: Path) -> None:
    said = refusal(tmp_path)
    assert f"4 files of MNIST are missing\n  in {tmp_path}\n  each of these as it is, or with .gz at its end:" in said
    assert all(f"\n    {name}\n" in said for name in FILES)
    write_mnist(tmp_path / "mnist")
    (tmp_path / "mnist/t10k-labels-idx1-ubyte").unlink()
    said = refusal(tmp_path)
    assert f"one of the four files of MNIST is missing\n  in {tmp_path / 'mnist'}\n" in said
    assert "\n    t10k-labels-idx1-ubyte\n" in said
    assert "train-labels" not in said
    assert "They are the MNIST database of handwritten digits" in said


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"train_images": idx_bytes(labels(24))}, "in the file is an array of uint8 of the shape (24,)"),
        ({"train_images": idx_bytes(images(24)[:, :14])}, "of the shape (24, 14, 28)"),
        ({"train_images": idx_bytes(images(24).astype("f4"))}, "an array of float32 of the shape (24, 28, 28)"),
        ({"train_labels": idx_bytes(images(24))}, "of the shape (24, 28, 28)"),
        ({"t10k_labels": idx_bytes(labels(5).astype("i4"))}, "an array of int32 of the shape (5,)"),
        ({"train_labels": idx_bytes(labels(23))}, "there are 24 images, and 23 labels"),
        ({"t10k_images": idx_bytes(images(6))}, "there are 6 images, and 5 labels"),
        ({"t10k_labels": idx_bytes(np.array([0, 1, 10, 3, 11], np.uint8))}, "label 2 is 10"),
        ({"t10k_labels": b"hello"}, "this is no IDX file"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, instead: dict[str, bytes], said: str) -> None:
    told = refusal(write_mnist(tmp_path, **instead))
    (file,) = instead
    name = next(name for name in FILES if name.startswith(file.replace("_", "-")))
    assert said in told
    assert name.partition("-")[0] in told
    if "array" in said:
        expected = "uint8 of the shape (samples, 28, 28)" if "images" in file else "uint8 of the shape (samples,)"
        assert f"\n  in {tmp_path / name}\n  {expected}\n  See whether it has another file's name." in told


def test_what_is_expected_is_said(tmp_path: Path) -> None:
    said = refusal(write_mnist(tmp_path, train_labels=idx_bytes(labels(23))))
    assert (
        f"in {tmp_path / 'train-images-idx3-ubyte'}\n  and train-labels-idx1-ubyte\n  one label for each image" in said
    )
    said = refusal(write_mnist(tmp_path, train_labels=idx_bytes(np.full(24, 255, np.uint8))))
    assert f"label 0 is 255\n  in {tmp_path / 'train-labels-idx1-ubyte'}\n  labels 0 to 9" in said


@pytest.mark.parametrize(("train", "test"), [(5, 5), (0, 5), (12, 0)])
def test_a_set_that_is_too_small(tmp_path: Path, train: int, test: int) -> None:
    said = refusal(write_mnist(tmp_path, train=train, test=test))
    assert f"there are {train} samples in the training files, and {test} in the test files\n  in {tmp_path}\n" in said
    assert "6 or more to train and validate with, 1 or more to test on" in said


def test_the_real_one(mnist_dir: Path) -> None:
    data = mnist(mnist_dir)
    assert data.note == ""
    assert data.x_validation is not None
    assert data.y_validation is not None
    assert data.x_test is not None
    assert data.y_test is not None
    assert [x.shape for x in (data.x_train, data.x_validation, data.x_test)] == [
        (50000, 784),
        (10000, 784),
        (10000, 784),
    ]
    assert [y[:5].tolist() for y in (data.y_train, data.y_validation, data.y_test)] == [
        [5, 0, 4, 1, 9],
        [3, 8, 6, 9, 6],
        [7, 2, 1, 0, 4],
    ]
    assert (data.x_train.min(), data.x_train.max()) == (0, 1)
    assert data.x_train.mean() == pytest.approx(0.1307, abs=1e-3)

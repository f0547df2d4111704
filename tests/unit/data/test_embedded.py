"""The embedded digits are the published ones, and the split is fixed and stratified."""

from __future__ import annotations

import hashlib
from importlib import resources

import numpy as np
import pytest

from chainrule.data import digits, digits_split


def test_the_values_are_those_of_the_uci_file() -> None:
    x, y = digits()
    lines = "".join(
        ",".join(map(str, [*row, label])) + "\n" for row, label in zip((x * 16).astype(int), y, strict=True)
    )
    assert x.dtype == np.float64
    assert y.dtype == np.int64
    # md5 of the file as scikit-learn distributes it (digits.csv.gz, unzipped): a line for each sample, label last.
    assert hashlib.md5(lines.encode(), usedforsecurity=False).hexdigest() == "a0339c30a8a5312a1b6f9e5c719dcce5"


def test_the_first_digit_looks_like_a_zero() -> None:
    x, y = digits()
    rows = ["".join("#" if ink > 0.5 else "." for ink in row) for row in x[0].reshape(8, 8)]
    assert y[0] == 0
    assert rows == ["...##...", "..####..", "..#..#..", "..#.....", ".....#..", "..#..#..", "..#.##..", "...##..."]


def test_the_split_parts_the_samples() -> None:
    x, y = digits()
    data = digits_split()
    assert data.x_test is not None
    assert data.y_test is not None
    both = np.concatenate([data.x_train, data.x_test])
    labels = np.concatenate([data.y_train, data.y_test])
    order = np.lexsort([*both.T, labels])
    assert np.array_equal(both[order], x[np.lexsort([*x.T, y])])
    assert np.array_equal(labels[order], np.sort(y))


@pytest.mark.parametrize("label", range(10))
def test_a_fifth_of_each_digit_is_for_testing(label: int) -> None:
    data = digits_split()
    assert data.y_test is not None
    testing, training = np.sum(data.y_test == label), np.sum(data.y_train == label)
    assert abs(testing - (testing + training) / 5) < 1


def test_the_split_is_the_same_in_every_version() -> None:
    data = digits_split()
    assert data.y_test is not None
    assert (
        hashlib.md5(bytes(data.y_test.tolist()), usedforsecurity=False).hexdigest()
        == "ef829151336f27af090d617b3c9262b5"
    )
    assert data.y_test[:10].tolist() == [3, 9, 5, 0, 2, 4, 9, 8, 7, 5]


def test_attribution_and_licence_are_in_the_package() -> None:
    text = resources.files("chainrule.data").joinpath("digits-LICENSE.txt").read_text(encoding="utf-8")
    assert "Alpaydin" in text
    assert "Kaynak" in text
    assert "CC BY 4.0" in text

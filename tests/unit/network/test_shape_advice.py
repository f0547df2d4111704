"""Advice for an array of the wrong shape gives the shape expected, and every entry lands where it belongs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import InputError
from chainrule.network.network import Network
from chainrule.network.shape_advice import labels_advice, shape_advice


def followed(advice: str, given: np.ndarray[Any, Any]) -> Any:
    """Return what the code at the end of an advice makes of an array."""
    code = re.split(": | are ", advice)[-1]
    return eval(code, {"y": given, "np": np})  # noqa: S307 -- the advice is code, and this is what it promises


AXES = "nabc"
WHOLE = np.arange(60).reshape(3, 2, 10)


@pytest.mark.parametrize(
    ("right", "given", "wanted"),
    [
        (WHOLE, WHOLE.transpose(0, 2, 1), [2, 10]),
        (WHOLE, WHOLE.transpose(1, 2, 0), [2, 10]),
        (WHOLE, WHOLE.reshape(3, 20), [2, 10]),
        (WHOLE.reshape(3, 20), WHOLE, [20]),
        (WHOLE.reshape(3, 20), WHOLE.reshape(3, 20).T, [20]),
        (WHOLE.reshape(3, 2, 1, 10), WHOLE, [2, 1, 10]),
        (WHOLE.reshape(3, 1, 2, 10), WHOLE, [1, None, None]),
        (WHOLE.reshape(3, 4, 5, 1), WHOLE.reshape(3, 4, 5, 1).transpose(0, 2, 3, 1), [4, 5, 1]),
        (WHOLE[:, :, :2], WHOLE[:, :, :2].transpose(1, 2, 0), [2, 2]),
        (WHOLE.reshape(3, 2, 2, 5), WHOLE, [2, 2, 5]),
        (WHOLE.reshape(3, 4, 5), WHOLE.reshape(3, 4, 5).transpose(0, 2, 1), [4, None]),
        (WHOLE.ravel(), WHOLE.reshape(60, 1), []),
    ],
)  # fmt: skip
def test_the_advice_puts_every_entry_in_its_place(
    right: np.ndarray[Any, Any], given: np.ndarray[Any, Any], wanted: list[int | None]
) -> None:
    assert np.array_equal(followed(shape_advice("y", given, wanted, AXES[: len(wanted) + 1]), given), right)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((3, 4, 9), [6, 6]), ((3, 20, 3), [2, 10]), ((3, 2, 10), [20, 3]), ((0, 10, 2), [2, 10])],
)
def test_nothing_is_advised_where_entries_would_be_mixed(shape: tuple[int, ...], wanted: list[int | None]) -> None:
    assert shape_advice("y", np.zeros(shape), wanted, AXES[: len(wanted) + 1]) == ""


LABELS = np.array([[3, 1, 0], [2, 2, 1]])


def test_the_advice_says_which_axes_it_takes_for_which() -> None:
    images = np.zeros((4, 28, 28, 3))
    assert shape_advice("x", images, [3, 28, 28], "nchw") == "If its axes are n, h, w, c: x.transpose(0, 3, 1, 2)"


@pytest.mark.parametrize(
    ("right", "given"),
    [
        (LABELS[0], LABELS[0][:, None]),
        (LABELS[0], np.eye(4, dtype=int)[LABELS[0]]),
        (LABELS, LABELS[..., None]),
        (LABELS, LABELS[:, None]),
        (LABELS, np.eye(4)[LABELS]),
        (LABELS, np.moveaxis(np.eye(4)[LABELS], -1, 1)),
    ],
)
def test_labels_come_out_of_columns_and_one_hot_rows(right: np.ndarray[Any, Any], given: np.ndarray[Any, Any]) -> None:
    wanted: list[int | None] = [3] * (right.ndim - 1)
    assert np.array_equal(followed(labels_advice("y", given, wanted, AXES[: len(wanted) + 1]), given), right)


def test_numbers_that_are_no_one_hot_rows_get_no_argmax() -> None:
    assert labels_advice("y", np.array([[1, 0, 2], [0, 1, 1]]), [], "n") == ""


def test_targets_and_labels_of_a_network_are_never_scrambled_by_an_advice() -> None:
    text = "data x[i], y[h,k]\nparam W[h,k,i]\nindex h = 5, k = 2, i = 3\nbatch n\na[h,k] = sum(i) W[h,k,i]*x[i]\n"
    heads = Network.from_system(cr.parse(text + "cost C = sum(h,k) (a[h,k] - y[h,k])^2"))
    with pytest.raises(InputError, match=re.escape("If its axes are n, k, h: y.transpose(0, 2, 1)")):
        cr.train(heads, np.zeros((4, 3)), np.zeros((4, 2, 5)))
    text = "data x[i], y : int(k)\nparam W[k,i]\nindex k = 3, i = 3\nbatch n\nz[k] = sum(i) W[k,i]*x[i]\n"
    labels = Network.from_system(cr.parse(text + "cost C = log(sum(m) exp(z[m])) - z[y]"))
    with pytest.raises(InputError, match=re.escape("y[:, 0]")):
        cr.train(labels, np.zeros((4, 3)), np.ones((4, 1), int))
    with pytest.raises(InputError, match=re.escape("If its axes are features, samples: x.transpose(1, 0)")):
        cr.train(labels, np.zeros((3, 4)), np.ones(4, int))

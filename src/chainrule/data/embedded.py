"""The handwritten digits that come with chainrule: 1,797 real ones, 8×8 pixels each.

The set is the test part of the UCI collection, written by 13 people (Alpaydin and Kaynak 1998, CC BY 4.0; see
`digits-LICENSE.txt` beside this file). The split is a rule, not a draw: no random generator can change it. The same
people wrote what is trained on and what is tested on, so the accuracy is that for known hands.
"""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset, Samples

_BRIGHTEST = 16
"""A pixel counts the ink dots, 0 to 16, in a 4×4 field of the original scan."""


def digits() -> tuple[Samples, NDArray[np.int64]]:
    """Return the digits and their labels: x of shape (1797, 64) from 0 to 1, y of shape (1797,) from 0 to 9.

    A row holds the 8×8 pixels line by line, 0 for paper and 1 for ink. The order is that of the UCI file.

    >>> x, y = digits()
    >>> x.shape, x.min(), x.max(), y[:12].tolist()
    ((1797, 64), np.float64(0.0), np.float64(1.0), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
    """
    with resources.files("chainrule.data").joinpath("digits.npz").open("rb") as stream, np.load(stream) as arrays:
        return arrays["images"] / _BRIGHTEST, arrays["labels"].astype(np.int64)


def digits_split() -> Dataset:
    """Return the digits with their fixed, stratified split: 1,438 to train on, 359 to test on.

    The samples are sorted by label, each label's in file order; the middle one of every five is for testing. Both
    parts keep the order of the file.

    >>> data = digits_split()
    >>> data.x_train.shape, data.x_test.shape, data.outputs, data.sample_shape
    ((1438, 64), (359, 64), 10, (8, 8))
    """
    x, y = digits()
    testing = np.zeros(len(y), dtype=bool)
    testing[np.argsort(y, kind="stable")[2::5]] = True
    return Dataset("digits", x[~testing], y[~testing], x[testing], y[testing], sample_shape=(8, 8))

"""Targets without an axis for their entries: labels or one column of numbers, and how either is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import InputError
from chainrule.network import Network

LINE = "data x[i], y[k]\nparam W[k,i]\nbatch n\na[k] = sum(i) W[k,i]*x[i]\ncost C = 1/2*(sum(k) (a[k] - y[k])^2)\n"
GRID = (
    "data x[i], y[t,k]\nparam W[k,i,t]\nbatch n\na[t,k] = sum(i) W[k,i,t]*x[i]\ncost C = sum(t,k) (a[t,k] - y[t,k])^2\n"
)
ONE = LINE.replace("batch", "index k = 1\nbatch")
X = np.linspace(-1, 1, 8).reshape(4, 2)
NUMBERS, COUNTS = np.array([0.5, 1.5, -2.0, 3.0]), np.array([3, 0, 7, 2])


@pytest.mark.parametrize(
    ("text", "y", "said"),
    [
        (LINE, NUMBERS, "y has the shape [4], and nothing says how many entries y has\n  data y[k]\n  an axis for k\n"),
        (LINE, NUMBERS, "  One number for each sample: y.reshape(-1, 1)"),
        (LINE, COUNTS, "  One number for each sample: y.reshape(-1, 1). Labels: index k = 8"),
        (LINE, COUNTS - 5, "  One number for each sample: y.reshape(-1, 1)"),
        (GRID, np.tile(COUNTS, (4, 1)), "  One number for each sample: np.expand_dims(y, 2). Labels: index k = 8"),
        (ONE, COUNTS, "labels 0 to 1\n  If they are numbers and no labels: y.reshape(-1, 1)"),
        (ONE, NUMBERS, "Targets: y.reshape(-1, 1)"),
    ],
)
def test_the_axis_that_is_missing_is_told(text: str, y: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        cr.train(Network.from_system(cr.parse(text)), X, y, epochs=1)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", [LINE, ONE])
@pytest.mark.parametrize("y", [NUMBERS, COUNTS])
def test_the_column_that_is_advised_is_learned(text: str, y: Any) -> None:
    network = Network.from_system(cr.parse(text))
    cr.train(network, X, y.reshape(-1, 1), epochs=1)
    assert network.predict(X).shape == (4, 1)


def test_more_than_one_output_is_told_of_its_labels_only() -> None:
    network = Network.from_system(cr.parse(LINE.replace("batch", "index k = 3\nbatch")))
    with pytest.raises(InputError, match=r"y\[0\] is 3, but the network has 3 outputs\n  labels 0 to 2$"):
        cr.train(network, X, COUNTS)

"""Numbers of NumPy are taken wherever Python's are, and are Python's afterwards."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import OptionError
from chainrule.nn.checks import check_count, check_fraction, check_number
from unit.network.builders import clusters

EIGHTH, TWO = np.float32(0.125), np.int64(2)
MADE: list[tuple[Any, Any]] = [
    (lambda n, k: nn.Linear(k, k), "Linear(2, 2)"),
    (lambda n, k: nn.SGD(n, n, momentum=n, clip_norm=n), None),
    (lambda n, k: nn.SGD(k, clip_value=k), None),
    (lambda n, k: nn.RMSProp(n, alpha=n, epsilon=n), None),
    (lambda n, k: nn.Adam(n, beta1=n, beta2=n, epsilon=n), None),
    (lambda n, k: nn.StepDecay(n, n, steps=k), "StepDecay(initial=0.125, factor=0.125, steps=2, epochs=None)"),
    (lambda n, k: nn.StepDecay(n, epochs=k), "StepDecay(initial=0.125, factor=0.1, steps=None, epochs=2)"),
    (lambda n, k: nn.Cosine(n, minimum=n, epochs=n), None),
    (lambda n, k: nn.WarmUp(n, start=n, steps=k), None),
    (lambda n, k: nn.OneCycle(n, warm_up=n, div_factor=n, final_div_factor=k), None),
    (lambda n, k: nn.Dropout(n), "Dropout(0.125)"),
    (lambda n, k: nn.LeakyReLU(n), "LeakyReLU(slope=0.125)"),
    (lambda n, k: nn.ELU(n), None),
    (lambda n, k: nn.Swish(k), "Swish(beta=2)"),
    (lambda n, k: nn.He(n), None),
    (lambda n, k: nn.Orthogonal(k), "Orthogonal(gain=2)"),
    (lambda n, k: nn.Huber(n), None),
    (lambda n, k: nn.Hinge(n), None),
    (lambda n, k: nn.GaussianNLL(k), "GaussianNLL(variance=2)"),
    (lambda n, k: nn.CrossEntropy() + nn.L2(n), "CrossEntropy() + L2(strength=0.125, biases=False)"),
]


@pytest.mark.parametrize(("make", "text"), MADE)
def test_numbers_of_numpy_are_as_good_as_pythons(make: Any, text: str | None) -> None:
    made, plain = make(EIGHTH, TWO), make(0.125, 2)
    assert repr(made) == repr(plain)
    assert made == plain
    assert getattr(made, "notation", "") == getattr(plain, "notation", "")
    if text is not None:
        assert repr(made) == text


def test_a_number_of_numpy_is_written_as_a_decimal() -> None:
    network = cr.Network([nn.Linear(2, 2), nn.Softmax()], cost=nn.CrossEntropy())
    cr.train(network, np.eye(2), [0, 1], epochs=1, optimizer=nn.SGD(np.float32(0.125), np.int64(0)))
    assert network.updates.splitlines()[0] == "const learning_rate = 0.125"


def test_plain_numbers_keep_their_kind() -> None:
    assert [type(check_number("n", value)) for value in (1, 0.5, np.int8(1), np.float16(1), Fraction(1, 2))] == [
        int, float, int, float, float,
    ]  # fmt: skip
    assert type(check_fraction("n", np.float32(0.5))) is float
    assert type(check_count("n", np.uint8(3))) is int


@pytest.mark.parametrize("value", [np.bool_(True), True, "1", None, np.array([1.0, 2.0]), 10**400, math.nan, -1])
def test_what_is_no_number_is_refused_still(value: Any) -> None:
    with pytest.raises(OptionError, match=r"^n is "):
        check_number("n", value)


@pytest.mark.parametrize("value", [np.float64(2.0), 2.0, np.int64(0), np.bool_(True), True, "1", None])
def test_what_is_no_count_is_refused_still(value: Any) -> None:
    with pytest.raises(OptionError, match=r"^n is .*\n  a whole number, 1 or more$"):
        check_count("n", value)


def test_an_estimator_with_numbers_of_numpy() -> None:
    estimators = pytest.importorskip("chainrule.sklearn")
    x, labels = clusters(30)
    options = {"weight_decay": np.int64(0), "epochs": np.int64(2), "learning_rate": np.float32(0.1)}
    model = estimators.NetworkClassifier(np.array([5]), random_state=0, **options).fit(x, labels)
    assert model.network_.params["W1"].shape == (5, 4)

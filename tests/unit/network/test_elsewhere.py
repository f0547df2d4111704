"""What people of other libraries ask a network for: each is answered with what does it here."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import OptionError
from chainrule.network import Network

NETWORK = Network([nn.Linear(2, 3), nn.Softmax()], cost=nn.CrossEntropy())
X, Y = np.linspace(-1, 1, 10).reshape(5, 2), np.array([0, 1, 2, 0, 1])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fit", "Training is a function: cr.train(network, x, y)"),
        ("train", "Training is a function"),
        ("evaluate", "Measuring is a function: cr.measure(network, x, y)"),
        ("parameters", "The params are a dict of arrays: network.params"),
        ("eval", "There are no modes"),
        ("zero_grad", "Gradients are returned, not kept"),
    ],
)
def test_a_method_of_another_library_is_answered(name: str, said: str) -> None:
    assert not hasattr(NETWORK, name)
    with pytest.raises(AttributeError, match=f"'Network' object has no attribute '{name}'\n  {re.escape(said)}"):
        getattr(NETWORK, name)


def test_what_is_advised_is_there() -> None:
    cr.measure(NETWORK, X, Y)
    network = copy.copy(NETWORK)
    assert cr.train(network, X, Y, epochs=1).epochs
    assert cr.value_and_grad(network.system, network.inputs(X, Y))[1].keys() == network.params.keys()
    assert network.state_dict(dtype="float32")["W1"].dtype == np.float32
    assert pickle.loads(pickle.dumps(network)).system == network.system  # noqa: S301 -- our own


def test_another_name_is_missing_as_ever() -> None:
    with pytest.raises(AttributeError, match=r"'Network' object has no attribute 'quux'$"):
        _ = NETWORK.quux  # type: ignore[attr-defined]


def test_a_system_is_no_function() -> None:
    with pytest.raises(OptionError, match=r"A network is called itself: network\(x\)"):
        NETWORK.forward(X)


TWO = """data x[i], y : int(k), v
param W[k,i], u[i]
index k = 3, i = 2
batch n
f[k] = exp(sum(i) W[k,i]*x[i])/(sum(m) exp(sum(i) W[m,i]*x[i]))
o = sum(i) u[i]*x[i]
cost C = -log(f[y]) + (o - v)^2
"""


def test_labels_of_one_head_of_two_come_as_advised() -> None:
    network = Network.from_system(cr.parse(TWO), output=("f", "o"))
    with pytest.raises(OptionError, match=re.escape('Of one of them: network.predict(x)["f"].argmax(axis=-1)')):
        network.classify(X)
    alone = Network.from_system(network.system, network.values, output="f")
    assert np.array_equal(network.predict(X)["f"].argmax(axis=-1), alone.classify(X))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sample_weight": Y}, "It is data of the system: data weight, and cost C = weight*(…)"),
        ({"class_weight": {0: 1.0}}, "They are a const of the system: const weight[k], and cost C = weight[y]*(…)"),
    ],
)
def test_weights_are_told_to_be_part_of_the_equations(given: dict[str, Any], said: str) -> None:
    train: Callable[..., Any] = cr.train
    with pytest.raises(OptionError, match=re.escape(said)):
        train(NETWORK, X, Y, **given)


def test_a_batch_size_that_is_not_used_is_told() -> None:
    text = "data A[i,j], b[j]\nparam w[i]\ncost C = sum(j) ((sum(i) w[i]*A[i,j]) - b[j])^2"
    whole = Network.from_system(cr.parse(text))
    data = {"A": X, "b": np.ones(2)}
    assert "batch_size is not used" in cr.train(whole, data, epochs=1, batch_size=2).note
    assert "batch_size" not in cr.train(whole, data, epochs=1).note
    assert "batch_size" not in cr.train(copy.copy(NETWORK), X, Y, epochs=1, batch_size=2).note

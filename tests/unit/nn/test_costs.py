"""Huber, hinge and the Gaussian likelihood: values, derived gradients, kinks, large errors, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import InputError, OptionError
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import Reference
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.pipeline import backprop, evaluate, value_and_grad
from chainrule.training import train
from chainrule.verify.differences import central_differences
from support import assert_close

OUTPUTS = np.array([0.3, -1.2, 2.0])
ONE_HOT = np.array([0.0, 1.0, 0.0])
NUMBERS = np.array([0.1, 0.5, -1.5])
LOGS = np.array([0.2, -0.7, 1.1])
COSTS: dict[str, tuple[nn.Cost, dict[str, Any], float]] = {
    "huber": (nn.Huber(), {"y": NUMBERS}, 0.5 * 0.2**2 + (1.7 - 0.5) + (3.5 - 0.5)),
    "huber, wide": (nn.Huber(delta=2.0), {"y": NUMBERS}, 0.5 * 0.2**2 + 0.5 * 1.7**2 + 2.0 * (3.5 - 1.0)),
    "hinge": (nn.Hinge(), {"y": ONE_HOT}, 2.5 + 4.2),
    "hinge, narrow": (nn.Hinge(margin=0.25), {"y": np.array([0.0, 0.0, 1.0])}, 0.0),
    "gauss": (
        nn.GaussianNLL(),
        {"y": NUMBERS, "log_variance": LOGS},
        sum(0.5 * (s + (a - y) ** 2 / math.exp(s)) for a, y, s in zip(OUTPUTS, NUMBERS, LOGS, strict=True)),
    ),
}


def system_of(cost: nn.Cost) -> Any:
    return parse(f"param a[k]\ndata y[k]\n{cost.notation}")


@pytest.mark.parametrize("name", COSTS)
def test_values_are_those_of_the_formula(name: str) -> None:
    cost, given, expected = COSTS[name]
    assert_close(evaluate(system_of(cost), {"a": OUTPUTS, **given})["C"], expected)


@pytest.mark.parametrize("name", COSTS)
def test_gradients_are_those_of_central_differences(name: str) -> None:
    cost, given, _ = COSTS[name]
    system, inputs = system_of(cost), {"a": OUTPUTS, **given}
    _, gradients = value_and_grad(system, inputs)
    assert list(gradients) == list(system.params)
    for param, gradient in gradients.items():
        moved = central_differences(lambda v, p=param: evaluate(system, {**inputs, p: v})["C"], inputs[param])
        assert_close(gradient, moved.values, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", COSTS)
def test_machine_code_gives_the_same_in_float32(name: str) -> None:
    cost, given, _ = COSTS[name]
    system, inputs = backprop(system_of(cost)).system, {"a": OUTPUTS, **given}
    executable = Native().compile(system)
    found, expected = executable.evaluate(inputs), Reference().compile(system).evaluate(inputs)
    assert "reference" not in executable.plan
    for tensor in ("C", "∂C/∂a"):
        assert_close(found[tensor], expected[tensor], rtol=1e-5, atol=1e-6)


def gradient(cost: nn.Cost, outputs: Any, **given: Any) -> Any:
    return value_and_grad(system_of(cost), {"a": np.asarray(outputs), **given})[1]["a"]


def test_huber_is_bounded_and_has_no_kink() -> None:
    errors = np.array([-1e6, -2.0, 2.0, 2.0 + 1e-9, 0.0, 1e6])
    assert_close(gradient(nn.Huber(2.0), errors, y=np.zeros(6)), [-2.0, -2.0, 2.0, 2.0, 0.0, 2.0], rtol=1e-8)


def test_hinge_at_its_kink_and_for_the_right_class() -> None:
    hinge = nn.Hinge()
    assert_close(gradient(hinge, [1.0, 0.0, -3.0], y=np.array([1.0, 0.0, 0.0])), [0.0, 0.0, 0.0])
    assert_close(gradient(hinge, [1.0, 0.5, 7.0], y=np.array([1.0, 0.0, 0.0])), [-2.0, 1.0, 1.0])


def test_hinge_wants_one_hot_rows() -> None:
    with pytest.raises(InputError) as caught:
        value_and_grad(system_of(nn.Hinge()), {"a": OUTPUTS, "y": np.array([1.0, 1.0, 0.0])})
    assert "Σ_k y[k] = 1" in str(caught.value)


def test_hinge_learns_classes() -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(90) % 3
    x = np.eye(3)[labels] + generator.normal(0, 0.1, (90, 3))
    network = Network([nn.Linear(3, 3)], cost=nn.Hinge())
    train(network, x, labels, epochs=20, batch_size=10, optimizer=nn.SGD(0.2), executor="reference")
    assert network.accuracy(x, labels) == 1.0


def test_the_gaussian_learns_the_variance_of_the_noise() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(4000, 1))
    y = np.concatenate([2 * x + generator.normal(0, 0.3, x.shape), -x + generator.normal(0, 1.5, x.shape)], axis=1)
    network = Network([nn.Linear(1, 2)], cost=nn.GaussianNLL())
    train(network, x, y, epochs=5, batch_size=20, optimizer=nn.SGD(0.03), executor="reference")
    assert_close(np.exp(network.params["log_variance"] / 2), [0.3, 1.5], rtol=0.1)
    assert network.predict([[1.0]]).shape == (1, 2)


def test_the_variance_begins_where_it_is_told_to() -> None:
    network = Network([nn.Linear(1, 2)], cost=nn.GaussianNLL(variance=4.0))
    assert_close(network.params["log_variance"], [math.log(4.0)] * 2)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nn.Huber(0), "delta of Huber is 0\n  a number greater than 0"),
        (lambda: nn.Huber(math.nan), "delta of Huber is nan"),
        (lambda: nn.Hinge(margin=-1), "margin of Hinge is -1\n  a number greater than 0"),
        (lambda: nn.GaussianNLL(variance=0.0), "variance of GaussianNLL is 0.0\n  a number greater than 0"),
    ],
)
def test_settings_that_make_no_sense(make: Any, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        make()
    assert said in str(caught.value)

"""The derived gradients of built networks against central differences, and their textbook form."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.network import Network
from chainrule.pipeline import backprop, evaluate, value_and_grad
from chainrule.system.printing import system_text
from chainrule.verify.differences import central_differences
from support import assert_close

SWISH = nn.Activation("a[k] = z[k]*sigmoid(beta*z[k])", beta=1.5)
OWN = {
    "swish": SWISH,
    "prelu": nn.Activation("a[k] = [z[k] > 0]*z[k] + [z[k] <= 0]*alpha[k]*z[k]", alpha=0.25),
    "norm": nn.Activation("r = sqrt(sum(m) z[m]^2 + 1)\na[k] = g[k]*z[k]/r", g=[1.0, 2.0, 3.0, 4.0, 5.0]),
    "mixing": nn.Activation(
        "a[k] = tanh(sum(m) A[k,m]*z[m])", A=[[1.0, 2.0, 3.0, 4.0, 5.0], [0.5, 0.4, 0.3, 0.2, 0.1]]
    ),
    "centred": nn.Activation("a[k] = z[k] - mean(m) z[m]"),
    "scaled softmax": nn.Activation("s = sum(m) exp(c*z[m])\na[k] = exp(c*z[k])/s", c=0.5),
}
HIDDEN: dict[str, nn.Layer] = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "softmax": nn.Softmax(),
    "leaky relu": nn.LeakyReLU(0.2),
    "elu": nn.ELU(1.5),
    "gelu": nn.GELU(),
    "gelu, tanh": nn.GELU("tanh"),
    "softplus": nn.Softplus(),
    "swish, const": nn.Swish(2.0),
    "mish": nn.Mish(),
    **OWN,
}
ENDS: dict[str, tuple[list[nn.Layer], nn.Cost]] = {
    "quadratic": ([nn.Sigmoid()], nn.QuadraticCost()),
    "linear": ([], nn.QuadraticCost()),
    "binary": ([nn.Sigmoid()], nn.BinaryCrossEntropy()),
    "classes": ([nn.Softmax()], nn.CrossEntropy()),
    "huber": ([], nn.Huber(0.5)),
    "hinge": ([], nn.Hinge()),
    "gauss": ([], nn.GaussianNLL()),
    "penalties": ([nn.Softmax()], nn.CrossEntropy() + nn.L1(0.1) + nn.L2(0.1)),
}


def check_gradients(network: Network) -> None:
    """Compare ∂C/∂p of every param, a mean over 4 samples, with central differences of the mean cost."""
    generator = np.random.default_rng(1)
    for name, array in network.params.items():
        network.params[name] = array + generator.normal(0, 0.3, array.shape)
    inputs = network.inputs(generator.normal(size=(4, 3)), [0, 2, 1, 1])
    cost, gradients = value_and_grad(network.system, inputs)
    assert cost == pytest.approx(float(np.mean(evaluate(network.system, inputs)["C"])))
    assert list(gradients) == list(network.params)
    for name, gradient in gradients.items():
        moved = central_differences(
            lambda other, name=name: np.mean(evaluate(network.system, {**inputs, name: other})["C"]), inputs[name]
        )
        assert_close(gradient, moved.values, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_gradients_through_every_activation(hidden: str) -> None:
    width = 2 if hidden == "mixing" else 5
    check_gradients(
        Network([nn.Linear(3, 5), HIDDEN[hidden], nn.Linear(width, 3), nn.Softmax()], cost=nn.CrossEntropy())
    )


@pytest.mark.parametrize("end", ENDS)
def test_gradients_of_every_cost(end: str) -> None:
    layers, cost = ENDS[end]
    check_gradients(Network([nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3), *layers], cost=cost))


def test_gradients_of_a_deep_network() -> None:
    layers = [layer for _ in range(5) for layer in (nn.Linear(3, 3), nn.Tanh(), SWISH)]
    check_gradients(Network([*layers, nn.Linear(3, 3), nn.Softmax()], cost=nn.CrossEntropy()))


@pytest.mark.parametrize("end", ["binary", "classes"])
def test_the_right_pairs_of_output_and_cost_leave_a_minus_y(end: str) -> None:
    layers, cost = ENDS[end]
    network = Network([nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 3), *layers], cost=cost)
    text = system_text(backprop(network.system).system)
    assert "∂C/∂z2[k] = a2[k] − y[k]" in text
    assert "∂C/∂z1[j] = a1[j]·(1 − a1[j])·Σ_k W2[k,j]·∂C/∂z2[k]" in text

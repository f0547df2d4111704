"""Every activation, cost, penalty and initialisation of nn, trained by machine code and by the reference alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.network import Network
from chainrule.training import train
from support import assert_close

ACTIVATIONS: list[nn.Layer] = [
    nn.Sigmoid(),
    nn.Tanh(),
    nn.ReLU(),
    nn.LeakyReLU(0.1),
    nn.ELU(1.5),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.Softplus(),
    nn.Swish(2.0),
    nn.Mish(),
    nn.Softmax(),
    nn.Activation("a[k] = z[k]*sigmoid(beta*z[k])", beta=1.0),
]
COSTS: list[tuple[list[nn.Layer], nn.Cost]] = [
    ([], nn.QuadraticCost()),
    ([nn.Sigmoid()], nn.BinaryCrossEntropy()),
    ([nn.Softmax()], nn.CrossEntropy()),
    ([], nn.Huber(0.3)),
    ([], nn.Hinge(0.5)),
    ([], nn.GaussianNLL(2.0)),
    ([nn.Softmax()], nn.CrossEntropy() + nn.L1(0.01)),
    ([nn.Softmax()], nn.CrossEntropy() + nn.L2(0.1, biases=True)),
]
CLASSES = 3
DROPOUTS: list[list[nn.Layer]] = [
    [nn.Linear(4, 5), nn.Sigmoid(), nn.Dropout(0.4), nn.Linear(5, CLASSES), nn.Softmax()],
    [nn.Dropout(0.2), nn.Linear(4, 5), nn.Dropout(0.3), nn.ReLU(), nn.Dropout(), nn.Linear(5, CLASSES), nn.Softmax()],
]
INITIALISATIONS: list[nn.Initialisation] = [nn.Xavier(), nn.He(uniform=True), nn.LeCun(), nn.Orthogonal()]
X = np.random.default_rng(5).normal(size=(23, 4))
LABELS = np.argmax(X[:, :CLASSES], axis=1)


def check_both(layers: list[nn.Layer], cost: nn.Cost) -> None:
    """Train twice from the same beginning, float32 and float64, the last batch smaller; compare params and costs."""
    networks = {executor: Network(layers, cost=cost, seed=3) for executor in ("native", "reference")}
    start = {name: array.copy() for name, array in networks["native"].params.items()}
    history: dict[str, Any] = {}
    for executor, network in networks.items():
        optimizer = nn.SGD(0.1)
        history[executor] = train(network, X, LABELS, epochs=2, batch_size=5, optimizer=optimizer, executor=executor)
    for name, expected in networks["reference"].params.items():
        assert np.abs(expected - start[name]).max() > 1e-4, f"{name} did not move: the comparison says nothing"
        assert_close(networks["native"].params[name], expected, rtol=1e-4, atol=1e-5)
    costs = [[epoch.cost for epoch in history[executor].epochs] for executor in ("native", "reference")]
    assert_close(costs[0], costs[1], rtol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_activations(activation: nn.Layer) -> None:
    check_both([nn.Linear(4, 7), activation, nn.Linear(7, CLASSES), nn.Softmax()], nn.CrossEntropy())


@pytest.mark.parametrize(("output", "cost"), COSTS, ids=[repr(cost) for _, cost in COSTS])
def test_costs(output: list[nn.Layer], cost: nn.Cost) -> None:
    check_both([nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, CLASSES), *output], cost)


@pytest.mark.parametrize("initial", INITIALISATIONS, ids=repr)
def test_initialisations(initial: nn.Initialisation) -> None:
    check_both([nn.Linear(4, CLASSES, weights=initial), nn.Softmax()], nn.CrossEntropy())


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_a_single_unit(activation: nn.Layer) -> None:
    network = Network([nn.Linear(4, 1), activation, nn.Linear(1, CLASSES), nn.Softmax()], cost=nn.CrossEntropy())
    train(network, X, LABELS, epochs=1, batch_size=5, optimizer=nn.SGD(0.1))
    assert all(np.isfinite(array).all() for array in network.params.values())


def test_nothing_of_nn_is_left_out() -> None:
    tried = {*map(type, ACTIVATIONS), *map(type, INITIALISATIONS), nn.Linear, nn.Dropout, nn.L1, nn.L2}
    tried |= {type(cost) for _, cost in COSTS}
    bases = (nn.Layer, nn.Cost, nn.Penalty, nn.Initialisation)
    known = [getattr(nn, name) for name in nn.__all__]
    missing = [kind.__name__ for kind in known if issubclass(kind, bases) and kind not in (*tried, *bases)]
    assert not missing


@pytest.mark.parametrize("layers", DROPOUTS)
def test_dropout(layers: list[nn.Layer]) -> None:
    check_both(layers, nn.CrossEntropy())

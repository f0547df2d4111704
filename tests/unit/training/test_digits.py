"""The main job: the embedded digits are learned, with the seeds that people try, by every pair of output and cost."""

from __future__ import annotations

import pytest

from chainrule import nn
from chainrule.data import digits_split
from chainrule.network import Network
from chainrule.training import train

ENDS: dict[str, tuple[nn.Layer, nn.Cost]] = {
    "cross-entropy": (nn.Softmax(), nn.CrossEntropy()),
    "binary-cross-entropy": (nn.Sigmoid(), nn.BinaryCrossEntropy()),
    "quadratic": (nn.Sigmoid(), nn.QuadraticCost()),
}


def accuracy(end: str, hidden: nn.Layer, rate: float, seed: int = 0, *, epochs: int = 12, batch: int = 64) -> float:
    """Return the test accuracy of a 64-30-10 network."""
    data = digits_split()
    output, cost = ENDS[end]
    network = Network([nn.Linear(64, 30), hidden, nn.Linear(30, 10), output], cost=cost, seed=seed)
    train(network, data.x_train, data.y_train, epochs=epochs, batch_size=batch, optimizer=nn.SGD(rate), seed=seed)
    assert data.x_test is not None
    assert data.y_test is not None
    return network.accuracy(data.x_test, data.y_test)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_digits_are_learned_with_every_seed(seed: int) -> None:
    assert accuracy("cross-entropy", nn.Sigmoid(), 4.0, seed) >= 0.95


@pytest.mark.parametrize(("end", "rate"), [("binary-cross-entropy", 2.0), ("quadratic", 6.0)])
def test_digits_are_learned_with_every_cost(end: str, rate: float) -> None:
    assert accuracy(end, nn.Sigmoid(), rate) >= 0.93


@pytest.mark.parametrize(("hidden", "rate"), [(nn.Tanh(), 1.0), (nn.ReLU(), 0.5)], ids=["tanh", "relu"])
def test_digits_are_learned_with_other_activations(hidden: nn.Layer, rate: float) -> None:
    assert accuracy("cross-entropy", hidden, rate, epochs=10) >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_the_defaults_of_the_command_line_reach_95_percent_with_any_seed(seed: int) -> None:
    assert accuracy("cross-entropy", nn.Sigmoid(), 0.5, seed, epochs=30, batch=16) >= 0.95

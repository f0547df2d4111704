"""MNIST is learned: as well as the textbook says, and in one epoch already better than a wrong gradient would.

The textbook is M. Nielsen, Neural Networks and Deep Learning (2015): 95.42 % in chapter 1, about 98 % in chapter 3.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chainrule import nn
from chainrule.data import Dataset, mnist
from chainrule.network import Network
from chainrule.training import Epoch, train


@pytest.fixture(scope="module")
def digits(mnist_dir: Path) -> Dataset:
    return mnist(mnist_dir)


def last_epoch(digits: Dataset, hidden: int, cost: nn.Cost, optimizer: nn.Optimizer, epochs: int) -> Epoch:
    layers = [nn.Linear(784, hidden), nn.Sigmoid(), nn.Linear(hidden, 10), nn.Sigmoid()]
    history = train(
        Network(layers, cost=cost, seed=0),
        digits.x_train,
        digits.y_train,
        epochs=epochs,
        batch_size=10,
        optimizer=optimizer,
        x_validation=digits.x_validation,
        y_validation=digits.y_validation,
        x_test=digits.x_test,
        y_test=digits.y_test,
    )
    assert history.note == ""
    return history.epochs[-1]


def test_one_epoch_gets_most_digits_right(digits: Dataset) -> None:
    epoch = last_epoch(digits, 30, nn.QuadraticCost(), nn.SGD(3.0), 1)
    assert epoch.accuracy is not None
    assert epoch.validation_accuracy is not None
    assert epoch.accuracy >= 0.93
    assert epoch.validation_accuracy >= 0.93


@pytest.mark.slow
def test_the_first_network_of_the_textbook(digits: Dataset) -> None:
    epoch = last_epoch(digits, 30, nn.QuadraticCost(), nn.SGD(3.0), 30)
    assert epoch.accuracy is not None
    assert epoch.validation_accuracy is not None
    assert 0.95 <= epoch.accuracy <= 0.963
    assert 0.95 <= epoch.validation_accuracy <= 0.966


@pytest.mark.slow
def test_a_hundred_units_with_cross_entropy_and_regularization(digits: Dataset) -> None:
    epoch = last_epoch(digits, 100, nn.BinaryCrossEntropy(), nn.SGD(0.5, weight_decay=5 / 50_000), 30)
    assert epoch.accuracy is not None
    assert epoch.validation_accuracy is not None
    assert epoch.accuracy >= 0.975
    assert epoch.validation_accuracy >= 0.975

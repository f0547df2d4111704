"""Training by machine code: the same numbers as step by step, progress on the way, and a fall-back that says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import data, nn
from chainrule.errors import TrainingError
from chainrule.execute.native.executor import Native
from chainrule.execute.native.training import Session
from chainrule.network import Network
from chainrule.training import Progress, train
from support import assert_close


def classifier(seed: int = 0) -> Network:
    layers = [nn.Linear(64, 16), nn.Sigmoid(), nn.Linear(16, 10), nn.Softmax()]
    return Network(layers, cost=nn.CrossEntropy(), seed=seed)


def test_the_params_are_those_of_the_reference() -> None:
    digits = data.digits_split()
    native, reference = classifier(), classifier()
    for network, executor in ((native, "native"), (reference, "reference")):
        history = train(network, digits.x_train, digits.y_train, epochs=2, batch_size=32, executor=executor)
        assert history.note == ""
    for name, expected in reference.params.items():
        distance = np.linalg.norm(native.params[name] - expected) / np.linalg.norm(expected)
        assert distance < 1e-4, name


def test_the_same_seed_gives_the_same_bits_and_progress_is_told() -> None:
    digits = data.digits_split()
    told: list[Progress] = []
    networks = [classifier(), classifier()]
    for network in networks:
        train(network, digits.x_train, digits.y_train, epochs=1, executor="native", progress=told.append)
    for name, array in networks[0].params.items():
        assert (array == networks[1].params[name]).all()
    assert told[-1].finished is not None
    assert told[-1].step == told[-1].steps == 45


def test_the_number_of_threads_goes_to_the_executor_and_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []
    compile_training = Native.compile_training

    def recorded(self: Native, *args: Any, threads: int | None, **kwargs: Any) -> Session:
        asked.append(threads)
        return compile_training(self, *args, threads=threads, **kwargs)

    monkeypatch.setattr(Native, "compile_training", recorded)
    digits = data.digits_split()
    networks = [classifier() for _ in range(3)]
    for network, threads in zip(networks, (None, 1, 2), strict=True):
        train(network, digits.x_train, digits.y_train, epochs=1, threads=threads)
    assert asked == [None, 1, 2]
    for network in networks[1:]:
        assert all(np.array_equal(network.params[name], networks[0].params[name]) for name in network.params)


def test_what_has_no_code_runs_step_by_step_and_says_so() -> None:
    own = nn.Activation("a[k] = (1 + z[k]^2)^p", p=0.5)
    networks = [Network([nn.Linear(3, 2), own], cost=nn.QuadraticCost(), seed=1) for _ in range(2)]
    x, y = np.linspace(-1, 1, 12).reshape(4, 3), np.ones((4, 2))
    native = train(networks[0], x, y, epochs=2, executor="native", optimizer=nn.SGD(0.1))
    train(networks[1], x, y, epochs=2, executor="reference", optimizer=nn.SGD(0.1))
    assert "native has no code for" in native.note
    for name, expected in networks[1].params.items():
        assert_close(networks[0].params[name], expected, rtol=1e-5, atol=1e-6)


def test_an_epoch_that_ends_in_infinity_is_named_and_undone() -> None:
    network = Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    network.params["W1"] = np.array([[1e30]])
    with pytest.raises(TrainingError, match="in epoch 1"):
        train(network, [[1.0]], [[0.0]], executor="native", optimizer=nn.SGD(1e10))
    assert network.params["W1"] == 1e30

"""When training stops before its last epoch: early stopping, callbacks, and what the network then has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import OptionError
from chainrule.network import Network
from chainrule.training import EarlyStopping, Epoch, History, train
from chainrule.training.stopping import Best
from support import assert_close
from unit.network.builders import classifier, clusters

EXECUTORS = ["reference", "native"]


def overfitting() -> tuple[Network, dict[str, Any]]:
    """Training in which the validation cost soon rises: its labels are not those of the clusters."""
    (x, labels), (xv, yv) = clusters(30), clusters(9, seed=1)
    data = {"x": x, "y": labels, "x_validation": xv, "y_validation": np.roll(yv, 1)}
    return classifier(), {**data, "optimizer": nn.SGD(1.0), "batch_size": 10}


@pytest.mark.parametrize("executor", EXECUTORS)
def test_training_stops_and_the_params_are_those_of_the_best_epoch(executor: str) -> None:
    network, options = overfitting()
    history = train(network, **options, epochs=50, executor=executor, early_stopping=EarlyStopping(patience=3))
    costs = [epoch.validation_cost for epoch in history.epochs]
    best = 1 + costs.index(min(costs))
    assert len(history.epochs) == best + 3 < 50
    assert history.restored == best
    assert history.stopped == "validation_cost has not been lower for 3 epochs"
    assert str(history).endswith(
        f"stopped: validation_cost has not been lower for 3 epochs\nthe params are those of epoch {best}"
    )
    shorter, options = overfitting()
    train(shorter, **options, epochs=best, executor=executor)
    assert all(np.array_equal(network.params[name], shorter.params[name]) for name in network.params)
    assert network.trained["epochs"] == best


def test_the_best_params_are_kept_even_where_nothing_stops() -> None:
    network, options = overfitting()
    history = train(network, **options, epochs=6, early_stopping=EarlyStopping(patience=100))
    costs = [epoch.validation_cost for epoch in history.epochs]
    assert (len(history.epochs), history.stopped) == (6, "")
    assert history.restored == 1 + costs.index(min(costs)) < 6


@pytest.mark.parametrize(
    ("values", "least", "best"),
    [((3.0, 2.0, 1.9, 1.8, 1.7), 0.15, 4), ((3.0, 2.0, 2.5, 1.9, 1.0), 0.0, 5), ((3.0, 2.0, 1.5, 1.2), 9.0, 1)],
)
def test_better_is_what_is_so_by_more_than_the_least(values: tuple[float, ...], least: float, best: int) -> None:
    early, found = EarlyStopping(100, least, "cost"), Best()
    for number, value in enumerate(values, start=1):
        assert found.saw(early, number, Epoch(value, None, 0.1), {"w": np.array(value)}) == ""
    assert found.number == best
    assert found.params is not None
    assert found.params["w"] == values[best - 1]


def test_an_accuracy_is_to_rise_and_what_is_no_number_is_never_best() -> None:
    early, found = EarlyStopping(2, 0.01, "validation_accuracy"), Best()
    said = [
        found.saw(early, number, Epoch(1.0, None, 0.1, value), {})
        for number, value in enumerate((float("nan"), 0.5, 0.505, 0.5), start=1)
    ]
    assert found.number == 2
    assert said == ["", "", "", "validation_accuracy has not been higher by more than 0.01 for 2 epochs"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"patience": 0}, "patience is 0\n  a number of epochs, 1 or more"),
        ({"patience": True}, "patience is True"),
        ({"patience": 1.5}, "patience is 1.5"),
        ({"min_delta": -1}, "min_delta is -1\n  a number, 0 or more"),
        ({"min_delta": float("inf")}, "min_delta is inf"),
        ({"min_delta": "0"}, "min_delta is '0'"),
        ({"monitor": "loss"}, "monitor is 'loss'\n  one of validation_cost, validation_accuracy, validation_error, c"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as caught:
        EarlyStopping(**settings)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("early", "part", "said"),
    [
        (EarlyStopping(), {}, "early stopping watches validation_cost, which nothing tells\n  validation data"),
        (EarlyStopping(monitor="validation_error"), {"validation_fraction": 0.5}, "watches validation_error, which"),
        (5, {}, "early_stopping is 5\n  for example EarlyStopping(patience=10)"),
    ],
)
def test_what_the_data_cannot_tell(early: Any, part: dict[str, Any], said: str) -> None:
    x, labels = clusters(12)
    with pytest.raises(OptionError) as caught:
        train(classifier(), x, labels, early_stopping=early, **part)
    assert said in str(caught.value)


def test_numbers_that_are_no_classes_have_an_error() -> None:
    network = Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    x, y = np.linspace(-1, 1, 9)[:, None], np.linspace(-1, 3, 9)[:, None]
    early = EarlyStopping(monitor="validation_error", patience=50)
    history = train(
        network, x, y, epochs=30, batch_size=3, x_validation=x[:4], y_validation=y[:4], early_stopping=early
    )
    epoch = history.epochs[(history.restored or 0) - 1]
    assert_close(np.array(epoch.error), np.abs(network.predict(x) - y).mean(), rtol=1e-3, atol=1e-6)
    assert_close(np.array(epoch.validation_error), np.abs(network.predict(x[:4]) - y[:4]).mean(), rtol=1e-3, atol=1e-6)
    assert (epoch.accuracy, epoch.validation_accuracy) == (None, None)
    assert str(history).splitlines()[0].split() == [
        "epoch", "cost", "validation", "cost", "validation", "error", "training", "error", "seconds"
    ]  # fmt: skip


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_cost_in_validation_is_the_mean_over_its_samples(executor: str) -> None:
    (x, labels), (xv, yv) = clusters(30), clusters(7, seed=1)
    network = Network(
        [nn.Linear(4, 3), nn.Softmax()], cost=nn.CrossEntropy() + nn.L2(0.01), seed=2
    )  # the penalty is part of the cost
    history = train(network, x, labels, epochs=2, executor=executor, x_validation=xv, y_validation=yv)
    cost, _ = cr.value_and_grad(network.system, network.inputs(xv, yv))
    assert_close(np.array(history.epochs[-1].validation_cost), cost, rtol=1e-5)


def test_a_function_is_told_of_every_epoch_and_may_stop() -> None:
    x, labels = clusters(12)
    told: list[tuple[int, float]] = []

    def enough(history: History, network: Network) -> bool:
        told.append((len(history.epochs), float(network.params["W1"][0, 0])))
        return len(history.epochs) == 3

    network = classifier()
    history = train(network, x, labels, epochs=9, callbacks=[lambda *_: None, enough])
    assert [number for number, _ in told] == [1, 2, 3]
    assert told[-1][1] == network.params["W1"][0, 0] != told[0][1]
    assert history.stopped == "the callback enough asked for it"


def test_an_object_is_told_too_and_changes_nothing() -> None:
    class Meddler:
        def on_epoch_end(self, history: History, network: Network) -> None:
            network.params["W1"] = np.zeros((3, 4))

    x, labels = clusters(12)
    network, alone = classifier(), classifier()
    history = train(network, x, labels, epochs=2, callbacks=[Meddler()])
    train(alone, x, labels, epochs=3)
    train(network, x, labels, epochs=3, callbacks=[])
    assert (len(history.epochs), history.stopped) == (2, "")
    assert not np.array_equal(network.params["W1"], alone.params["W1"])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_error_in_a_callback_ends_training_with_what_was_learned(executor: str) -> None:
    def broken(history: History, network: Network) -> None:
        if len(history.epochs) == 2:
            raise LookupError("no such run")

    x, labels = clusters(12)
    network, shorter = classifier(), classifier()
    with pytest.raises(LookupError, match="no such run") as caught:
        train(network, x, labels, epochs=9, executor=executor, callbacks=[broken])
    assert caught.value.__notes__ == [
        "raised by the callback broken after epoch 2; the network keeps what it had learned by then"
    ]
    train(shorter, x, labels, epochs=2, executor=executor)
    assert np.array_equal(network.params["W1"], shorter.params["W1"])
    assert network.trained["epochs"] == 2


def test_ctrl_c_in_a_callback_ends_training_as_elsewhere() -> None:
    def interrupt(history: History, network: Network) -> None:
        raise KeyboardInterrupt

    x, labels = clusters(12)
    history = train(classifier(), x, labels, epochs=9, callbacks=[interrupt])
    assert (history.interrupted, len(history.epochs)) == (True, 1)


@pytest.mark.parametrize(
    ("callbacks", "said"), [([3], "3 is no callback"), (3, "callbacks is 3"), ([History], "is no")]
)
def test_what_is_no_callback(callbacks: Any, said: str) -> None:
    x, labels = clusters(12)
    with pytest.raises(OptionError) as caught:
        train(classifier(), x, labels, callbacks=callbacks)
    assert said in str(caught.value)

"""Metrics in training: kept after each epoch, watched by early stopping, written in checkpoints, tables and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.network import Network
from chainrule.training import EarlyStopping, Epoch, History, measure, train
from support import assert_close
from unit.network.builders import classifier, clusters

WORST = "worst = max(n) max(k) abs(a[k] - y[k])"


def test_metrics_are_kept_of_test_and_validation_data() -> None:
    x, y = clusters()
    network = classifier()
    seen: list[float] = []
    history = train(
        network,
        x,
        y,
        epochs=2,
        executor="reference",
        x_validation=x[:20],
        y_validation=y[:20],
        x_test=x[20:],
        y_test=y[20:],
        metrics=["perplexity", WORST],
        callbacks=[lambda told, _: seen.append(told.epochs[-1].validation_metrics["worst"])],
    )
    last = history.epochs[-1]
    for found, start, end in ((last.validation_metrics, 0, 20), (last.metrics, 20, 60)):
        whole = measure(network, x[start:end], y[start:end], metrics=["perplexity", WORST])
        assert list(found) == ["perplexity", "worst"]
        for name, value in found.items():
            assert_close(value, whole[name])
    assert seen == [epoch.validation_metrics["worst"] for epoch in history.epochs]


def test_without_other_data_they_are_those_of_what_is_learned_from() -> None:
    x, y = clusters()
    network = classifier()
    last = train(network, x, y, epochs=1, executor="reference", metrics=["accuracy"]).epochs[-1]
    assert last.metrics == {"accuracy": last.accuracy}
    assert last.validation_metrics == {}


def test_training_comes_to_the_same_bits_with_metrics_and_without() -> None:
    x, y = clusters()
    plain, told = classifier(), classifier()
    train(plain, x, y, epochs=2)
    train(told, x, y, epochs=2, metrics=["accuracy", WORST])
    assert all(np.array_equal(told.params[name], array) for name, array in plain.params.items())


def test_the_table_and_the_json_have_them() -> None:
    epochs = [
        Epoch(0.5, 0.9, 0.25, 0.8, metrics={"mae": 0.5}, validation_metrics={"mae": 0.123456, "r2": float("nan")}),
        Epoch(0.25, 0.9, 0.25, 0.8, metrics={"mae": 1.5e-7}, validation_metrics={"mae": 0.1}),
    ]
    history = History(epochs, accuracy_on="test")
    assert str(history).splitlines() == [
        "epoch      cost  validation accuracy  test accuracy  validation mae  validation r2    test mae   seconds",
        "    1    0.5000              80.00 %        90.00 %          0.1235            nan         0.5    0.2500",
        "    2    0.2500              80.00 %        90.00 %             0.1                    1.5e-07    0.2500",
    ]
    first = json.loads(history.to_json())["epochs"][0]
    assert first["metrics"] == {"mae": 0.5}
    assert first["validation_metrics"] == {"mae": 0.123456, "r2": None}
    assert "metrics" not in json.loads(History([Epoch(0.5, 0.9, 0.25)]).to_json())["epochs"][0]


@pytest.mark.parametrize(
    ("early", "best"),
    [
        (EarlyStopping(patience=1, monitor="validation_mse"), min),
        (EarlyStopping(patience=1, monitor="validation_top-2 accuracy"), max),
        (EarlyStopping(patience=2, monitor="validation_worst", better="lower"), min),
    ],
)
def test_early_stopping_watches_a_metric(early: EarlyStopping, best: type[min]) -> None:
    x, y = clusters()
    y = np.where(np.arange(60) % 5 == 0, (y + 1) % 3, y)
    network = classifier()
    metrics = ["mse", "top-2 accuracy", WORST]
    history = train(
        network, x, y, epochs=40, optimizer=nn.SGD(5.0), validation_fraction=0.3, metrics=metrics, early_stopping=early
    )
    name = early.monitor.removeprefix("validation_")
    values = [epoch.validation_metrics[name] for epoch in history.epochs]
    assert history.restored is not None
    assert values[history.restored - 1] == best(values)
    assert f"{early.monitor} has not been {'higher' if best is max else 'lower'} for" in history.stopped
    assert len(history.epochs) == history.restored + early.patience


@pytest.mark.parametrize(
    ("early", "message"),
    [
        (EarlyStopping(monitor="validation_worst"), 'nothing says whether it is to fall or to rise\n.*better="lower"'),
        (EarlyStopping(monitor="validation_r2"), "early stopping watches validation_r2, which nothing tells"),
        (
            EarlyStopping(monitor="validation_best", better="higher"),
            "early stopping watches validation_best, which noth",
        ),
    ],
)
def test_what_cannot_be_watched(early: EarlyStopping, message: str) -> None:
    x, y = clusters()
    with pytest.raises(OptionError, match=message):
        train(classifier(), x, y, epochs=1, validation_fraction=0.3, metrics=[WORST], early_stopping=early)
    with pytest.raises(OptionError, match='better is \'up\'\n  "lower" or "higher"'):
        EarlyStopping(better="up")


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_a_training_that_goes_on_has_the_metrics_of_before(tmp_path: Path, executor: str) -> None:
    x, y = clusters()
    whole, part = classifier(), classifier()
    options = {"executor": executor, "validation_fraction": 0.2, "metrics": ["mse", WORST]}
    early = EarlyStopping(monitor="validation_worst", better="lower")
    expected = train(whole, x, y, epochs=4, early_stopping=early, **options)
    train(part, x, y, epochs=2, early_stopping=early, checkpoint=tmp_path / "run", **options)
    found = train(part, x, y, epochs=4, early_stopping=early, checkpoint=tmp_path / "run", resume=True, **options)
    for one, other in zip(found.epochs, expected.epochs, strict=True):
        assert (one.metrics, one.validation_metrics) == (other.metrics, other.validation_metrics)
    assert all(np.array_equal(part.params[name], array) for name, array in whole.params.items())


def test_a_training_may_go_on_with_other_metrics(tmp_path: Path) -> None:
    x, y = clusters()
    network = classifier()
    train(network, x, y, epochs=1, checkpoint=tmp_path / "run")
    history = train(network, x, y, epochs=2, checkpoint=tmp_path / "run", resume=True, metrics=["mse"])
    assert [list(epoch.metrics) for epoch in history.epochs] == [[], ["mse"]]
    lines = str(history).splitlines()
    assert "training mse" in lines[0]
    assert len({len(line) for line in lines}) == 1


def test_what_is_no_metric_is_said_before_the_first_step() -> None:
    x, y = clusters()
    network: Network = classifier()
    before = network.state_dict()
    with pytest.raises(OptionError, match="is no metric"):
        train(network, x, y, metrics=["speed"])
    assert all(np.array_equal(network.params[name], array) for name, array in before.items())

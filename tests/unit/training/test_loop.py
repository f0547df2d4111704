"""The training loop: what a step does, what is reported, how it ends, and what is refused."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, training
from chainrule.errors import GivenError, InputError, OptionError, TrainingError
from chainrule.execute.reference.evaluation import ReferenceExecutable
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.pipeline import value_and_grad
from chainrule.training import Epoch, History, Progress
from support import assert_close
from unit.network.builders import classifier, clusters

LINE = "data x[i], y[i]\nparam w[i]\nbatch n\nz[i] = w[i]*x[i]\ncost C = 1/2*(sum(i) (z[i] - y[i])^2)"

train = partial(training.train, executor="reference")
"""Step by step in float64: what these tests are about. Whole epochs are those of test_native_training."""

SYSTEM = cr.parse("param w\ncost C = w^2")
WORDS = """
data  tok[t] : int(v), y[k]
param E[v,d], W[k,d]
given sum(k) y[k] = 1
batch n
h[d] = sum(t) E[tok[t],d]
z[k] = sum(d) W[k,d]*h[d]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -sum(k) y[k]*log(a[k])
"""


def line(updates: str = "") -> Network:
    """One number in, one number out, by hand."""
    return Network.from_system(parse(f"{LINE}\n{updates}"), {"w": [0.0]}, output="z")


def test_one_step_goes_against_the_mean_gradient() -> None:
    network, (x, labels) = classifier(), clusters(12)
    before = {name: array.copy() for name, array in network.params.items()}
    cost, gradients = value_and_grad(network.system, network.inputs(x, labels))
    history = train(network, x, labels, epochs=1, batch_size=12, optimizer=nn.SGD(0.1, weight_decay=0.01))
    for name, array in network.params.items():
        decay = 0.01 * before[name] if array.ndim == 2 else 0.0
        assert_close(array, before[name] - 0.1 * (gradients[name] + decay))
    assert history.epochs[0].cost == pytest.approx(cost)


def test_every_sample_is_seen_once_in_an_epoch_and_the_last_batch_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[float]] = []
    step = ReferenceExecutable.step

    def recorded(self: ReferenceExecutable, inputs: dict[str, Any]) -> Any:
        seen.append([float(n) for n in np.ravel(inputs["y"])])
        return step(self, inputs)

    monkeypatch.setattr(ReferenceExecutable, "step", recorded)
    train(line(), np.ones((7, 1)), np.arange(7.0)[:, None], epochs=2, batch_size=3, optimizer=nn.SGD(0.1))
    assert [len(batch) for batch in seen] == [3, 3, 1, 3, 3, 1]
    first, second = [n for batch in seen[:3] for n in batch], [n for batch in seen[3:] for n in batch]
    assert sorted(first) == sorted(second) == list(range(7))
    assert first != second


def test_progress_is_reported_after_every_step() -> None:
    reports: list[Progress] = []
    x, y = np.full((7, 1), 1e-9), np.arange(7.0)[:, None]
    history = train(line(), x, y, epochs=2, batch_size=3, optimizer=nn.SGD(1.0), progress=reports.append)
    assert [(r.epoch, r.step, r.steps) for r in reports] == [(e, s, 3) for e in (1, 2) for s in (1, 2, 3)]
    assert [r.finished for r in reports] == [None, None, history.epochs[0], None, None, history.epochs[1]]
    assert history.epochs[0].cost == reports[2].cost == pytest.approx(np.mean(y**2 / 2))


def test_the_mean_of_a_smaller_batch_is_its_own() -> None:
    network = line()
    train(network, [[1.0], [1.0], [1.0]], [[1.0], [1.0], [1.0]], epochs=1, batch_size=2, optimizer=nn.SGD(1.0))
    assert network.params["w"].tolist() == [1.0]


def test_classes_are_learned() -> None:
    network, (x, labels) = classifier(), clusters()
    history = train(network, x, labels, epochs=60, batch_size=10, optimizer=nn.SGD(1.0))
    assert history.epochs[-1].accuracy == 1.0
    assert history.epochs[-1].cost < 0.1 < history.epochs[0].cost


def test_xor_with_one_output() -> None:
    network = Network([nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1), nn.Sigmoid()], cost=nn.BinaryCrossEntropy(), seed=1)
    x = [[0, 0], [0, 1], [1, 0], [1, 1]]
    history = train(network, x, [0, 1, 1, 0], epochs=300, batch_size=4, optimizer=nn.SGD(1.0))
    assert history.epochs[-1].accuracy == 1.0
    assert network.classify(x).tolist() == [0, 1, 1, 0]


def test_params_of_an_activation_are_learned() -> None:
    own = nn.Activation("a[k] = g*z[k]", g=1.0)
    network = Network([nn.Linear(1, 1), own], cost=nn.QuadraticCost())
    train(network, [[1.0], [2.0]], [[3.0], [6.0]], epochs=300, optimizer=nn.SGD(0.1))
    assert float(network.params["g1"]) != 1.0
    assert_close(network.predict([3.0]), [9.0], rtol=1e-3)


def test_the_same_seed_gives_the_same_result_to_the_bit() -> None:
    x, labels = clusters()
    runs = []
    for seed in (3, 3, 4):
        network = classifier()
        history = train(network, x, labels, epochs=3, batch_size=7, seed=seed)
        runs.append((network.params, [epoch.cost for epoch in history.epochs]))
    assert all(np.array_equal(runs[0][0][name], runs[1][0][name]) for name in runs[0][0])
    assert runs[0][1] == runs[1][1] != runs[2][1]


def test_labels_and_one_hot_rows_train_alike() -> None:
    x, labels = clusters()
    one, other = classifier(), classifier()
    train(one, x, labels, epochs=2)
    train(other, x, np.eye(3)[labels], epochs=2)
    assert np.array_equal(one.params["W1"], other.params["W1"])


def test_accuracy_is_that_of_the_test_data_where_there_are_some() -> None:
    network, (x, labels) = classifier(), clusters()
    history = train(network, x, labels, epochs=2, x_test=x[:5], y_test=(labels[:5] + 1) % 3)
    assert history.epochs[-1].accuracy == network.accuracy(x[:5], (labels[:5] + 1) % 3)
    assert network.accuracy(x, labels) != history.epochs[-1].accuracy


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_validation_is_measured_beside_the_test_and_changes_nothing(executor: str) -> None:
    (x, labels), (xv, yv) = clusters(), clusters(9, seed=1)
    network, alone = classifier(), classifier()
    x_test, y_test = x[:5], (labels[:5] + 1) % 3
    data = {"x_validation": xv, "y_validation": np.eye(3)[yv], "x_test": x_test, "y_test": y_test}
    history = train(network, x, labels, epochs=20, executor=executor, optimizer=nn.SGD(1.0), **data)
    train(alone, x, labels, epochs=20, executor=executor, optimizer=nn.SGD(1.0))
    last = history.epochs[-1]
    assert (last.validation_accuracy, last.accuracy) == (network.accuracy(xv, yv), network.accuracy(x_test, y_test))
    assert last.validation_accuracy == 1.0
    assert last.accuracy == 0.0
    assert history.accuracy_on == "test"
    assert np.array_equal(network.params["W1"], alone.params["W1"])


def test_validation_without_a_test_stands_beside_the_accuracy_in_training() -> None:
    network, (x, labels) = classifier(), clusters()
    history = train(network, x, labels, epochs=1, x_validation=x[:6], y_validation=(labels[:6] + 1) % 3)
    assert history.accuracy_on == "training"
    assert history.epochs[0].accuracy == network.accuracy(x, labels)
    assert history.epochs[0].validation_accuracy == network.accuracy(x[:6], (labels[:6] + 1) % 3)
    assert str(history).splitlines()[0].split() == [
        "epoch", "cost", "validation", "cost", "validation", "accuracy", "training", "accuracy", "seconds"
    ]  # fmt: skip


def test_the_accuracy_of_many_samples_is_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    network, (x, labels) = classifier(), clusters(60)
    labels[7:9] = (labels[7:9] + 1) % 3
    monkeypatch.setattr("chainrule.training.scores.AT_ONCE", 7)
    for executor in ("reference", "native"):
        history = train(network, x, labels, epochs=20, executor=executor, optimizer=nn.SGD(1.0))
        assert history.epochs[-1].accuracy == network.accuracy(x, labels) == 58 / 60


def test_the_best_epoch_is_the_first_with_the_highest_accuracy_in_validation() -> None:
    measured = (0.5, 0.75, 0.625, 0.75)
    assert History([Epoch(1.0, 0.9, 0.1, accuracy) for accuracy in measured]).best == 2
    assert History([Epoch(1.0, 0.9, 0.1)]).best is None
    assert History().best is None


def test_targets_that_are_no_classes_have_no_accuracy() -> None:
    data = {"x_validation": [[1.0]], "y_validation": [[0.5]], "x_test": [[1.0]], "y_test": [[0.5]]}
    (epoch,) = train(line(), [[1.0]], [[0.5]], epochs=1, **data).epochs
    assert (epoch.accuracy, epoch.validation_accuracy) == (None, None)


def test_training_goes_on_from_where_it_was() -> None:
    network, (x, labels) = classifier(), clusters()
    first = train(network, x, labels, epochs=2, optimizer=nn.SGD(1.0))
    second = train(network, x, labels, epochs=2, optimizer=nn.SGD(1.0))
    assert second.epochs[0].cost < first.epochs[0].cost


def test_updates_of_the_system_itself() -> None:
    network = line("const eta = 1\nupdate w[i] = w[i] - eta*∂C/∂w[i]")
    train(network, [[1.0]], [[3.0]], epochs=1)
    assert network.params["w"].tolist() == [3.0]
    assert network.updates == ""
    with pytest.raises(OptionError, match="the system has updates of its own, and an optimizer is given too"):
        train(network, [[1.0]], [[3.0]], optimizer=nn.SGD(0.5))


def test_an_interruption_keeps_what_was_learned() -> None:
    network, (x, labels) = classifier(), clusters()
    before = network.params["W1"].copy()

    def interrupt(report: Progress) -> None:
        if (report.epoch, report.step) == (2, 3):
            raise KeyboardInterrupt

    history = train(network, x, labels, epochs=5, batch_size=10, progress=interrupt)
    assert history.interrupted
    assert len(history.epochs) == 1
    assert "interrupted" in str(history)
    assert not np.array_equal(network.params["W1"], before)
    assert "learning_rate" in network.updates
    steps = classifier()
    train(steps, x, labels, epochs=1, batch_size=10)
    assert not np.array_equal(network.params["W1"], steps.params["W1"])


def test_a_cost_that_explodes_names_the_step_and_keeps_the_last_epoch() -> None:
    network = line()
    with pytest.raises(TrainingError) as caught:
        train(network, [[1e2], [1e2]], [[1.0], [1.0]], epochs=50, batch_size=1, optimizer=nn.SGD(1.0))
    said = str(caught.value)
    assert "not finite any more, in epoch" in said or "the cost is inf, in epoch" in said
    assert "A smaller learning rate helps" in said
    assert np.isfinite(network.params["w"]).all()
    assert network.params["w"].any()


def test_a_cost_that_is_no_number() -> None:
    network = Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    network.params["W1"] = np.array([[1e200]])
    with pytest.raises(TrainingError, match=r"the cost is (nan|inf), in epoch 1, step 1 of 1"):
        train(network, [[1.0]], [[0.0]])


def test_params_that_explode_before_the_cost_does() -> None:
    network = line()
    network.params["w"] = np.array([1e154])
    with pytest.raises(TrainingError, match="w is not finite any more, in epoch 1, step 1 of 1"):
        train(network, [[1.0]], [[0.0]], optimizer=nn.SGD(1e160))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": np.zeros((6, 3))}, "x has 3 numbers in each sample, but layer 1, Linear(4, 3), takes 4"),
        ({"x": np.zeros(4)}, "x has the shape [4]\n  the shape (samples, features), one sample or more"),
        ({"x": np.zeros((0, 4)), "y": []}, "x has the shape [0, 4]"),
        ({"x": np.full((6, 4), np.nan)}, "x[0,0] is nan"),
        ({"y": [0, 1, 2]}, "x has 6 samples, y has 3 answers"),
        ({"y": [0, 1, 2, 3, 0, 1]}, "y[3] is 3, but the network has 3 outputs"),
        ({"x_test": np.zeros((1, 4))}, "of x_test and y_test only one is given"),
        ({"y_test": [0]}, "of x_test and y_test only one is given"),
        ({"x_validation": np.zeros((1, 4))}, "of x_validation and y_validation only one is given"),
        ({"y_validation": [0]}, "of x_validation and y_validation only one is given\n  both, or neither"),
        ({"x_validation": np.zeros((1, 5)), "y_validation": [0]}, "x_validation has 5 numbers in each sample"),
        ({"x_test": np.zeros((1, 5)), "y_test": [0]}, "x_test has 5 numbers in each sample"),
        ({"x_test": np.zeros((1, 4)), "y_test": [7]}, "y_test[0] is 7"),
        ({"x_test": np.zeros((2, 4)), "y_test": [0]}, "x_test has 2 samples, y_test has 1 answers"),
    ],
)
def test_data_that_do_not_fit(change: dict[str, Any], said: str) -> None:
    x, labels = clusters(6)
    with pytest.raises(InputError) as caught:
        train(classifier(), **{"x": x, "y": labels, **change})
    assert said in str(caught.value)


def test_what_is_given_is_checked_before_the_first_step() -> None:
    x, labels = clusters(6)
    rows = np.eye(3)[labels]
    rows[4] = 0.5
    network = classifier()
    before = network.params["W1"]
    with pytest.raises(GivenError, match=r"the data break the fact given Σ_k y\[n,k\] = 1 at n = 4"):
        train(network, x, rows)
    assert network.params["W1"] is before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 0}, "epochs is 0\n  a whole number, 1 or more"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"batch_size": -1}, "batch_size is -1"),
        ({"batch_size": True}, "batch_size is True"),
        ({"seed": -1}, "the seed is -1"),
        ({"threads": 1}, "threads is 1, and the executor reference does not divide its work among threads\n"),
        ({"threads": 0, "executor": "native"}, "threads is 0\n  a whole number, 1 or more"),
        ({"threads": True, "executor": "native"}, "threads is True"),
        ({"threads": 10**9, "executor": "native"}, "threads is 1000000000\n  1 to 256\n  More are no quicker."),
        ({"executor": "gpu"}, "there is no executor named 'gpu'"),
        ({"network": "a network"}, "a str is to be trained\n  a network"),
        (
            {"network": SYSTEM},
            "a System is to be trained\n  a network\n  Make one of the system: cr.Network.from_system(",
        ),
        ({"optimizer": 0.5}, "the optimizer is 0.5\n  for example optimizer=nn.SGD(learning_rate=0.5)\n"),
        ({"optimizer": "AdamW"}, "the optimizer is 'AdamW'\n  for example optimizer=nn.AdamW()\n"),
        ({"optimizer": nn.RMSProp}, "the optimizer is RMSProp\n  for example optimizer=nn.RMSProp()\n"),
    ],
)
def test_options_that_make_no_sense(change: dict[str, Any], said: str) -> None:
    x, labels = clusters(6)
    with pytest.raises(OptionError) as caught:
        train(**{"network": classifier(), "x": x, "y": labels, **change})
    assert said in str(caught.value)


def test_history_as_json_and_text() -> None:
    x, labels = clusters(6)
    history = cr.train(classifier(), x, labels, epochs=2)
    assert isinstance(history, History)
    read = json.loads(history.to_json())
    assert read["interrupted"] is False
    fields = {
        "cost", "accuracy", "seconds", "validation_accuracy", "training_accuracy", "validation_cost", "error",
        "validation_error",
    }  # fmt: skip
    assert [set(epoch) for epoch in read["epochs"]] == [fields] * 2
    assert read["accuracy_on"] == "training"
    assert read["epochs"][1]["validation_accuracy"] is None
    assert read["epochs"][1]["cost"] == history.epochs[1].cost
    assert history.seconds == sum(epoch.seconds for epoch in history.epochs) > 0
    assert len(str(history).splitlines()) == 3


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (0.5, "0.5000"),
        (1.25e-9, "1.25e-09"),
        (0.0, "0.0000"),
        (9999.0, "9999.0000"),
        (99999.0, "1.00e+05"),
        (4.14e30, "4.14e+30"),
    ],
)
def test_a_large_cost_stays_in_its_column(cost: float, shown: str) -> None:
    history = History([Epoch(cost, 0.5, 0.25, validation_cost=cost)], accuracy_on="test")
    heading, line = str(history).splitlines()
    assert len(line) == len(heading)
    assert line.split()[:3] == ["1", shown, shown]


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_whole_numbers_are_learned_from(executor: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    params = {"E": draw.normal(size=(9, 4)), "W": draw.normal(size=(2, 4))}
    network = Network.from_system(cr.parse(WORDS), params, output="a")
    x = draw.integers(0, 9, (80, 5))
    y = ((x == 3).sum(axis=1) > 0).astype(int)
    history = train(network, x, y, epochs=60, optimizer=nn.Adam(0.05), executor=executor)
    assert network.accuracy(x, y) > 0.95
    assert history.epochs[-1].cost < history.epochs[0].cost / 3
    network.save(tmp_path / "words.safetensors")
    assert np.array_equal(cr.load(tmp_path / "words.safetensors").predict(x), network.predict(x))
    for bad in (9, -1, 0.5):
        with pytest.raises(InputError, match=r"x\[1,2\] is .*\n  data tok.*\n  whole numbers from 0 to 8"):
            train(network, [[0.0] * 5, [0, 0, bad, 0, 0]], [0, 1], executor=executor)


def test_an_accuracy_of_numbers_is_refused() -> None:
    network = Network([nn.Linear(2, 2)], cost=nn.QuadraticCost())
    with pytest.raises(InputError, match="y holds no classes, so nothing is right or wrong\n  labels, one-hot rows"):
        network.accuracy([[0.0, 1.0]], [[0.5, 1.5]])
    assert network.accuracy([[0.0, 1.0]], [[0.25, 0.75]]) in (0.0, 1.0)

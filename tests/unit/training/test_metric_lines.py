"""Metrics by name and as equations: what they are of samples, against scikit-learn and NumPy, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from chainrule import nn
from chainrule.errors import NotationError, OptionError
from chainrule.execute.registry import executor
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.training.measured import Measured, measure, metric_system
from chainrule.training.metric_lines import with_metrics
from chainrule.training.metric_names import NAMED, named
from chainrule.training.training_data import Samples, checked_samples
from support import assert_close
from unit.network.builders import classifier, clusters

Array = npt.NDArray[np.float64]
DRAW = np.random.default_rng(0)


def yes_or_no() -> Network:
    return Network([nn.Linear(4, 1), nn.Sigmoid()], cost=nn.BinaryCrossEntropy())


def numbers() -> Network:
    return Network([nn.Linear(4, 3)], cost=nn.QuadraticCost())


def samples(network: Network, count: int = 60) -> tuple[Array, Array]:
    """Samples with answers of the network's kind: labels as one-hot rows, zeros and ones, or numbers."""
    x = DRAW.normal(size=(count, 4))
    if network.outputs == 1:
        return x, DRAW.integers(0, 2, (count, 1)).astype(float)
    if "Softmax" in network.layers[-1]:
        return x, np.eye(3)[DRAW.integers(0, 3, count)]
    return x, DRAW.normal(size=(count, 3))


def measured(
    network: Network, x: Array, y: Array, metrics: Sequence[str], engine: str = "reference"
) -> dict[str, float]:
    data = checked_samples(network, x, y, ("x", "y"))
    return Measured(executor(engine), network, metric_system(network, metrics, data), data).of(network.params)


def against(name: str, y: Array, a: Array) -> float:
    """Return what scikit-learn says."""
    sk = pytest.importorskip("sklearn.metrics")
    yes = y.shape[1] == 1
    labels, said = (y[:, 0], a[:, 0] > 0.5) if yes else (y.argmax(1), a.argmax(1))
    known: dict[str, Callable[[], Any]] = {
        "accuracy": lambda: sk.accuracy_score(labels, said),
        "top-1 accuracy": lambda: sk.accuracy_score(labels, said),
        "top-2 accuracy": lambda: sk.top_k_accuracy_score(labels, a, k=2),
        "perplexity": lambda: np.exp(sk.log_loss(labels, a[:, 0] if yes else a)),
        "r2": lambda: sk.r2_score(y, a),
        "mae": lambda: sk.mean_absolute_error(y, a),
        "mse": lambda: sk.mean_squared_error(y, a),
        "rmse": lambda: np.sqrt(sk.mean_squared_error(y, a)),
    }
    return float(known[name]())


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize(
    ("make", "names"),
    [
        (classifier, ["accuracy", "top-1 accuracy", "top-2 accuracy", "perplexity", "r2", "mae", "mse", "rmse"]),
        (yes_or_no, ["accuracy", "perplexity", "r2", "mae", "mse", "rmse"]),
        (numbers, ["r2", "mae", "mse", "rmse"]),
    ],
)
def test_each_named_metric_is_scikit_learns(make: Callable[[], Network], names: list[str], engine: str) -> None:
    network = make()
    x, y = samples(network)
    found = measured(network, x, y, names, engine)
    assert list(found) == names
    for name, value in found.items():
        # native computes in float32
        assert_close(value, against(name, y, network(x)), rtol=1e-5 if engine == "native" else 1e-12)
    assert {name for name in names if "top" not in name} <= {*NAMED}


def test_metrics_of_samples_in_parts_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    network = classifier()
    x, y = samples(network, 50)
    names = [*NAMED, "worst = max(n) max(k) abs(a[k] - y[k])", "half = mean(k) a[k]"]
    whole = measured(network, x, y, names)
    monkeypatch.setattr("chainrule.training.measured.AT_ONCE", 7)
    parts = measured(network, x, y, names)
    assert list(parts) == list(whole)
    for name, value in whole.items():
        assert_close(parts[name], value)


def test_outputs_that_are_all_the_same_are_right_as_often_as_a_guess() -> None:
    network = classifier()
    network.params.update({"W2": np.zeros((3, 3)), "b2": np.zeros(3)})
    x, y = samples(network)
    assert_close(measured(network, x, y, ["accuracy", "top-2 accuracy", "top-3 accuracy"])["accuracy"], 1 / 3)
    assert_close(list(measured(network, x, y, ["top2", "top 3"]).values()), [2 / 3, 1.0])


def test_targets_that_do_not_vary_have_the_r2_of_scikit_learn() -> None:
    network = numbers()
    network.params = {"W1": np.zeros((3, 4)), "b1": [1.0, 2.0, 3.0]}
    x, y = samples(network)
    y[:, 0], y[:, 1] = 1.0, 5.0
    assert_close(measured(network, x, y, ["r2"])["r2"], against("r2", y, network(x)))


def test_an_equation_is_what_it_says() -> None:
    network = classifier()
    x, y = samples(network)
    a = network(x)
    entropy = "surprise[k] = a[k]*log(a[k])\nentropy = -(sum(k) surprise[k])"
    inside = "active = mean(j) [a1[j] > 1/2]"
    weights = "size = sum(k,j) W2[k,j]^2"
    spread = "center = mean(n) y[0]; spread = mean(n) (y[0] - center)^2"
    found = measured(network, x, y, ["brier = sum(k) (a[k] - y[k])^2", entropy, inside, weights, spread])
    hidden = 1 / (1 + np.exp(-(x @ network.params["W1"].T + network.params["b1"])))
    assert list(found) == ["brier", "entropy", "active", "size", "spread"]
    expected = [((a - y) ** 2).sum(1).mean(), -(a * np.log(a)).sum(1).mean(), (hidden > 0.5).mean()]
    assert_close(list(found.values()), [*expected, (network.params["W2"] ** 2).sum(), y[:, 0].var()])


def test_a_tensor_of_the_system_keeps_its_name_in_an_equation() -> None:
    text = "data x[i], t[k]\nparam y[k,i], a[k]\nbatch n\nz[k] = sum(i) y[k,i]*x[i] + a[k]\n"
    text += "cost C = sum(k) (z[k] - t[k])^2"
    network = Network.from_system(parse(text), {"y": [[2.0, 0.0]], "a": [5.0]}, output="z")
    found = measured(network, np.ones((3, 2)), np.zeros((3, 1)), ["one = a[0] + y[0,0]", "mae"])
    assert found == {"one": 7.0, "mae": 7.0}


def test_masks_are_what_they_are_on_average() -> None:
    layers = [nn.Linear(4, 3), nn.Sigmoid(), nn.Dropout(0.5), nn.Linear(3, 3), nn.Softmax()]
    network = Network(layers, cost=nn.CrossEntropy())
    x, y = clusters()
    assert_close(measured(network, x, np.eye(3)[y], ["accuracy"])["accuracy"], network.accuracy(x, y))


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["speed"], r"'speed' is no metric\n  one of accuracy, perplexity, r2, .* or an equation such as"),
        (["acuracy"], "'acuracy' is no metric\n.*\n  Did you mean accuracy"),
        ([3], "3 is no metric"),
        ("accuracy", r"metrics is 'accuracy'\n  a list, for example metrics=\[\"accuracy\"\]"),
        (["mae", "mean absolute error"], "the metric mae is there twice"),
        (["top-0 accuracy"], "'top-0 accuracy' is no metric"),
        (["C = sum(k) a[k]"], r"C is defined twice\n  C = sum\(k\) a\[k\]\n  Choose another name"),
        (["log = sum(k) a[k]"], "log names a function already"),
        (["e[k] = a[k]"], r"the metric e has 1 indices\n  e\[k\] = a\[k\]\n.*\n  Take the mean: mean\(k\)"),
    ],
)
def test_what_is_no_metric(metrics: Any, message: str) -> None:
    network = classifier()
    with pytest.raises(OptionError, match=message):
        measured(network, *samples(network), metrics)


@pytest.mark.parametrize("text", ["e = a[k]", "e = sum(k) q[k]", "e ="])
def test_an_equation_that_cannot_be_read_is_pointed_into(text: str) -> None:
    network = classifier()
    with pytest.raises(NotationError):
        measured(network, *samples(network), [text])


def test_metrics_of_classes_are_refused_for_numbers() -> None:
    network = numbers()
    for name in ("accuracy", "perplexity"):
        with pytest.raises(
            OptionError, match=f"{name} is a metric of .*, and nothing of that kind is compared\n  .*numb"
        ):
            measured(network, *samples(network), [name])


def test_perplexity_takes_probabilities_and_says_what_it_is_of_scores() -> None:
    scores = Network([nn.Linear(4, 3)], cost=nn.Hinge())
    x, y = samples(classifier())
    with pytest.raises(OptionError, match="perplexity takes z1 for probabilities, and it is none") as caught:
        measured(scores, x, y, ["perplexity"])
    line = str(caught.value).splitlines()[-1].strip()
    softmax = Network([nn.Linear(4, 3), nn.Softmax()], cost=nn.CrossEntropy())
    softmax.params = scores.params
    assert_close(measured(scores, x, y, [line])["perplexity"], measured(softmax, x, y, ["perplexity"])["perplexity"])


def test_a_metric_that_is_not_finite_any_more_is_nan_and_breaks_nothing() -> None:
    network = classifier()
    x, y = samples(network)
    found = measured(network, x, y, ["mae", "s = log(y[0])\nlow = mean(n) s"])
    assert np.isnan(found["low"])
    assert np.isfinite(found["mae"])


def test_measure_gives_cost_and_accuracy_beside_metrics() -> None:
    network = classifier()
    x, y = clusters()
    found = measure(network, x, y, metrics=["perplexity"])
    assert list(found) == ["cost", "accuracy", "perplexity"]
    assert_close(found["accuracy"], network.accuracy(x, y))
    assert_close(found["perplexity"], np.exp(found["cost"]))
    assert list(measure(numbers(), *samples(numbers()))) == ["cost", "error"]


def test_names_are_read_as_people_write_them() -> None:
    for said in ("R²", "r2", "R2_score", "r-squared"):
        assert named(said) is not None
        assert named(said)[0] == "r2"  # type: ignore[index]
    assert [named(said)[0] for said in ("top5", "Top-5", "top_5_accuracy", "top 5 acc")] == ["top-5 accuracy"] * 4  # type: ignore[index]


def test_nothing_is_measured_where_nothing_is_asked_for() -> None:
    network = classifier()
    data: Samples = checked_samples(network, *samples(network), ("x", "y"))
    made = metric_system(network, [], data)
    assert made == with_metrics(network.system, [], [])
    assert Measured(executor("reference"), network, made, data).of(network.params) == {}

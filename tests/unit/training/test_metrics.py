"""The accuracy of the samples that are learned from: an equation like the others, summed by whatever runs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from chainrule import data, nn
from chainrule.errors import OptionError, TrainingError
from chainrule.execute.native.executor import Native
from chainrule.execute.native.training import Session
from chainrule.execute.reference.evaluation import Reference
from chainrule.network import Network
from chainrule.network.compared import Compared
from chainrule.network.sample_axis import SampleAxis
from chainrule.notation import parse
from chainrule.pipeline import training_step
from chainrule.render.text import equation_text
from chainrule.training import train
from chainrule.training.metrics import with_hits
from dense import Dense
from support import assert_close

PAIR, SAMPLES = Compared("a", "y", 0), SampleAxis("n")
CLASSES = parse("data x[i], y[k]\nparam W[k,i]\nbatch n\na[k] = sum(i) W[k,i]*x[i]\ncost C = sum(k) (a[k] - y[k])^2")
SINGLE = parse(
    "data x[i], y[k]\nparam W[k,i]\nbatch n\nindex k = 1\na[k] = sum(i) W[k,i]*x[i]\ncost C = sum(k) (a[k] - y[k])^2"
)


def both(system: Any, inputs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [engine.compile(system, dtype="float64").evaluate(inputs) for engine in (Reference(), Native())]


def test_the_largest_output_counts_and_those_equally_large_share() -> None:
    system, hits = with_hits(CLASSES, PAIR, 3, SAMPLES)
    x = np.array([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0], [2.0, 2.0, 1.0], [1.0, 1.0, 1.0], [2.0, 2.0, 1.0]])
    inputs = {"W": np.eye(3), "x": x, "y": np.eye(3)[[0, 2, 1, 0, 2]]}
    for values in both(system, inputs):
        np.testing.assert_allclose(values[hits], [1, 0, 1 / 2, 1 / 3, 0])


def test_a_single_output_says_yes_above_one_half() -> None:
    system, hits = with_hits(SINGLE, PAIR, 1, SAMPLES)
    inputs = {"W": [[1.0]], "x": [[0.4], [0.5], [0.6], [0.6]], "y": [[0.0], [0.0], [1.0], [0.0]]}
    for values in both(system, inputs):
        np.testing.assert_array_equal(values[hits], [1, 1, 1, 0])


def test_names_that_are_taken_are_left_alone() -> None:
    system = parse(
        "data x[i], y[k]\nparam top[k,i]\nbatch n\nhits[k] = sum(i) top[k,i]*x[i]\ncost C = sum(k) (hits[k] - y[k])^2"
    )
    more, hits = with_hits(system, Compared("hits", "y", 0), 2, SAMPLES)
    assert hits == "hits2"
    assert [e.name for e in more.equations] == ["hits", "C", "top2", "hits2"]


@pytest.mark.parametrize("batch_size", [32, 50])
@pytest.mark.parametrize("network", [Dense((12, 9, 4)), Dense((12, 20, 17), "relu", "softmax", "cross-entropy")])
def test_a_session_sums_what_the_reference_counts(network: Dense, batch_size: int) -> None:
    output = f"a{len(network.widths) - 1}"
    system, hits = with_hits(network.system(), Compared(output, "y", 0), network.widths[-1], SAMPLES)
    values, samples = network.values(0), network.data(150, 0)
    made = Session(system, values, samples, batch_size=batch_size, metrics=(hits,))
    plain = Session(network.system(), values, samples, batch_size=batch_size)
    reference, right = Reference().compile(network.system()), 0
    for start in range(0, 150, batch_size):
        some = {name: array[start : start + batch_size] for name, array in samples.items()}
        computed, new = reference.step({**values, **some})
        right += np.count_nonzero(computed[output].argmax(1) == some["y"].argmax(1))
        values = {**values, **new}
    cost = made.run_epoch(np.arange(150))
    assert made.sums == {hits: right}
    assert cost == pytest.approx(plain.run_epoch(np.arange(150)), rel=1e-6)
    assert plain.sums == {}
    assert {*made.sums} == {hits}


def test_metrics_that_make_no_sense_are_refused() -> None:
    network = Dense((3, 2))
    with pytest.raises(OptionError, match="no equation defines the metric score\n  one of z1, a1, C"):
        Session(network.system(), network.values(0), network.data(4, 0), batch_size=2, metrics=("score",))
    system = parse("data x\nparam w\nbatch n\na = w*x\nupdate w = w - 1/2")
    with pytest.raises(OptionError, match="the system has no cost"):
        Session(system, {"w": 1.0}, {"x": np.ones(4)}, batch_size=2, metrics=("a",))


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_training_tells_the_accuracy_of_what_it_learned_from(executor: str) -> None:
    digits = data.digits_split()
    layers = [nn.Linear(64, 12), nn.Tanh(), nn.Linear(12, 10), nn.Softmax()]
    network = Network(layers, cost=nn.CrossEntropy(), seed=0)
    first = network.accuracy(digits.x_train, digits.y_train)
    x, y = digits.x_train, digits.y_train
    [epoch] = train(network, x, y, epochs=1, batch_size=len(x), executor=executor).epochs
    assert epoch.training_accuracy == pytest.approx(first, abs=1e-12)
    epochs = train(network, x, y, epochs=3, batch_size=20, executor=executor).epochs
    accuracies = [epoch.training_accuracy or 0.0 for epoch in epochs]
    assert accuracies == sorted(accuracies)
    assert 0.8 < accuracies[-1] < 1


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_targets_that_are_no_classes_have_no_accuracy(executor: str) -> None:
    network = Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    history = train(network, [[0.0], [1.0]], [[1.5], [3.0]], epochs=1, executor=executor)
    assert history.epochs[0].training_accuracy is None


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_where_a_number_was_lost_is_told_alike(executor: str) -> None:
    network = Network([nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)], cost=nn.QuadraticCost(), seed=0)
    before = {name: array.copy() for name, array in network.params.items()}
    x, y = np.random.default_rng(0).normal(size=(60, 2)), np.ones((60, 1))
    with pytest.raises(TrainingError) as caught:
        train(network, x, y, batch_size=4, executor=executor, optimizer=nn.SGD(1e6))
    what, equation, which, expected, advice = str(caught.value).splitlines()
    assert what.startswith("the cost is inf, in epoch 1, step ")
    assert what.endswith(" of 15")
    assert equation == "  z2[n,k] = Σ_j W2[k,j]·a1[n,j] + b2[k]"
    assert which.startswith("  is the first equation with a number that is not finite: z2[")
    assert (expected, advice[:26]) == ("  finite numbers", "  A smaller learning rate ")
    assert all(np.array_equal(array, before[name]) for name, array in network.params.items())


def test_hits_come_after_all_that_is_trained() -> None:
    step = training_step(
        parse(
            "data x[i], y[k]\nparam W[k,i]\nbatch n\na[k] = sigmoid(sum(i) W[k,i]*x[i])\n"
            "cost C = sum(k) (a[k] - y[k])^2\nupdate W[k,i] = W[k,i] - ∂C/∂W[k,i]"
        )
    )
    system, _ = with_hits(step, PAIR, 2, SAMPLES)
    assert system.equations[: len(step.equations)] == step.equations
    assert [equation_text(e.target, e.value) for e in system.equations[-2:]] == [
        "top = max(k) a[k]",
        "hits = (Σ_k y[k]·[a[k] = top])/(Σ_k [a[k] = top])",
    ]


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_outputs_that_are_sure_of_themselves_are_measured_and_predicted(executor: str) -> None:
    """Weighted inputs of 900: e^900 is inf, in the numbers of either executor."""
    x, y = np.array([[0.8, 0.9, 0.1], [0.1, 0.8, 0.9], [0.9, 0.8, 0.71]]), np.array([1, 2, 0])
    network = Network([nn.Linear(3, 3), nn.Softmax()], cost=nn.CrossEntropy())
    network.params = {"W1": np.eye(3) * 1000, "b1": np.zeros(3)}
    history = train(
        network, x, y, epochs=1, batch_size=3, executor=executor, optimizer=nn.SGD(1e-9), x_validation=x, y_validation=y
    )
    assert history.epochs[-1].accuracy == history.epochs[-1].validation_accuracy == 1.0
    assert_close(network.predict(x), np.eye(3)[y], atol=1e-12)
    assert network.classify(x).tolist() == y.tolist()
    assert network.accuracy(x, y) == 1.0

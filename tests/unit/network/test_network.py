"""Networks: what comes out, how they begin, systems written by hand, and what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import InputError, OptionError
from chainrule.network import Network
from chainrule.notation import parse
from support import assert_close
from unit.network.builders import classifier, clusters

BY_HAND = """
data x[i], t[k]
param W[k,i], g
batch n
q[k] = tanh(g*(sum(i) W[k,i]*x[i]))
cost E = sum(k) (q[k] - t[k])^2
"""
PARAMS = {"W": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "g": 0.5}


def test_prediction_is_the_forward_pass() -> None:
    network, (x, _) = classifier(), clusters()
    p = network.params
    a1 = 1 / (1 + np.exp(-(x @ p["W1"].T + p["b1"])))
    z2 = a1 @ p["W2"].T + p["b2"]
    expected = np.exp(z2) / np.exp(z2).sum(axis=1, keepdims=True)
    assert_close(network.predict(x), expected)
    assert_close(network.predict(x[5]), expected[5])
    assert network.classify(x).tolist() == expected.argmax(axis=1).tolist()
    assert int(network.classify(x[5])) == expected[5].argmax()


def test_many_samples_are_run_in_parts() -> None:
    network = classifier()
    x = np.random.default_rng(0).normal(size=(5000, 4))
    assert_close(network.predict(x)[4990:], network.predict(x[4990:]))
    assert network.predict(np.empty((0, 4))).shape == (0, 3)


def test_samples_that_are_float64_are_not_copied() -> None:
    network, (x, _) = classifier(), clusters()
    assert np.shares_memory(network.samples(x), x)
    assert network.samples(x.astype(np.float32)).dtype == np.float64


def test_changed_params_are_used() -> None:
    network = classifier()
    network.params["b2"] = np.array([100.0, 0.0, 0.0])
    network.params["W2"] = np.zeros((3, 3))
    assert_close(network.predict([1.0, 2.0, 3.0, 4.0]), [1.0, 0.0, 0.0], atol=1e-30)


def test_the_same_seed_draws_the_same_params_and_another_others() -> None:
    for name, array in classifier(seed=7).params.items():
        assert array.dtype == np.float64
        assert np.array_equal(array, classifier(seed=7).params[name])
    assert not np.array_equal(classifier(seed=7).params["W1"], classifier(seed=8).params["W1"])


def test_first_weights_have_the_variance_of_their_source() -> None:
    network = Network([nn.Linear(100, 200), nn.ReLU(), nn.Linear(200, 100), nn.Sigmoid()], cost=nn.QuadraticCost())
    assert_close(network.params["W1"].var(), 2 / 100, rtol=0.05)
    assert_close(network.params["W2"].var(), 1 / 200, rtol=0.05)
    assert not network.params["b1"].any()


def test_params_of_an_activation_begin_as_given() -> None:
    own = nn.Activation("a[k] = g[k]*z[k]*s[k]", g=[1.0, 2.0], s=3.0)
    network = Network([nn.Linear(4, 2), own], cost=nn.QuadraticCost())
    assert network.params["g1"].tolist() == [1.0, 2.0]
    assert network.params["s1"].tolist() == [3.0, 3.0]


def test_accuracy_counts_labels_and_one_hot_rows_alike() -> None:
    network, (x, labels) = classifier(), clusters()
    right = np.mean(network.classify(x) == labels)
    assert network.accuracy(x, labels) == right
    assert network.accuracy(x, np.eye(3)[labels]) == right


def test_a_single_output_says_yes_above_one_half() -> None:
    network = Network([nn.Linear(1, 1), nn.Sigmoid()], cost=nn.BinaryCrossEntropy())
    network.params["W1"] = np.array([[1.0]])
    assert network.classify([[-1.0], [2.0]]).tolist() == [0, 1]
    assert network.accuracy([[-1.0], [2.0], [3.0]], [0, 1, 0]) == pytest.approx(2 / 3)


def test_inputs_of_one_sample_and_of_many() -> None:
    network, (x, labels) = classifier(), clusters()
    many, one = network.inputs(x, labels), network.inputs(x[4], int(labels[4]))
    assert list(many) == ["W1", "b1", "W2", "b2", "x", "y"]
    assert many["y"].shape == (60, 3)
    assert_close(one["y"], np.eye(3)[labels[4]])
    assert_close(one["x"], x[4])


def test_a_network_says_what_it_is() -> None:
    assert repr(classifier()) == (
        "<Network([Linear(4, 3), Sigmoid(), Linear(3, 3), Softmax()], cost=CrossEntropy()): 27 params>"
    )
    assert (
        repr(Network.from_system(parse(BY_HAND), PARAMS, output="q")) == "<Network(x → q, compared with t): 7 params>"
    )


def test_a_system_written_by_hand() -> None:
    network = Network.from_system(parse(BY_HAND), PARAMS, output="q")
    assert_close(network.predict([[1.0, 1.0]]), np.tanh([[1.5, 3.5, 5.5]]))
    assert network.width == 2
    assert network.outputs == 3
    with pytest.raises(InputError, match=r"but q\[k\] = tanh\(g·Σ_i W\[k,i\]·x\[i\]\) takes 2"):
        network.predict([[1.0, 1.0, 1.0]])


def test_params_of_a_system_are_copied_and_checked() -> None:
    weights = np.array(PARAMS["W"])
    network = Network.from_system(parse(BY_HAND), {"W": weights, "g": 1}, output="q")
    weights[:] = 0
    assert network.params["W"].any()
    for wrong, said in (
        ({**PARAMS, "h": 1.0}, "no param or const named 'h'\n  one of W, g"),
        ({**PARAMS, "x": [1.0]}, "x is data"),
        ({**PARAMS, "g": [1.0]}, "g has 1 axis"),
        ({**PARAMS, "g": np.nan}, "g is nan"),
    ):
        with pytest.raises(InputError, match=said):
            Network.from_system(parse(BY_HAND), wrong, output="q")


@pytest.mark.parametrize(
    ("changes", "output", "said"),
    [
        ({}, "a2", "no equation defines the output a2\n  one of q, E"),
        ({"cost E": "E"}, "q", "the system has no cost"),
        ({"param W[k,i], g": "data W[k,i], g"}, "q", "the system has no params: there is nothing to learn"),
        (
            {"batch n": "batch n\nstate s = 1\nupdate s = s + 1", "tanh(g*": "tanh(s*g*"},
            "q",
            "q depends on the state s",
        ),
        ({"batch n": "batch n\nabstract h(s)", "- t[k]": "- h(t[k])"}, "q", "h is an unknown function"),
        ({"cost E = sum(k) (q[k] - t[k])^2": "cost E(q[k], t[k])"}, "q", "E is an unknown function"),
    ],
)
def test_systems_that_are_no_networks(changes: dict[str, str], output: str, said: str) -> None:
    text = BY_HAND
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(OptionError) as caught:
        Network.from_system(parse(text), PARAMS, output=output)
    assert said in str(caught.value)


def test_a_const_without_a_value_is_asked_for() -> None:
    text = BY_HAND.replace("batch n", "batch n\nconst c[i]").replace("*x[i]", "*c[i]*x[i]")
    with pytest.raises(InputError) as caught:
        Network.from_system(parse(text), PARAMS)
    assert str(caught.value) == 'const c[i] has no value\n  it among the values: {"c": …}'
    network = Network.from_system(parse(text), {**PARAMS, "c": [1.0, 0.0]})
    assert_close(network.predict([[1.0, 1.0]]), np.tanh([[0.5, 1.5, 2.5]]))


def test_targets_whose_width_nothing_tells() -> None:
    text = "data x[i], y[k]\nparam w[i]\nbatch n\na[k] = sum(i) w[i]*x[i]*[k >= 0]\ncost C = sum(k) (a[k] - y[k])^2"
    network = Network.from_system(parse(text), {"w": [1.0]}, output="a")
    with pytest.raises(InputError, match=r"nothing says how many entries y has\n(.*\n)+.*Labels: index k = 2"):
        network.targets([1])
    assert network.targets([[1.0]]).tolist() == [[1.0]]


def test_samples_of_another_width_name_the_layer() -> None:
    with pytest.raises(InputError) as caught:
        classifier().predict(np.zeros((5, 6)))
    assert str(caught.value) == (
        "x has 6 numbers in each sample, but layer 1, Linear(4, 3), takes 4\n"
        "  the shape (samples, 4), or (4,) for one sample"
    )


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.zeros((2, 2, 2)), "x has 3 axes, shape [2, 2, 2]"),
        (1.0, "x has 0 axes, shape []"),
        ([[0.0, 1.0, np.nan, 2.0]], "x[0,2] is nan"),
        ([[0.0], [1.0, 2.0]], "x is not an array of real numbers: it holds rows of different lengths"),
        ([["a", "b", "c", "d"]], "it holds text"),
        (np.zeros((1, 4), complex), "it holds complex numbers"),
    ],
)
def test_samples_that_cannot_be_read(x: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        classifier().predict(x)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([0, 3], "y[1] is 3, but the network has 3 outputs\n  labels 0 to 2"),
        ([-1, 0], "y[0] is -1"),
        (
            [0.0, 1.0],
            "labels or targets?\n  integers for labels, or 3 targets for each sample\n  Labels: y.astype(int)",
        ),
        ([[0, 1], [1, 0]], "y has the shape [2, 2]\n  labels of shape (samples,), or targets of shape (samples, 3)"),
        ([[0], [1]], "Labels: y.ravel()"),
        ([[0.0, 1.0, np.inf]], "y[0,2] is inf"),
        ([[0.0], [1.0, 2.0]], "y is not an array of real numbers: it holds rows of different lengths"),
        (["a", "b"], "it holds text"),
    ],
)
def test_answers_that_do_not_fit(y: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        classifier().targets(y)
    assert said in str(caught.value)


def test_answers_for_a_single_output() -> None:
    network = Network([nn.Linear(1, 1), nn.Sigmoid()], cost=nn.BinaryCrossEntropy())
    assert network.targets([0, 1, 1]).tolist() == [[0.0], [1.0], [1.0]]
    with pytest.raises(InputError, match=r"y\[0\] is 2, but the network has one output\n  labels 0 to 1"):
        network.targets([2])
    with pytest.raises(InputError, match=r"Targets: y.reshape\(-1, 1\)"):
        network.targets([0.5, 0.25])


def test_an_answer_for_a_single_sample() -> None:
    network = classifier()
    with pytest.raises(InputError, match=r"y is 3, but the network has 3 outputs"):
        network.targets(3, single=True)
    with pytest.raises(InputError, match=r"a label, or targets of shape \(3,\)"):
        network.targets([1.0, 2.0], single=True)


def test_as_many_answers_as_samples() -> None:
    network, (x, labels) = classifier(), clusters()
    with pytest.raises(InputError, match="x has 60 samples, y has 59 answers"):
        network.accuracy(x, labels[1:])
    with pytest.raises(InputError, match=r"y has the shape \[60\]\n  a label, or targets of shape \(3,\)"):
        network.accuracy(x[0], labels)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True, None])
def test_seeds(seed: Any) -> None:
    with pytest.raises(OptionError, match=r"the seed is .*\n  a whole number, 0 or more"):
        classifier(seed)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])  # noqa: S301
def test_a_copy_is_the_same_network_and_no_part_of_it(copied: Any) -> None:
    network = classifier()
    network.trained = {"data": "points"}
    other = copied(network)
    assert (other.system, other.layers, other.cost, other.ends) == (
        network.system, network.layers, network.cost, network.ends
    )  # fmt: skip
    assert other.trained == {"data": "points"}
    assert np.array_equal(other.predict(np.eye(4)), network.predict(np.eye(4)))
    network.params["W1"][0, 0] = 9.0
    assert other.params["W1"][0, 0] != 9.0

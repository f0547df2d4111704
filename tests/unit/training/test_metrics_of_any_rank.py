"""Metrics of outputs with several axes, of labels, of samples that are coupled, and of several outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from chainrule.errors import OptionError
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.training import measure, train
from support import assert_close

Array = npt.NDArray[Any]
DRAW = np.random.default_rng(0)
WORDS = (
    "data tok[t] : int(v), y[t] : int(k)\nparam E[v,k]\nbatch n\nz[t,k] = E[tok[t],k]\n"
    "p[t,k] = exp(z[t,k])/(sum(m) exp(z[t,m]))\ncost C = -mean(t) log(p[t,y[t]])"
)
MAP = (
    "data x[i,r], y[k,r]\nparam W[k,i]\ngiven sum(k) y[k,r] = 1\nbatch n\nz[k,r] = sum(i) W[k,i]*x[i,r]\n"
    "a[k,r] = exp(z[k,r])/(sum(m) exp(z[m,r]))\ncost C = -sum(k,r) y[k,r]*log(a[k,r])"
)
COUPLED = (
    "data x[n,i], y[n,k]\nparam W[k,i]\nc[n,i] = x[n,i] - mean(m) x[m,i]\na[n,k] = sum(i) W[k,i]*c[n,i]\n"
    "cost C = mean(n) sum(k) (a[n,k] - y[n,k])^2"
)
HEADS = (
    "data x[i], y[k], r[j]\nparam W[k,i], V[j,i]\ngiven sum(k) y[k] = 1\nbatch n\nz[k] = sum(i) W[k,i]*x[i]\n"
    "a[k] = exp(z[k])/(sum(m) exp(z[m]))\nb[j] = sum(i) V[j,i]*x[i]\n"
    "cost C = -sum(k) y[k]*log(a[k]) + sum(j) (b[j] - r[j])^2"
)
WHOLE = "data x[i], y[i]\nparam w\na[i] = w*x[i]\ncost C = sum(i) (a[i] - y[i])^2"


def network(text: str, **values: Array | float) -> Network:
    return Network.from_system(parse(text), values)


def of(network: Network, x: Any, y: Any, metrics: Sequence[str]) -> Mapping[str, float]:
    found = measure(network, x, y, metrics=metrics)
    return {name: value for name, value in found.items() if name not in ("cost", "error")}


def test_labels_at_each_place_of_a_sequence() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    words = network(WORDS, E=DRAW.normal(size=(7, 5)))
    tok, y = DRAW.integers(0, 7, (20, 6)), DRAW.integers(0, 5, (20, 6))
    p, labels = words.predict(tok).reshape(-1, 5), y.ravel()
    found = of(words, tok, y, ["accuracy", "top-2 accuracy", "top-3 accuracy", "perplexity"])
    assert_close(found["accuracy"], sk.accuracy_score(labels, p.argmax(1)))
    assert_close(found["accuracy"], words.accuracy(tok, y))
    assert_close(found["top-2 accuracy"], sk.top_k_accuracy_score(labels, p, k=2, labels=range(5)))
    assert_close(found["top-3 accuracy"], sk.top_k_accuracy_score(labels, p, k=3, labels=range(5)))
    assert_close(found["perplexity"], np.exp(sk.log_loss(labels, p, labels=range(5))))
    own = of(words, tok, y, ["hit = mean(t) [a[t,y[t]] = max(k) a[t,k]]", "long = max(n) mean(t) tok[t]"])
    assert_close(own["hit"], found["accuracy"])
    assert_close(own["long"], tok.mean(1).max())


@pytest.mark.parametrize("reduction", ["mean(t)", "sum(t)"])
def test_scores_have_the_perplexity_of_their_softmax_where_the_cost_is_that_of_one(reduction: str) -> None:
    scores = (
        "data tok[t] : int(v), y[t] : int(k)\nparam E[v,k]\nbatch n\nz[t,k] = E[tok[t],k]\n"
        f"cost C = {reduction} (log(sum(m) exp(z[t,m])) - z[t,y[t]])"
    )
    table = 30 * DRAW.normal(size=(7, 5))
    tok, y = DRAW.integers(0, 7, (20, 6)), DRAW.integers(0, 5, (20, 6))
    expected = of(network(WORDS, E=table), tok, y, ["perplexity", "accuracy"])
    found = of(network(scores, E=table), tok, y, ["perplexity", "accuracy"])
    assert_close(found["perplexity"], expected["perplexity"])
    assert found["accuracy"] == expected["accuracy"]


def test_of_scores_with_another_cost_it_is_said_how_to_write_it() -> None:
    margins = (
        "data x[i], y : int(k)\nparam W[k,i]\nbatch n\nz[k] = sum(i) W[k,i]*x[i]\n"
        "cost C = log(sum(m) exp(2*z[m])) - 2*z[y]"
    )
    made = network(margins, W=DRAW.normal(size=(3, 2)))
    x, y = DRAW.normal(size=(9, 2)), DRAW.integers(0, 3, 9)
    with pytest.raises(OptionError, match="perplexity takes z for probabilities") as caught:
        of(made, x, y, ["perplexity"])
    line = str(caught.value).splitlines()[-1].strip()
    z = made.predict(x)
    surprise = np.log(np.exp(z).sum(1)) - z[np.arange(9), y]
    assert_close(of(made, x, y, [line])["perplexity"], np.exp(surprise.mean()))


def test_classes_along_the_first_axis() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    map_ = network(MAP, W=DRAW.normal(size=(4, 3)))
    x, labels = DRAW.normal(size=(10, 3, 6)), DRAW.integers(0, 4, (10, 6))
    y = np.moveaxis(np.eye(4)[labels], -1, 1)
    a = np.moveaxis(map_.predict(x), 1, -1).reshape(-1, 4)
    found = of(map_, x, y, ["accuracy", "top-2 accuracy", "perplexity", "r2"])
    assert_close(found["accuracy"], sk.accuracy_score(labels.ravel(), a.argmax(1)))
    assert_close(found["top-2 accuracy"], sk.top_k_accuracy_score(labels.ravel(), a, k=2))
    assert_close(found["perplexity"], np.exp(sk.log_loss(labels.ravel(), a)))
    assert_close(found["r2"], sk.r2_score(y.reshape(10, -1), map_.predict(x).reshape(10, -1)))


def test_samples_that_the_equations_name_are_all_measured_together() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    coupled = network(COUPLED, W=DRAW.normal(size=(2, 3)))
    x, y = DRAW.normal(size=(12, 3)), DRAW.normal(size=(12, 2))
    a = (x - x.mean(0)) @ coupled.params["W"].T
    found = of(coupled, x, y, ["r2", "mae", "rmse", "worst = max(n,k) abs(a[n,k] - y[n,k])"])
    assert_close(found["r2"], sk.r2_score(y, a))
    assert_close(found["mae"], sk.mean_absolute_error(y, a))
    assert_close(found["rmse"], np.sqrt(sk.mean_squared_error(y, a)))
    assert_close(found["worst"], np.abs(a - y).max())


def test_in_training_coupled_samples_run_in_batches_and_are_measured_as_one() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    coupled = network(COUPLED, W=DRAW.normal(size=(2, 3)))
    x, y = DRAW.normal(size=(12, 3)), DRAW.normal(size=(12, 2))
    last = train(coupled, x, y, epochs=1, batch_size=4, executor="reference", metrics=["r2"]).epochs[-1]
    batches = [part - part.mean(0) for part in np.split(x, 3)]
    assert_close(last.metrics["r2"], sk.r2_score(y, np.concatenate(batches) @ coupled.params["W"].T))


def test_each_output_has_the_metrics_that_suit_it() -> None:
    heads = network(HEADS, W=DRAW.normal(size=(3, 2)), V=DRAW.normal(size=(2, 2)))
    x, labels, r = DRAW.normal(size=(9, 2)), DRAW.integers(0, 3, 9), DRAW.normal(size=(9, 2))
    given = {"y": np.eye(3)[labels], "r": r}
    found = of(heads, x, given, ["accuracy", "mae", "far = sum(j) abs(b[j] - r[j]) + sum(k) abs(a[k] - y[k])"])
    assert list(found) == ["accuracy", "mae of a", "mae of b", "far"]
    a, b = np.exp(x @ heads.params["W"].T), x @ heads.params["V"].T
    a = a / a.sum(1, keepdims=True)
    assert_close(found["accuracy"], np.mean(a.argmax(1) == labels))
    assert_close([found["mae of a"], found["mae of b"]], [np.abs(a - given["y"]).mean(), np.abs(b - r).mean()])
    assert_close(found["far"], np.abs(b - r).sum(1).mean() + np.abs(a - given["y"]).sum(1).mean())


def test_data_without_samples_are_one_whole() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    whole = network(WHOLE, w=0.5)
    x, y = DRAW.normal(size=8), DRAW.normal(size=8)
    found = of(whole, x, y, ["mae", "rmse", "r2", "most = max(i) a[i]"])
    expected = [np.abs(x / 2 - y).mean(), np.sqrt(((x / 2 - y) ** 2).mean()), sk.r2_score(y, x / 2), (x / 2).max()]
    assert_close(list(found.values()), expected)


def test_labels_are_no_numbers() -> None:
    words = network(WORDS, E=DRAW.normal(size=(7, 5)))
    with pytest.raises(
        OptionError, match=r"mae is a metric of numbers, .*\n  what the cost compares is p with y, classes"
    ):
        measure(words, DRAW.integers(0, 7, (4, 6)), DRAW.integers(0, 5, (4, 6)), metrics=["mae"])


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_params_that_begin_with_the_data_are_measured_too(executor: str) -> None:
    text = "data x[t,i], y : int(k)\nparam W[k,t,i]\nindex k = 3\nbatch n\nz[k] = sum(t,i) W[k,t,i]*x[t,i]\n"
    text += "a[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = -log(a[y])"
    images = Network.from_system(parse(text))
    assert images.waiting == ("W",)
    x, y = DRAW.normal(size=(20, 4, 5)), DRAW.integers(0, 3, 20)
    last = train(images, x, y, epochs=1, executor=executor, metrics=["accuracy", "perplexity"]).epochs[-1]
    assert_close(last.metrics["accuracy"], images.accuracy(x, y), rtol=1e-6)
    assert_close(last.metrics["perplexity"], measure(images, x, y, metrics=["perplexity"])["perplexity"], rtol=1e-5)

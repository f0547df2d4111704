"""Training with data by name, of any number and rank: batches of samples, coupled samples, and all data at once."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import InputError, OptionError
from chainrule.network import Network
from chainrule.notation import parse
from support import assert_close

EXECUTORS = ["native", "reference"]
IMAGES = parse("""
data  x[c,p,q], y : int(k)
param w[a,c,u,v], V[k,a,r,s], b[k]
index a = 2, u = 2, v = 2, k = 3
batch n
z[a,p,q] = relu(sum(c,u,v) w[a,c,u,v]*x[c,p+u,q+v])
h[a,r,s] = max(u<2,v<2) z[a,2*r+u,2*s+v]
s[k] = (sum(a,r,s) V[k,a,r,s]*h[a,r,s]) + b[k]
f[k] = exp(s[k])/(sum(m) exp(s[m]))
cost C = -log(f[y])
""")
TOKENS = parse("""
data  tok[t] : int(v), keep[t], nxt[t] : int(v)
param E[v,d], W[v,d]
index v = 6, d = 4
batch n
h[t,d] = keep[t]*E[tok[t],d]
z[t,v] = sum(d) W[v,d]*h[t,d]
p[t,v] = exp(z[t,v])/(sum(m) exp(z[t,m]))
cost C = -(mean(t) log(p[t,nxt[t]]))
""")
COUPLED = parse("""
data  x[n,i], y[n,k]
param W[k,i], g[k]
z[n,k] = sum(i) W[k,i]*x[n,i]
m[k] = mean(n) z[n,k]
h[n,k] = g[k]*(z[n,k] - m[k])/sqrt((mean(n) (z[n,k] - m[k])^2) + 1/100)
a[n,k] = exp(h[n,k])/(sum(m) exp(h[n,m]))
cost C = -(mean(n) sum(k) y[n,k]*log(a[n,k]))
""")
WHOLE = parse("""
data  A[n,m], x[n,i], y[n]
param w[i]
h[n] = sum(m,i) A[n,m]*w[i]*x[m,i]
cost C = mean(n) (h[n] - y[n])^2
""")

TABLE = """
data  x[t,d], y
const P[t,d], c
param w[d], v[t]
batch n
z = c*(sum(t,d) v[t]*w[d]*(x[t,d] + P[t,d]))
cost C = (z - y)^2
"""
WAITING = TABLE.replace("v[t]*", "v[s,t]*e[s]*").replace("v[t]", "v[s,t]").replace("sum(t,d)", "sum(t,d,s)")
WAITING = WAITING.replace("data  x", "data  e[s], x")


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def images(count: int = 14) -> tuple[Any, Any]:
    labels = np.arange(count) % 3
    x = normal(count, 1, 5, 5) / 4
    for n, label in enumerate(labels):
        x[n, 0, label, label] += 2
    return x, labels


def tokens(count: int = 13, length: int = 5) -> dict[str, Any]:
    tok = np.random.default_rng(1).integers(0, 6, (count, length))
    return {"tok": tok, "keep": np.ones((count, length)), "nxt": (tok + 1) % 6}


@pytest.mark.parametrize("executor", EXECUTORS)
def test_images_with_labels(executor: str) -> None:
    x, y = images()
    network = Network.from_system(IMAGES)
    history = cr.train(network, x, y, epochs=30, batch_size=4, optimizer=nn.Adam(0.05), executor=executor)
    assert history.note == ""
    assert network.waiting == ()
    assert network.params["V"].shape == (3, 2, 2, 2)
    assert history.epochs[-1].accuracy == network.accuracy(x, y) == 1.0
    assert np.array_equal(network.classify(x), y)
    assert network.predict(x).shape == (14, 3)
    assert_close(network.predict(x[3]), network.predict(x)[3])
    assert int(network.classify(x[3])) == y[3]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_whole_numbers_and_masks_by_name_with_a_label_at_each_place(executor: str) -> None:
    data = tokens()
    network = Network.from_system(TOKENS, seed=3)
    assert network.ends.inputs == ("tok", "keep")
    inputs, targets = {n: data[n] for n in ("tok", "keep")}, {"nxt": data["nxt"]}
    history = cr.train(
        network, inputs, targets, epochs=40, batch_size=4, optimizer=nn.Adam(0.05), executor=executor,
        x_validation=data, validation_fraction=None,
    )  # fmt: skip
    last = history.epochs[-1]
    assert history.note == ""
    assert last.accuracy == last.validation_accuracy == network.accuracy(inputs, targets) == 1.0
    assert last.training_accuracy == 1.0
    assert network.predict(inputs).shape == (13, 5, 6)
    assert np.array_equal(network.classify(inputs), data["nxt"])
    longer = {"tok": [0, 1, 2, 3, 4, 5, 0], "keep": np.ones(7)}
    assert network.classify(longer).tolist() == [1, 2, 3, 4, 5, 0, 1]


def test_both_executors_come_to_the_same() -> None:
    x, y = images()
    data = tokens()
    rows, labels = normal(11, 3), np.eye(2)[np.arange(11) % 2]
    square = normal(4, 4)
    for system, given in (
        (IMAGES, (x, y)),
        (TOKENS, (data,)),
        (COUPLED, (rows, labels)),
        (WHOLE, ({"A": square, "x": normal(4, 2)}, normal(4))),
    ):
        native, reference = (Network.from_system(system) for _ in EXECUTORS)
        histories = [
            cr.train(network, *given, epochs=3, batch_size=4, optimizer=nn.SGD(0.1), executor=executor)
            for network, executor in zip((native, reference), EXECUTORS, strict=True)
        ]
        for name, value in reference.params.items():
            assert_close(native.params[name], value, rtol=2e-4, atol=1e-6)
        for one, other in zip(*(history.epochs for history in histories), strict=True):
            assert_close(one.cost, other.cost, rtol=1e-4)
            assert (one.accuracy, one.training_accuracy) == pytest.approx((other.accuracy, other.training_accuracy))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_coupled_samples_are_drawn_in_batches_the_last_of_them_smaller(executor: str) -> None:
    x, y = normal(7, 3), np.eye(2)[np.arange(7) % 2]
    network = Network.from_system(COUPLED)
    start = {"W": normal(2, 3), "g": np.ones(2)}
    network = Network.from_system(COUPLED, start)
    [epoch] = cr.train(network, x, y, epochs=1, batch_size=4, optimizer=nn.SGD(0.5), executor=executor).epochs
    order, params, costs = np.random.default_rng(0).permutation(7), dict(start), 0.0
    for chosen in (order[:4], order[4:]):
        cost, slopes = cr.value_and_grad(COUPLED, {**params, "x": x[chosen], "y": y[chosen]})
        params = {name: value - 0.5 * slopes[name] for name, value in params.items()}
        costs += cost * len(chosen)
    assert_close(epoch.cost, costs / 7, rtol=1e-5)
    for name, value in params.items():
        assert_close(network.params[name], value, rtol=1e-4, atol=1e-6)
    assert network.predict(x).shape == (7, 2)
    assert network.trained["samples"] == 7


@pytest.mark.parametrize("executor", EXECUTORS)
def test_data_without_an_axis_of_samples_are_learned_from_as_a_whole(executor: str) -> None:
    data = {"A": np.eye(4), "x": normal(4, 2), "y": np.zeros(4)}
    data["y"] = data["x"] @ [1.0, -2.0]
    network = Network.from_system(WHOLE)
    history = cr.train(network, data, epochs=300, optimizer=nn.SGD(0.2), executor=executor)
    assert history.note == ""
    assert_close(network.params["w"], [1.0, -2.0], rtol=1e-3)
    assert_close(network.predict({"A": data["A"], "x": data["x"]}), data["y"], rtol=1e-2, atol=1e-2)
    with pytest.raises(OptionError, match="the data have no axis of samples"):
        cr.train(network, data, validation_fraction=0.5)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_labels_of_a_whole_and_of_samples_named_in_the_equations_are_counted(executor: str) -> None:
    rows = "data x[n,i], y[n] : int(k)\nparam W[k,i]\nindex k = 3\nz[n,k] = sum(i) W[k,i]*x[n,i]\n"
    graph = rows.replace("data x", "data A[n,m], x").replace("sum(i) W[k,i]*x[n,i]", "sum(m,i) A[n,m]*W[k,i]*x[m,i]")
    labels = np.arange(9) % 3
    data = {"x": np.eye(3)[labels], "y": labels, "A": np.eye(9)}
    for text, letter in ((rows, "n"), (graph, "")):
        text += "cost C = mean(n) (log(sum(k) exp(z[n,k])) - z[n,y[n]])"
        network = Network.from_system(parse(text))
        assert network.ends.samples.letter == letter
        given = {name: data[name] for name in network.ends.data}
        history = cr.train(network, given, epochs=60, batch_size=4, executor=executor)
        last = history.epochs[-1]
        assert history.note == ("" if letter else NO_BATCHES)
        assert (last.accuracy, last.training_accuracy) == (1.0, pytest.approx(1.0))
        assert network.accuracy(given) == 1.0


def test_two_heads_come_out_by_name_and_are_measured_together() -> None:
    text = """
    data x[i], y[k], v
    param W[k,i], u[i]
    batch n
    z[k] = sum(i) W[k,i]*x[i]
    a[k] = exp(z[k])/(sum(m) exp(z[m]))
    r = sum(i) u[i]*x[i]
    cost C = (r - v)^2 - (sum(k) y[k]*log(a[k]))
    """
    x, labels = normal(40, 3), np.arange(40) % 2
    x[:, 0] = 2.0 * labels - 1
    targets = {"y": np.eye(2)[labels], "v": x @ [1.0, 2.0, 3.0]}
    network = Network.from_system(parse(text))
    history = cr.train(network, x, targets, epochs=60, optimizer=nn.Adam(0.1), validation_fraction=0.2)
    last = history.epochs[-1]
    assert (last.accuracy, last.validation_accuracy) == (1.0, 1.0)
    assert last.error is not None
    assert last.error < 0.5
    with pytest.raises(OptionError) as caught:
        network.predict(x)
    assert str(caught.value).splitlines()[:2] == [
        "what comes out of the network is not one thing",
        "  the name of a tensor, or several: one of r, a",
    ]
    both = Network.from_system(network.system, network.params, output=("a", "r"))
    found = both.predict(x)
    assert list(found) == ["a", "r"]
    assert found["r"].shape == (40,)
    assert_close(Network.from_system(network.system, network.params, output="r").predict(x), found["r"])


def test_costs_that_compare_with_nothing_are_trained_too() -> None:
    text = "data a[i], b[i]\nparam W[j,i]\nindex j = 2\nbatch n\nu[j] = tanh(sum(i) W[j,i]*a[i])\n"
    text += "v[j] = tanh(sum(i) W[j,i]*b[i])\ncost C = relu((sum(j) (u[j] - v[j])^2) - 1/10)"
    network = Network.from_system(parse(text))
    data = {"a": normal(8, 3), "b": normal(8, 3, seed=1)}
    history = cr.train(network, data, epochs=5, batch_size=3, optimizer=nn.SGD(0.01))
    assert (history.epochs[-1].accuracy, history.epochs[-1].error) == (None, None)
    assert history.epochs[-1].cost < history.epochs[0].cost
    assert "accuracy" not in str(history)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made)), None])  # noqa: S301
def test_consts_and_params_that_wait_are_kept_and_saved(copied: Any, tmp_path: Path) -> None:
    values = {"P": np.ones((2, 3)), "c": 0.5}
    made, waits = (Network.from_system(parse(text), values, seed=5) for text in (TABLE, WAITING))
    assert (made.waiting, waits.waiting) == ((), ("v",))
    for network in (made, waits):
        path = tmp_path / "net.safetensors"
        if copied is None:
            network.save(path)
            other = cr.load(path)
        else:
            other = copied(network)
        assert other.waiting == network.waiting
        assert {name: value.tolist() for name, value in other.values.items()} == {
            name: value.tolist() for name, value in network.values.items()
        }
        data = {"x": np.ones((4, 2, 3)), "y": np.arange(4.0), "e": np.ones((4, 2))}
        given = {name: data[name] for name in network.ends.data}
        for one in (network, other):
            cr.train(one, given, epochs=2, optimizer=nn.SGD(0.01))
        assert all(np.array_equal(other.params[name], value) for name, value in network.params.items())


def test_what_only_targets_tell_is_known_after_training_and_saved(tmp_path: Path) -> None:
    text = "data x[r], y[p]\nparam w[u]\nindex u = 2\nbatch n\nz[p] = sum(r) w?[p-2*r]*x[r]\n"
    text += "cost C = sum(p) (z[p] - y[p])^2"
    network = Network.from_system(parse(text))
    with pytest.raises(OptionError, match="nothing says how many values p has"):
        network.predict(np.ones((2, 3)))
    cr.train(network, np.ones((4, 3)), np.ones((4, 6)), epochs=20, optimizer=nn.SGD(0.05))
    assert network.predict(np.ones((2, 3))).shape == (2, 6)
    network.save(tmp_path / "net.safetensors")
    assert np.array_equal(cr.load(tmp_path / "net.safetensors").predict(np.ones(3)), network.predict(np.ones(3)))


@pytest.mark.parametrize("system", [TOKENS, COUPLED, WHOLE])
def test_checkpoints_go_on_to_the_same_bits(system: Any, tmp_path: Path) -> None:
    data = {
        id(TOKENS): tokens(),
        id(COUPLED): {"x": normal(9, 3), "y": np.eye(2)[np.arange(9) % 2]},
        id(WHOLE): {"A": np.eye(3), "x": normal(3, 2), "y": np.ones(3)},
    }[id(system)]
    options: dict[str, Any] = {"batch_size": 4, "optimizer": nn.Adam(0.01)}
    whole, broken = (Network.from_system(system) for _ in range(2))
    cr.train(whole, data, epochs=4, **options)
    cr.train(broken, data, epochs=2, checkpoint=tmp_path / "run", **options)
    again = Network.from_system(system)
    cr.train(again, data, epochs=4, checkpoint=tmp_path / "run", resume=True, **options)
    assert all(np.array_equal(again.params[name], value) for name, value in whole.params.items())
    other = {name: value.copy() for name, value in data.items()}
    changed = "x" if "x" in other else "keep"
    other[changed][0] *= 0.5
    with pytest.raises(OptionError, match="x and y differ"):
        cr.train(again, other, epochs=5, checkpoint=tmp_path / "run", resume=True, **options)


DROPPED = """
data  x[t,i], y[k], m[t,j]
param W[j,i], V[k,t,j]
const p = 0.25
index j = 4
batch n
h[t,j] = m[t,j]*tanh(sum(i) W[j,i]*x[t,i])/(1 - p)
z[k] = sum(t,j) V[k,t,j]*h[t,j]
cost C = sum(k) (z[k] - y[k])^2
"""
ROWS = """
data  x[n,i], y[n,k], m[n,j]
param W[j,i], V[k,j]
const p = 0.25
index j = 4
h[n,j] = m[n,j]*tanh(sum(i) W[j,i]*x[n,i])/(1 - p)
z[n,k] = sum(j) V[k,j]*h[n,j]
cost C = mean(n) sum(k) (z[n,k] - y[n,k])^2
"""


@pytest.mark.parametrize(("text", "shape"), [(DROPPED, (3, 2)), (ROWS, (2,))])
def test_masks_have_the_axes_that_are_declared_and_are_drawn_alike(text: str, shape: tuple[int, ...]) -> None:
    x, y, found = normal(11, *shape), normal(11, 2), []
    for executor in EXECUTORS:
        network = Network.from_system(parse(text), masks={"m": "p"})
        assert network.ends.inputs == ("x",)
        cr.train(network, x, y, epochs=2, batch_size=4, executor=executor, validation_fraction=0.2)
        found.append(network)
    for name, value in found[1].params.items():
        assert_close(found[0].params[name], value, rtol=1e-4, atol=1e-6)
    assert_close(found[1].predict(x), cr.evaluate(found[1].forward, {**found[1].params, "x": x})["z"])
    with pytest.raises(InputError, match="m is a mask, which the training draws\n  Leave it out"):
        cr.train(found[0], {"x": x, "m": x}, {"y": y})


def test_labels_stand_for_one_hot_targets_along_the_axis_of_the_classes() -> None:
    text = "data x[i,p], y[k,p]\nparam W[k,i]\nindex k = 3\nbatch n\nz[k,p] = sum(i) W[k,i]*x[i,p]\n"
    text += "a[k,p] = exp(z[k,p])/(sum(m) exp(z[m,p]))\ncost C = -(mean(p) sum(k) y[k,p]*log(a[k,p]))"
    labels = np.random.default_rng(1).integers(0, 3, (20, 4))
    x = np.moveaxis(np.eye(3)[labels], -1, 1) + normal(20, 3, 4) / 10
    network, same = (Network.from_system(parse(text)) for _ in range(2))
    history = cr.train(network, x, labels, epochs=20)
    cr.train(same, x, np.moveaxis(np.eye(3)[labels], -1, 1), epochs=20)
    assert np.array_equal(network.params["W"], same.params["W"])
    assert history.epochs[-1].accuracy == history.epochs[-1].training_accuracy == network.accuracy(x, labels) == 1.0
    assert np.array_equal(network.classify(x), labels)


def test_a_sample_is_explained_with_its_data_by_name() -> None:
    data = {name: values[0] for name, values in tokens().items()}
    network = Network.from_system(TOKENS)
    found = cr.explain(network, data, of="z", at={"t": 1, "v": 2})
    slopes = cr.value_and_grad(network.system, network.inputs(data), wrt=["z"])[1]["z"]
    assert_close(found.value, slopes[1, 2])
    x, y = images(3)
    one = cr.explain(Network.from_system(IMAGES, images_values()), {"x": x, "y": y}, of="s", at={"k": 1}, sample=2)
    assert one.equation.startswith("∂C/∂s[1] = f[1] − ")


def images_values() -> dict[str, Any]:
    return {"w": np.ones((2, 1, 2, 2)), "V": np.ones((3, 2, 2, 2)), "b": np.zeros(3)}


NO_BATCHES = "every step learns from all of the data, whose first axis counts no samples: batch_size is not used"
X, Y = images(6)
TOLD = Network.from_system(IMAGES, images_values())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (({"x": X},), "missing data: y\n  an array for each of x, y\n  Give them by name"),
        ((X,), "missing data: y\n  an array for each of x, y\n  Give y, what f is compared with."),
        (({"X": X}, {"y": Y}), "x names 'X', which is no data of the system\n  one of x, y\n  Did you mean x?"),
        (({"x": X, "y": Y}, {"y": Y}), "y is given twice"),
        ((X[:, 0], Y), "x has the shape [6, 5, 5]\n  data x[c,p,q], n the samples\n  x[n,c,p,q]: (samples, 1, p, q)"),
        ((X, Y / 2), "y[1] is 0.5\n  data y : int(k)\n  whole numbers from 0 to 2"),
        ((X, Y[:5]), "x has 6 samples, y has 5 answers"),
        ((X, np.eye(3)[Y]), "(samples,) of whole numbers below k\n  Of one-hot rows the labels are y.argmax(axis=-1)"),
        ((X[0], Y[0]), "x has the shape [1, 5, 5]\n  the shape (samples, c, p, q), one sample or more"),
        ((np.where(X > 5, X, np.nan), Y), "x[0,0,0,0] is nan"),
    ],
)  # fmt: skip
def test_data_that_do_not_fit(given: tuple[Any, ...], said: str) -> None:
    with pytest.raises(InputError) as caught:
        cr.train(TOLD, *given)
    assert said in str(caught.value)


def test_several_data_need_names_and_their_errors_say_whose_they_are() -> None:
    network, data = Network.from_system(TOKENS), tokens()
    with pytest.raises(InputError) as caught:
        cr.train(network, data["tok"], data["nxt"])
    assert str(caught.value) == (
        'x is one array, and there are 2 data for it: tok, keep\n  arrays by name\n  Give x={"tok": …, "keep": …}'
    )
    short = {**data, "keep": data["keep"][:, :4]}
    with pytest.raises(InputError, match=r"keep axis 0 \(t\) is 4 but tok axis 0 \(t\) is 5"):
        cr.train(network, short)
    with pytest.raises(InputError, match=r'x_test\["keep"\] has the shape \[13\]'):
        cr.train(network, data, x_test={**data, "keep": np.ones(13)})
    with pytest.raises(InputError, match="tok has 13 samples, keep has 2 samples"):
        cr.train(network, {**data, "keep": data["keep"][:2]})
    with pytest.raises(InputError, match=r"tok\[0,0\] is -1"):
        cr.train(network, {**data, "tok": data["tok"] * 0 - 1})

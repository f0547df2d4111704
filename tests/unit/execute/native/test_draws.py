"""What is drawn, in machine code: the bits of the reference, in vectors of any length and on any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import InputError
from chainrule.execute.registry import executor
from chainrule.system.model import System
from support import assert_close

TEXT = """data x[i], t : int(7), c[i] : int(9)
param w[i]
const seed = 4000000001, p = 0.3, other
batch n
u[i] = uniform(seed, step, n, i)
v[i] = normal(seed, step, n, i)
q = uniform(other + 2*n - 3, t)
s[i] = uniform(seed + t, 3*step, 1000000*n + i, 1, other*c[i])
g[i,j] = normal(step, i - j, seed)
e = uniform(2*seed, 3)
d[i] = [uniform(seed, step, n, i) >= p]*w[i]*x[i]/(1 - p)
index j = 3
cost C = (sum(i) (d[i]^2 + v[i]*d[i]*s[i]*q)) + e*(sum(i,j) g[i,j]*w[i])"""
DRAW = np.random.default_rng(0)


def inputs(samples: int, width: int) -> dict[str, Any]:
    return {
        "x": DRAW.normal(size=(samples, width)),
        "t": np.arange(samples) % 7,
        "c": np.arange(samples * width).reshape(samples, width) % 9,
        "w": np.ones(width),
        "other": 77,
        "step": 12,
    }


@pytest.mark.parametrize(("samples", "width"), [(1, 1), (5, 3), (37, 29), (16, 64)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_drawn_numbers_are_those_of_the_reference(samples: int, width: int, dtype: Any) -> None:
    system, given = cr.parse(TEXT), inputs(samples, width)
    native = executor("native").compile(system, dtype=dtype)
    found, expected = native.evaluate(given), executor("reference").compile(system).evaluate(given)
    assert "on the reference" not in str(native.plan)
    for name in ("u", "q", "s", "e"):
        assert np.array_equal(found[name], expected[name]), name
    tolerance = 2e-6 if dtype == np.float32 else 1e-14
    for name in ("v", "g", "d"):
        assert_close(found[name], expected[name], rtol=tolerance, atol=tolerance)


def test_other_values_of_a_seed_and_of_the_step_are_other_numbers() -> None:
    system, given = cr.parse(TEXT), inputs(4, 5)
    native = executor("native").compile(system)
    first = native.evaluate(given)["u"]
    for change in ({"step": 13}, {"seed": 5}):
        other = native.evaluate({**given, **change})["u"]
        assert (other != first).all()
        assert np.array_equal(other, cr.evaluate(system, {**given, **change})["u"])


def test_what_float32_cannot_count_is_refused_by_name() -> None:
    native = executor("native").compile(cr.parse(TEXT))
    with pytest.raises(InputError, match=r"other is 20000001, and counts what is drawn\n.*as float32 counts"):
        native.evaluate({**inputs(2, 2), "other": 20000001})
    with pytest.raises(InputError, match=r"other is 0\.5, and counts what is drawn"):
        native.evaluate({**inputs(2, 2), "other": 0.5})


NOISY = """data x[i], y[k]
param W1[j,i], b1[j], W2[k,j]
const seed = 5, p = 0.25
batch n
h[j] = tanh(sum(i) W1[j,i]*x[i] + b1[j])
d[j] = [uniform(seed, step, n, j) >= p]*h[j]/(1 - p)
a[k] = (sum(j) W2[k,j]*d[j]) + 0.1*normal(seed, step, n, k)
cost C = 1/2*(sum(k) (a[k] - y[k])^2)"""
X = DRAW.normal(size=(203, 5))
Y = np.stack([X[:, 0] * X[:, 1], X.sum(1)], 1)
PARAMS = {"W1": DRAW.normal(size=(40, 5)), "b1": np.zeros(40), "W2": DRAW.normal(size=(2, 40)) * 0.3}


def trained(system: System, **options: Any) -> cr.Network:
    network = cr.Network.from_system(system, PARAMS, output="a")
    history = cr.train(network, X, Y, **{"epochs": 2, "batch_size": 20, "optimizer": nn.Adam(0.01), **options})
    assert not history.note
    return network


def test_training_is_the_same_on_any_number_of_threads_and_to_rounding_on_the_reference() -> None:
    """203 samples in batches of 20: the last one of an epoch, of 3, is run by a program of its own."""
    system = cr.parse(NOISY)
    one, two = (trained(system, threads=threads) for threads in (1, 2))
    reference = trained(system, executor="reference")
    for name in PARAMS:
        assert np.array_equal(one.params[name], two.params[name])
        assert_close(one.params[name], reference.params[name], rtol=1e-4, atol=1e-5)
    still = trained(cr.parse(NOISY.replace("step, ", "")), executor="reference")
    assert np.abs(still.params["W2"] - reference.params["W2"]).max() > 1e-3, "each step draws anew"


COUPLED = """data x[n,c,q], y[n,k]
param K[o,c,u], W[k,o]
index u = 3
h[n,o,p] = relu(sum(c,u) K[o,c,u]*x[n,c,p+u])
m[n,o] = mean(p) h[n,o,p]
mu[o] = mean(n) m[n,o]
d[n,o] = [uniform(3, step, n, o) >= 0.25]*(m[n,o] - mu[o])/0.75
a[n,k] = sum(o) W[k,o]*d[n,o]
cost C = mean(n) sum(k) (a[n,k] - y[n,k])^2"""


def test_samples_that_are_coupled_draw_by_their_index() -> None:
    """Without `batch` n is an index of the data: their number in the mini-batch too."""
    given = DRAW.normal(size=(50, 2, 9)), DRAW.normal(size=(50, 2))
    params = {"K": DRAW.normal(size=(4, 2, 3)), "W": DRAW.normal(size=(2, 4))}
    found = []
    for options in ({"threads": 1}, {"threads": 2}, {"executor": "reference"}):
        network = cr.Network.from_system(cr.parse(COUPLED), params, output="a")
        cr.train(network, *given, epochs=2, batch_size=16, optimizer=nn.Adam(0.01), **options)  # type: ignore[arg-type]
        found.append(network.params)
    for name in params:
        assert np.array_equal(found[0][name], found[1][name])
        assert_close(found[0][name], found[2][name], rtol=1e-4, atol=1e-5)
    assert str(network.forward.defined["d"]) == "d[n,o] = m[n,o] − mu[o]"

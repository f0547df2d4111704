"""Metrics that do not fit: the equation that is advised can be copied. And outputs that each say yes or no."""

from __future__ import annotations

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleError, NotationError, OptionError
from chainrule.network import Network
from support import assert_close

HEAD = "param w[k], c[k]\nindex k = 2\nbatch n\n"
MIXTURE = f"data x, t\n{HEAD}mu[k] = w[k]*x + c[k]\ncost C = -log(sum(k) exp(-(t - mu[k])^2))\n"
SEQUENCE = (
    f"data x[s], t[s]\n{HEAD}mu[s,k] = w[k]*x[s] + c[k]\ncost C = -(mean(s) log(sum(k) exp(-(t[s] - mu[s,k])^2)))\n"
)
POLICY = f"data x, act : int(k), gain\n{HEAD}u[k] = w[k]*x + c[k]\nr = u[act]\ncost C = -minimum(r*gain, r^2)\n"
ALONE = f"data x\n{HEAD}u[k] = w[k]*x + c[k]\ncost C = sum(k) (u[k] - x)^2\n"
LABELS = f"data x, q : int(k)\n{HEAD}u[k] = w[k]*x + c[k]\np[k] = exp(u[k])/(sum(m) exp(u[m]))\ncost C = -log(p[q])\n"
DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("text", [MIXTURE, SEQUENCE, POLICY, ALONE, LABELS])
@pytest.mark.parametrize("metric", ["mae", "r2", "accuracy", "speed"])
def test_the_equation_that_is_advised_measures_the_network(text: str, metric: str) -> None:
    network = Network.from_system(cr.parse(text))
    shape = (9, 4) if "[s]" in text else (9,)
    data = {name: DRAW.normal(size=shape) for name in network.ends.data}
    data |= {name: DRAW.integers(0, 2, 9) for name in ("act", "q") if name in data}
    said = ""
    try:
        assert np.isfinite(list(cr.measure(network, data, metrics=[metric]).values())).all()
    except OptionError as error:
        said = str(error)
    for advised in re.findall(r'"(\w+ = .*)"', said):
        found = cr.measure(network, data, metrics=[advised])
        assert np.isfinite(found[advised.partition(" ")[0]])
    assert not said or '"' in said


def test_the_advice_for_a_mixture_is_the_distance_of_the_mean() -> None:
    network = Network.from_system(cr.parse(MIXTURE), {"w": [1.0, 3.0], "c": [0.0, 2.0]}, output="mu")
    with pytest.raises(OptionError, match=re.escape('"mae = abs((mean(k) mu[k]) - t)"')):
        cr.measure(network, [1.0, 2.0], [1.0, 2.0], metrics=["mae"])
    found = cr.measure(network, [1.0, 2.0], [1.0, 2.0], metrics=["mae = abs((mean(k) mu[k]) - t)"])
    assert_close(found["mae"], 2.5)


def test_a_metric_is_not_told_to_declare_what_it_reads() -> None:
    network = Network.from_system(cr.parse(MIXTURE), output="mu")
    with pytest.raises(NotationError) as caught:
        cr.measure(network, [1.0], [1.0], metrics=["mae = mean(k) abs(a[k] - t)"])
    assert str(caught.value).endswith("the tensors that there are: x, t, w, c, mu, C")
    with pytest.raises(NotationError, match="Did you mean mu"):
        cr.measure(network, [1.0], [1.0], metrics=["mae = mean(k) abs(mou[k] - t)"])


def multi_label() -> Network:
    return Network([nn.Linear(4, 3), nn.Sigmoid()], cost=nn.BinaryCrossEntropy(), seed=1)


def test_the_accuracy_of_several_labels_is_that_of_every_yes_or_no() -> None:
    network, x = multi_label(), DRAW.normal(size=(30, 4))
    y = DRAW.integers(0, 2, (30, 3)).astype(float)
    expected = np.mean((network.predict(x) > 0.5) == y)
    assert_close(network.accuracy(x, y), expected)
    assert_close(network.accuracy(x[0], y[0]), np.mean((network.predict(x[0]) > 0.5) == y[0]))
    found = cr.measure(network, x, y, metrics=["accuracy", "mae"])
    assert_close(found["accuracy"], expected)
    history = cr.train(network, x, y, epochs=1, metrics=["accuracy"])
    assert_close(history.epochs[-1].metrics["accuracy"], network.accuracy(x, y), rtol=1e-6)
    with pytest.raises(ChainruleError, match="y holds no classes"):
        network.accuracy(x, y / 2)
    with pytest.raises(OptionError, match="accuracy is a metric of classes, and nothing of that kind"):
        cr.measure(network, x, y / 2, metrics=["accuracy"])
    with pytest.raises(OptionError, match="top-2 accuracy is a metric of classes"):
        cr.measure(network, x, y, metrics=["top-2 accuracy"])


TWO = "data x, v, y\nparam s, t\nbatch n\np = s*x\nq = t*x\ncost C = (p - v)^2 + (q - y)^2\n"


def test_a_metric_of_one_output_is_asked_for_by_its_name() -> None:
    network = Network.from_system(cr.parse(TWO), {"s": 1.0, "t": 2.0})
    data = {name: DRAW.normal(size=9) for name in ("x", "v", "y")}
    both = cr.measure(network, data, metrics=["r2", "mae"])
    one = cr.measure(network, data, metrics=["r2 of q", "MAE of p"])
    assert [name for name in one if " of " in name] == ["r2 of q", "mae of p"]
    assert_close([one["r2 of q"], one["mae of p"]], [both["r2 of q"], both["mae of p"]])
    with pytest.raises(OptionError, match=r'"accuracy of p" is that of one output\n  Did you mean mae of [pq]\?'):
        cr.measure(network, data, metrics=["mae of x"])
    alone = Network.from_system(cr.parse("data x, y\nparam t\nbatch n\nq = t*x\ncost C = (q - y)^2"), {"t": 2.0})
    assert "mae of q" in cr.measure(alone, data["x"], data["y"], metrics=["mae of q"])

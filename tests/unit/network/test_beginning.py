"""Params that nobody gave begin by what the equations do with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import InputError, OptionError
from chainrule.network import Network
from chainrule.network.beginning import beginnings
from chainrule.nn.layer import Normal, Value
from chainrule.notation import parse
from support import assert_close


def first(text: str, **shape: tuple[int, ...]) -> Any:
    return beginnings(parse(text), shape)


@pytest.mark.parametrize(
    ("lines", "variance"),
    [
        ("z[j] = sum(i) w[j,i]*x[i]\ncost C = sum(j) z[j]^2", 1 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = tanh(z[j])\ncost C = sum(j) a[j]^2", 1 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = relu(z[j])\ncost C = sum(j) a[j]^2", 2 / 5),
        ("a[j] = relu((sum(i) w[j,i]*x[i]) + 1)\ncost C = sum(j) a[j]^2", 2 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = z[j]/2*(1 + erf(z[j]/sqrt(2)))\ncost C = sum(j) a[j]^2", 2 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = where(z[j] > 0, z[j], z[j]/10)\ncost C = sum(j) a[j]^2", 2 / 1.01 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\ncost C = sum(j) z[j]^2 + (sum(j,i) w[j,i]^2)", 1 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = relu(z[j] + 2)\ncost C = sum(j) a[j]^2", 2 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = 1 + relu(z[j])\ncost C = sum(j) a[j]^2", 2 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = [uniform(7,step,j) >= 0.3]*relu(z[j])/0.7\ncost C = sum(j) a[j]^2", 2 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = 3*relu(z[j]/2)\ncost C = sum(j) a[j]^2", 2 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = tanh(relu(z[j]) + 1)\ncost C = sum(j) a[j]^2", 2 / 5),
        ("z[j] = sum(i) w[j,i]*x[i]\na[j] = relu(tanh(z[j]))\ncost C = sum(j) a[j]^2", 1 / 5),
        ("z[j] = (sum(i) w[j,i]*x[i])/3\ncost C = sum(j) z[j]^2", 1 / 5),
    ],
)
def test_weights_are_drawn_for_what_they_sum_over(lines: str, variance: float) -> None:
    found = first(f"data x[i]\nparam w[j,i]\nindex j = 3\n{lines}", w=(3, 5))["w"]
    assert isinstance(found, Normal)
    assert_close(found.variance, variance)


def test_filters_tables_and_scales() -> None:
    text = """
    data x[c,p,q], tok[t] : int(v)
    param w[o,c,u,v2], b[o], g[o], E[v,d], P[t,d], U[e,d], l
    index o = 3, u = 2, v2 = 2, e = 2
    z[o,p,q] = (sum(c,u,v2) w[o,c,u,v2]*x?[c,p+u,q+v2]) + b[o]
    h[o,p,q] = g[o]*z[o,p,q]
    e[t,d] = E[tok[t],d] + P[t,d]
    s[t,e] = sum(d) U[e,d]*e[t,d]
    cost C = exp(2*l)*((sum(o,p,q) h[o,p,q]) + (sum(t,e) s[t,e]))
    """
    shapes = {"w": (3, 2, 2, 2), "b": (3,), "g": (3,), "E": (9, 4), "P": (5, 4), "U": (2, 4), "l": ()}
    assert first(text, **shapes) == {
        "w": Normal(1 / 8),
        "b": Value(0.0),
        "g": Value(1.0),
        "E": Normal(1.0),
        "P": Value(0.0),
        "U": Normal(1 / 4),
        "l": Value(0.0),
    }


def test_a_table_that_is_read_both_ways_begins_for_the_longer_sum() -> None:
    text = "data tok : int(v)\nparam E[v,d]\nh[d] = E[tok,d]\nz[v] = sum(d) E[v,d]*h[d]\ncost C = sum(v) z[v]^2"
    assert first(text, E=(9, 4)) == {"E": Normal(1 / 4)}


@pytest.mark.parametrize(
    "lines",
    [
        "d[j] = sum(i) (x[i] - c[j,i])^2\ncost C = min(j) d[j]",
        "d[j] = exp(p[j] - (sum(i) (c[j,i] - x[i])^2))\ncost C = -log(sum(j) d[j])",
        "cost C = min(j) sum(i) (x[i] - 2*c[j,i])^2",
    ],
    ids=["k-means", "mixture", "scaled"],
)
def test_what_would_be_alike_along_an_axis_and_stay_so_is_drawn(lines: str) -> None:
    text = f"data x[i]\nparam c[j,i]{', p[j]' if 'p[j]' in lines else ''}\nindex j = 4\nbatch n\n{lines}"
    assert first(text, c=(4, 5), **({"p": (4,)} if "p[j]" in lines else {}))["c"] == Normal(1.0)


def test_what_data_or_weights_tell_apart_begins_at_0() -> None:
    text = "data x[i], y[k]\nparam b[k], W[h,i], c[h,i], V[h]\nindex h = 3\nbatch n\ns = sum(i) x[i]\np[k] = s + b[k]\n"
    text += "r[h] = exp(-(sum(i) (x[i] - c[h,i])^2))\nq = sum(h) V[h]*r[h]\ncost C = (sum(k) (p[k] - y[k])^2) + q^2"
    begun = first(text, b=(2,), c=(3, 5), V=(3,))
    assert begun == {"b": Value(0.0), "c": Value(0.0), "V": Normal(1 / 3)}


def test_a_weight_of_one_number_is_no_scale() -> None:
    text = "data x\nparam w[j], V[j], t\nindex j = 4\na[j] = tanh(w[j]*x)\ncost C = t*x + (sum(j) V[j]*a[j])"
    assert first(text, w=(4,), V=(4,), t=()) == {"w": Normal(1.0), "V": Normal(1 / 4), "t": Value(1.0)}


def test_a_penalty_makes_no_scale_of_a_bias_and_a_width_is_one() -> None:
    text = "data x[i], D[i,j]\nparam b[i], l\nh[i] = x[i] + b[i]\nK[i,j] = exp(-D[i,j]/(2*l^2))\n"
    text += "cost C = (sum(i) b[i]^2) + (sum(i,j) h[i]*K[i,j]*h[j])"
    assert first(text, b=(3,), l=()) == {"b": Value(0.0), "l": Value(1.0)}


TEXT = "data x[i], y[k]\nparam W[k,i], b[k]\nbatch n\nz[k] = sum(i) W[k,i]*x[i] + b[k]\ncost C = sum(k) (z[k] - y[k])^2"


def test_each_is_drawn_alone_by_the_seed_whatever_is_given() -> None:
    system = parse(TEXT + "\nindex i = 4, k = 3")
    whole = Network.from_system(system)
    assert whole.params["W"].shape == (3, 4)
    assert not whole.params["b"].any()
    given = Network.from_system(system, {"b": [1.0, 2.0, 3.0]})
    assert np.array_equal(given.params["W"], whole.params["W"])
    assert not np.array_equal(Network.from_system(system, seed=1).params["W"], whole.params["W"])
    assert given.waiting == ()


def test_what_only_data_tell_waits_for_them() -> None:
    network = Network.from_system(parse(TEXT))
    assert network.waiting == ("W", "b")
    assert repr(network) == "<Network(x → z, compared with y): W, b begin with the first training>"
    with pytest.raises(OptionError, match="the param W has not begun"):
        network.predict([[1.0, 2.0]])


def test_what_nothing_tells_is_refused_with_the_letter() -> None:
    text = "data x[i], y[k]\nparam V[k,j], W[j,i]\nbatch n\nh[j] = sum(i) W[j,i]*x[i]\nz[k] = sum(j) V[k,j]*h[j]\n"
    text += "cost C = sum(k) (z[k] - y[k])^2"
    with pytest.raises(OptionError) as caught:
        Network.from_system(parse(text))
    assert str(caught.value) == (
        "nothing says how many values j has, of the param V[k,j]\n"
        "  an extent that the text, the values or the data tell\n"
        "  Declare it, for example: index j = 10; or give a value of V."
    )
    assert Network.from_system(parse(text), {"V": np.ones((2, 3))}).waiting == ("W",)


def test_values_are_given_once_and_by_any_of_two_words() -> None:
    system = parse(TEXT)
    values = {"W": [[1.0, 2.0]], "b": [0.0]}
    assert Network.from_system(system, params=values).predict([1.0, 1.0]).tolist() == [3.0]
    with pytest.raises(OptionError, match="W is among the values and among the params"):
        Network.from_system(system, values, params={"W": [[1.0]]})
    with pytest.raises(InputError, match="the values are a list"):
        Network.from_system(system, [1.0])  # type: ignore[arg-type]

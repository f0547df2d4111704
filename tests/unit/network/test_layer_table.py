"""The summary of a network: a row for each equation, under its layer, with shapes, params and what they add up to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from chainrule import nn
from chainrule.network import Network, load
from chainrule.network.files import read_model, write_model
from chainrule.notation import parse
from web import seen, tree_of

TIED = (
    "data  tok[t] : int(v), y[u]\nparam E[v,d], c, idle[d]\nindex u = 5\nbatch n\n"
    "h[t,d] = c*E[tok[t],d]\ns[u] = sum(t,d) h[t,d]*E[u,d]\ncost C = sum(u) (s[u] - y[u])^2"
)


def own() -> Network:
    """A layer of two equations, a mask, and a cost of two."""
    softmax = nn.Activation("s = sum(m) exp(c*z[m])\na[k] = exp(c*z[k])/s", c=0.5)
    layers = [nn.Linear(4, 3), softmax, nn.Dropout(0.2), nn.Linear(3, 2), nn.Softmax()]
    return Network(layers, cost=nn.CrossEntropy() + nn.L2(0.01))


def test_each_layer_stands_at_its_first_equation() -> None:
    rows = own().summary().rows
    assert [(row.layer.partition("(")[0], row.output) for row in rows] == [
        ("data", "x"),
        ("data", "y"),
        ("drawn", "mask1"),
        ("Linear", "z1"),
        ("Activation", "s1"),
        ("", "a1"),
        ("Dropout", "d1"),
        ("Linear", "z2"),
        ("Softmax", "a2"),
        ("CrossEntropy", "penalty"),
        ("", "C"),
    ]


def test_params_are_counted_once_however_often_they_are_read() -> None:
    network = own()
    summary = network.summary()
    assert summary.count == sum(array.size for array in network.params.values()) == 4 * 3 + 3 + 1 + 3 * 2 + 2
    assert sum(row.count for row in summary.rows) == summary.count
    rows = {row.output: row for row in summary.rows}
    assert rows["z1"].params == {"W1": (3, 4), "b1": (3,)}
    assert rows["penalty"].shared == ("W1", "W2")
    assert "W1 again, W2 again" in str(summary)


def test_a_system_by_hand_with_what_only_data_tell() -> None:
    values = {"E": np.zeros((5, 3)), "c": 1.0, "idle": np.zeros(3)}
    summary = Network.from_system(parse(TIED), values, output="s").summary()
    assert [(row.layer, row.output, row.shape) for row in summary.rows] == [
        ("data", "tok", ("t",)),
        ("data", "y", (5,)),
        ("", "h", ("t", 3)),
        ("", "s", (5,)),
        ("", "C", ()),
    ]
    assert str(summary).splitlines() == [
        "         output    shape   params            count   equation",
        "  data   tok[t]        t",
        "  data   y[u]          5",
        "         h[t,d]      t×3   E 5×3, c number      16   h[t,d] = c·E[tok[t],d]",
        "         s[u]          5   E again                   s[u] = Σ_{t,d} h[t,d]·E[u,d]",
        "         C        number                             C = Σ_u (s[u] − y[u])^2",
        "19 params in 3 tensors, 0.1 KiB as float64",
        "no equation reads idle",
    ]


def test_params_that_wait_for_data_are_not_counted() -> None:
    text = "data x[t,i], y : int(k)\nparam W[k,t,i], b[k]\nindex k = 3\nbatch n\n"
    text += "z[k] = sum(t,i) W[k,t,i]*x[t,i] + b[k]\ncost C = log(sum(m) exp(z[m])) - z[y]"
    network = Network.from_system(parse(text))
    summary = network.summary()
    assert (summary.count, summary.params) == (3, {"W": (3, "t", "i"), "b": (3,)})
    assert str(summary).endswith("not counted, for only data tell how many numbers they have: W")
    assert "W 3×t×i, b 3" in str(summary)
    network.load_state_dict({"W": np.zeros((3, 4, 5)), "b": np.zeros(3)})
    assert network.summary().count == 63
    assert network(np.ones((2, 4, 5))).shape == (2, 3)


def test_what_is_frozen_is_marked_and_counted() -> None:
    network = own()
    network.freeze(2)
    summary = network.summary()
    assert (summary.count, summary.trained) == (24, 16)
    assert "W2 2×3 frozen, b2 2 frozen" in str(summary)
    assert str(summary).endswith("16 are trained, 8 are frozen: W2, b2")


def test_it_is_the_same_of_a_network_that_was_saved_and_names_no_layers_of_a_file_from_before(tmp_path: Path) -> None:
    network, path = own(), tmp_path / "net"
    network.save(path)
    assert str(load(path).summary()) == str(network.summary())
    write_model(path, replace(read_model(path), layer_outputs=()))
    found = load(path).summary()
    assert {row.layer for row in found.rows} == {"data", "drawn", ""}
    assert found.count == network.summary().count


def test_updates_and_gradients_have_no_rows() -> None:
    text = "data x[i], y[k]\nparam W[k,i]\nbatch n\nz[k] = sum(i) W[k,i]*x[i]\ncost C = sum(k) (z[k] - y[k])^2\n"
    text += "step[k,i] = 0.1*∂C/∂W[k,i]\nupdate W[k,i] = W[k,i] - step[k,i]"
    summary = Network.from_system(parse(text), {"W": np.zeros((1, 2))}, output="z").summary()
    assert [row.output for row in summary.rows] == ["x", "y", "z", "C"]


def test_it_shows_itself_in_a_notebook_and_as_json() -> None:
    summary = own().summary()
    rows = [[seen(cell) for cell in row] for row in tree_of(summary._repr_html_()).iter("tr")]
    assert len(rows) == 1 + len(summary.rows)
    assert ["Linear(4, 3)", "zj1"] in [row[:2] for row in rows]
    assert json.loads(summary.to_json())
    assert repr(summary) == str(summary)

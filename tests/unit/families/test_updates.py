"""Declarations, states and updates in blocks of steps: one for each step; what is the same for all stands outside."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from support import assert_close

NET = """data  x[i], y[k]
const eta = 0.1
batch n
index L = 2
a[0; i] = x[i]
for l = 1..L:
    param W[l; k,j], b[l; k]
    state v[l; k,j] = 0
    const rate[l;] = 0.2/l
    a[l; k] = tanh(sum(j) W[l; k,j]*a[l-1; j] + b[l; k])
    new[l; k,j] = 0.9*v[l; k,j] + ∂C/∂W[l; k,j]
    update v[l; k,j] = new[l; k,j]
    update W[l; k,j] = W[l; k,j] - rate[l;]*new[l; k,j]
    update b[l; k] = b[l; k] - eta*∂C/∂b[l; k]
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""
BY_HAND = """data  x[i], y[k]
const eta = 0.1
batch n
param W1[m,i], b1[m], W2[k,m], b2[k]
state v1[m,i] = 0, v2[k,m] = 0
a1[m] = tanh(sum(i) W1[m,i]*x[i] + b1[m])
a2[k] = tanh(sum(m) W2[k,m]*a1[m] + b2[k])
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)
new1[m,i] = 0.9*v1[m,i] + ∂C/∂W1[m,i]
new2[k,m] = 0.9*v2[k,m] + ∂C/∂W2[k,m]
update v1[m,i] = new1[m,i]
update v2[k,m] = new2[k,m]
update W1[m,i] = W1[m,i] - 0.2*new1[m,i]
update W2[k,m] = W2[k,m] - 0.2/2*new2[k,m]
update b1[m] = b1[m] - eta*∂C/∂b1[m]
update b2[k] = b2[k] - eta*∂C/∂b2[k]
"""


def test_updates_of_each_layer_train_as_those_written_by_hand() -> None:
    generator = np.random.default_rng(0)
    weights = {"W1": (3, 2), "b1": (3,), "W2": (2, 3), "b2": (2,)}
    values = {name: generator.normal(size=shape) for name, shape in weights.items()}
    x, y = generator.normal(size=(20, 2)), generator.normal(size=(20, 2))
    found = []
    for system in (cr.parse(NET).at(), cr.parse(BY_HAND)):
        network = cr.Network.from_system(system, values)
        cr.train(network, x, y, epochs=3, batch_size=5, executor="reference")
        found.append(network.params)
    for name in weights:
        assert_close(found[0][name], found[1][name], rtol=1e-12)
        assert not np.allclose(found[0][name], values[name])


def test_they_are_printed_outside_and_read_back() -> None:
    families = cr.parse(NET)
    text = str(families)
    assert "param W[l; k,j], b[l; k]\nstate v[l; k,j] = 0\nconst rate[l;] = 1/5/l\n" in text
    assert text.endswith(
        "\n\nfor l = 1..L:\n    update v[l; k,j] = new[l; k,j]\n"
        "    update W[l; k,j] = W[l; k,j] − rate[l;]·new[l; k,j]\n    update b[l; k] = b[l; k] − eta·∂C/∂b[l; k]"
    )
    assert cr.parse(text) == families


def test_a_family_with_updates_derives_as_without() -> None:
    assert str(cr.backprop(cr.parse(NET))).splitlines()[-1] == (
        "∂C/∂b[l; k] = ∂C/∂a[l; k]·(1 − a[l; k]^2)   for l = 1..L"
    )


def test_updates_outside_of_blocks_stand_beside_them() -> None:
    families = cr.parse(
        "param w, u[t;]\nindex T = 2\nh[0;] = w\nfor t = 1..T:\n    h[t;] = u[t;]*h[t-1;]\n"
        "    update u[t;] = u[t;] - ∂C/∂u[t;]\ncost C = h[T;]^2\nupdate w = w - ∂C/∂w"
    )
    assert [str(update.name) for update in families.at().updates] == ["w", "u1", "u2"]
    assert cr.parse(str(families)) == families


HEAD = (
    "data x[i], y[k]\nparam W[l; k,j], c[k]\na[0; i] = x[i]\nfor l = 1..L:\n    a[l; k] = sum(j) W[l; k,j]*a[l-1; j]\n"
)
TAIL = "\ncost C = sum(k) (a[L; k] - y[k] + c[k])^2"
WRONG = [
    ("param U[k,j]", "the param line of U stands in the block of l, whose step U does not have", "declared outside"),
    ("data y2[k]", "the data line of y2 stands in the block of l", "as in data x[l; i]"),
    ("state s = 0", "the state line of s stands in the block of l", "as in state v[l; k,j] = 0"),
    ("update c[k] = 2*c[k]", "the update line of c stands in the block of l", "updated outside"),
    (
        "update W[l-1; k,j] = 2*W[l-1; k,j]",
        "the update line of W[l-1;] stands in the block of l",
        "as in update W[l; k,j]",
    ),
    ("update q[l; k] = 2*q[l; k]", "q[1;] cannot be updated: it is neither a param nor a state", "params and states"),
    ("update W[l; k,j] = W[l; k,m]", "index m is free on the right", "m"),
    ("index k = 3", "an index line stands in a block of steps", "sizes are declared outside"),
]


@pytest.mark.parametrize(("line", "what", "more"), WRONG, ids=[line for line, *_ in WRONG])
def test_what_is_of_no_single_step_is_refused_by_name(line: str, what: str, more: str) -> None:
    with pytest.raises(cr.NotationError) as caught:
        cr.parse(HEAD + "    " + line + TAIL)
    assert what in str(caught.value)
    assert more in str(caught.value)
    assert line in str(caught.value)


def test_lines_of_sizes_say_how_wide_layers_are() -> None:
    text = HEAD.replace("for l", "index {}, L = 3\nfor l") + TAIL
    for said, widths in (("k1 = 5, k2 = 4", (5, 4, None)), ("k = 6", (6, 6, 6)), ("k = 6, k1 = 5", (5, 6, 6))):
        system = cr.parse(text.format(said)).at()
        found = [system.size.get(system.axes(f"W{layer}")[0].extent) for layer in (1, 2, 3)]
        assert tuple(found) == widths, said


def test_coupled_samples_are_refused_as_in_any_system() -> None:
    text = HEAD.replace("data", "batch n\ndata") + "    m[l; k] = mean(n) a[l; k]" + TAIL.replace("+ c[k]", "+ m[L; k]")
    with pytest.raises(cr.DerivativeError, match="couples the samples of a batch: m\\[1;\\] reduces over n"):
        cr.backprop(cr.parse(text))

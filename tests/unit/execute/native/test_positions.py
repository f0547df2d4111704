"""Training with look-ups and marked entries as machine code: the steps of the reference, whatever the threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import nn
from chainrule.errors import InputError
from chainrule.execute.native import module as modules
from chainrule.execute.native.executor import Native
from chainrule.execute.native.machine import host
from chainrule.execute.native.partition import barriers, with_copies
from chainrule.execute.native.training import Session
from chainrule.execute.reference.evaluation import Reference, start_values
from chainrule.network.network import Network
from chainrule.nn.updates import updates_text
from chainrule.notation import parse
from chainrule.pipeline import training_step
from chainrule.system.model import System
from chainrule.training.loop import train
from support import assert_close, examples
from unit.execute.native.races import races

Values = dict[str, Any]
SAMPLES, V, D = 43, 11, 18
DRAW = np.random.default_rng(0)
WORDS = """
data  w : int(V), c : int(V), N[k] : int(V)
param A[V,d], B[V,d], b[V]
batch n
s = (sum(d) A[w,d]*B[c,d]) + b[c]
t[k] = (sum(d) A[w,d]*B[N[k],d]) + b[N[k]]
cost C = -log(sigmoid(s)) - sum(k) log(sigmoid(-t[k]))
"""
TEXTS = """
data  tok[t] : int(v), label : int(k)
param E[v,d], W[k,d]
batch n
h[d] = sum(t) tanh(E[tok[t],d])*E[tok[0],d]
z[k] = sum(d) W[k,d]*h[d]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -log(a[label])
"""
SIGNALS = """
data  x[c,p], y[e]
param w[d,c,u], v[f,d,s]
batch n
index u = 4
index s = 3
a[d,p] = tanh(sum(c,u) w[d,c,u]*x?[c,p+u-2])
o[f,p] = sum(d,s) v[f,d,s]*a?[d,p+s-1]
cost C = sum(e,p) (o[e,p] - y[e])^2/20
"""
POOLS = """
data  x[c,p,q], y : int(k)
param w[a,c,u,v], b[a], W[k,a,r,s]
batch n
z[a,p,q] = (sum(c,u,v) w[a,c,u,v]*x[c,p+u,q+v]) + b[a]
h[a,r,q] = max(u<3) relu(z[a,2*r+u,q])
g[a,r,s] = max(v<2) h[a,r,2*s+v]
o[k] = sum(a,r,s) W[k,a,r,s]*g[a,r,s]
f[k] = exp(o[k])/(sum(m) exp(o[m]))
cost C = -log(f[y])
"""
STRIDES = """
data  x[c,p,q], y[e,p,q]
param w[a,c,u,v], W[a,e,u,v]
batch n
index r = 4, s = 3
h[a,r,s] = tanh(sum(c,u,v) w[a,c,u,v]*x?[c,2*r+u-1,3*s+v-1])
o[e,p,q] = sum(a,r,s) W?[a,e,p-2*r,q-3*s]*h[a,r,s]
cost C = sum(e,p,q) (tanh(o[e,p,q]) - y[e,p,q])^2/20
"""
IMAGES = np.random.default_rng(3)
TASKS: dict[str, tuple[str, Values, Values]] = {
    "words": (
        WORDS,
        {"A": DRAW.normal(size=(V, D)), "B": DRAW.normal(size=(V, D)), "b": DRAW.normal(size=V)},
        {
            "w": DRAW.integers(0, V, SAMPLES),
            "c": DRAW.integers(0, V, SAMPLES),
            "N": DRAW.integers(0, V, (SAMPLES, 3)),
        },
    ),
    "texts": (
        TEXTS,
        {"E": DRAW.normal(size=(V, D)) / 4, "W": DRAW.normal(size=(5, D)) / 4},
        {"tok": DRAW.integers(0, V, (SAMPLES, 7)), "label": DRAW.integers(0, 5, SAMPLES)},
    ),
    "signals": (
        SIGNALS,
        {"w": DRAW.normal(size=(3, 2, 4)) / 4, "v": DRAW.normal(size=(2, 3, 3)) / 4},
        {"x": DRAW.normal(size=(SAMPLES, 2, 21)), "y": DRAW.normal(size=(SAMPLES, 2))},
    ),
    "pools": (
        POOLS,
        {
            "w": IMAGES.normal(size=(3, 2, 3, 2)) / 4,
            "b": IMAGES.normal(size=3) / 4,
            "W": IMAGES.normal(size=(5, 3, 3, 3)) / 4,
        },
        {"x": IMAGES.normal(size=(SAMPLES, 2, 10, 8)), "y": IMAGES.integers(0, 5, SAMPLES)},
    ),
    "strides": (
        STRIDES,
        {"w": IMAGES.normal(size=(3, 2, 3, 4)) / 4, "W": IMAGES.normal(size=(3, 2, 3, 4)) / 4},
        {"x": IMAGES.normal(size=(SAMPLES, 2, 8, 9)), "y": IMAGES.normal(size=(SAMPLES, 2, 8, 9))},
    ),
}
NAMES = [pytest.param(name, marks=pytest.mark.slow) if name in {"pools", "strides"} else name for name in TASKS]


def learning(text: str, optimizer: nn.Optimizer) -> System:
    return training_step(parse(text + "\n" + updates_text(optimizer, parse(text))))


def by_steps(system: System, values: Values, data: Values, rows: Sequence[int], size: int) -> tuple[Values, float]:
    """Return params after an epoch on the reference, and the sum of the costs."""
    reference = Reference().compile(system)
    kept, total = {**values, **start_values(system, values)}, 0.0
    for start in range(0, len(rows), size):
        chosen = rows[start : start + size]
        computed, new = reference.step({**kept, **{name: array[chosen] for name, array in data.items()}})
        total += float(np.sum(computed["C"]))
        kept |= new
    return {name: kept[name] for name in system.params}, total


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimizer", [nn.SGD(0.1), nn.SGD(0.1, momentum=0.5, clip_norm=0.5), nn.Adam(0.01)], ids=["sgd", "clipped", "adam"]
)
@pytest.mark.parametrize("name", NAMES)
def test_an_epoch_learns_what_the_steps_of_the_reference_learn(
    name: str, optimizer: nn.Optimizer, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_CHECKED", "1")
    text, values, data = TASKS[name]
    system, rows = learning(text, optimizer), np.random.default_rng(1).permutation(SAMPLES)
    session = Session(system, values, data, batch_size=8, dtype=dtype)
    cost = session.run_epoch(rows)
    expected, total = by_steps(system, values, data, rows, 8)
    tolerance = 1e-3 if dtype == "float32" else 1e-9
    for param, array in session.params().items():
        assert float(np.abs(expected[param] - values[param]).max()) > 1e-2, "the params did not move"
        assert_close(array, expected[param], rtol=tolerance, atol=tolerance)
    assert_close(cost, total, rtol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_no_bit_depends_on_the_threads(name: str, dtype: str) -> None:
    text, values, data = TASKS[name]
    found = []
    for threads in (1, 2, 3):
        session = Session(learning(text, nn.SGD(0.1)), values, data, batch_size=20, dtype=dtype, threads=threads)
        cost = session.run_epoch(np.arange(SAMPLES))
        found.append((cost, {n: a.tobytes() for n, a in session.params().items()}))
    assert found[0] == found[1] == found[2]


@examples(12)
@given(st.data(), st.sampled_from(sorted(TASKS)), st.sampled_from([2, 3, 4]))
def test_threads_never_race_whatever_they_share(drawn: st.DataObject, name: str, threads: int) -> None:
    text, values, data = TASKS[name]
    session = Session(learning(text, nn.SGD(0.1)), values, data, batch_size=32, threads=threads)
    program = with_copies(session.compiled.program, tuple(data), threads, 4)
    options = modules._options(program, host(), "f32", threads)
    chosen = [drawn.draw(st.sampled_from(some)) for some in options]
    assert list(races(program, chosen, barriers(program, chosen, threads), threads)) == []


def test_wrong_whole_numbers_of_a_data_set_are_refused_as_by_the_reference() -> None:
    text, values, data = TASKS["words"]
    system = learning(text, nn.SGD(0.1))
    wrong = {**data, "N": data["N"].copy()}
    wrong["N"][5, 2] = V
    with pytest.raises(
        InputError, match=r"N\[5,2\] is 11, at n = 5, k = 2\n.*\n  whole numbers from 0 to 10"
    ) as native:
        Native().compile_training(system, values, wrong, batch_size=8)
    with pytest.raises(InputError) as reference:
        Reference().compile(system).step({**values, **wrong})
    assert str(native.value) == str(reference.value)


@pytest.mark.parametrize("wrong", [V, -1, 2**31 - 1, -(2**31)])
def test_a_data_set_that_is_changed_to_wrong_numbers_never_leads_outside(
    wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a session's data are changed to is not checked any more; such a number counts as 0."""
    monkeypatch.setenv("CHAINRULE_CHECKED", "1")
    text, values, data = TASKS["words"]
    system = learning(text, nn.SGD(0.1))
    ends = []
    for number in (wrong, 0):
        session = Session(system, values, data, batch_size=8)
        session.data["w"][3] = session.data["N"][7, 1] = number
        session.run_epoch(np.arange(SAMPLES))
        ends.append(session.params())
    for param, array in ends[0].items():
        assert array.tobytes() == ends[1][param].tobytes()


def test_a_network_with_a_table_of_words_is_trained_natively() -> None:
    system = parse(
        "data x[t] : int(10), y[k]\nparam E[v,d], W[k,d]\nindex v = 10\nindex t = 5\nbatch n\n"
        "h[d] = sum(t) E[x[t],d]\na[k] = sigmoid(sum(d) W[k,d]*h[d])\ncost C = sum(k) (a[k] - y[k])^2"
    )
    params = {"E": DRAW.normal(size=(10, 4)) / 2, "W": DRAW.normal(size=(1, 4))}
    x = DRAW.integers(0, 10, (60, 5))
    y = (x > 6).any(axis=1).astype(int)
    found = []
    for executor in ("native", "reference"):
        network = Network.from_system(system, params, output="a")
        history = train(network, x, y, epochs=40, batch_size=10, optimizer=nn.SGD(0.5), executor=executor)
        assert "reference" not in history.note
        found.append((history.epochs[-1].cost, history.epochs[-1].accuracy))
    assert found[0][1] == found[1][1] > 0.9
    assert_close(found[0][0], found[1][0], rtol=1e-3)

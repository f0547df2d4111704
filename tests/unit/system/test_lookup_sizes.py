"""Whole numbers that are looked up on an axis range over it: int(10) and int(K) say no less than the axis's letter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.checking.gradients import gradient_check
from chainrule.errors import InputError, NotationError
from chainrule.execute.native.executor import Native
from chainrule.notation import parse
from support import assert_close

SOFTMAX = "param z[v]\na[v] = exp(z[v])/(sum(m) exp(z[m]))\n"
TYPES = {
    "int(v)": "",
    "int(10)": "",
    "int(4)": "index v = 4\n",
    "int(3)": "index v = 4\n",
    "int(K)": "const K = 10\n",
    "int(N)": "index N = 4\n",
    "int(V)": "const V = 4\nindex v = V\n",
    "int(j)": "data b[j]\n",
}


@pytest.mark.parametrize(("kind", "more"), TYPES.items(), ids=TYPES)
def test_softmax_with_cross_entropy_is_a_minus_y_however_the_range_is_said(kind: str, more: str) -> None:
    system = parse(f"{more}data c : {kind}\n{SOFTMAX}cost C = -log(a[c])")
    back = cr.backprop(system)
    assert str(back.derivation("z")) == "∂C/∂z[v] = a[v] − [c = v]"
    assert parse(str(back)) == back.system
    back.derivation("z").verify()
    b = {"b": np.zeros(4)} if more.startswith("data b") else {}
    inputs = {"c": 1, "z": [0.1, -0.4, 0.5, 0.9], **b}
    assert gradient_check(system, inputs)
    saturated = cr.value_and_grad(system, {**inputs, "z": [800.0, 0.0, 0.0, 0.0]})
    assert_close(saturated[1]["z"], [1.0, -1.0, 0.0, 0.0])


def test_each_of_two_tensors_ranges_over_the_axis() -> None:
    system = parse(f"data c : int(5), d[t] : int(4)\n{SOFTMAX}cost C = -log(a[c]) - (sum(t) log(a[d[t]]))")
    back = cr.backprop(system)
    assert str(back.derivation("z")) == "∂C/∂z[v] = a[v]·(1 + extent(t)) − [c = v] − Σ_t [d[t] = v]"
    back.derivation("z").verify()
    assert parse(str(back)) == back.system


def test_a_vocabulary_of_any_size_is_verified_at_points_of_a_small_one() -> None:
    table = "data tok[t] : int(50257)\nparam E[v,d], W[u,d]\nh[d] = mean(t) E[tok[t],d]\n"
    back = cr.backprop(parse(f"{table}cost C = sum(u) (sum(d) W[u,d]*h[d])^2"))
    back.derivation("E").verify()
    assert parse(str(back)) == back.system


OPEN = {
    "a mark": "cost C = sum(v) a[v]*a?[c]",
    "a bracket": "cost C = [c < extent(v)]*a[c]^2",
    "a bracket elsewhere": "cost C = [z[0] > 0]*a[c]^2",
    "a choice": "cost C = where(c < extent(v), a[c]^2, 1)",
    "a marked factor": "cost C = z?[5]*(sum(v) [c = v]*a[v]^2)",
    "an argument that a choice may drop": "def f(s, t) = where(s < 0, t, s)\ncost C = f(z[0], z?[c]^2)",
    "a bracket for the entry": "cost C = sum(v) [c = v]*a[v]^2",
}


@pytest.mark.parametrize("name", OPEN)
def test_what_may_not_be_read_says_nothing_of_the_numbers(name: str) -> None:
    system = parse(f"data c : int(9)\n{SOFTMAX}{OPEN[name]}")
    back = cr.backprop(system)
    assert parse(str(back)) == back.system
    for c in (1, 8):
        inputs = {"c": c, "z": [-0.1, -0.4, 0.5, 0.9]}
        report = gradient_check(system, inputs)
        assert report, f"c = {c}: {report}"


def test_an_entry_beside_a_mark_need_not_be_read() -> None:
    system = parse(f"data c : int(9)\n{SOFTMAX}cost C = z?[5]*a[c]^2")
    assert "a?[c]" in str(cr.backprop(system).derivation("z"))
    assert_close(cr.evaluate(system, {"c": 8, "z": np.zeros(4)})["C"], 0.0)


PARTS = {
    "shifted": ("cost C = (sum(t) [t > 0]*z?[c[t]]) + (sum(s) z[c[s+1]]^2)", [7, 1, 2]),
    "by number": ("cost C = (sum(t) z?[c[t]]^2) + z[c[0]]", [1, 2, 7]),
    "bounded": ("cost C = (sum(t) z?[c[t]]^2) + (sum(u<2) z[c[u]])", [1, 2, 7]),
    "said": ("index s = extent(c) - 1\ncost C = (sum(t) z?[c[t]]^2) + (sum(s) z[c?[s+1]]^2)", [7, 1, 2]),
}


@pytest.mark.parametrize("name", PARTS)
def test_entries_that_are_not_looked_up_may_be_outside(name: str) -> None:
    text, numbers = PARTS[name]
    system = parse(f"data c[t] : int(9)\nparam z[v]\n{text}")
    back = cr.backprop(system)
    assert parse(str(back)) == back.system
    assert gradient_check(system, {"c": numbers, "z": [-0.1, 0.4, 0.5, 0.9]})


def test_numbers_outside_of_the_axis_are_refused_by_both_executors() -> None:
    system = cr.backprop(parse(f"data c : int(9)\n{SOFTMAX}cost C = -log(a[c])")).system
    inputs: dict[str, Any] = {"c": 4, "z": np.zeros(4)}
    for run in (lambda: cr.evaluate(system, inputs), lambda: Native().compile(system).evaluate(inputs)):
        with pytest.raises(InputError, match="reads outside its tensor"):
            run()


def test_a_table_that_holds_all_numbers_has_machine_code() -> None:
    text = "data tok[t] : int(3)\nparam E[v]\nbatch n\nh[t] = tanh(E[tok[t]])\ncost C = sum(t) h[t]^2"
    system = cr.backprop(parse(text)).system
    inputs = {"tok": [[0, 2], [2, 1]], "E": [0.5, -0.3, 0.8, 0.1]}
    compiled = Native().compile(system, dtype=np.float64)
    found = compiled.evaluate(inputs)
    assert "on the reference" not in compiled.plan
    for name, value in cr.evaluate(system, inputs).items():
        assert_close(found[name], value)


REFUSED = {
    "const K\ndata c : int(K)": "K is not a const whose value is a whole number",
    "const K = 2.5\ndata c : int(K)": "K is not a const whose value is a whole number",
    "data c : int(K), K[d]": r"K\[d\] is not a const whose value is a whole number",
    "const K = 0\ndata c : int(K)": "K is no number of values",
    "data c : int(K)": "no axis and no index is named K",
}


@pytest.mark.parametrize(("head", "message"), REFUSED.items(), ids=REFUSED)
def test_a_range_that_is_no_whole_number_is_refused(head: str, message: str) -> None:
    with pytest.raises(NotationError, match=message):
        parse(f"{head}\n{SOFTMAX}cost C = -log(a[c])")

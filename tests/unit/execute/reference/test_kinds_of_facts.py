"""Symmetric, positive and one-hot: what breaks such a fact is named, by both executors, for one sample and for many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GivenError, NotationError
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.execute.reference.facts import check_facts
from chainrule.execute.registry import executor
from chainrule.render.latex import expression_latex
from chainrule.system.model import System
from chainrule.verify.sampling import random_inputs

TEXTS = {
    "symmetric": "data A[i,j]\nbatch n\ngiven A[i,j] = A[j,i]\nparam w\ncost C = w*(sum(i,j) A[i,j])",
    "positive": "data A[i,j]\nbatch n\ngiven A[i,j] > 0\nparam w\ncost C = w*(sum(i,j) A[i,j])",
    "not negative": "data A[i,j]\nbatch n\ngiven A[i,j] >= 0\nparam w\ncost C = w*(sum(i,j) A[i,j])",
    "not zero": "data A[i,j]\nbatch n\ngiven A[i,j] != 0\nparam w\ncost C = w*(sum(i,j) A[i,j])",
    "one-hot": "data A[i,j]\nbatch n\ngiven onehot(j) A[i,j]\nparam w\ncost C = w*(sum(i,j) A[i,j])",
    "computed": "data A[i,j]\nparam w\nbatch n\nB[i,j] = w*A[i,j]\ngiven onehot(j) B[i,j]\ncost C = sum(i,j) B[i,j]",
}
GOOD = {
    "symmetric": [[1.0, 2.0], [2.0, 5.0]],
    "positive": [[1.0, 2.0], [3.0, 5.0]],
    "not negative": [[1.0, 0.0], [3.0, 5.0]],
    "not zero": [[1.0, -2.0], [3.0, 5.0]],
    "one-hot": [[0.0, 1.0], [1.0, 0.0]],
    "computed": [[0.0, 1.0], [1.0, 0.0]],
}
BAD = {
    "symmetric": ([[1.0, 2.0], [3.0, 5.0]], "i = 0, j = 1", "the left side is 2, the right side 3"),
    "positive": ([[1.0, 2.0], [0.0, 5.0]], "i = 1, j = 0", "the left side is 0, the right side 0"),
    "not negative": ([[1.0, 2.0], [-0.5, 5.0]], "i = 1, j = 0", "the left side is -0.5, the right side 0"),
    "not zero": ([[1.0, 2.0], [3.0, 0.0]], "i = 1, j = 1", "the left side is 0, the right side 0"),
    "one-hot": ([[0.0, 1.0], [0.5, 0.5]], "i = 1", "the entries are 0.5, 0.5"),
    "computed": ([[0.0, 1.0], [1.0, 1.0]], "i = 1", "the entries are 1, 1"),
}


def run(system: System, name: str, inputs: Any) -> None:
    executor(name).compile(system).evaluate(inputs)


@pytest.mark.parametrize("chosen", ["reference", "native"])
@pytest.mark.parametrize("name", TEXTS)
def test_the_first_entry_that_breaks_a_fact_is_named(name: str, chosen: str) -> None:
    system = cr.parse(TEXTS[name])
    bad, place, found = BAD[name]
    run(system, chosen, {"A": GOOD[name], "w": 1.0})
    with pytest.raises(GivenError) as caught:
        run(system, chosen, {"A": bad, "w": 1.0})
    assert f" at {place}\n  {found}\n" in str(caught.value)


@pytest.mark.parametrize("chosen", ["reference", "native"])
@pytest.mark.parametrize("name", TEXTS)
def test_the_first_sample_that_breaks_a_fact_is_named(name: str, chosen: str) -> None:
    system = cr.parse(TEXTS[name])
    bad, place, found = BAD[name]
    samples = [GOOD[name]] * 3 + [bad] + [GOOD[name], bad]
    run(system, chosen, {"A": [GOOD[name]] * 4, "w": 1.0})
    with pytest.raises(GivenError) as caught:
        run(system, chosen, {"A": samples, "w": 1.0})
    assert f" at n = 3, {place}\n  {found}\n" in str(caught.value)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("seed", range(3))
def test_drawn_points_obey_the_facts(name: str, seed: int) -> None:
    system = cr.parse(TEXTS[name] if name != "computed" else TEXTS["one-hot"])
    check_facts(system, evaluate_all(system, random_inputs(system, seed)).scope)


def test_one_hot_vectors_are_drawn_at_different_places() -> None:
    system = cr.parse(
        "data y[t,k]\ngiven onehot(k) y[t,k]\ngiven sum(k) y[t,k] = 1\nparam w\ncost C = w*(sum(t,k) y[t,k])"
    )
    drawn = [random_inputs(system, seed)["y"] for seed in range(8)]
    assert all(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all() for y in drawn)
    assert len({tuple(y.argmax(axis=1)) for y in drawn}) > 4


@pytest.mark.parametrize("name", TEXTS)
def test_a_fact_is_read_back_as_it_is_printed(name: str) -> None:
    system = cr.parse(TEXTS[name])
    assert cr.parse(str(system)) == system
    assert str(system).count("given") == 1


def test_one_hot_is_written_with_its_index() -> None:
    system = cr.parse("data y[t,k]\ngiven onehot(k) y[t,k]")
    assert str(system).splitlines()[1] == "given onehot(k) y[t,k]"
    assert expression_latex(system.givens[0].condition) == r"\operatorname*{onehot}_{k} y_{tk}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data y[k]\ngiven onehot(k) y[0]", "what is one-hot over k are the entries of a tensor along k"),
        ("data Y[k,m]\ngiven onehot(k) Y[k,k]", "what is one-hot over k are the entries of a tensor along k"),
        ("data y\ngiven onehot(k) y", "what is one-hot over k are the entries of a tensor along k"),
        ("data y[k]\ngiven onehot(sum) y[k]", "'sum' is a word of the notation"),
        ("data y[k]\ncost C = onehot(k) y[k]", "cannot stand here"),
        ("data onehot[k]", "'onehot' is a word of the notation"),
    ],
)
def test_what_is_not_one_hot_is_refused(text: str, message: str) -> None:
    with pytest.raises(NotationError, match=message):
        cr.parse(text)


@pytest.mark.parametrize(
    ("text", "inputs", "whose"),
    [
        ("data A[i]\ngiven A[i] > 0\nparam w\ncost C = w*(sum(i) A[i])", {"A": [-1.0], "w": 1.0}, "data"),
        ("param A[i]\ngiven A[i] > 0\ncost C = sum(i) A[i]", {"A": [-1.0]}, "params"),
        ("data A[i]\nparam w\ngiven w*A[i] > 0\ncost C = w*(sum(i) A[i])", {"A": [-1.0], "w": 1.0}, "values"),
        ("param w\nv = 2*w\ngiven v > 0\ncost C = v", {"w": -1.0}, "values"),
    ],
)
def test_whoever_breaks_a_fact_is_named(text: str, inputs: dict[str, Any], whose: str) -> None:
    with pytest.raises(
        GivenError, match=f"the {whose} break the fact .*\n.*\n  {whose} of which .*\n.*Correct the {whose},"
    ):
        cr.evaluate(cr.parse(text), inputs)

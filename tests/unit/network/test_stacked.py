"""Sequences as one array, or a list, for data of several steps; which output a name of steps is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.network.step_names import steps_named
from support import assert_close
from unit.families.family_systems import SEQUENCES

EACH_STEP = SEQUENCES.replace("y[k]\nparam", "y[t; k]\nparam").replace(
    "z[k] = sum(j) V[k,j]*h[T; j]\np[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = -(sum(k) y[k]*log(p[k]))\n",
    "    z[t; k] = sum(j) V[k,j]*h[t; j]\n    p[t; k] = exp(z[t; k])/(sum(m) exp(z[t; m]))\n"
    "    c[t;] = -(sum(k) y[t; k]*log(p[t; k]))\ncost C = sum(t) c[t;]\n",
)
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(12, 3, 2))
LABELS = (X.sum((1, 2)) > 0).astype(int)
OF_STEPS = (X.sum(2) > 0).astype(int)


def trained(text: str, x: Any, y: Any, **options: Any) -> cr.Network:
    network = cr.Network.from_system(cr.parse(text), **options)
    cr.train(network, x, y, epochs=2, batch_size=4, executor="reference")
    return network


def test_an_array_of_sequences_trains_as_the_data_of_each_step_do() -> None:
    by_name = {f"x{t + 1}": X[:, t] for t in range(3)}
    expected = trained(SEQUENCES, by_name, LABELS)
    for given in (X, list(by_name.values()), {"x": X}, {"x": [*by_name.values()]}):
        found = trained(SEQUENCES, given, LABELS)
        for param, value in expected.params.items():
            assert_close(found.params[param], value, rtol=0, atol=0)


def test_labels_and_rows_of_each_step_are_arrays_too() -> None:
    expected = trained(EACH_STEP, X, {f"y{t + 1}": OF_STEPS[:, t] for t in range(3)})
    for given in (OF_STEPS, np.eye(2)[OF_STEPS], [OF_STEPS[:, t] for t in range(3)]):
        found = trained(EACH_STEP, X, given)
        for param, value in expected.params.items():
            assert_close(found.params[param], value, rtol=0, atol=0)


def test_predictions_take_sequences_or_a_single_one_also_from_a_file(tmp_path: Path) -> None:
    network = trained(SEQUENCES, X, LABELS)
    network.save(tmp_path / "sequences.safetensors")
    found = cr.load(tmp_path / "sequences.safetensors")
    assert_close(found.predict(X), network.predict(X))
    assert_close(found.predict(X[4]), network.predict(X)[4])
    assert found.accuracy(X, LABELS) == network.accuracy(X, LABELS)


def test_a_name_of_steps_is_an_output_of_each() -> None:
    network = trained(EACH_STEP, X, OF_STEPS, output="p")
    assert network.ends.outputs == ("p1", "p2", "p3")
    assert network.predict(X)["p2"].shape == (12, 2)
    with pytest.raises(cr.ChainruleError, match='output="p"'):
        trained(EACH_STEP, X, OF_STEPS).predict(X)


WRONG = [
    (X[:, :2], "x has 2 steps", "3 of them, x1 to x3"),
    (X[..., None], "x has the shape [12, 3, 2, 1]", "the shape (samples, steps, i), or a list with an array for each"),
    ([X[:, 0]], "x has 1 steps", "3 of them"),
    (X[..., :1], "x at step 1 has 1 numbers in each sample", "the shape (samples, 2)"),
]


@pytest.mark.parametrize(("x", "what", "expected"), WRONG, ids=[what for _, what, _ in WRONG])
def test_other_sequences_are_refused(x: Any, what: str, expected: str) -> None:
    network = trained(SEQUENCES, X, LABELS)
    with pytest.raises(cr.InputError) as caught:
        network.predict(x)
    assert what in str(caught.value)
    assert expected in str(caught.value)


def test_names_of_steps_are_numbers_that_follow_each_other() -> None:
    assert dict(steps_named(["x1", "x3"])) == {}
    assert dict(steps_named(["x", "x1", "x2"])) == {}
    assert dict(steps_named(["x1"])) == {}
    assert dict(steps_named(["h1_1", "h1_2", "h2_1"])) == {}
    assert dict(steps_named(["h_0", "h_1"])) == {"h": (((0,), "h_0"), ((1,), "h_1"))}
    assert [steps for steps, _ in steps_named(["h2_1", "h1_1"])["h"]] == [(1, 1), (2, 1)]

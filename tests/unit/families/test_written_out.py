"""Families with numbers: written out for as many steps as their inputs have, evaluated, trained, saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from support import assert_close
from unit.families.family_systems import BOTH_WAYS, DESCENT, FAMILIES, PLAIN_AXIS, RNN, SIGMOID, STACKED

GENERATOR = np.random.default_rng(7)


def drawn(*shape: int) -> Any:
    return GENERATOR.normal(size=shape) * 0.7


LAYERS: dict[str, Any] = {
    "x": drawn(4),
    "y": drawn(2),
    "W": [drawn(3, 4), drawn(5, 3), drawn(2, 5)],
    "b": [drawn(3), drawn(5), drawn(2)],
}


def sigmoid(t: Any) -> Any:
    return 1 / (1 + np.exp(-t))


def test_members_get_plain_names() -> None:
    assert str(cr.parse(SIGMOID).at(L=2)).splitlines() == [
        "data x[i], y[k]",
        "param W1[k1,j1], W2[k2,j2], b1[k1], b2[k2]",
        "",
        "a0[i] = x[i]",
        "z1[k] = Σ_j W1[k,j]·a0[j] + b1[k]",
        "a1[k] = sigmoid(z1[k])",
        "z2[k] = Σ_j W2[k,j]·a1[j] + b2[k]",
        "a2[k] = sigmoid(z2[k])",
        "cost C = 1/2·Σ_k (a2[k] − y[k])^2",
    ]


@pytest.mark.parametrize("text", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_what_is_written_out_is_text_that_reads_back(text: str, number: int) -> None:
    families = cr.parse(text)
    numbers = dict.fromkeys(families.letters, number)
    system = families.at(**numbers)
    assert cr.parse(str(system)) == system


def test_axes_of_members_that_are_equally_long_share_their_letter() -> None:
    lines = str(cr.parse(RNN).at(T=3)).splitlines()
    assert lines[0] == "data x1[i], x2[i], x3[i], y1[m], y2[m], y3[m]"
    assert str(cr.parse(PLAIN_AXIS).at(T=2)).splitlines()[5] == "h_2[k] = tanh(Σ_j U[k,j]·h_1[j] + Σ_i V[k,i]·x[1,i])"


def test_names_that_are_taken_get_an_underscore() -> None:
    families = cr.parse(
        "param w, h1, g2[l;]\nh[0;] = w\nfor l = 1..L:\n    h[l;] = h[l-1;]*h1 + g2[l;]\ncost C = h[L;]"
    )
    assert [*families.at(L=1).names()] == ["w", "h1", "g2_1", "h_0", "h_1", "C"]


def test_layers_of_different_widths_are_evaluated() -> None:
    values = cr.evaluate(cr.parse(SIGMOID), LAYERS)
    a = LAYERS["x"]
    for W, b in zip(LAYERS["W"], LAYERS["b"], strict=True):
        a = sigmoid(W @ a + b)
    assert_close(values["a3"], a)
    assert_close(values["C"], np.sum((a - LAYERS["y"]) ** 2) / 2)


def test_gradients_come_as_the_params_were_given() -> None:
    families = cr.parse(SIGMOID)
    cost, gradients = cr.value_and_grad(families, LAYERS)
    flat = {"x": LAYERS["x"], "y": LAYERS["y"]}
    for name in ("W", "b"):
        flat |= {f"{name}{n + 1}": array for n, array in enumerate(LAYERS[name])}
    expected, written_out = cr.value_and_grad(families.at(L=3), flat)
    assert cost == expected
    for name in ("W", "b"):
        assert [g.shape for g in gradients[name]] == [array.shape for array in LAYERS[name]]
        for n, gradient in enumerate(gradients[name]):
            assert_close(gradient, written_out[f"{name}{n + 1}"])


def recurrence(steps: int) -> dict[str, Any]:
    shapes = {"U": (3, 3), "V": (3, 2), "b": (3,), "h0": (3,), "R": (2, 3)}
    return {"x": drawn(steps, 2), "y": drawn(steps, 2), **{n: drawn(*shape) for n, shape in shapes.items()}}


@pytest.mark.parametrize("steps", [1, 4])
def test_a_stacked_array_tells_how_many_steps_there_are(steps: int) -> None:
    given = recurrence(steps)
    cost, gradients = cr.value_and_grad(cr.parse(RNN), given, ["x", "U"])
    h, total = given["h0"], 0.0
    for x, y in zip(given["x"], given["y"], strict=True):
        h = np.tanh(given["U"] @ h + given["V"] @ x + given["b"])
        total += np.sum((given["R"] @ h - y) ** 2) / 2
    assert_close(np.array(cost), total)
    assert gradients["x"].shape == (steps, 2)
    assert gradients["U"].shape == (3, 3)


def test_steps_of_an_ordinary_axis_tell_it_too() -> None:
    given = {"x": drawn(4, 2), "y": drawn(3), "U": drawn(3, 3), "V": drawn(3, 2), "h0": drawn(3)}
    assert "h_4" in cr.evaluate(cr.parse(PLAIN_AXIS), given)


def test_two_superscripts_are_lists_of_lists_or_two_axes() -> None:
    given = {
        "x": [drawn(3), drawn(3)],
        "y": drawn(2, 3),
        "W": drawn(2, 3, 3),
        "U": [drawn(3, 3), drawn(3, 3)],
        "h0": drawn(2, 3),
    }
    cost, gradients = cr.value_and_grad(cr.parse(STACKED), given)
    assert np.isfinite(cost)
    assert gradients["W"].shape == (2, 3, 3)
    assert isinstance(gradients["U"], list)


def test_a_batch_has_its_samples_in_front_of_the_steps() -> None:
    families = cr.parse(RNN.replace("param U", "batch n\nparam U"))
    given = recurrence(3)
    many = {**given, "x": drawn(5, 3, 2), "y": drawn(5, 3, 2)}
    cost, gradients = cr.value_and_grad(families, many)
    single = [cr.value_and_grad(families, {**given, "x": many["x"][n], "y": many["y"][n]}) for n in range(5)]
    assert_close(np.array(cost), np.mean([one for one, _ in single]))
    assert_close(gradients["U"], np.mean([found["U"] for _, found in single], axis=0))


WRONG: list[tuple[str, dict[str, Any], str]] = [
    (SIGMOID, {**LAYERS, "b": LAYERS["b"][:2]}, "b has 2 steps, and W has those of L = 3"),
    (SIGMOID, {"x": LAYERS["x"]}, "nothing says how many steps L stands for"),
    (SIGMOID, {**LAYERS, "W": drawn(3, 3)}, "W has 2 axes"),
    (SIGMOID.replace("param", "index L = 2\nparam"), LAYERS, "W has 3 steps, and L is 2"),
    (BOTH_WAYS, {"x": drawn(3, 2), "y": drawn(2, 2)}, "y has 2 steps, and x has those of T = 3"),
]


@pytest.mark.parametrize(("text", "inputs", "what"), WRONG, ids=[what for *_, what in WRONG])
def test_inputs_that_do_not_fit_are_named(text: str, inputs: dict[str, Any], what: str) -> None:
    with pytest.raises(cr.InputError) as caught:
        cr.evaluate(cr.parse(text), inputs)
    assert caught.value.what == what


def test_steps_as_numbers_count() -> None:
    given = {"X": drawn(4, 2), "y": drawn(4), "w0": drawn(2), "eta": 0.1}
    families = cr.parse(DESCENT)
    values = cr.evaluate(families.at(S=3), given)
    w = given["w0"]
    for s in (1, 2, 3):
        w = w - 0.1 / s * given["X"].T @ (given["X"] @ w - given["y"])
    assert_close(values["w_3"], w)


def test_a_family_trains_is_saved_and_explained(tmp_path: Path) -> None:
    families = cr.parse(SIGMOID.replace("param", "index L = 2\nbatch n\nparam"))
    weights = {"W1": drawn(3, 4), "b1": drawn(3), "W2": drawn(2, 3), "b2": drawn(2)}
    network = cr.Network.from_system(families.at(), weights)
    x, y = drawn(20, 4), sigmoid(drawn(20, 2))
    cr.train(network, x, y, epochs=2, seed=1)
    assert not np.allclose(network.params["W1"], weights["W1"])
    network.save(tmp_path / "family.safetensors")
    again = cr.load(tmp_path / "family.safetensors")
    assert_close(again.predict(x), network.predict(x))
    explained = cr.explain(network, {"x": x[:1], "y": y[:1]}, "z1", {"k": 0})
    assert "∂C/∂z1[0]" in str(explained)


def test_a_network_takes_families_as_they_are() -> None:
    network = cr.Network.from_system(cr.parse(SIGMOID), {"W": LAYERS["W"], "b": LAYERS["b"]})
    assert_close(network.predict(LAYERS["x"]), cr.evaluate(cr.parse(SIGMOID), LAYERS)["a3"])

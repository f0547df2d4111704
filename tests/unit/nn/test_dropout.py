"""Dropout: its place among the layers, and what it is in training and outside of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ModelFileError, OptionError
from chainrule.network import Network, load
from chainrule.network.initial import seeded
from chainrule.nn.assembly import assemble
from chainrule.notation import parse
from chainrule.training.masks import Masks
from support import assert_close

LAYERS: list[nn.Layer] = [nn.Linear(3, 4), nn.Sigmoid(), nn.Dropout(0.25), nn.Linear(4, 2), nn.Softmax()]
X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def network() -> Network:
    return Network(LAYERS, cost=nn.CrossEntropy(), seed=1)


def test_dropout_is_no_layer_of_units() -> None:
    """The next layer is the second, and an activation behind a dropout has the number of its weighted input."""
    made = assemble([nn.Dropout(0.1), nn.Linear(3, 2), nn.Dropout(), nn.Dropout(0.2), nn.Tanh()], nn.QuadraticCost())
    assert [e.name for e in parse(made.text).equations] == ["d0", "z1", "d1", "d1_2", "a1", "C"]
    assert made.masks == {"mask0": "dropout0", "mask1": "dropout1", "mask1_2": "dropout1_2"}
    assert set(network().params) == {"W1", "b1", "W2", "b2"}


def test_weights_begin_as_without_it() -> None:
    layers = [nn.Linear(400, 300), nn.Dropout(), nn.ReLU()]
    weights = Network(layers, cost=nn.QuadraticCost()).params["W1"]
    assert abs(weights.var() * 400 - 2) < 0.05


def test_outside_of_training_nothing_is_dropped() -> None:
    plain = Network([layer for layer in LAYERS if not isinstance(layer, nn.Dropout)], cost=nn.CrossEntropy(), seed=1)
    dropping = network()
    assert np.array_equal(dropping.predict(X), plain.predict(X))
    assert dropping.accuracy(X, Y) == plain.accuracy(X, Y)
    assert "d1[j] = a1[j]" in str(dropping.forward)
    inputs = dropping.inputs(X, Y)
    assert inputs["mask1"].shape == (40, 4)
    assert_close(cr.evaluate(dropping.system, inputs)["C"], cr.evaluate(plain.system, plain.inputs(X, Y))["C"])
    one = cr.explain(dropping, {"x": X[0], "y": Y[0]}, of="z1", at={"j": 2})
    assert "∂C/∂z1[2]" in str(one)


def test_gradients_are_right_with_a_drawn_mask() -> None:
    made, masks = network(), Masks(network(), 40, np.uint8)
    masks.draw(seeded(0))
    assert cr.gradient_check(made.system, {**made.inputs(X, Y), **masks.arrays})
    gradient = cr.value_and_grad(made.system, {**made.inputs(X, Y), "mask1": np.zeros((40, 4))})[1]
    assert not gradient["W2"].any()
    assert gradient["b2"].any()


def test_masks_are_zero_as_often_as_they_should_be_and_other_ones_each_time() -> None:
    masks, generator = Masks(network(), 5000, np.float32), seeded(0)
    masks.draw(generator)
    first = masks.arrays["mask1"].copy()
    assert set(np.unique(first)) == {0.0, 1.0}
    assert abs(first.mean() - 0.75) < 0.01
    masks.draw(generator)
    assert 0.3 < (masks.arrays["mask1"] != first).mean() < 0.45


def test_masks_are_the_same_however_they_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = Masks(network(), 101, np.uint8), Masks(network(), 101, np.float64)
    small.draw(seeded(3))
    monkeypatch.setattr("chainrule.training.masks._AT_ONCE", 12)
    elsewhere = {"mask1": np.ones((101, 4), np.float32)}
    large.draw(seeded(3), elsewhere)
    assert np.array_equal(small.arrays["mask1"], elsewhere["mask1"])
    assert not large.arrays["mask1"].any()


def trained(executor: str, **options: Any) -> Network:
    made = network()
    options = {"epochs": 3, "batch_size": 7, "optimizer": nn.Adam(0.01), **options}
    cr.train(made, X, Y, executor=executor, **options)
    return made


def test_the_same_is_dropped_by_both_executors_and_any_number_of_threads() -> None:
    expected = trained("reference").params
    found = [trained("native", threads=threads).params for threads in (1, 2)]
    for name, value in expected.items():
        assert_close(found[0][name], value, rtol=1e-4, atol=1e-5)
        assert np.array_equal(found[0][name], found[1][name])
    other = trained("reference", seed=1).params
    assert np.abs(other["W2"] - expected["W2"]).max() > 1e-3


def test_a_saved_network_keeps_it(tmp_path: Path) -> None:
    made, path = trained("native"), tmp_path / "net.safetensors"
    made.save(path)
    loaded = load(path)
    assert loaded.dropped == made.dropped == {"mask1": 0.25}
    assert repr(loaded) == repr(made)
    assert np.array_equal(loaded.predict(X), made.predict(X))
    for again in (loaded, made):
        cr.train(again, X, Y, epochs=1)
    assert np.array_equal(loaded.params["W1"], made.params["W1"])


def test_files_whose_masks_make_no_sense(tmp_path: Path) -> None:
    made, path = network(), tmp_path / "net.safetensors"
    for masks, said in (
        ({"mask9": "dropout1"}, "the mask mask9 is no data of the system"),
        ({"mask1": "mask1"}, "mask1 is no probability that the mask mask1 is 0"),
        ({"mask1": 3}, "the masks named in the file are no texts by name"),
    ):
        made.ends = replace(made.ends, masks=masks)  # type: ignore[arg-type]
        Network.size_of(made, "mask1")
        made.save(path)
        with pytest.raises(ModelFileError, match=said):
            load(path)


@pytest.mark.parametrize("probability", [-0.1, 1, 1.0, "0.5", True, float("nan")])
def test_probabilities_that_make_no_sense(probability: Any) -> None:
    with pytest.raises(OptionError, match=r"the probability of Dropout is .*\n  a number from 0 on, less than 1"):
        nn.Dropout(probability)


def test_a_mask_is_as_wide_as_the_data_say() -> None:
    text = """data x[i], y[k], m[i]
param w[k]
const p = 0.5
batch n
a[k] = w[k]*(sum(i) m[i]*x[i])
cost C = sum(k) (a[k] - y[k])^2"""
    made = Network.from_system(parse(text), {"w": [1.0, 2.0]}, output="a", masks={"m": "p"})
    assert_close(made.predict([1.0, 2.0]), [1.5, 3.0])
    history = cr.train(made, [[1.0, 2.0]], [[1.0, 2.0]], executor="reference", optimizer=nn.SGD(1e-3))
    assert history.note == ""


def seeded_network(*seeds: int) -> Network:
    first, second = seeds
    layers = [
        nn.Linear(3, 4),
        nn.Sigmoid(),
        nn.Dropout(0.25, seed=first),
        nn.Linear(4, 2),
        nn.Dropout(0.1, seed=second),
    ]
    return Network([*layers, nn.Softmax()], cost=nn.CrossEntropy(), seed=1)


def test_with_a_seed_what_is_dropped_is_an_equation() -> None:
    made = seeded_network(7, 8)
    assert made.dropped == {}
    assert str(made.system.defined["d1"]) == "d1[j] = [uniform(seed1, step, n, j) ≥ dropout1]·a1[j]/(1 − dropout1)"
    assert str(made.forward.defined["d1"]) == "d1[j] = a1[j]"
    assert np.array_equal(made.predict(X), network().predict(X))
    inputs = {**made.inputs(X, Y), "step": 3}
    assert cr.gradient_check(made.system, inputs)
    dropped = cr.evaluate(made.system, inputs)["d1"] == 0
    assert abs(dropped.mean() - 0.25) < 0.1


def test_a_network_that_draws_trains_alike_everywhere_and_is_saved_with_its_seeds(tmp_path: Path) -> None:
    options: dict[str, Any] = {"epochs": 3, "batch_size": 7, "optimizer": nn.Adam(0.01)}
    found = []
    for more in ({"executor": "reference"}, {"threads": 1}, {"threads": 2}):
        made = seeded_network(7, 8)
        cr.train(made, X, Y, **options, **more)
        found.append(made)
    for name in made.params:
        assert_close(found[0].params[name], found[1].params[name], rtol=1e-4, atol=1e-5)
        assert np.array_equal(found[1].params[name], found[2].params[name])
    made.save(tmp_path / "net.safetensors")
    loaded = load(tmp_path / "net.safetensors")
    assert loaded.system == made.system
    assert np.array_equal(loaded.predict(X), made.predict(X))


def test_a_checkpoint_goes_on_with_the_numbers_of_the_next_step(tmp_path: Path) -> None:
    options: dict[str, Any] = {"batch_size": 7, "executor": "native", "checkpoint": tmp_path / "a.run", "resume": True}
    whole, halves = seeded_network(7, 8), seeded_network(7, 8)
    cr.train(whole, X, Y, epochs=4, batch_size=7)
    cr.train(halves, X, Y, epochs=2, **options)
    cr.train(halves, X, Y, epochs=4, **options)
    for name, value in whole.params.items():
        assert np.array_equal(value, halves.params[name])


def test_two_layers_with_one_seed_are_refused() -> None:
    with pytest.raises(OptionError, match=r"layer 5, Dropout\(0.1, seed=7\), would draw the same numbers as layer 3"):
        seeded_network(7, 7)
    for seed in (-1, 2**32, 0.5, True, "7"):
        with pytest.raises(OptionError, match="the seed of Dropout is"):
            nn.Dropout(0.5, seed=seed)  # type: ignore[arg-type]


def test_an_activation_of_ones_own_may_draw() -> None:
    noisy = nn.Activation("a[k] = z[k] + s*normal(8, step, n, k)", s=0.1)
    made = Network([nn.Linear(3, 2), noisy], cost=nn.QuadraticCost(), seed=1)
    assert str(made.forward.defined["a1"]) == "a1[j] = z1[j]"
    assert set(made.params) == {"W1", "b1", "s1"}
    cr.train(made, X, X[:, :2], epochs=1)
    assert made.params["s1"] != 0.1


def test_layers_keep_no_states() -> None:
    class Counting(nn.Layer):
        notation = "state s = 0\nupdate s = s + 1\na[k] = z[k]*s"

    with pytest.raises(OptionError, match="a layer cannot have lines of the kind 'updates'"):
        Network([nn.Linear(2, 2), Counting()], cost=nn.QuadraticCost())

"""The numbers that a network begins with: every initialisation has its distribution, the default is unchanged."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.network import Network
from chainrule.nn.layer import Normal
from support import assert_close

INPUTS, OUTPUTS = 300, 200
VARIANCES: dict[str, tuple[nn.Initialisation, float, bool]] = {
    "xavier": (nn.Xavier(), 2 / 500, False),
    "xavier, uniform": (nn.Xavier(uniform=True), 2 / 500, True),
    "he": (nn.He(), 2 / 300, False),
    "he, leaky": (nn.He(slope=1.0), 1 / 300, False),
    "he, uniform": (nn.He(uniform=True), 2 / 300, True),
    "lecun": (nn.LeCun(), 1 / 300, False),
    "lecun, uniform": (nn.LeCun(uniform=True), 1 / 300, True),
}


def weights(initial: Any, *after: nn.Layer, inputs: int = INPUTS, outputs: int = OUTPUTS, seed: int = 0) -> Any:
    network = Network([nn.Linear(inputs, outputs, weights=initial), *after], cost=nn.QuadraticCost(), seed=seed)
    assert not network.params["b1"].any()
    return network.params["W1"]


@pytest.mark.parametrize("name", VARIANCES)
def test_the_distribution(name: str) -> None:
    initial, variance, uniform = VARIANCES[name]
    found = weights(initial)
    count = found.size
    assert abs(found.mean()) < 5 * math.sqrt(variance / count)
    assert found.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / count))
    bound = math.sqrt(3 * variance)
    largest = np.abs(found).max()
    assert 0.999 * bound < largest <= bound if uniform else largest > 1.5 * bound


@pytest.mark.parametrize("name", VARIANCES)
def test_what_follows_does_not_change_it(name: str) -> None:
    initial = VARIANCES[name][0]
    assert_close(weights(initial, nn.ReLU()), weights(initial))


def test_the_default_is_as_it_was() -> None:
    generator = np.random.default_rng(7)
    assert_close(weights(None, seed=7), generator.normal(0.0, np.sqrt(1 / INPUTS), (OUTPUTS, INPUTS)), rtol=0, atol=0)
    assert nn.Linear(8, 4).initial["W"] == Normal(1 / 8)
    assert repr(nn.Linear(8, 4)) == "Linear(8, 4)"


def test_the_same_seed_draws_the_same() -> None:
    for initial in (nn.Xavier(uniform=True), nn.Orthogonal()):
        assert_close(weights(initial, seed=3), weights(initial, seed=3), rtol=0, atol=0)
        assert not np.allclose(weights(initial, seed=3), weights(initial, seed=4))


@pytest.mark.parametrize(("inputs", "outputs"), [(7, 7), (9, 4), (4, 9), (1, 5), (5, 1)])
def test_orthogonal_rows_or_columns(inputs: int, outputs: int) -> None:
    found = weights(nn.Orthogonal(gain=2.0), inputs=inputs, outputs=outputs)
    assert found.shape == (outputs, inputs)
    product = found @ found.T if outputs <= inputs else found.T @ found
    assert_close(product, 4 * np.eye(min(inputs, outputs)), atol=1e-12)


def test_orthogonal_matrices_are_drawn_evenly() -> None:
    signs = [np.sign(weights(nn.Orthogonal(), inputs=2, outputs=2, seed=seed)[0, 0]) for seed in range(60)]
    assert 15 < signs.count(1.0) < 45


def test_a_param_without_a_beginning() -> None:
    class Scaled(nn.Layer):
        notation = "param g\na[k] = g*z[k]"

    with pytest.raises(OptionError) as caught:
        Network([nn.Linear(2, 1), Scaled()], cost=nn.QuadraticCost())
    assert "nothing says how the param g1 begins\n  `initial` of the layer or cost that declares it" in str(
        caught.value
    )


def test_layers_show_how_they_begin() -> None:
    assert repr(nn.Linear(8, 4, weights=nn.He())) == "Linear(8, 4, weights=He(slope=0.0, uniform=False))"
    assert nn.Linear(8, 4, weights=nn.He()) != nn.Linear(8, 4)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: nn.Linear(2, 1, weights="xavier"),
            "weights of a Linear layer is 'xavier'\n  how they begin: nn.Xavier()",
        ),
        (lambda: nn.Linear(2, 1, weights=nn.He), "Write He(), with parentheses."),
        (
            lambda: nn.Xavier(uniform="yes"),
            "uniform of Xavier is 'yes'\n  True or False\n  For example nn.Xavier(uniform",
        ),
        (lambda: nn.He(0.1, 1), "uniform of He is 1"),
        (lambda: nn.LeCun(uniform=None), "uniform of LeCun is None"),
        (lambda: nn.He(slope=-1), "slope of He is -1\n  a number, 0 or more"),
        (lambda: nn.Orthogonal(gain=0), "gain of Orthogonal is 0\n  a number greater than 0"),
    ],
)
def test_settings_that_make_no_sense(make: Any, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        make()
    assert said in str(caught.value)

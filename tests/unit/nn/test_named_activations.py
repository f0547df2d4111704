"""The named activations: values, derived derivatives, kinks, large arguments, machine code, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import Reference
from chainrule.notation import parse
from chainrule.pipeline import backprop, evaluate
from chainrule.verify.differences import central_differences
from support import assert_close

ACTIVATIONS: dict[str, nn.Layer] = {
    "leaky relu": nn.LeakyReLU(),
    "leaky relu, steep": nn.LeakyReLU(slope=1.5),
    "elu": nn.ELU(),
    "elu, deep": nn.ELU(alpha=2.5),
    "gelu": nn.GELU(),
    "gelu, tanh": nn.GELU(approximate="tanh"),
    "softplus": nn.Softplus(),
    "swish": nn.Swish(),
    "swish, narrow": nn.Swish(beta=3.0),
    "mish": nn.Mish(),
}
POINTS = np.array([-7.0, -2.5, -1.0, -0.3, -1e-2, 1e-2, 0.4, 1.0, 2.5, 7.0])
LARGE = np.array([-800.0, -50.0, 50.0, 800.0])


def normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


VALUES: dict[str, Any] = {
    "leaky relu": lambda z: z if z > 0 else 0.01 * z,
    "leaky relu, steep": lambda z: z if z > 0 else 1.5 * z,
    "elu": lambda z: z if z > 0 else math.exp(z) - 1,
    "elu, deep": lambda z: z if z > 0 else 2.5 * (math.exp(z) - 1),
    "gelu": lambda z: z * normal_cdf(z),
    "gelu, tanh": lambda z: 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "softplus": lambda z: math.log(1 + math.exp(z)),
    "swish": lambda z: z / (1 + math.exp(-z)),
    "swish, narrow": lambda z: z / (1 + math.exp(-3 * z)),
    "mish": lambda z: z * math.tanh(math.log(1 + math.exp(z))),
}


def system_of(layer: nn.Layer) -> Any:
    return backprop(parse(f"param z[k]\n{layer.notation}\ncost C = sum(k) a[k]")).system


def values_and_slopes(layer: nn.Layer, z: Any) -> tuple[Any, Any]:
    found = Reference().compile(system_of(layer)).evaluate({"z": np.asarray(z)})
    return found["a"], found["∂C/∂z"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_are_those_of_the_formula(name: str) -> None:
    values, _ = values_and_slopes(ACTIVATIONS[name], POINTS)
    assert_close(values, [VALUES[name](float(z)) for z in POINTS], rtol=1e-10)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_are_those_of_central_differences(name: str) -> None:
    system = parse(f"param z[k]\n{ACTIVATIONS[name].notation}\ncost C = sum(k) a[k]")
    moved = central_differences(lambda z: evaluate(system, {"z": z})["C"], POINTS)
    assert_close(values_and_slopes(ACTIVATIONS[name], POINTS)[1], moved.values, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("layer", "slope"),
    [
        (nn.LeakyReLU(slope=0.2), 0.2),
        (nn.ELU(alpha=2.0), 2.0),
        (nn.ELU(), 1.0),
        (nn.GELU(), 0.5),
        (nn.GELU(approximate="tanh"), 0.5),
        (nn.Softplus(), 0.5),
        (nn.Swish(beta=3.0), 0.5),
        (nn.Mish(), 0.6),
    ],
    ids=repr,
)
def test_at_0_the_derivative_is_what_the_docstring_says(layer: nn.Layer, slope: float) -> None:
    value, derivative = values_and_slopes(layer, [0.0])
    assert_close(value, [math.log(2) if layer == nn.Softplus() else 0.0])
    assert_close(derivative, [slope])


LIMITS = {"leaky relu": 0.01, "leaky relu, steep": 1.5}
"""The derivative far below 0, where it is not 0."""


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_arguments_do_not_overflow(name: str) -> None:
    values, slopes = values_and_slopes(ACTIVATIONS[name], LARGE)
    floor = -ACTIVATIONS[name].alpha if isinstance(ACTIVATIONS[name], nn.ELU) else 0.0
    low = LIMITS.get(name, 0.0)
    assert_close(values, [low * -800 + floor, low * -50 + floor, 50.0, 800.0], atol=1e-18)
    assert_close(slopes, [low, low, 1.0, 1.0], atol=1e-18)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_machine_code_gives_the_same_in_float32(name: str) -> None:
    system, z = system_of(ACTIVATIONS[name]), np.concatenate([POINTS, [0.0], LARGE])
    executable = Native().compile(system)
    found, expected = executable.evaluate({"z": z}), Reference().compile(system).evaluate({"z": z})
    assert "reference" not in executable.plan
    for tensor in ("a", "∂C/∂z"):
        assert_close(found[tensor], expected[tensor], rtol=2e-6, atol=2e-6)


def test_the_approximation_of_gelu_is_close_and_not_the_same() -> None:
    z = np.linspace(-6, 6, 2001)
    difference = np.abs(values_and_slopes(nn.GELU(), z)[0] - values_and_slopes(nn.GELU("tanh"), z)[0]).max()
    assert 1e-4 < difference < 5e-4


def test_settings_are_consts_of_the_notation_and_shown() -> None:
    assert nn.LeakyReLU(0.1).notation == "const slope = 0.1\na[k] = where(z[k] > 0, z[k], slope*z[k])"
    assert repr(nn.LeakyReLU(0.1)) == "LeakyReLU(slope=0.1)"
    assert nn.ELU(2) == nn.ELU(2.0) != nn.ELU()
    assert hash(nn.Swish(1)) == hash(nn.Swish())


def test_gains_are_those_of_rectifiers() -> None:
    assert nn.LeakyReLU(0.5).gain == pytest.approx(1.6)
    assert [layer.gain for layer in (nn.ELU(), nn.GELU(), nn.Swish(), nn.Mish(), nn.Softplus())] == [2, 2, 2, 2, 1]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nn.LeakyReLU(-0.1), "slope of LeakyReLU is -0.1\n  a number, 0 or more"),
        (lambda: nn.LeakyReLU("small"), "slope of LeakyReLU is 'small'\n  a number, 0 or more"),  # type: ignore[arg-type]
        (lambda: nn.ELU(0), "alpha of ELU is 0\n  a number greater than 0"),
        (lambda: nn.ELU(math.inf), "alpha of ELU is inf\n  a number greater than 0"),
        (lambda: nn.Swish(True), "beta of Swish is True\n  a number greater than 0"),
        (
            lambda: nn.GELU("sigmoid"),
            "approximate of GELU is 'sigmoid'\n  'none' or 'tanh'\n  GELU() is exact: it is written with erf.",
        ),
        (lambda: nn.GELU(None), "approximate of GELU is None"),  # type: ignore[arg-type]
    ],
)
def test_settings_that_make_no_sense(make: Any, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        make()
    assert said in str(caught.value)

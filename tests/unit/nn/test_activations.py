"""Anybody's own activations: their params, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import NotationError, OptionError
from chainrule.nn.layer import Value


def test_params_are_declared_as_the_text_writes_them() -> None:
    own = nn.Activation("a[k] = alpha*z[k] + sum(m) beta [k,m]*z[m] + gamma[k]", alpha=1, beta=0.5, gamma=(1.0, 2.0))
    assert own.notation.splitlines()[1:] == ["param alpha", "param beta[k,m]", "param gamma[k]"]
    assert own.initial == {"alpha": Value(1.0), "beta": Value(0.5), "gamma": Value((1.0, 2.0))}


def test_arrays_are_taken() -> None:
    own = nn.Activation("a[k] = g[k]*z[k]*c", g=np.array([1, 2]), c=np.float64(3))
    assert own.initial == {"g": Value((1.0, 2.0)), "c": Value(3.0)}


def test_activations_show_and_compare_what_they_are() -> None:
    text = "a[k] = g[k]*z[k]"
    assert repr(nn.Activation(text, g=1.0)) == "Activation('a[k] = g[k]*z[k]', g=1.0)"
    assert repr(nn.Activation(text, g=range(9))) == "Activation('a[k] = g[k]*z[k]', g=<9 values>)"
    assert nn.Activation(text, g=1.0) == nn.Activation(text, g=1)
    assert nn.Activation(text, g=1.0) != nn.Activation(text, g=2.0)
    assert hash(nn.Activation(text, g=1.0)) == hash(nn.Activation(text, g=1))


def test_a_name_without_a_value() -> None:
    with pytest.raises(NotationError) as caught:
        nn.Activation("a[k] = beta*z[k]")
    assert "beta" in str(caught.value)
    assert "beta=1.0" in str(caught.value)


@pytest.mark.parametrize("name", ["gamma", "z", "a"])
def test_a_value_without_a_name(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name} is given, but it is no param of the activation"):
        nn.Activation("a[k] = z[k]", **{name: 1.0})


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, "one", None, True, [], [1.0, [2.0]], [[1.0], [2.0, 3.0]], 1j],
    ids=["nan", "inf", "text", "nothing", "bool", "empty", "mixed", "ragged", "complex"],
)
def test_values_that_are_no_numbers(value: Any) -> None:
    with pytest.raises(OptionError, match="the initial value of g is"):
        nn.Activation("a[k] = g[k]*z[k]", g=value)


def test_values_of_another_rank() -> None:
    with pytest.raises(OptionError, match="g is given with 2 axes"):
        nn.Activation("a[k] = g[k]*z[k]", g=[[1.0]])

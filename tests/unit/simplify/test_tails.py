"""What σ(t) and tanh(t)^2 leave of 1 has all of its digits, far out too, and nothing is computed twice for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import chainrule as cr
from chainrule.execute.registry import executor
from chainrule.pipeline import backprop, training_step
from chainrule.simplify.stability import stable
from chainrule.simplify.tails import with_tails
from support import assert_close

Z = [-40.0, -37.0, -20.0, -1.0, 0.0, 0.5, 18.0, 20.0, 37.0, 40.0]


def half_slope(t: Any) -> Any:
    return mpmath.sech(t / 2) ** 2 / 4


SLOPES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a sigmoid": ("a[k] = sigmoid(z[k])\ncost C = sum(k) a[k]", half_slope),
    "one without a name": ("cost C = sum(k) sigmoid(z[k])", half_slope),
    "one turned round": ("a[k] = sigmoid(-z[k])\ncost C = -(sum(k) a[k])", half_slope),
    "one by a function": ("def s(t) = sigmoid(t)\na[k] = s(z[k])\ncost C = sum(k) a[k]", half_slope),
    "tanh": ("h[k] = tanh(z[k])\ncost C = sum(k) h[k]", lambda t: mpmath.sech(t) ** 2),
    "tanh without a name": ("cost C = sum(k) tanh(z[k])", lambda t: mpmath.sech(t) ** 2),
    "a rest with a name": (
        "a[k] = sigmoid(z[k])\nf[k] = 1 - a[k]\ncost C = -(sum(k) log(f[k]))",
        lambda t: 1 / (1 + mpmath.exp(-t)),
    ),
}


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize(("text", "slope"), SLOPES.values(), ids=SLOPES)
def test_slopes_have_all_digits_far_out(text: str, slope: Callable[[Any], Any], engine: str) -> None:
    step = training_step(cr.parse("param z[k]\n" + text))
    truth = np.array([float(slope(mpmath.mpf(t))) for t in Z])
    for dtype, tolerance in ((np.float64, 2e-15), (np.float32, 1e-6)):
        values = executor(engine).compile(step, dtype=dtype).evaluate({"z": Z})
        assert_close(values["∂C/∂z"], truth, rtol=tolerance, atol=0.0)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_second_derivatives_too(engine: str) -> None:
    second = stable(cr.parse("param z\nd = sigmoid(z)\ncost C = sigmoid(z)*(1 - sigmoid(z)) + d*(2 - 2*d)"))
    found = executor(engine).compile(second, dtype=np.float64).evaluate({"z": 37.0})["C"]
    assert_close(found, 3 * float(half_slope(mpmath.mpf(37))), rtol=1e-14, atol=0.0)


def test_a_sum_is_computed_once_by_its_name() -> None:
    text = "data x[i]\nparam W[j,i]\na[j] = sigmoid(sum(i) W[j,i]*x[i])\ncost C = sum(j) a[j]"
    rewritten = stable(backprop(cr.parse(text)).system)
    assert [str(e) for e in rewritten.equations][:2] == [
        "a_argument[j] = Σ_i W[j,i]·x[i]",
        "a[j] = sigmoid(a_argument[j])",
    ]
    assert str(rewritten).count("Σ_i") == 1
    assert cr.parse(str(rewritten)) == rewritten


def test_what_has_no_tail_stays_the_same_object() -> None:
    for text in (
        "cost C = 2 - sigmoid(z)",
        "cost C = 1 - tanh(z)",
        "a = sigmoid(z)\ncost C = 1 + a - 2*a^2",
        "cost C = 1 - z",
    ):
        system = cr.parse("param z\n" + text)
        assert with_tails(system) is system


def test_marked_entries_stay() -> None:
    text = "param z[t]\na[t] = sigmoid(z[t])\ncost C = sum(t) (1 - a?[t-1])"
    system = cr.parse(text)
    assert with_tails(system) is system
    assert_close(cr.evaluate(system, {"z": [0.0, 0.0]})["C"], 1.5)


@pytest.mark.parametrize(
    ("cost", "expected"),
    [("-log(a[y])", 800.0), ("1 - a[y]", 1.0), ("-log(1 - a[y])", 0.0), ("-a[y]*log(a[y])*(1 - a[y])", 0.0)],
)
def test_an_output_is_looked_up_whose_argument_is_shifted(cost: str, expected: float) -> None:
    system = cr.parse(f"data y : int(k)\nparam z[j]\nindex k = 2\na[k] = sigmoid(z[k+1])\ncost C = {cost}")
    assert_close(cr.evaluate(system, {"y": 1, "z": [3.0, 4.0, -800.0]})["C"], expected)
    assert cr.gradient_check(system, {"y": 1, "z": [0.5, 1.0, -0.5]})

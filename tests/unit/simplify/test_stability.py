"""The stable form has the same values, and finite ones where the textbook's form overflows."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from cases import two_layers
from chainrule.execute.reference.evaluation import evaluate
from chainrule.execute.registry import executor
from chainrule.pipeline import backprop, training_step
from chainrule.simplify.stability import stable
from chainrule.system.typecheck import typecheck
from chainrule.verify.sampling import random_inputs
from support import assert_close

SATURATED = 800.0


@pytest.mark.parametrize("cost", ["cross-entropy", "binary-cross-entropy", "quadratic"])
def test_the_values_stay(cost: str) -> None:
    system = backprop(cr.parse(two_layers(cost))).system
    rewritten = typecheck(stable(system))
    for seed in range(3):
        inputs = random_inputs(system, seed)
        before, after = evaluate(system, inputs), evaluate(rewritten, inputs)
        for name, value in before.items():
            assert_close(after[name], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cost", ["cross-entropy", "binary-cross-entropy"])
def test_saturated_outputs_have_a_finite_cost(cost: str) -> None:
    system = cr.parse(two_layers(cost))
    inputs = random_inputs(system, 0)
    inputs["b2"] = np.where(np.arange(len(inputs["b2"])) == 0, SATURATED, -SATURATED)
    inputs["y"] = (np.arange(len(inputs["b2"])) == 0).astype(float)
    assert not np.isfinite(evaluate(system, inputs)["C"])
    value, gradients = cr.value_and_grad(system, inputs)
    assert_close(value, 0.0, atol=1e-9)
    for gradient in gradients.values():
        assert_close(gradient, np.zeros_like(gradient), atol=1e-9)


def test_a_wrong_answer_costs_what_it_should() -> None:
    system = cr.parse("data y\nparam z\na = sigmoid(z)\ncost C = -(y*log(a) + (1 - y)*log(1 - a))\n")
    value, gradients = cr.value_and_grad(system, {"y": 0.0, "z": SATURATED})
    assert_close(value, SATURATED)
    assert_close(gradients["z"], 1.0)


def test_what_is_added_avoids_taken_names() -> None:
    text = """data y[k], a_total
param z[k]
a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -a_total*(sum(k) y[k]*log(a[k]))
"""
    names = [e.name for e in stable(cr.parse(text)).equations]
    assert names == ["a_largest", "a_total2", "a", "C"]


def test_a_softmax_of_rows_and_a_sigmoid_in_a_sum() -> None:
    text = """data y[t,k]
param s[t,k], u[k]
p[t,k] = exp(2*s[t,k])/(sum(m) exp(2*s[t,m]))
q[k] = sigmoid(u[k] + 1)
cost C = -(sum(t,k) y[t,k]*log(p[t,k])) - (sum(k) log(q[k])*log(1 - q[k]))
"""
    system = cr.parse(text)
    rewritten = stable(system)
    assert "softplus" in str(rewritten)
    inputs = random_inputs(system, 1)
    assert_close(evaluate(rewritten, inputs)["C"], evaluate(system, inputs)["C"])


INLINE = {
    "log-sum-exp": ("param z[k]\ncost C = log(sum(k) exp(z[k])) - z[0]", [1000.0, 0.0, -1000.0], 0.0, [0.0, 0.0, 0.0]),
    "log-sum-exp, wrong": ("param z[k]\ncost C = log(sum(k) exp(z[k])) - z[1]", [900.0, 0.0], 900.0, [1.0, -1.0]),
    "rows of them": (
        "param z[k]\nr[i,k] = i*z[k]\nindex i = 2\ncost C = sum(i) log(sum(k) exp(r[i,k]))",
        [900.0, 0.0],
        900.0 + np.log(2),
        [1.0, 0.0],
    ),
    "a masked softmax": (
        "param z[k]\na[k] = [k != 1]*exp(z[k])/(sum(m) [m != 1]*exp(z[m]))\ncost C = a[0] + 2*a[2]",
        [800.0, 5000.0, 800.0],
        1.5,
        [-0.25, 0.0, 0.25],
    ),
    "sigmoids without a name": (
        "param z[k]\ncost C = -log(sigmoid(z[0])) - log(1 - sigmoid(z[1]))",
        [-1000.0, 1000.0],
        2000.0,
        [-1.0, 1.0],
    ),
    "softplus spelt out": (
        "param z[k]\ncost C = log(1 + exp(z[0])) + log(exp(z[1]) + 1)",
        [800.0, -800.0],
        800.0,
        [1.0, 0.0],
    ),
}


@pytest.mark.parametrize(("text", "z", "cost", "gradient"), INLINE.values(), ids=INLINE)
@pytest.mark.parametrize("engine", ["reference", "native"])
def test_exponentials_anywhere_do_not_overflow(
    engine: str, text: str, z: list[float], cost: float, gradient: list[float]
) -> None:
    system = training_step(cr.parse(text))
    values = executor(engine).compile(system, dtype=np.float64).evaluate({"z": np.array(z)})
    assert_close(values["C"], cost, atol=1e-9)
    assert_close(values["∂C/∂z"], gradient, atol=1e-9)


@pytest.mark.parametrize("name", INLINE)
def test_and_they_keep_their_values(name: str) -> None:
    system = backprop(cr.parse(INLINE[name][0])).system
    rewritten = typecheck(stable(system))
    assert len(rewritten.equations) > len(system.equations) or "softplus" in str(rewritten)
    assert cr.parse(str(rewritten)) == rewritten
    for seed in range(3):
        inputs = {"z": random_inputs(system, seed)["z"]} if "[2]" not in INLINE[name][0] else {"z": np.arange(3.0)}
        before, after = evaluate(system, inputs), evaluate(rewritten, inputs)
        for tensor, value in before.items():
            assert_close(after[tensor], value, rtol=1e-9, atol=1e-12)


GUARDED = {
    "a shift under a bracket": (
        "data x[i,k]\nz[i] = [i > 0]*log(sum(k) exp(x[i-1,k]))",
        {"x": [[1.0, 2.0], [3.0, 4.0]]},
        [0.0, np.log(np.exp(1) + np.exp(2)), np.log(np.exp(3) + np.exp(4))],
    ),
    "a shift under a choice": (
        "data x[i,k]\nz[i] = where(i > 0, log(sum(k) exp(x[i-1,k])), 5)",
        {"x": [[1.0, 2.0], [3.0, 4.0]]},
        [5.0, np.log(np.exp(1) + np.exp(2)), np.log(np.exp(3) + np.exp(4))],
    ),
    "what is not defined where it is not chosen": (
        "data x[m]\nz = log(sum(m) [x[m] > 0]*exp(log(x[m])))",
        {"x": [1.0, -2.0, 3.0]},
        np.log(4),
    ),
    "an inverse under a bracket": (
        "data X[i,j], t\nz = [t > 0]*log(sum(i) exp(inv(X)[i,0]))",
        {"X": [[1.0, 1.0], [1.0, 1.0]], "t": -1.0},
        0.0,
    ),
    "the same power twice": (
        "data x[k]\nz = exp(x[0])*exp(x[0])/(sum(k) exp(x[k]))",
        {"x": [1.0, 2.0]},
        np.exp(2) / (np.exp(1) + np.exp(2)),
    ),
    "the same sum twice": (
        "data x[k]\nz = exp(x[0])/(sum(k) exp(x[k]))/(sum(k) exp(x[k]))",
        {"x": [1.0, 2.0]},
        np.exp(1) / (np.exp(1) + np.exp(2)) ** 2,
    ),
}


@pytest.mark.parametrize(("text", "inputs", "expected"), GUARDED.values(), ids=GUARDED)
def test_nothing_is_read_or_divided_that_was_not_before(text: str, inputs: dict[str, object], expected: object) -> None:
    assert_close(cr.evaluate(cr.parse(text), inputs)["z"], np.asarray(expected), rtol=1e-12)

"""The stable form has the same values, and finite ones where the textbook's form overflows."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from cases import two_layers
from chainrule.execute.reference import evaluate
from chainrule.execute.sampling import random_inputs
from chainrule.pipeline import backprop
from chainrule.simplify.stability import stable
from chainrule.system.typecheck import typecheck
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

"""An argument with a sum gets a name where derivatives would write it again, and only there."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

DATA = "data x[i], y\nparam W[j,i], b[j], v[j]\n"
LOSS = "\ncost C = 1/2*((sum(j) v[j]*a[j]) - y)^2"
LOGISTIC = """data x[n,i], y[n]
param w[i], b
cost C = -(mean(n) (y[n]*log(sigmoid((sum(i) w[i]*x[n,i]) + b)) + (1-y[n])*log(1-sigmoid((sum(i) w[i]*x[n,i])+b))))"""
NAMED = {
    "relu": (
        DATA + "a[j] = relu((sum(i) W[j,i]*x[i]) + b[j])" + LOSS,
        {
            "a_argument": "Σ_i W[j,i]·x[i] + b[j]",
            "∂C/∂a_argument": "[a_argument[j] > 0]·v[j]·(Σ_k v[k]·a[k] − y)",
            "∂C/∂W": "x[i]·∂C/∂a_argument[j]",
            "∂C/∂b": "∂C/∂a_argument[j]",
        },
    ),
    "a function of one's own": (
        DATA + "def swish(t) = t*sigmoid(t)\na[j] = swish((sum(i) W[j,i]*x[i]) + b[j])" + LOSS,
        {"a": "swish(a_argument[j])", "∂C/∂b": "∂C/∂a_argument[j]"},
    ),
    "one that is used twice": (
        LOGISTIC,
        {
            "∂C/∂C_argument": "(sigmoid(C_argument[n]) − y[n])/extent(n)",
            "∂C/∂w": "Σ_n x[n,i]·∂C/∂C_argument[n]",
        },
    ),
    "one within another": (
        "data x[i]\nparam W[j,i], V[k,j]\na[k] = relu(sum(j) V[k,j]*relu(sum(i) W[j,i]*x[i]))\ncost C = sum(k) a[k]^2",
        {"a_argument2": "Σ_j V[k,j]·relu(a_argument[j])", "∂C/∂a_argument2": "2·[a_argument2[k] > 0]·a[k]"},
    ),
    "a name that is taken": (
        "data x[i], a_argument\nparam w[i]\na = sin(sum(i) w[i]*x[i])\ncost C = a*a_argument",
        {"∂C/∂w": "x[i]·∂C/∂a_argument2"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), NAMED.values(), ids=NAMED)
def test_it_is_written_once(text: str, expected: dict[str, str]) -> None:
    back = cr.backprop(cr.parse(text))
    lines = dict(str(e).partition(" = ")[::2] for e in back.system.equations)
    found = {name.partition("[")[0]: value for name, value in lines.items()}
    for name, value in expected.items():
        assert found[name].startswith(value), found
    assert cr.parse(str(back)) == back.system
    for param in back.forward.params:
        back.derivation(param).verify()


PLAIN = {
    "an output tells it": DATA + "a[j] = tanh((sum(i) W[j,i]*x[i]) + b[j])" + LOSS,
    "it has a name": DATA + "z[j] = (sum(i) W[j,i]*x[i]) + b[j]\na[j] = relu(z[j])" + LOSS,
    "no sum": "data x\nparam w\ncost C = sin(w*x)^2",
    "a norm": "data x[i]\nparam w[i]\nn = sqrt(sum(i) (w[i] - x[i])^2)\nm = sqrt(sum(i) w[i]^2)\ncost C = n*m",
    "exponentials": "data x[k]\nparam z[k]\ncost C = log(sum(k) exp(z[k]*x[k])) - z[0]",
    "what a bracket guards": "data x[i,k]\nparam w[k]\ncost C = sum(i) [i > 0]*relu(sum(k) w[k]*x[i-1,k])",
    "a range of a number": "param w[i]\na = sum(o<2) relu(sum(i) w[i]*w?[i+o])\ncost C = a^2",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_all_else_stays(text: str) -> None:
    back = cr.backprop(cr.parse(text))
    assert "argument" not in str(back)
    assert back.cotangents.system.equations == back.forward.equations


def test_the_gradient_is_the_same() -> None:
    system = cr.parse(NAMED["relu"][0])
    rng = np.random.default_rng(0)
    inputs = {"x": rng.normal(size=3), "y": 1.0, "W": rng.normal(size=(4, 3)), "b": rng.normal(size=4)}
    assert cr.gradient_check(system, {**inputs, "v": rng.normal(size=4)})

"""Nothing that is long meets a limit: depth, width and nesting, each in bounded time and with the right numbers.

The bounds are many times what a free core needs; what is not linear misses them by far.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from chainrule.verify.sampling import random_inputs
from chainrule.verify.verification import Verification
from property.witness import Tally, compare
from support import assert_close


def sigmoids(layers: int) -> str:
    """Return a[n+1] = sigmoid(a[n]), entry by entry."""
    lines = [f"a{n + 1}[i] = sigmoid(a{n}[i])" for n in range(layers)]
    return "\n".join(["param x[i]", "a0[i] = 2*x[i]", *lines, f"cost C = sum(i) a{layers}[i]^2"])


def network(layers: int) -> str:
    """Return that many dense layers with weights of their own, every axis with letters of its own."""
    lines = ["data x[i], y[i]", *(f"param W{n}[i,m]" for n in range(layers)), "a0[i] = x[i]"]
    for n in range(layers):
        lines += [f"z{n + 1}[i] = sum(m) W{n}[i,m]*a{n}[m]", f"a{n + 1}[i] = tanh(z{n + 1}[i])"]
    return "\n".join([*lines, f"cost C = 1/2*(sum(i) (a{layers}[i] - y[i])^2)"])


def scalars(steps: int) -> str:
    """Return a recurrence that reads its param at every step."""
    lines = [f"s{n + 1} = tanh(s{n})*x + s{n}/2" for n in range(steps)]
    return "\n".join(["param x", "s0 = x", *lines, f"cost C = s{steps}^2"])


def polynomial(terms: int) -> str:
    sums = " + ".join(f"{n + 1}*(sum(i) x[i]^{n + 1}*w^{n % 7})" for n in range(terms))
    return f"param x[i], w\ngiven x[i] < 1/2\ngiven x[i] > -1/2\ncost C = {sums}"


def waves(terms: int) -> str:
    return "param x[i], w[i]\ncost C = sum(i) (" + " + ".join(f"sin({n + 1}*x[i])*w[i]" for n in range(terms)) + ")"


def product(factors: int) -> str:
    return f"param {', '.join(f'x{n}' for n in range(factors))}\ncost C = {'*'.join(f'x{n}' for n in range(factors))}"


def product_of_sums(factors: int) -> str:
    return "param x[i], w\ncost C = sum(i) " + "*".join(f"(1 + x[i]^2*w/{n + 3})" for n in range(factors))


def nested(depth: int) -> str:
    return "param x\ncost C = " + "tanh(" * depth + "x" + ")" * depth


def continued_fraction(depth: int) -> str:
    return "param x\ngiven x > 0\ncost C = " + "1/(1 + x*(" * depth + "x" + "))" * depth


SIZES = {
    "1000 sigmoids": (sigmoids(1000), "a950", 30),
    "200 dense layers": (network(200), "W150", 30),
    "200 scalars": (scalars(200), "s150", 30),
    "a sum of 200 powers": (polynomial(200), "w", 40),
    "a sum of 200 waves": (waves(200), None, 30),
    "50 params multiplied": (product(50), "x7", 20),
    "12 sums multiplied": (product_of_sums(12), "w", 30),
    "190 functions nested": (nested(190), None, 40),
    "a continued fraction of 20 levels": (continued_fraction(20), None, 30),
}


@pytest.mark.parametrize(("text", "shown", "seconds"), SIZES.values(), ids=SIZES)
def test_what_is_long_is_derived_in_bounded_time(text: str, shown: str | None, seconds: float) -> None:
    started = time.process_time()
    system = parse(text)
    back = backprop(system)
    assert len(back.system.equations) > len(system.equations)
    if shown is not None:
        report = back.derivation(shown).verify()
        assert isinstance(report, Verification)
        assert not report.unverified
    assert time.process_time() - started < seconds


@pytest.mark.parametrize(
    "text", [sigmoids(30), network(8), scalars(40), polynomial(30), nested(60), waves(40), product(20)]
)
def test_what_is_long_is_right(text: str) -> None:
    system = parse(text)
    inputs = random_inputs(system, seed=2)
    tally = Tally()
    compare(system, inputs, value_and_grad(system, inputs)[1], tally)
    assert tally.compared > 0


def test_a_deep_network_has_the_gradient_that_loops_give() -> None:
    """Backpropagation by hand in NumPy, through 60 layers."""
    system = parse(network(60))
    draw = np.random.default_rng(0)
    weights = [np.eye(4) + 0.1 * draw.normal(size=(4, 4)) for _ in range(60)]
    inputs = {"x": draw.normal(size=4), "y": draw.normal(size=4), **{f"W{n}": w for n, w in enumerate(weights)}}
    _, gradients = value_and_grad(system, inputs)
    activations = [inputs["x"]]
    for weight in weights:
        activations.append(np.tanh(weight @ activations[-1]))
    delta = (activations[-1] - inputs["y"]) * (1 - activations[-1] ** 2)
    for n in reversed(range(60)):
        assert_close(gradients[f"W{n}"], np.outer(delta, activations[n]), atol=1e-14)
        delta = (weights[n].T @ delta) * (1 - activations[n] ** 2)

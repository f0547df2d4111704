"""Derivatives that equations read by name: differential equations as costs, gradient penalties, steps of learning."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import DerivativeError, NotationError

BURGERS = """
data t, x
param w[j], c[j], b[j], V[j]
batch n
z[j] = w[j]*x + c[j]*t + b[j]
u = sum(j) V[j]*tanh(z[j])
cost C = (∂u/∂t + u*∂u/∂x - 0.01*∂²u/∂x∂x)^2
"""


def test_a_derivative_by_name_stands_above_the_equation_that_reads_it() -> None:
    system = cr.parse("data x\nparam w\nu = w*x^3\nv = u + ∂u/∂x\ncost C = v^2")
    assert [str(e) for e in system.equations] == [
        "u = w·x^3",
        "∂u/∂x = 3·w·x^2",
        "v = u + ∂u/∂x",
        "C = v^2",
    ]


def test_a_system_without_them_is_the_one_that_was_read() -> None:
    from chainrule.notation import parse

    text = "param w\ncost C = w^2\nupdate w = w - ∂C/∂w"
    assert cr.parse(text) == parse(text)


def test_what_only_led_to_a_second_derivative_is_left_out() -> None:
    system = cr.parse("data x\nparam w\nu = sin(w*x)\ncost C = (∂²u/∂x∂x + u)^2")
    assert [e.name for e in system.equations] == ["u", "∂²u/∂x∂x", "C"]


def test_a_jacobian_by_name_has_the_axes_of_both() -> None:
    system = cr.parse("data x[i]\nparam w[j,i]\nh[j] = tanh(sum(i) w[j,i]*x[i])\ncost C = sum(j,i) ∂h[j]/∂x[i]^2")
    assert str(system.defined["∂h/∂x"]) == "∂h[j]/∂x[i] = w[j,i]·(1 − h[j]^2)"


def test_a_differential_equation_can_be_a_cost() -> None:
    system = cr.parse(BURGERS)
    assert str(system.defined["∂u/∂t"]) == "∂u/∂t = Σ_j c[j]·∂u/∂z[j]"
    generator = np.random.default_rng(0)
    data = {"t": generator.uniform(0, 1, 20), "x": generator.uniform(-1, 1, 20)}
    network = cr.Network.from_system(system, {name: generator.normal(size=5) for name in "wcbV"})
    costs = [
        float(epoch.cost or 0) for epoch in cr.train(network, data, epochs=30, optimizer=nn.Adam(0.01), seed=1).epochs
    ]
    assert costs[-1] < 0.5 * costs[0]


def test_the_gradient_goes_through_a_step_of_learning() -> None:
    text = "data x, y\nparam w\nconst eta = 0.1\nL = (w*x - y)^2\nv = w - eta*∂L/∂w\ncost C = (v*x - y)^2"
    x, y, w = 2.0, 3.0, 0.5
    slope = 1 - 0.2 * x * x
    after = w - 0.2 * x * (w * x - y)
    _, gradients = cr.value_and_grad(cr.parse(text), {"x": x, "y": y, "w": w})
    assert gradients["w"] == pytest.approx(2 * x * slope * (after * x - y))


def test_two_costs_are_each_learned_by_params_of_their_own() -> None:
    system = cr.parse(
        "data x\nparam g, d\nA = (d*x - g)^2\nB = (g - x)^2 + d\ncost C = A + B\n"
        "update d = d - 0.1*∂A/∂d\nupdate g = g - 0.1*∂B/∂g"
    )
    assert [e.name for e in system.equations] == ["A", "B", "C", "∂A/∂d", "∂B/∂g"]


def test_a_loss_within_a_cost_may_read_a_derivative_itself() -> None:
    text = (
        "data x[i], y\nparam w[i], v\nu = sum(i) w[i]*x[i]\nL = (u - y)^2\nw2[i] = w[i] - v*∂L/∂w[i]\n"
        "M = (sum(i) w2[i]*x[i])^2\nw3[i] = w2[i] - v*∂M/∂w[i]\ncost C = (sum(i) w3[i]*x[i] - y)^2"
    )
    system = cr.parse(text)
    inputs = {"x": [0.3, -0.7], "y": 0.4, "w": [0.5, 1.2], "v": 0.05}
    at = cr.evaluate(system, inputs)
    step = 1e-5
    for i in range(2):
        above, below = (
            cr.evaluate(system, {**inputs, "w": np.asarray(inputs["w"]) + sign * step * np.eye(2)[i]})["M"]
            for sign in (1, -1)
        )
        assert at["∂M/∂w"][i] == pytest.approx((above - below) / (2 * step), rel=1e-6)


def test_what_does_not_move_has_a_derivative_of_0() -> None:
    assert str(cr.parse("data x\nparam w\nu = w^2\ncost C = ∂u/∂x + w").defined["∂u/∂x"]) == "∂u/∂x = 0"


def test_what_cannot_be_derived_says_so() -> None:
    with pytest.raises(DerivativeError, match="couples the samples of a batch"):
        cr.parse("data x\nparam w\nbatch n\nu = mean(n) w*x\nL = u^2\ncost C = ∂L/∂w + L")


def test_a_derivative_of_what_comes_later_is_refused() -> None:
    with pytest.raises(NotationError, match="∂u/∂w is not defined"):
        cr.parse("param w\nv = ∂u/∂w\nu = w^2\ncost C = v + u")


def test_families_say_that_they_have_none() -> None:
    text = "data x\nparam w[l;]\nh[0;] = x\nfor l = 1..L:\n    h[l;] = w[l;]*h[l-1;]\ncost C = ∂h[L;]/∂x"
    with pytest.raises(NotationError, match="derived in systems without for lines"):
        cr.parse(text)

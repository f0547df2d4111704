"""Samples that equations couple: derived in the system that names them, and right by differences."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.diff.coupled_samples import uncoupled
from chainrule.errors import DerivativeError
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.system.coupled import coupling, for_all_samples
from chainrule.verify.differences import numeric_derivative
from chainrule.verify.verification import Verification
from support import assert_close

NORMALISED = """
data x[i], y[j]
param W[j,i], gamma[j], beta[j]
const eps = 1e-5
batch n
z[j] = sum(i) W[j,i]*x[i]
mu[j] = mean(n) z[j]
v[j] = mean(n) (z[j] - mu[j])^2
h[j] = (z[j] - mu[j])/sqrt(v[j] + eps)
u[j] = gamma[j]*h[j] + beta[j]
cost C = sum(j) (tanh(u[j]) - y[j])^2
"""
RANDOM = np.random.default_rng(3)
INPUTS = {
    "x": RANDOM.normal(size=(5, 3)),
    "y": RANDOM.normal(size=(5, 2)),
    "W": RANDOM.normal(size=(2, 3)),
    "gamma": RANDOM.normal(size=2),
    "beta": RANDOM.normal(size=2),
}


def test_the_gradient_of_batch_normalisation_is_that_of_the_papers() -> None:
    back = cr.backprop(cr.parse(NORMALISED))
    assert str(back.result(("z",))["z"]) == (
        "∂C/∂z[n,j] = (∂C/∂h[n,j] − (h[n,j]·Σ_p h[p,j]·∂C/∂h[p,j] + Σ_p ∂C/∂h[p,j])/extent(n))/sqrt(eps + v[j])"
    )


def test_gradients_of_coupled_samples_agree_with_differences() -> None:
    system = cr.parse(NORMALISED)
    cost, gradients = cr.value_and_grad(system, INPUTS)
    evaluation = evaluate_all(uncoupled(system), INPUTS)
    assert cost == pytest.approx(float(evaluation.values["C"]))
    for param, found in gradients.items():
        assert_close(found, numeric_derivative(evaluation, "C", param).values, rtol=0, atol=1e-8)


def test_the_cost_is_the_mean_of_what_the_samples_cost() -> None:
    system = cr.parse(NORMALISED)
    each = cr.evaluate(system, INPUTS)["C"]
    assert each.shape == (5,)
    assert float(cr.evaluate(for_all_samples(system), INPUTS)["C"]) == pytest.approx(float(each.mean()))


def test_every_step_of_a_coupled_derivation_is_verified() -> None:
    back = cr.backprop(cr.parse(NORMALISED))
    for tensor in ("z", "W", "mu", "v"):
        report = back.derivation(tensor).verify()
        assert isinstance(report, Verification)
        assert report.checks
        assert not report.unverified


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("∂C/∂gamma[j] = sum(n) h[n,j]*∂C/∂u[n,j]", True),
        ("∂C/∂gamma[j] = mean(n) h[n,j]*∂C/∂u[n,j]", False),
        ("∂C/∂z[n,j] = ∂C/∂h[n,j]/sqrt(v[j] + eps)", False),
        ("∂C/∂mu[j] = -(sum(n) ∂C/∂h[n,j])/sqrt(v[j] + eps)", True),
    ],
)
def test_answers_name_the_samples(answer: str, right: bool) -> None:
    assert cr.check(cr.parse(NORMALISED), answer).right == right


def test_the_variance_taken_for_a_constant_is_wrong() -> None:
    wrong = "∂C/∂z[n,j] = (∂C/∂h[n,j] - mean(m) ∂C/∂h[m,j])/sqrt(v[j] + eps)"
    assert not cr.check(cr.parse(NORMALISED), wrong).right


def test_a_network_of_coupled_samples_learns_in_mini_batches() -> None:
    system = cr.parse(NORMALISED)
    data = {"x": RANDOM.normal(size=(40, 3)), "y": RANDOM.uniform(-0.9, 0.9, size=(40, 2))}
    values = {"gamma": np.ones(2), "beta": np.zeros(2)}
    for executor in ("native", "reference"):
        network = cr.Network.from_system(system, values)
        history = cr.train(network, data, epochs=12, batch_size=8, optimizer=nn.SGD(0.05), executor=executor)
        costs = [float(epoch.cost or 0) for epoch in history.epochs]
        assert costs[-1] < 0.9 * costs[0]


def test_samples_that_are_coupled_through_data_alone_stay_as_they_are() -> None:
    system = cr.parse("data x[i]\nparam w[i]\nbatch n\nu[i] = x[i] - mean(n) x[i]\ncost C = (sum(i) w[i]*u[i])^2")
    assert uncoupled(system) is system
    assert coupling(system, {"w", "C"}) is None
    assert uncoupled(system, ("x",)) is not system


def test_an_unknown_cost_of_coupled_samples_is_refused() -> None:
    system = cr.parse("data x[i]\nparam w[i]\nbatch n\nu[i] = w[i]*x[i]\nm[i] = u[i] - mean(n) u[i]\ncost C(m[i])")
    with pytest.raises(DerivativeError, match="couples the samples of a batch"):
        cr.backprop(system)


def test_second_derivatives_and_changes_are_of_all_samples_too() -> None:
    system = cr.parse("data x\nparam w\nbatch n\nz = tanh(w*x)\nm = mean(n) z\ncost C = (z - m)^2")
    inputs = {"x": [0.3, -1.0, 0.8], "w": 0.7}
    second = float(cr.evaluate(cr.hessian(system), inputs)["∂²C/∂w∂w"])
    above, below = (cr.value_and_grad(system, {**inputs, "w": 0.7 + s})[1]["w"] for s in (1e-5, -1e-5))
    assert second == pytest.approx(float(above - below) / 2e-5, rel=1e-6)


def test_gradients_of_coupled_samples_are_checked_at_random_points_too() -> None:
    assert cr.gradient_check(cr.parse(NORMALISED))


def test_samples_may_be_coupled_through_an_unknown_function() -> None:
    text = "data x[i]\nparam w[i]\nabstract a[i](z[i])\nbatch n\nz[i] = w[i]*x[i]\nm[i] = mean(n) a[i]\n"
    system = cr.parse(text + "cost C = sum(i) (a[i] - m[i])^2")
    report = cr.backprop(system).derivation("z").verify()
    assert isinstance(report, Verification)
    assert report.checks
    assert not report.unverified


def test_a_recurrence_of_coupled_samples_is_refused() -> None:
    text = "data x[t]\nparam w, u\nbatch n\nh[t] = tanh(w*x[t] + u*c?[t-1])\nm[t] = mean(n) h[t]\nc[t] = h[t] - m[t]\n"
    with pytest.raises(DerivativeError, match="couples the samples of a batch: m reduces over n"):
        cr.backprop(cr.parse(text + "cost C = sum(t) c[t]^2"))

"""Derivatives of recurrences along an index: equal to finite differences, printed, read back, verified, graded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.expr.symbols import Derivative
from chainrule.verify.differences import central_differences
from support import assert_close
from unit.recurrences_along_an_index import RNN, SYSTEMS, drawn

NAMES = pytest.mark.parametrize("name", SYSTEMS)
SHORT = {"two steps back", "chosen", "running sums"}
"""Those whose verification takes less than a second."""


def differences(system: Any, inputs: dict[str, Any], param: str) -> Any:
    def cost(value: Any) -> Any:
        return cr.evaluate(system, {**inputs, param: value})[system.cost]

    return central_differences(cost, inputs[param]).values


@NAMES
def test_gradients_equal_finite_differences(name: str) -> None:
    system = cr.parse(SYSTEMS[name])
    inputs = drawn(system)
    _, gradients = cr.value_and_grad(system, inputs)
    for param, gradient in gradients.items():
        assert_close(gradient, differences(system, inputs, param), rtol=1e-8, atol=1e-8)


@NAMES
def test_both_passes_read_back_to_what_they_print_and_compute(name: str) -> None:
    system = cr.parse(SYSTEMS[name])
    inputs = drawn(system)
    text = str(cr.backprop(system))
    read = cr.parse(text)
    assert str(read) == text
    values = cr.evaluate(read, inputs)
    for param, gradient in cr.value_and_grad(system, inputs)[1].items():
        assert_close(values[f"∂C/∂{param}"], gradient, rtol=1e-13)


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in SHORT else pytest.mark.slow) for n in SYSTEMS])
def test_each_derivation_is_verified_and_its_result_graded_right(name: str) -> None:
    system = cr.parse(SYSTEMS[name])
    back = cr.backprop(system)
    for tensor in (*system.params, *(e.name for e in system.equations if e.name != system.cost)):
        derivation = back.derivation(tensor)
        assert not back.verify(derivation).unverified
        assert cr.check(system, str(derivation.equation()))


@pytest.mark.parametrize("name", [n for n in SYSTEMS if n != "lstm"])
def test_second_derivatives_equal_finite_differences(name: str) -> None:
    system = cr.parse(SYSTEMS[name])
    inputs = drawn(system)
    param = system.params[0]
    values = cr.evaluate(cr.parse(str(cr.hessian(system, param))), inputs)

    def slope(value: Any) -> Any:
        return cr.value_and_grad(system, {**inputs, param: value})[1][param]

    expected = central_differences(slope, inputs[param]).values
    assert_close(values[Derivative("C", param, param)], expected, rtol=1e-7, atol=1e-8)


@NAMES
def test_a_change_of_all_params_moves_the_cost_by_its_gradient(name: str) -> None:
    system = cr.parse(SYSTEMS[name])
    inputs = drawn(system)
    generator = np.random.default_rng(1)
    moves = {f"d{param}": generator.normal(size=np.shape(inputs[param])) for param in system.params}
    moved = cr.jvp(system)
    found = cr.evaluate(moved, {**inputs, **moves})[moved.cost]
    gradients = cr.value_and_grad(system, inputs)[1]
    assert_close(found, sum((gradients[p] * moves[f"d{p}"]).sum() for p in gradients), rtol=1e-12)


def test_the_derivative_is_one_line_that_reads_the_next_step() -> None:
    lines = str(cr.backprop(cr.parse(RNN))).splitlines()
    assert lines[-3:] == [
        "∂C/∂h[t,j] = h[t,j] + [t+1 < extent(t)]·Σ_k U[k,j]·∂C/∂h[t+1,k]·(1 − h[t+1,k]^2) − y[j]",
        "∂C/∂W[j,i] = Σ_t x[t,i]·∂C/∂h[t,j]·(1 − h[t,j]^2)",
        "∂C/∂U[j,m] = Σ_t h?[t-1,m]·∂C/∂h[t,j]·(1 − h[t,j]^2)",
    ]


def test_changes_of_what_a_recurrence_computes_are_refused() -> None:
    system = cr.parse(RNN)
    with pytest.raises(cr.DerivativeError, match="no rule for changes of h, which a recurrence computes"):
        cr.jacobian(system, "C", "h")
    with pytest.raises(cr.DerivativeError, match="no rule for changes of h"):
        cr.jvp(system, wrt="h")


def test_the_mean_over_samples_is_that_of_each() -> None:
    system, one = cr.parse(RNN + "batch n\n"), cr.parse(RNN)
    inputs = [drawn(one, seed) for seed in range(3)]
    shared = {param: inputs[0][param] for param in one.params}
    whole = {name: np.stack([given[name] for given in inputs]) for name in ("x", "y")}
    cost, gradients = cr.value_and_grad(system, {**shared, **whole})
    each = [cr.value_and_grad(one, {**given, **shared}) for given in inputs]
    assert_close(cost, np.mean([c for c, _ in each]), rtol=1e-13)
    for param in one.params:
        assert_close(gradients[param], np.mean([g[param] for _, g in each], axis=0), rtol=1e-12)

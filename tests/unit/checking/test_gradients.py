"""The gradient check: right gradients pass, a planted wrong one does not, a kink is told apart."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.checking import gradient_check, gradients
from chainrule.errors import DerivativeError, InputError
from chainrule.execute.reference.evaluation import Evaluation, evaluate_all
from chainrule.notation import parse
from chainrule.system.model import System
from unit.checking.systems import NETWORK, QUADRATIC_NETWORK, REGRESSION, RESIDUAL, SQUARE, UNKNOWN_SYSTEM

BATCHED = parse("data x[i], y\nparam w[i]\nbatch n\np = sum(i) w[i]*x[i]\ncost C = (p - y)^2")
KINK = parse("data x[i]\nparam w[i]\ncost C = sum(i) relu(w[i]*x[i])")


@pytest.mark.parametrize("system", [NETWORK, QUADRATIC_NETWORK, REGRESSION, RESIDUAL, SQUARE, UNKNOWN_SYSTEM])
@pytest.mark.parametrize("seed", [0, 1])
def test_derived_gradients_agree_with_differences(system: System, seed: int) -> None:
    report = gradient_check(system, seed=seed)
    assert report, str(report)
    assert [row.tensor for row in report.rows] == list(system.params)
    assert report.worst.error < 1e-8


def test_the_gradients_of_a_batch_are_means() -> None:
    draw = np.random.default_rng(0)
    inputs = {"x": draw.normal(size=(9, 4)), "y": draw.normal(size=9), "w": draw.normal(size=4)}
    report = gradient_check(BATCHED, inputs)
    assert report, str(report)


@pytest.mark.parametrize("factor", [1.0005, 0.9995, 2.0, -1.0, 0.0])
def test_a_planted_factor_is_caught(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(system: System, *args: object, **options: object) -> Evaluation:
        found = evaluate_all(system, *args, **options)  # type: ignore[arg-type]
        values = found.scope.values
        if "∂C/∂W2" in values:
            values["∂C/∂W2"] = values["∂C/∂W2"] * factor  # type: ignore[index]
        return found

    monkeypatch.setattr(gradients, "evaluate_all", planted)
    report = gradient_check(NETWORK)
    assert not report
    assert [row.right for row in report.rows] == [True, True, False, True]
    assert report.worst.tensor == "W2"
    assert str(report).splitlines()[3].endswith("WRONG")


def test_one_wrong_entry_is_found_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(system: System, *args: object, **options: object) -> Evaluation:
        found = evaluate_all(system, *args, **options)  # type: ignore[arg-type]
        if "∂C/∂W1" in found.scope.values:
            found.scope.values["∂C/∂W1"][1, 0] += 0.01
        return found

    monkeypatch.setattr(gradients, "evaluate_all", planted)
    row = gradient_check(NETWORK).worst
    assert (row.tensor, row.entry) == ("W1", (1, 0))
    assert abs(row.derived - row.differences - 0.01) < 1e-6


@pytest.mark.parametrize("distance", [0.0, 1e-9, -1e-5, 3e-4])
def test_a_kink_is_not_called_wrong(distance: float) -> None:
    report = gradient_check(KINK, {"x": [1.0, 1.0], "w": [distance, 0.7]})
    assert report, str(report)
    assert report.rows[0].kinks == 1
    assert str(report).endswith("1 entry at a kink")


def test_a_number_at_a_kink_is_not_called_wrong() -> None:
    report = gradient_check(parse("param x\ncost C = maximum(0, x)"), {"x": 0.0})
    assert report.rows[0].kinks == 1
    assert report


def test_a_wrong_entry_beside_a_kink_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(system: System, *args: object, **options: object) -> Evaluation:
        found = evaluate_all(system, *args, **options)  # type: ignore[arg-type]
        if "∂C/∂w" in found.scope.values:
            found.scope.values["∂C/∂w"][1] *= 1.0005
        return found

    monkeypatch.setattr(gradients, "evaluate_all", planted)
    report = gradient_check(KINK, {"x": [1.0, 1.0], "w": [1e-5, 0.7]})
    assert not report
    assert report.worst.entry == (1,)


def test_a_gradient_that_is_zero_everywhere_has_no_error() -> None:
    report = gradient_check(parse("param w, u[i]\nindex i = 3\ncost C = w^2 + 0*(sum(i) u[i])"))
    assert report
    assert report.rows[1].error == 0


def test_the_report_is_a_table_with_the_worst_entries() -> None:
    lines = str(gradient_check(NETWORK)).splitlines()
    assert lines[0].split() == ["param", "shape", "largest", "relative", "error", "at", "derived", "differences"]
    assert [line.split()[0] for line in lines[1:]] == ["W1", "b1", "W2", "b2"]


def test_a_system_without_params_is_refused() -> None:
    with pytest.raises(DerivativeError, match="the system has no params, so it has no gradients"):
        gradient_check(parse("data x\ncost C = x^2"))


def test_a_param_that_only_an_unknown_cost_reads_is_refused() -> None:
    with pytest.raises(InputError, match="∂C/∂w is the derivative of an unknown function: there is nothing to compare"):
        gradient_check(parse("param w[i]\ncost C(w[i])"))


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="missing inputs"):
        gradient_check(NETWORK, {"x": [1.0]})

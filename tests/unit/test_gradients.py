"""Values and gradients in one call: a loop derives once."""

from __future__ import annotations

import time

import pytest

import chainrule as cr
from chainrule.simplify import stability

LINE = "param w[i]\ndata x[i]\ncost C = (sum(i) w[i]*x[i])^2"


def test_a_loop_derives_once_for_each_choice_of_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    derived: list[tuple[str, ...]] = []
    stable = stability.stable
    monkeypatch.setattr(stability, "stable", lambda system: derived.append(system.names()) or stable(system))
    system = cr.parse(LINE)
    for step in range(5):
        cost, gradients = cr.value_and_grad(system, {"w": [step, 1], "x": [1, 2]})
        assert cost == (step + 2) ** 2
        assert gradients["w"].tolist() == [2 * (step + 2), 4 * (step + 2)]
        assert list(cr.value_and_grad(system, {"w": [step, 1], "x": [1, 2]}, ["x"])[1]) == ["x"]
    assert len(derived) == 2


@pytest.mark.parametrize("depth", [100, 150])
def test_what_is_nested_too_deeply_is_refused_as_such(depth: int) -> None:
    system = cr.parse("param x\ncost C = " + "^".join(["x"] * depth))
    start = time.perf_counter()
    with pytest.raises(cr.DerivativeError, match=r"nested too deeply to be derived\n.*\n  Give parts of it names"):
        cr.backprop(system)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("t^(9^9^9)", "9^387420489·t^(9^387420489 − 1)"),
        ("9^(9^9)*t", "9^387420489"),
        ("(2*t + 2)^(9^9)", "774840978·2^387420488·(1 + t)^387420488"),
        ("2^100*t", "1267650600228229401496703205376"),
    ],
)
def test_a_power_of_numbers_is_computed_only_where_it_can_be_written(value: str, expected: str) -> None:
    start = time.perf_counter()
    assert cr.backprop(cr.parse(f"param t\ncost C = {value}")).derivation("t").equation() == f"∂C/∂t = {expected}"
    assert time.perf_counter() - start < 3


def test_evaluate_overflows_no_more_than_the_gradients_do() -> None:
    system = cr.parse(
        "param z[i]\na[i] = exp(z[i])/(sum(j) exp(z[j]))\ns = sigmoid(z[0])\ncost C = -log(a[0]) - log(s)"
    )
    for z in ([1000.0, 0.0], [-1000.0, 0.0]):
        values = cr.evaluate(system, {"z": z})
        assert list(values) == ["a", "s", "C"]
        assert float(values["C"]) == cr.value_and_grad(system, {"z": z})[0] == (0.0 if z[0] > 0 else 2000.0)

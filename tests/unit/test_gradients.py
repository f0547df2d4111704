"""Values and gradients in one call: a loop derives once."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule import pipeline

LINE = "param w[i]\ndata x[i]\ncost C = (sum(i) w[i]*x[i])^2"


def test_a_loop_derives_once_for_each_choice_of_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    derived: list[tuple[str, ...]] = []
    stable = pipeline.stable
    monkeypatch.setattr(pipeline, "stable", lambda system: derived.append(system.names()) or stable(system))
    system = cr.parse(LINE)
    for step in range(5):
        cost, gradients = cr.value_and_grad(system, {"w": [step, 1], "x": [1, 2]})
        assert cost == (step + 2) ** 2
        assert gradients["w"].tolist() == [2 * (step + 2), 4 * (step + 2)]
        assert list(cr.value_and_grad(system, {"w": [step, 1], "x": [1, 2]}, ["x"])[1]) == ["x"]
    assert len(derived) == 2

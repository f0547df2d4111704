"""Finite differences against one backward pass: both find the same gradient, and the counts are right."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).resolve().parents[3] / "bench/finite_differences.py"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("finite_differences", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "finite_differences", module)
    spec.loader.exec_module(module)
    return module


def test_both_ways_lead_to_the_same_gradient(bench: ModuleType) -> None:
    row = bench.measured(4, 1)
    assert row.weights == 4 * 4 + 4 + 10 * 4 + 10
    assert row.whole
    assert row.error < 1e-5
    assert row.differences > row.backward


def test_a_wrong_gradient_is_seen(bench: ModuleType) -> None:
    contest = bench.Contest(4)
    _, gradient = contest.backward()
    gradient["W1"] = gradient["W1"] * 1.0005
    assert contest.differences(gradient)[1] > 1e-5


def test_times_have_the_unit_that_suits_them(bench: ModuleType) -> None:
    assert [bench.clock(t) for t in (2.0, 0.25, 3.4e-5)] == ["2 s", "250 ms", "34 µs"]

"""The systems whose derivation is measured are what they are called, and the table says what was measured."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from chainrule.notation import parse

FOLDER = Path(__file__).resolve().parents[3] / "bench"


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("networks")


@pytest.fixture
def bench(networks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("derivation")


def test_networks_have_as_many_equations_as_their_layers_say(networks: ModuleType) -> None:
    def equations(text: str) -> int:
        return len(parse(text).equations)

    assert [equations(networks.dense(n)) for n in (1, 2, 50)] == [3, 5, 101]
    assert equations(networks.transformer(2)) - equations(networks.transformer(1)) == 18
    assert [equations(networks.recurrent(3, named=named)) for named in (False, True)] == [20, 32]


def test_the_table_has_ratios_their_means_and_the_growth(bench: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    small, large = bench.GROWTH
    this = {
        small: {"read": 0.1, "derive": 0.2, "print": 0.1, "count": 500},
        large: {"read": 1.0, "derive": 2.0, "print": 1.0, "count": 5000},
    }
    other = {
        small: {"read": 0.1, "derive": 0.4, "print": 0.1, "count": 500},
        large: {"read": 1.0, "derive": 16.0, "print": 3.0, "count": 5000},
    }
    bench.report(this, other)
    shown = capsys.readouterr().out
    assert f"| {small} | 500 | 100 ms | 200 ms | 100 ms | 400 ms | 2.0 × | 1.5 × |" in shown
    assert f"| {large} | 5000 | 1 s | 2 s | 1 s | 16 s | 8.0 × | 5.0 × |" in shown
    assert "Geometric means: 4.00 × to derive" in shown
    assert "Time ~ equations^1.00 to derive, ^1.00 in all." in shown


def test_a_measurement_has_its_parts(bench: ModuleType, networks: ModuleType) -> None:
    found = bench.derive(networks.dense(3))
    assert found["count"] == len(parse(networks.dense(3)).equations) + 9
    assert bench.together(found) == pytest.approx(found["read"] + found["derive"] + found["print"])

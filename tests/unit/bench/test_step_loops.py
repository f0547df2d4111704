"""The recurrences whose loops are measured run, and the table says how the times grow."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("step_loops")


@pytest.mark.parametrize("name", ["RNN", "LSTM"])
def test_each_number_of_steps_has_its_seconds_and_its_memory(bench: ModuleType, name: str) -> None:
    seconds, sizes = bench.measured(name, "value", (3, 6, 12), 1)
    assert (len(seconds), len(sizes)) == (3, 2)
    assert min(*seconds, *sizes) > 0


def test_the_table_has_the_ratios_of_neighbouring_times(bench: ModuleType) -> None:
    shown = bench.table({("RNN", "value"): ([0.5, 1.25], [2000.0, 1500.0])}, (250, 500))
    assert shown.splitlines() == [
        "| | T = 250 | T = 500 | twice the steps | kB a step |",
        "|---|---|---|---|---|",
        "| RNN, value | 0.50 s | 1.25 s | 2.50 | 2.0, 1.5 |",
    ]

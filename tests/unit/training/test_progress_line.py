"""The line that tells how far a training is: in a terminal, a notebook, a file, and nowhere unless it is asked."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from chainrule.errors import OptionError
from chainrule.training import Epoch, Progress, train
from chainrule.training.progress_line import Cell, Lines, ProgressLine, Terminal, place_for, reporting
from unit.network.builders import classifier, clusters


class Screen(io.StringIO):
    """A terminal of the usual width."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is as late as it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def told(line: ProgressLine, clock: Clock, first: int = 1, epochs: int = 2) -> None:
    """Two steps each second; an epoch has four."""
    for epoch in range(first, epochs + 1):
        for step in range(1, 5):
            clock.now += 0.5
            done = Epoch(0.25, None, 1.0, validation_cost=0.5, validation_metrics={"mae": 0.125}) if step == 4 else None
            line(Progress(epoch, epochs, step, 4, 1.0 / epoch, done))


def told_first_then(*reports: Any) -> None:
    for report in reports:
        report(Progress(1, 2, 1, 4, 0.5))


def test_a_terminal_has_one_line_that_is_written_over_and_ended() -> None:
    screen, clock = Screen(), Clock()
    line = ProgressLine(Terminal(screen), "training", clock)
    told(line, clock)
    line.close()
    written = screen.getvalue().split("\r")[1:]
    assert written[0].startswith("epoch 1 of 2   step 1 of 4   cost 1   0:04 left")
    assert written[1].startswith("epoch 1 of 2   step 2 of 4   cost 1   0:03 left")
    assert (
        written[4].strip()
        == ("epoch 2 of 2   step 1 of 4   cost 0.5   validation cost 0.5000   validation mae 0.125   0:02 left"[:79])
    )
    assert written[-1].endswith("\n")
    assert screen.getvalue().count("\n") == 1
    assert max(map(len, written)) <= 80


def test_a_file_has_a_line_for_each_epoch() -> None:
    file, clock = io.StringIO(), Clock()
    line = ProgressLine(Lines(file), "training", clock)
    told(line, clock)
    line.close()
    assert file.getvalue().splitlines() == [
        "epoch 1 of 2   cost 1   validation cost 0.5000   validation mae 0.125   0:02 left",
        "epoch 2 of 2   cost 0.5   validation cost 0.5000   validation mae 0.125   0:04 in all",
    ]


def test_time_that_is_left_of_a_training_that_goes_on_counts_from_where_it_went_on() -> None:
    file, clock = io.StringIO(), Clock()
    told(ProgressLine(Lines(file), "training", clock), clock, first=9, epochs=10)
    assert file.getvalue().splitlines()[0].endswith("0:02 left")


def test_reports_that_follow_at_once_are_not_all_written() -> None:
    screen, clock = Screen(), Clock()
    line = ProgressLine(Terminal(screen), "training", clock)
    for step in range(1, 1000):
        clock.now += 0.001
        line(Progress(1, 1, step, 1000, 1.0))
    assert 8 <= screen.getvalue().count("\r") <= 11


def test_a_notebook_has_one_output_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []

    def display(said: Any, **options: Any) -> Any:
        assert options == {"raw": True, "display_id": True}
        shown.append(said)
        return SimpleNamespace(update=lambda more, raw: shown.append(more))

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))  # type: ignore[arg-type]
    place = place_for(io.StringIO())
    assert isinstance(place, Cell)
    clock = Clock()
    line = ProgressLine(place, "training", clock)
    told(line, clock)
    line.close()
    assert len(shown) == 8
    assert all(list(said) == ["text/plain"] for said in shown)
    assert shown[-1]["text/plain"].startswith("epoch 2 of 2   cost 0.5")


def test_where_it_is_written_without_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert isinstance(place_for(Screen()), Terminal)
    assert isinstance(place_for(io.StringIO()), Lines)
    # IPython in a terminal has no kernel.
    shell = SimpleNamespace(get_ipython=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "IPython", shell)  # type: ignore[arg-type]
    assert isinstance(place_for(Screen()), Terminal)
    assert "IPython.display" not in sys.modules


def test_it_is_quiet_unless_it_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = clusters()
    for nothing in (None, False):
        train(classifier(), x, y, epochs=1, progress=nothing)
    assert capsys.readouterr() == ("", "")
    train(classifier(), x, y, epochs=2, progress=True, metrics=["mae"])
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition("   ")[0] for line in err.splitlines()] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert "training mae" in err
    with pytest.raises(OptionError, match="progress is 'yes'\n  True for a line"):
        train(classifier(), x, y, epochs=1, progress="yes")  # type: ignore[arg-type]


def test_the_line_is_ended_where_training_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)

    def broken(report: Progress) -> None:
        raise RuntimeError(report.step)

    with pytest.raises(RuntimeError), reporting(True, "training") as report:
        told_first_then(report, broken)
    assert screen.getvalue().endswith("left\n")

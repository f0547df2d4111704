"""What is seen while a network is trained: a bar where somebody watches, and a line for each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from chainrule.cli.console import PlainConsole
from chainrule.training import Progress as Report
from chainrule.training.history import heading, row

INDENT = "  "


class Watcher:
    """Shows reports of the training; a bar only in a terminal."""

    def __init__(self, console: Console, bar: Progress, accuracy_on: str) -> None:
        self._console = console
        self._bar = bar
        self._task = bar.add_task("", total=None, cost="")
        self._accuracy_on = accuracy_on
        self._begun = False

    def __call__(self, report: Report) -> None:
        """Show a report. Raises KeyboardInterrupt where nobody reads any more: what was learned is kept then."""
        done = (report.epoch - 1) * report.steps + report.step
        total = report.epochs * report.steps or None
        where = f"epoch {report.epoch} of {report.epochs}"
        self._bar.update(self._task, completed=done, total=total, description=where, cost=f"cost {report.cost:.4f}")
        if isinstance(self._console, PlainConsole) and self._console.outlet.lost:
            raise KeyboardInterrupt
        if report.finished is None:
            return
        if not self._begun:
            self._begun = True
            title = heading(report.finished, self._accuracy_on)
            self._console.print(INDENT + title, highlight=False, style="bold")
        self._console.print(INDENT + row(report.epoch, report.finished, self._accuracy_on), highlight=False)


@contextmanager
def watching(console: Console, *, accuracy_on: str) -> Iterator[Watcher]:
    """Show the progress of a training; `accuracy_on` says on what the accuracy is measured."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[cost]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Watcher(console, bar, accuracy_on)

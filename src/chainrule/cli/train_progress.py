"""What is seen while a network is trained: a bar where somebody watches, and a line for each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from chainrule.training import Progress as Report

HEADING = f"{'epoch':>7}{'cost':>10}{{0:>17}}{'seconds':>10}"


class Watcher:
    """Shows reports of the training; a bar only in a terminal."""

    def __init__(self, console: Console, bar: Progress, accuracy: str) -> None:
        self._console = console
        self._bar = bar
        self._task = bar.add_task("", total=None, cost="")
        self._heading = HEADING.format(accuracy)
        self._begun = False

    def __call__(self, report: Report) -> None:
        """Show a report."""
        if not self._begun:
            self._begun = True
            self._console.print(self._heading, highlight=False, style="bold")
        done = (report.epoch - 1) * report.steps + report.step
        total = report.epochs * report.steps
        where = f"epoch {report.epoch} of {report.epochs}"
        self._bar.update(self._task, completed=done, total=total, description=where, cost=f"cost {report.cost:.4f}")
        if report.finished is not None:
            epoch = report.finished
            accuracy = "" if epoch.accuracy is None else f"{100 * epoch.accuracy:.2f} %"
            line = f"{report.epoch:>7}{epoch.cost:>10.4f}{accuracy:>17}{epoch.seconds:>10.4f}"
            self._console.print(line, highlight=False)


@contextmanager
def watching(console: Console, accuracy: str) -> Iterator[Watcher]:
    """Show the progress of a training; `accuracy` is the heading of the accuracies."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[cost]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Watcher(console, bar, accuracy)

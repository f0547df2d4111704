"""How far a training is, in one line that changes: in a notebook below its cell, in a terminal where it is called.

Where nobody watches, such as in a file, it is a line for each epoch. IPython is never imported unless it runs already.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol, TextIO

from chainrule.errors import OptionError
from chainrule.training.history import Epoch, shown
from chainrule.training.runs import Progress, Report

_PAUSE = 0.1
"""Seconds between two changes of the line."""


class Place(Protocol):
    """Where the line is written."""

    def put(self, text: str, *, epoch: bool) -> None:
        """Write what the line says now; `epoch`: at the end of an epoch."""

    def close(self) -> None:
        """Leave the line as it is."""


@contextmanager
def reporting(progress: Callable[[Progress], None] | bool | None, accuracy_on: str) -> Iterator[Report | None]:
    """Yield what is told of a training: a user's own function, for True a line that changes, for False nothing.

    Raises OptionError for what cannot be called.
    """
    if progress is None or progress is False:
        yield None
    elif progress is True:
        line = ProgressLine(place_for(sys.stderr), accuracy_on)
        try:
            yield line
        finally:
            line.close()
    elif callable(progress):
        yield progress
    else:
        expected = "True for a line that tells how far training is, or a function of a Progress"
        raise OptionError(f"progress is {progress!r}", expected=expected)


def place_for(stream: TextIO) -> Place:
    """Return a cell's output in a notebook, else a stream: a line that changes in a terminal, lines in a file."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is not None:
        return Cell()
    return Terminal(stream) if stream.isatty() else Lines(stream)


class Cell:
    """The output of a notebook's cell, in which the line is replaced."""

    def __init__(self) -> None:
        self._handle: Any = None

    def put(self, text: str, *, epoch: bool) -> None:
        """Write what the line says now."""
        said = {"text/plain": text}
        if self._handle is None:
            self._handle = import_module("IPython.display").display(said, raw=True, display_id=True)
        else:
            self._handle.update(said, raw=True)

    def close(self) -> None:
        """Leave the line as it is."""


class Terminal:
    """A terminal, in which the line is written over itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = 0

    def put(self, text: str, *, epoch: bool) -> None:
        """Write what the line says now, cut where it would not fit."""
        text = text[: shutil.get_terminal_size().columns - 1]
        self._stream.write(f"\r{text:<{self._width}}")
        self._stream.flush()
        self._width = len(text)

    def close(self) -> None:
        """End the line."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()


class Lines:
    """A file or a pipe, in which there is a line for each epoch."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def put(self, text: str, *, epoch: bool) -> None:
        """Write a line at the end of an epoch."""
        if epoch:
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def close(self) -> None:
        """Leave the lines as they are."""


class ProgressLine:
    """Says epoch, step, cost, what was measured after the last epoch, and the time that is left."""

    def __init__(self, place: Place, accuracy_on: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._accuracy_on = accuracy_on
        self._clock = clock
        self._start = clock()
        self._first: float | None = None
        self._said = -math.inf
        self._text = ""
        self._epoch: Epoch | None = None

    def __call__(self, report: Progress) -> None:
        """Take note of a report, and write it unless the last one was written just before."""
        now = self._clock()
        done = report.epoch - 1 + (report.step / report.steps if report.steps else 0.0)
        if self._first is None:
            # Where a training goes on, epochs are done already.
            self._first = float(report.epoch - 1)
        self._epoch = report.finished or self._epoch
        self._text = self._line(report, self._left(now - self._start, done - self._first, report.epochs - self._first))
        if report.finished is not None or now - self._said >= _PAUSE:
            self._put(now, epoch=report.finished is not None)

    def close(self) -> None:
        """Write what was told last, and end the line."""
        self._place.close()

    def _put(self, now: float, *, epoch: bool) -> None:
        self._place.put(self._text, epoch=epoch)
        self._said = now

    def _left(self, seconds: float, done: float, epochs: float) -> str:
        """Return the time that is left after so many epochs, or that was taken where none is, or nobody knows."""
        if done >= epochs:
            return f"{_duration(seconds)} in all"
        if done <= 0:
            return f"{_duration(seconds)} so far"
        return f"{_duration(seconds / done * (epochs - done))} left"

    def _line(self, report: Progress, left: str) -> str:
        parts = [f"epoch {report.epoch} of {report.epochs}"]
        if report.finished is None:
            parts.append(f"step {report.step}" + (f" of {report.steps}" if report.steps else ""))
        parts.append(f"cost {report.cost:.4g}")
        measured = shown(self._epoch, self._accuracy_on) if self._epoch is not None else {}
        parts += [f"{title.strip()} {text.strip()}" for title, text in measured.items()]
        return "   ".join([*parts, left])


def _duration(seconds: float) -> str:
    """Return a time in hours, minutes and seconds.

    >>> _duration(7.4), _duration(83), _duration(3725)
    ('0:07', '1:23', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

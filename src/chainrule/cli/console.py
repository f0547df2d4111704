"""A console for long commands: it escapes what it prints as `say` does, and outlives whoever reads it.

A training goes on, or ends in good order, where its output has nowhere to go any more: what was learned is saved first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import IO, Any, cast

from rich.console import Console
from rich.text import Text

from chainrule.cli.terminal import KEPT
from chainrule.errors import escaped


class Outlet:
    """The standard output, which may stop to take anything: `lost` is the error then, and nothing more is written."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write a text, if that is still possible."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Write what is left, if that is still possible."""
        self._try(self._stream.flush)

    def check(self) -> None:
        """Raise the error by which the output was lost, if it was."""
        if self.lost is not None:
            raise self.lost

    def _try(self, write: Callable[[], object]) -> None:
        try:
            if self.lost is None:
                write()
        except OSError as error:
            self.lost = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class PlainConsole(Console):
    """A console without markup: brackets and colons of a text are its own."""

    def __init__(self) -> None:
        self.outlet = Outlet(sys.stdout)
        file = cast("IO[str]", self.outlet)
        super().__init__(file=file, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text, without what a terminal would obey."""
        return super().render_str(escaped(text, keep=KEPT), **options)

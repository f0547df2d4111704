"""The commands, each made when it is asked for: typer looks at all options of a command when it makes it.

The module of a command has a function of its own name, its HELP, and a class, COMMAND, where it needs one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

from chainrule.cli.conversion import PlainCommand, PlainGroup

MODULES = {
    "train": "train",
    "predict": "predict",
    "evaluate": "evaluate",
    "show": "show",
    "derive": "derive",
    "explain": "explain",
    "compile": "compile_",
    "cache": "cache",
    "check": "check",
}
"""Command -> its module, in the order in which help shows them."""


class Lazily(Mapping[str, Any]):
    """The commands by name."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _command(name, MODULES[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


class LazyGroup(PlainGroup):
    """A group of these commands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        commands: Any = Lazily()
        self.commands = commands

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, of which none is made for it."""
        return list(self.commands)


def _command(name: str, module: str) -> Any:
    home = import_module(f"chainrule.cli.{module}")
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, help=home.HELP, cls=getattr(home, "COMMAND", PlainCommand))(getattr(home, module))
    return get_command(alone)

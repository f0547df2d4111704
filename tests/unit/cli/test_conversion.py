"""What commands get of their options: what typer makes of them, without a converter where none is due."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperCommand
from typer.testing import CliRunner

from chainrule.cli.conversion import PlainCommand, fits


def doubled(value: Any) -> Any:
    return value * 2 if value else value


def run(kind: type[TyperCommand], *options: str) -> tuple[int, str]:
    app = typer.Typer(rich_markup_mode=None)

    def command(
        file: Annotated[str, typer.Argument()],
        name: Annotated[str, typer.Option(callback=doubled)] = "n",
        names: Annotated[list[str] | None, typer.Option(callback=doubled)] = None,
        top: Annotated[int, typer.Option(min=1)] = 12,
        rate: Annotated[float | None, typer.Option()] = None,
        path: Annotated[Path | None, typer.Option()] = None,
        flag: Annotated[bool, typer.Option("--flag")] = False,
    ) -> None:
        typer.echo([file, name, list(names or ()), top, rate, path, flag])  # noqa: TID251 -- shows what came

    app.command(cls=kind)(command)
    result = CliRunner().invoke(app, options)
    return result.exit_code, result.output


LINES = [
    ["a.eq"],
    ["a.eq", "--name", "m", "--flag"],
    ["a.eq", "--names", "a", "--names", "b"],
    ["a.eq", "--top", "3", "--rate", "0.5", "--path", "x/y"],
    ["a.eq", "--top", "0"],
    ["a.eq", "--top", "three"],
    ["a.eq", "--rate", ""],
    [],
    ["a.eq", "b.eq"],
    ["--help"],
]


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_command_gets_what_it_gets_from_typer(line: list[str]) -> None:
    assert run(PlainCommand, *line) == run(TyperCommand, *line)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(1, str), ("1", int), (True, int), (1, float), ((), list[str]), (("a", 1), list[str]), ("a", None), ("a", Path)],
)
def test_what_is_of_another_type_is_converted(value: Any, wanted: Any) -> None:
    assert not fits(value, wanted)

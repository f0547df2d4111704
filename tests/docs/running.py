"""Running the blocks of one page, from top to bottom, in one folder and one Python namespace.

Commands run in this process, without a terminal, as a pipe would see them. What differs is collected, not raised, so
that all of a page is seen at once, and can be written anew.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from unittest.mock import patch

import chainrule as cr
from chainrule.cli.main import main
from docs.matching import matches, shortened
from docs.pages import Block

PROMPT = "$ "


@dataclass(frozen=True)
class Difference:
    """A place where a page and the tool do not agree; `mended` is the block as it should be, None where unknown."""

    block: Block
    line: int
    source: str
    shown: str
    output: str
    mended: str | None = None

    def __str__(self) -> str:
        return (
            f"line {self.line}: {self.source.strip()}\n-- shown\n{self.shown.rstrip()}\n-- is\n{self.output.rstrip()}"
        )


def run_command(command: str, last: int = 0) -> tuple[str, int]:
    """Return what a line of a shell prints, and its exit code; it is a command of chainrule, or `echo $?`."""
    words = shlex.split(command)
    if words == ["echo", "$?"]:
        return f"{last}\n", 0
    assert words[0] == "chainrule", f"only chainrule is run, not {command}"
    output = StringIO()
    code: Any = 0
    plain = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "CLICOLOR_FORCE")}
    with (
        patch.object(sys, "argv", words),
        patch.dict(os.environ, {**plain, "COLUMNS": "100", "NO_COLOR": "1"}, clear=True),
        redirect_stdout(output),
        redirect_stderr(output),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    return output.getvalue(), int(code or 0)


class _Parser(doctest.DocTestParser):
    """Reads examples of a fenced block: an output ends at the next prompt, not at a blank line."""

    _EXAMPLE_RE = re.compile(
        r"(?P<source>^(?P<indent>[ ]*)>>>.*(?:\n[ ]*\.\.\..*)*)\n?(?P<want>(?:(?![ ]*>>>).*$\n?)*)", re.MULTILINE
    )


class _Checker(doctest.OutputChecker):
    """Compares as pages do: with … for what is left out."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(want, got, optionflags) or matches(want, got)


class _Runner(doctest.DocTestRunner):
    """Collects the examples that fail."""

    def __init__(self) -> None:
        super().__init__(_Checker(), verbose=False)
        self.failed: list[tuple[doctest.Example, str, bool]] = []

    def report_failure(self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        self.failed.append((example, got, example.exc_msg is None))

    def report_unexpected_exception(self, out: Any, test: doctest.DocTest, example: doctest.Example, exc: Any) -> None:
        self.failed.append((example, f"{exc[0].__name__}: {exc[1]}\n", False))


@dataclass
class Page:
    """The run of one page so far: the names its Python defined, the last exit code, and what differed.

    Files are written to the current folder.
    """

    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    code: int = 0
    refusal: str | None = None
    differences: list[Difference] = field(default_factory=list)

    def run(self, block: Block) -> None:
        """Run a block."""
        expected, self.refusal = self.refusal, None
        match block.kind:
            case "python":
                self._python(block)
            case "console":
                self._console(block)
            case "eq":
                self._system(block)
            case "text" if expected is not None and not matches(block.text, expected):
                self.differ(block, block.line, "the refusal", block.text, expected, f"{expected.rstrip()}\n")
            case _:
                pass

    def differ(self, block: Block, line: int, source: str, shown: str, output: str, mended: str | None = None) -> None:
        """Note a difference."""
        self.differences.append(Difference(block, line, source, shown, output, mended))

    def _python(self, block: Block) -> None:
        if ">>>" not in block.text:
            exec(compile(block.text, f"line {block.line}", "exec"), self.names)  # noqa: S102 -- the page's own code
            return
        test = _Parser().get_doctest(block.text, {}, "page", "page", block.line)
        test.globs = self.names
        runner = _Runner()
        runner.run(test, clear_globs=False)
        mended = block.text
        for example, got, can_be_mended in runner.failed:
            new = "".join(f"{line}\n" for line in shortened(example.want, got).splitlines())
            whole = example.source.replace("\n", "\n... ").removesuffix("... ")
            mended = mended.replace(f">>> {whole}{example.want}", f">>> {whole}{new}") if can_be_mended else mended
            self.differ(block, block.line + example.lineno, example.source, example.want, got)
        if mended != block.text:
            self.differ(block, block.line, "all of the block", "", "", mended)

    def _console(self, block: Block) -> None:
        mended: list[str] = []
        different = False
        for line, command, shown in commands(block):
            output, self.code = run_command(command, self.code)
            if not matches(shown, output):
                different = True
                self.differ(block, line, command, shown, output)
            mended += [
                f"{PROMPT}{command}",
                *(shown if matches(shown, output) else shortened(shown, output)).splitlines(),
            ]
        if different:
            self.differ(block, block.line, "all of the block", "", "", "".join(f"{line}\n" for line in mended))

    def _system(self, block: Block) -> None:
        from pathlib import Path

        if block.role.endswith(".eq"):
            Path(block.role).write_text(block.text, encoding="utf-8")
        try:
            cr.parse(block.text)
        except cr.NotationError as error:
            self.refusal = str(error)
            if block.role != "refused":
                self.differ(block, block.line, block.text, "a system", self.refusal)
        else:
            if block.role == "refused":
                self.differ(block, block.line, block.text, "a refusal", "it is a system")


def commands(block: Block) -> list[tuple[int, str, str]]:
    """Return the commands of a block, each with its line and the output shown below it."""
    found: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if line.startswith(PROMPT):
            found.append((number, line.removeprefix(PROMPT), []))
        else:
            assert found, f"line {number}: an output without a command"
            found[-1][2].append(line)
    return [(number, command, "".join(f"{line}\n" for line in shown)) for number, command, shown in found]

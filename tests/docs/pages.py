"""The pages that tests keep true, and the blocks of code in them.

What a block is for stands in its info string: `python` and `console` are run, `eq` is a system in the notation, `eq
NAME.eq` is also written to a file of that name, `eq refused` is one that cannot be read, with the message in the `text`
block below it, and `sh` holds `make` commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITH_DATA = [ROOT / "docs/networks.md"]
"""Pages whose code needs large data, which are not part of the project."""
PAGES = [ROOT / "README.md", *sorted({*(ROOT / "docs").rglob("*.md")} - {*WITH_DATA})]
LINKING = sorted({*PAGES, *ROOT.glob("*.md"), ROOT / "tests/README.md"})
KINDS = frozenset(("python", "console", "eq", "text", "sh"))


@dataclass(frozen=True)
class Block:
    """A fenced block: the words of its info string, its text, and the number of the line after the fence."""

    info: tuple[str, ...]
    text: str
    line: int

    @property
    def kind(self) -> str:
        """The first word of the info string."""
        return self.info[0] if self.info else ""

    @property
    def role(self) -> str:
        """The second word of the info string."""
        return self.info[1] if len(self.info) > 1 else ""


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page.

    >>> blocks("Hello.\\n```eq a.eq\\nparam z\\n```\\n")
    [Block(info=('eq', 'a.eq'), text='param z\\n', line=3)]
    """
    found: list[Block] = []
    opened: tuple[tuple[str, ...], int] | None = None
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.startswith("```"):
            continue
        if opened is None:
            opened = (tuple(line[3:].split()), number)
        else:
            info, start = opened
            found.append(Block(info, "".join(f"{part}\n" for part in lines[start : number - 1]), start + 1))
            opened = None
    assert opened is None, f"line {opened[1]}: a fence is never closed"
    return found


def prose(text: str) -> str:
    """Return a page without its blocks of code, with as many lines."""
    lines = text.splitlines()
    for block in blocks(text):
        for number in range(block.line - 1, block.line - 1 + block.text.count("\n")):
            lines[number] = ""
    return "\n".join("" if line.startswith("```") else line for line in lines)


def replaced(text: str, block: Block, new: str) -> str:
    """Return a page with another text in a block."""
    lines = text.splitlines(keepends=True)
    end = block.line - 1 + block.text.count("\n")
    return "".join([*lines[: block.line - 1], new, *lines[end:]])


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Yield the heading and the rows of each table of a page."""
    for table in re.findall(r"(?m)(?:^\|.*\|$\n?)+", prose(text)):
        heading, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
        yield heading, rows


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them.

    >>> sorted(anchors("# Why the sum?\\n\\n## `parse` and print"))
    ['parse-and-print', 'why-the-sum']
    """
    headings = re.findall(r"(?m)^#+\s+(.*)$", prose(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}

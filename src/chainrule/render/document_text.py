"""A document as text for a terminal: lines of words, tables with aligned columns, formulas in the notation."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import assert_never

from chainrule.render.document import Added, Among, Bar, Cell, Group, Heading, Inline, Line, Node, Note, Share, Table
from chainrule.render.formula import ShownFormula
from chainrule.render.numbers import column_text, number_text, share_text

LABEL = 3
"""How many characters the number of an item takes."""
_SUPERSCRIPT = re.compile(r"\[[^\[\]]*;[^\[\]]*\]")
"""The brackets of an entry with a superscript, z[l+1; k], in which no line is broken."""
_NO_BREAK = "\u00a0"
NARROWEST = 20
"""Words are not broken into narrower columns than this, however far in they stand."""


@dataclass(frozen=True)
class _Row:
    """One line of text: how far in, the number of an item (on its first line only), and what it says."""

    indent: int
    text: str
    label: str = ""

    def __str__(self) -> str:
        return (" " * self.indent + (f"{self.label:<{LABEL}}" if self.label else "") + self.text).rstrip()


_BLANK = _Row(0, "")


def document_text(node: Node, width: int | None = None) -> str:
    """Return a document as text; lines of words longer than the width are broken, equations at their sign.

    >>> from chainrule.render.document import words
    >>> table = Table(("k", "product"), ((0, 0.5), (1, -12.0)), ("…", 0.25))
    >>> print(document_text(Group((Heading(words("the sum of ", 3, " terms")), table))))
    the sum of 3 terms
      k   product
      0     0.500
      1   −12.000
      …    0.2500
    """
    return "\n".join(document_lines(node, width))


def document_lines(node: Node, width: int | None = None) -> list[str]:
    """Return the lines of a document."""
    lines = [str(row) for row in _rows(node, 0, width)]
    shown = [line for n, line in enumerate(lines) if line or (n and lines[n - 1])]
    return shown if not shown or shown[-1] else shown[:-1]


def words_text(words: Iterable[Inline]) -> str:
    """Return words as one line of text."""
    return "".join(map(_inline, words))


def table_cells(table: Table) -> tuple[list[str], list[list[str]], list[str]]:
    """Return the headings, the rows and the row of the rest, each cell as text."""
    columns = [_column(column, unlike=table.unlike) for column in zip(*table.rows, strict=True)]
    return (
        [*map(cell_text, table.headings)],
        [list(row) for row in zip(*columns, strict=True)],
        [*map(cell_text, table.rest)],
    )


def cell_text(cell: Cell) -> str:
    """Return what a single cell says; a bar says nothing."""
    match cell:
        case tuple():
            return words_text(cell)
        case Bar():
            return ""
        case _:
            return _inline(cell)


def _rows(node: Node, indent: int, width: int | None) -> Iterator[_Row]:
    match node:
        case Line(words, True) | Heading(words):
            yield _Row(indent, words_text(words))
        case Line(words) | Note(words):
            yield from (_Row(indent, line) for line in _wrapped(words_text(words), indent, width))
        case ShownFormula():
            yield from _formula(node, indent, width)
        case Table():
            yield from _table(node, indent + 2)
        case Bar():
            pass
        case Group():
            yield from _group(node, indent, width)
        case _:
            assert_never(node)


def _group(group: Group, indent: int, width: int | None) -> Iterator[_Row]:
    start = indent + group.indent
    inner = start + LABEL if group.label else start
    rows = chain.from_iterable(_rows(node, inner, width) for node in group.nodes)
    if group.apart:
        yield _BLANK
    if group.label:
        first = next(rows)
        yield replace(first, indent=start, label=group.label)
    yield from rows
    if group.apart:
        yield _BLANK


def _formula(formula: ShownFormula, indent: int, width: int | None) -> Iterator[_Row]:
    whole = str(formula)
    if width is None or len(formula.sides) < 2 or indent + len(whole) <= width:
        yield _Row(indent, whole)
        return
    first, *others = formula.sides
    yield _Row(indent, str(replace(formula, sides=(first,))))
    yield from (_Row(indent, str(ShownFormula((side,), continued=True))) for side in others)


def _wrapped(text: str, indent: int, width: int | None) -> list[str]:
    if width is None:
        return [text]
    held = _SUPERSCRIPT.sub(lambda found: found[0].replace(" ", _NO_BREAK), text)
    lines = textwrap.wrap(held, max(width - indent, NARROWEST), break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines] or [""]


def _table(table: Table, indent: int) -> Iterator[_Row]:
    headings, rows, rest = table_cells(table)
    drawn = {column for row in table.rows for column, cell in enumerate(row) if isinstance(cell, Bar)}
    lines = [line for line in (headings, *rows, rest) if line]
    shown = [column for column in range(len(rows[0])) if column not in drawn]
    widths = {column: max(len(line[column]) for line in lines) for column in shown}
    for line in lines:
        cells = [f"{line[c]:{'<' if c in table.left else '>'}{widths[c]}}" for c in shown]
        yield _Row(indent, "   ".join(cells))


def _column(cells: tuple[Cell, ...], *, unlike: bool) -> list[str]:
    numbers = [cell for cell in cells if isinstance(cell, float)]
    if len(numbers) < len(cells) or unlike:
        return [*map(cell_text, cells)]
    return column_text(numbers)


def _inline(part: Inline) -> str:
    match part:
        case float():
            return number_text(part)
        case Added(value):
            return f" − {number_text(-value)}" if value < 0 else f" + {number_text(value)}"
        case Among(numbers, place):
            return column_text(numbers)[place]
        case Share(value):
            return share_text(value)
        case str() | int() | ShownFormula():
            return str(part)
        case _:
            assert_never(part)

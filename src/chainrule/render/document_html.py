"""A document as a piece of a web page, for notebooks: plain HTML with inline styles, nothing fetched, nothing run.

All text is escaped. Formulas are in the notation, and numbers have the digits that they have in a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import assert_never

from chainrule.render.document import Bar, Cell, Group, Heading, Line, Node, Note, Table
from chainrule.render.document_text import table_cells, words_text
from chainrule.render.formula import ShownFormula

_RIGHT = "text-align:right;padding:0 0.8em"
_LEFT = "text-align:left;padding:0 0.8em"
_BAR_EM = 8
_INDENT_EM = 0.6


def document_html(node: Node) -> str:
    """Return a document as HTML.

    >>> document_html(Group((Heading(("a < b",)), Line(("Sum: ", 0.25)))))
    '<div><p><b>a &lt; b</b></p><p>Sum: 0.2500</p></div>'
    """
    match node:
        case Heading(words):
            return f"<p><b>{escape(words_text(words))}</b></p>"
        case Line(words) | Note(words):
            return f"<p>{escape(words_text(words))}</p>"
        case ShownFormula():
            return f"<p>{escape(str(node))}</p>"
        case Table():
            return _table(node)
        case Bar(share):
            return _bar(share)
        case Group():
            return _group(node)
        case _:
            assert_never(node)


def _group(group: Group) -> str:
    nodes = group.nodes
    if group.label:
        nodes = _labelled(group.label, nodes)
    inner = "".join(map(document_html, nodes))
    style = f' style="margin-left:{group.indent * _INDENT_EM:.4g}em"' if group.indent else ""
    return f"<div{style}>{inner}</div>"


def _labelled(label: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return the nodes of an item with its number before the first line."""
    match nodes:
        case (Line(words), *others):
            return (Line((f"{label}. ", *words)), *others)
        case _:
            return (Line((f"{label}.",)), *nodes)


def _table(table: Table) -> str:
    headings, rows, rest = table_cells(table)
    styles = [_LEFT if column in table.left else _RIGHT for column in range(len(table.rows[0]))]
    head = "".join(f'<th style="{style}">{escape(text)}</th>' for style, text in zip(styles, headings, strict=False))
    lines = [_row(row, cells, styles) for row, cells in zip(rows, table.rows, strict=True)]
    if rest:
        lines.append(_row(rest, table.rest, styles))
    return "<table>" + (f"<tr>{head}</tr>" if headings else "") + "".join(lines) + "</table>"


def _row(texts: Sequence[str], cells: Sequence[Cell], styles: Sequence[str]) -> str:
    return f"<tr>{''.join(map(_cell, texts, cells, styles))}</tr>"


def _cell(text: str, cell: Cell, style: str) -> str:
    return f"<td>{_bar(cell.share)}</td>" if isinstance(cell, Bar) else f'<td style="{style}">{escape(text)}</td>'


def _bar(share: float) -> str:
    """Return a bar of the size of a number, its colour the sign."""
    colour = "#c0504d" if share < 0 else "#4f81bd"
    return f'<div style="width:{abs(share) * _BAR_EM:.2f}em;height:0.7em;background:{colour}"></div>'

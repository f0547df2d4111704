"""A document as a piece of a web page, for notebooks and pages of one's own: HTML with MathML, and no script.

Nothing is fetched, and colours are those of the page it stands in, light or dark. The steps of a derivation are opened
one by one by the browser itself. All text is escaped; what is written is well-formed XML.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from chainrule.render.document import Bar, Cell, Group, Heading, Inline, Line, Node, Note, Table, Words
from chainrule.render.document_text import table_cells, words_text
from chainrule.render.formula import ShownFormula
from chainrule.render.mathml import text_in
from chainrule.render.mathml_formula import Row, formula_mathml, rows_mathml

_CELL = "padding:0.1em 0.8em;border:0;background:none;vertical-align:middle"
_RIGHT = f"text-align:right;font-variant-numeric:tabular-nums;{_CELL}"
_LEFT = f"text-align:left;{_CELL}"
_BAR_EM = 8
_INDENT_EM = 0.6
_WIDE = "overflow-x:auto;overflow-y:hidden;padding:0.15em 0"
"""How a formula that is wider than the page is shown: it is moved, and the page stays where it is."""
_LINE = "margin:0.3em 0"
_NUMBER = "display:inline-block;min-width:1.6em;opacity:0.7"
_FOLDED = ("steps", "detail")
"""Groups whose steps are closed until a reader opens them, unless there is one only."""
PAGE = """<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/><title>{title}</title>
<style>:root {{ color-scheme: light dark; }}
body {{ max-width: 60em; margin: 2em auto; padding: 0 1em; font: 1rem/1.5 serif; }}
summary {{ cursor: pointer; }}</style></head>
<body>
{body}
</body></html>"""


def document_html(node: Node) -> str:
    """Return a document as HTML.

    >>> document_html(Group((Heading(("a < b",)), Line(("Sum: ", 0.25)))))
    '<div><p style="margin:0.6em 0 0.3em"><b>a &lt; b</b></p><p style="margin:0.3em 0">Sum: 0.2500</p></div>'
    """
    return f"<div>{_node(node, folded=False)}</div>"


def page_html(node: Node, title: str) -> str:
    """Return a document as a web page of its own, light or dark as the reader has it."""
    return PAGE.format(title=text_in(title), body=document_html(node))


def _node(node: Node, *, folded: bool) -> str:
    match node:
        case Heading(words):
            return f'<p style="margin:0.6em 0 0.3em">{_words(words, bold=True)}</p>'
        case Line(words):
            return f'<p style="{_LINE}">{_words(words)}</p>'
        case Note(words):
            return f'<p style="{_LINE};opacity:0.8">{_words(words)}</p>'
        case ShownFormula():
            return f'<div style="{_WIDE}">{formula_mathml(node, display=True)}</div>'
        case Table():
            return _table(node)
        case Bar(share):
            return _bar(share)
        case Group():
            return _group(node, folded=folded)
        case _:
            assert_never(node)


def _words(words: Words, *, bold: bool = False) -> str:
    return "".join(_inline(piece, bold=bold) for piece in words)


def _inline(piece: Inline, *, bold: bool = False) -> str:
    if isinstance(piece, ShownFormula):
        return formula_mathml(piece, display=bold)
    text = text_in(words_text((piece,)))
    return f"<b>{text}</b>" if bold and text.strip() else text


def _group(group: Group, *, folded: bool) -> str:
    if group.role == "step" and group.label:
        return _step(group, folded=folded)
    nodes = _labelled(group.label, group.nodes) if group.label else group.nodes
    margins = [f"margin-left:{group.indent * _INDENT_EM:.4g}em"] if group.indent else []
    margins += ["margin-top:0.8em"] if group.apart else []
    if not nodes:
        return ""
    alone = len(nodes) == 1 and isinstance(nodes[0], ShownFormula)
    aligned = group.role == "equations" and not alone
    inner = _rows(nodes) if aligned else _nodes(nodes, folded=_folds(group))
    return f'<div style="{";".join(margins)}">{inner}</div>' if margins else inner


def _folds(group: Group) -> bool:
    return group.role in _FOLDED and len(group.nodes) > 1


def _nodes(nodes: tuple[Node, ...], *, folded: bool) -> str:
    """Return nodes below each other; equations in a row are aligned."""
    return "".join(_rows(run) if len(run) > 1 else _node(run[0], folded=folded) for run in _runs(nodes))


def _runs(nodes: Sequence[Node]) -> Iterator[tuple[Node, ...]]:
    """Yield nodes one by one, but equations in a row together, and a line with an equation that goes on below it."""
    left = list(nodes)
    while left:
        run = [left.pop(0)]
        if _is_equation(run[0]):
            while left and _is_equation(left[0]):
                run.append(left.pop(0))
        elif left and _goes_on(run[0], left[0]):
            below = left.pop(0)
            assert isinstance(below, Group)
            run += below.nodes
        yield tuple(run)


def _is_equation(node: object) -> bool:
    return isinstance(node, ShownFormula) and len(node.sides) > 1


def _goes_on(line: Node, below: Node) -> bool:
    """Say whether a line begins with an equation whose next side stands alone below it."""
    match line, below:
        case Line((first, *_)), Group((ShownFormula(continued=True),)):
            return _is_equation(first)
        case _:
            return False


def _step(group: Group, *, folded: bool) -> str:
    """Return a step of a derivation: its number and its law, and below them what a reader opens."""
    said, *below = group.nodes if isinstance(group.nodes[0], Line) else (Line(()), *group.nodes)
    assert isinstance(said, Line)
    number = f'<span style="{_NUMBER}">{text_in(group.label)}</span>'
    is_open = "" if folded else ' open="open"'
    inner = _nodes(tuple(below), folded=folded)
    return (
        f'<details{is_open} style="margin:0.2em 0"><summary>{number} {_words(said.words)}</summary>'
        f'<div style="margin-left:2.6em">{inner}</div></details>'
    )


def _labelled(label: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return the nodes of an item with its number before the first line."""
    match nodes:
        case (Line(words), *others):
            return (Line((f"{label}. ", *words)), *others)
        case (ShownFormula() as formula, *others):
            return (Line((f"{label}. ", formula)), *others)
        case (Group(inner) as group, *others):
            return (replace(group, nodes=_labelled(label, inner)), *others)
        case _:
            return (Line((f"{label}.",)), *nodes)


def _rows(nodes: Sequence[Node]) -> str:
    """Return equations, and lines that have one in them, as one table of mathematics."""
    return f'<div style="{_WIDE}">{rows_mathml(tuple(map(_row_of, nodes)))}</div>'


def _row_of(node: Node) -> Row:
    match node:
        case ShownFormula():
            return Row(node)
        case Line((ShownFormula() as formula, *behind)):
            return Row(formula, behind=tuple(behind))
        case Line((str(before), ShownFormula() as formula, *behind)):
            return Row(formula, before, tuple(behind))
        case _:
            raise AssertionError(f"no equation: {node}")


def _table(table: Table) -> str:
    headings, rows, rest = table_cells(table)
    styles = [_LEFT if column in table.left else _RIGHT for column in range(len(table.rows[0]))]
    head = "".join(
        f'<th style="{style}">{_cell(text, cell)}</th>'
        for style, text, cell in zip(styles, headings, table.headings, strict=False)
    )
    lines = [_line(row, cells, styles) for row, cells in zip(rows, table.rows, strict=True)]
    if rest:
        lines.append(_line(rest, table.rest, styles))
    return "<table>" + (f"<tr>{head}</tr>" if headings else "") + "".join(lines) + "</table>"


def _line(texts: Sequence[str], cells: Sequence[Cell], styles: Sequence[str]) -> str:
    columns = zip(styles, texts, cells, strict=False)
    inner = (f'<td style="{style}">{_cell(text, cell)}</td>' for style, text, cell in columns)
    return f'<tr style="background:none">{"".join(inner)}</tr>'


def _cell(text: str, cell: Cell) -> str:
    match cell:
        case Bar(share):
            return _bar(share)
        case tuple() | ShownFormula():
            return _words(cell if isinstance(cell, tuple) else (cell,))
        case _:
            return text_in(text)


def _bar(share: float) -> str:
    """Return a bar of the size of a number, its colour the sign."""
    colour = "#c0504d" if share < 0 else "#4f81bd"
    return f'<div style="width:{abs(share) * _BAR_EM:.2f}em;height:0.7em;background:{colour}"></div>'

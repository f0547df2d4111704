"""An explanation as a piece of a web page, for notebooks: the same tables and sentences, with a bar for each term.

Plain HTML with inline styles, nothing fetched, nothing run; all text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from chainrule.explanation.numbers import number_text
from chainrule.explanation.opening import OpenedSum
from chainrule.explanation.report import closing_sentences, paths_closing, paths_heading
from chainrule.explanation.tables import Table, rest_sentences, sum_sentence, table_of, zero_sentences

if TYPE_CHECKING:
    from chainrule.explanation.result import Explanation

_CELL = "text-align:right;padding:0 0.8em"
_BAR_EM = 8


def explanation_html(explanation: Explanation) -> str:
    """Return the explanation as HTML."""
    return "<div>" + "".join(_pieces(explanation)) + "</div>"


def _pieces(explanation: Explanation) -> Iterator[str]:
    yield f"<p><b>{escape(explanation.equation)}</b></p>"
    for part in explanation.parts:
        if len(explanation.parts) > 1 and part.sums:
            yield from _paragraphs([part.text])
        for opened in part.sums:
            if len(part.sums) > 1 or not opened.direct:
                yield from _paragraphs([opened.text])
            yield from _sum(opened, explanation.top, explanation.quantiles)
        yield from _paragraphs(closing_sentences(part))
    yield f"<p><b>{escape(explanation.name)} = {escape(number_text(explanation.value))}</b></p>"
    if explanation.paths and (explanation.shows_paths or not explanation.has_sum):
        yield from _paragraphs(paths_heading(explanation))
        for path in explanation.paths:
            yield from _paragraphs([path.local or path.opened.text])
            yield from _sum(path.opened, explanation.top, explanation.quantiles, path.reason)
        yield from _paragraphs(paths_closing(explanation))
    if explanation.routes is not None:
        yield explanation.routes._repr_html_()


def _sum(opened: OpenedSum, top: int, levels: Sequence[float], delta_reason: str = "") -> Iterator[str]:
    table = table_of(opened, top)
    if table.rows:
        yield _table(table)
    sentences = [*zero_sentences(opened, delta_reason), *rest_sentences(opened, top, levels), sum_sentence(opened)]
    yield from _paragraphs(sentence for sentence in sentences if sentence)


def _table(table: Table) -> str:
    largest = max((abs(size) for size in table.sizes), default=0.0) or 1.0
    head = "".join(f'<th style="{_CELL}">{escape(text)}</th>' for text in table.headings)
    rows = [_row(row, _bar(size / largest)) for row, size in zip(table.rows, table.sizes, strict=True)]
    if table.rest:
        rows.append(_row(table.rest, ""))
    return f"<table><tr>{head}<th></th></tr>{''.join(rows)}</table>"


def _row(cells: Iterable[str], bar: str) -> str:
    return "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in cells) + f"<td>{bar}</td></tr>"


def _bar(share: float) -> str:
    """Return a bar of the size of a term, its colour the sign."""
    colour = "#c0504d" if share < 0 else "#4f81bd"
    width = f"{abs(share) * _BAR_EM:.2f}em"
    return f'<div style="width:{width};height:0.7em;background:{colour}"></div>'


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    return (f"<p>{escape(line)}</p>" for line in lines)

"""Formulas as elements of MathML: with their LaTeX as annotation, and in words for those who hear them.

Equations below each other are one element, a table whose signs of equality are aligned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.render.document import Words
from chainrule.render.document_text import words_text
from chainrule.render.formula import ShownFormula
from chainrule.render.latex import aligned
from chainrule.render.mathml import MATHML, text_in, words_in
from chainrule.render.mathml_fitting import fitted
from chainrule.render.spoken import in_words, spoken
from chainrule.render.style import write

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


@dataclass(frozen=True)
class Row:
    """One line of several equations: what is said before it, the formula, and what is said behind it."""

    formula: ShownFormula
    before: str = ""
    behind: Words = ()


def formula_mathml(formula: ShownFormula, *, display: bool = False) -> str:
    """Return a formula as an element `math`; as part of a line, or for `display` of the size of a line of its own.

    >>> from chainrule.render.laws import law
    >>> element = formula_mathml(law("a/b"))
    >>> 'aria-label="a over b"' in element, "<mfrac" in element
    (True, True)
    """
    style = ' displaystyle="true"' if display else ""
    inner = fitted("".join(_sides(formula)), display=display)
    return _math(f"<mrow>{inner}</mrow>", formula.latex(), spoken(formula), style)


def rows_mathml(rows: Sequence[Row]) -> str:
    """Return equations as one element `math`, their signs of equality below each other."""
    begun = any(row.before for row in rows)
    lines = fitted("\n".join(_line(row, begun=begun) for row in rows), display=True)
    columns = "left " * begun + "right left left"
    table = f'<mtable displaystyle="true" columnalign="{columns}">\n{lines}\n</mtable>'
    return _math(table, aligned(map(_latex, rows)), ". ".join(map(_spoken, rows)), ' displaystyle="true"')


def _math(inner: str, latex: str, said: str, attributes: str) -> str:
    words, source = text_in(said), text_in(latex, keep="\n")
    note = f'<annotation encoding="application/x-tex">{source}</annotation>'
    return (
        f'<math xmlns="{NAMESPACE}"{attributes} alttext="{words}" aria-label="{words}">'
        f"<semantics>{inner}{note}</semantics></math>"
    )


def _sides(formula: ShownFormula) -> list[str]:
    """Return the first side and the others, each with its sign before it."""
    first, *others = [write(side, MATHML) for side in formula.printed(latex=True)]
    if formula.continued:
        first, others = "", [first, *others]
    return [first, *(f'<mo form="infix">{text_in(formula.relation)}</mo>{side}' for side in others)]


def _line(row: Row, *, begun: bool) -> str:
    first, *others = _sides(row.formula)
    before = [_cell(words_in(row.before) if row.before else "", "left")] if begun else []
    behind = "".join(map(_piece, row.behind))
    goes_on = words_text(row.behind).startswith(",")
    cells = [*before, _cell(first, "right"), _cell("".join((*others, behind if goes_on else "")), "left")]
    if behind and not goes_on:
        cells.append(_cell(behind, "left"))
    return f"<mtr>{''.join(cells)}</mtr>"


def _cell(inner: str, side: str) -> str:
    padding = "0.5ex 0" if side == "right" else "0.5ex 0.6em 0.5ex 0"
    # Chromium aligns cells of mathematics by words of its own.
    return f'<mtd style="text-align:{side};text-align:-webkit-{side};padding:{padding}"><mrow>{inner}</mrow></mtd>'


def _piece(piece: object) -> str:
    if isinstance(piece, ShownFormula):
        return "".join(_sides(piece))
    return words_in(words_text((piece,)))  # type: ignore[arg-type]


def _latex(row: Row) -> str:
    behind = "".join(p.latex() if isinstance(p, ShownFormula) else rf"\text{{{words_text((p,))}}}" for p in row.behind)
    return row.formula.latex("&=") + (rf" \qquad {behind}" if behind else "")


def _spoken(row: Row) -> str:
    behind = " ".join(spoken(p) if isinstance(p, ShownFormula) else words_text((p,)) for p in row.behind)
    return in_words(" ".join((row.before, spoken(row.formula), behind)))

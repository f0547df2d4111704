"""Formulas as elements of MathML: with their LaTeX as annotation, and in words for those who hear them.

Equations below each other are one element, a table whose signs of equality are aligned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chainrule.render.document import Inline, Words
from chainrule.render.document_latex import latex_words
from chainrule.render.document_text import words_text
from chainrule.render.formula import ShownFormula
from chainrule.render.latex import LATEX, aligned
from chainrule.render.latex_width import latex_width
from chainrule.render.layout import Layout, Negative, Terms
from chainrule.render.mathml import MATHML, text_in, words_in
from chainrule.render.mathml_fitting import fitted
from chainrule.render.spoken import in_words, spoken
from chainrule.render.style import write

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
ROOM = 480.0
"""How wide an equation may be before it is broken, at ten points: what a notebook has for it, with some to spare."""
SIGN = 12.3
"""How wide a + is with the space around it."""
HANGING = 20.0
FURTHER = '<mspace width="2em"/>'
"""How far in a line stands that goes on from the one above."""
APART = '<mspace width="2em"/>'
"""What stands between an equation and what is said behind it."""


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
    if display and len(lines := _lines(formula)) > 1:
        return _table([_cells(line, "left") for line in lines], "left left", formula.latex(), spoken(formula))
    style = ' displaystyle="true"' if display else ""
    inner = fitted("".join(_sides(formula)), display=display)
    return _math(f"<mrow>{inner}</mrow>", formula.latex(), spoken(formula), style)


def rows_mathml(rows: Sequence[Row]) -> str:
    """Return equations as one element `math`, their signs of equality below each other."""
    begun = any(row.before for row in rows)
    latex, said = aligned(map(_latex, rows)), ". ".join(map(_spoken, rows))
    columns = "left " * begun + "right left"
    return _table([cells for row in rows for cells in _of_row(row, begun=begun)], columns, latex, said)


def _table(rows: Sequence[str], columns: str, latex: str, said: str) -> str:
    lines = fitted("\n".join(f"<mtr>{cells}</mtr>" for cells in rows), display=True)
    table = f'<mtable displaystyle="true" columnalign="{columns}">\n{lines}\n</mtable>'
    return _math(table, latex, said, ' displaystyle="true"')


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
    return [first, *(_sign(formula) + side for side in others)]


def _sign(formula: ShownFormula) -> str:
    return f'<mo form="infix">{text_in(formula.relation)}</mo>'


def _lines(formula: ShownFormula) -> list[tuple[str, str]]:
    """Return the lines of an equation: what stands before its sign, on the first of them, and what begins with it."""
    sides = formula.printed(latex=True)
    others = sides if formula.continued else sides[1:]
    begun = "" if formula.continued else write(sides[0], MATHML)
    room = ROOM if formula.continued else ROOM - latex_width(write(sides[0], LATEX))
    if sum(latex_width(write(side, LATEX)) for side in others) <= room:
        return [(begun, "".join(_sides(formula)[1:]))]
    broken = [line for side in others for line in _broken(_sign(formula), side, room)]
    return list(zip([begun, *[""] * len(broken)], broken, strict=False))


def _broken(sign: str, side: Layout, room: float) -> list[str]:
    """Return a side of an equation as lines that begin with its sign, or further in with that of a term."""
    terms = side.parts if isinstance(side, Terms) else (side,)
    lines, current, width = [], sign, 0.0
    for number, term in enumerate(terms):
        negative = isinstance(term, Negative) and number > 0
        shown = term.part if isinstance(term, Negative) and number else term
        before = f'<mo form="infix">{"−" if negative else "+"}</mo>' if number else ""
        wide = latex_width(write(shown, LATEX)) + SIGN
        if number and width + wide > room:
            lines.append(current)
            current, width = FURTHER, HANGING
        current += before + write(shown, MATHML)
        width += wide
    return [*lines, current]


def _of_row(row: Row, *, begun: bool) -> Iterator[str]:
    """Yield the cells of each line of an equation."""
    lines, behind = _lines(row.formula), _behind(row.behind)
    for number, (first, other) in enumerate(lines):
        before = words_in(row.before) if row.before and not number else ""
        last = behind if number == len(lines) - 1 else ""
        yield (_cell(before, "left") if begun else "") + _cells((first, other + last), "right")


def _cells(line: tuple[str, str], side: str) -> str:
    """Return both cells of a line, the first aligned to a side."""
    return _cell(line[0], side) + _cell(line[1], "left")


def _cell(inner: str, side: str) -> str:
    padding = "0.5ex 0" if side == "right" else "0.5ex 0.6em 0.5ex 0"
    # Chromium aligns cells of mathematics by words of its own.
    return f'<mtd style="text-align:{side};text-align:-webkit-{side};padding:{padding}"><mrow>{inner}</mrow></mtd>'


def _behind(said: Words) -> str:
    """Return what is said behind an equation, apart from it unless it goes on with a comma."""
    match said:
        case ():
            return ""
        case (str(first), *_) if first.startswith(","):
            return "".join(map(_piece, said))
        case (str(first), *others):
            return APART + "".join(map(_piece, (first.lstrip(), *others)))
        case _:
            return APART + "".join(map(_piece, said))


def _piece(piece: Inline) -> str:
    if isinstance(piece, ShownFormula):
        return "".join(_sides(piece))
    return words_in(words_text((piece,)))


def _latex(row: Row) -> str:
    behind = "".join(_latex_piece(piece) for piece in row.behind)
    return row.formula.latex("&=") + (rf" \qquad {behind}" if behind else "")


def _latex_piece(piece: Inline) -> str:
    return piece.latex() if isinstance(piece, ShownFormula) else rf"\text{{{latex_words((piece,))}}}"


def _spoken(row: Row) -> str:
    behind = " ".join(spoken(p) if isinstance(p, ShownFormula) else words_text((p,)) for p in row.behind)
    return in_words(" ".join((row.before, spoken(row.formula), behind)))

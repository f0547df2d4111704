r"""A document as LaTeX: paragraphs with formulas, displays that are broken to fit, numbered steps, tables.

It goes into the body of an article as it stands and needs only amsmath. Widths are those of the article class with
its default margins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import assert_never

from chainrule.render.document import Bar, Cell, Group, Heading, Inline, Line, Node, Note, Table
from chainrule.render.document_text import table_cells, words_text
from chainrule.render.formula import ShownFormula
from chainrule.render.latex_lines import latex_lines
from chainrule.render.latex_width import latex_width

TEXT_WIDTH = 340.0
"""The width of a line of text in an article, in points, with a little to spare."""
LABELLED = (25.0, 22.0, 19.0, 17.0)
"""How much narrower each level of numbered items is."""
SIGN = 14.0
"""How wide the = is with the space around it."""
_INLINE = 0.55
"""What part of a line a formula within words may take; a wider one is displayed."""
_MARKS = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{mark: "\\" + mark for mark in "#$%&_{}"},
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    "∂": r"$\partial$",
    "Σ": r"$\Sigma$",
    "∇": r"$\nabla$",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "−": "$-$",
    "≠": r"$\ne$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≈": r"$\approx$",
    "→": r"$\to$",
    "∞": r"$\infty$",
    "²": "$^2$",
    "√": r"$\surd$",
    "…": r"\dots{}",
    "–": "--",
    "’": "'",
    **{
        letter: rf"$\{name}$"
        for letter, name in {
            "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta",
            "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
            "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Δ": "Delta", "Φ": "Phi", "Ω": "Omega",
        }.items()
    },
}  # fmt: skip


def document_latex(node: Node) -> str:
    r"""Return a document as LaTeX for the body of an article.

    >>> from chainrule.render.document import words
    >>> print(document_latex(Line(words("Sum of ", 3, " terms: ", 0.25))))
    \begingroup\sloppy
    \noindent Sum of 3 terms: 0.2500\par
    \endgroup
    """
    text = "\n".join((r"\begingroup\sloppy", *_lines(node, 0), r"\endgroup"))
    return text.replace("\\par\n\\begin{align*}", "\n\\begin{align*}")  # a display belongs to its paragraph


def display(formula: ShownFormula, room: float = TEXT_WIDTH) -> list[str]:
    """Return a formula as an align* environment of lines that fit the room, in points."""
    return [r"\begin{align*}", *_ended(_rows(formula, room)), r"\end{align*}"]


def _lines(node: Node, depth: int) -> Iterator[str]:
    match node:
        case Heading(words):
            yield rf"\medskip\noindent {_heading(words)}\par\nopagebreak"
        case Line(words) | Note(words):
            yield from _paragraph(words, _room(depth))
        case ShownFormula():
            yield from display(node, _room(depth))
        case Table():
            yield from _table(node)
        case Bar():
            pass
        case Group(nodes):
            if node.apart:
                yield r"\medskip"
            yield from _nodes(nodes, depth)
        case _:
            assert_never(node)


def _nodes(nodes: tuple[Node, ...], depth: int) -> Iterator[str]:
    """Yield nodes in a row; those that have a number are items of one list."""
    for numbered, run in groupby(nodes, key=lambda node: isinstance(node, Group) and bool(node.label)):
        if not numbered:
            for node in run:
                yield from _lines(node, depth)
            continue
        yield r"\begin{enumerate}"
        for node in run:
            assert isinstance(node, Group)
            label = f"({node.label})" if node.label.islower() else f"{node.label}."
            yield rf"\item[{label}]"
            yield from _nodes(node.nodes, depth + 1)
        yield r"\end{enumerate}"


def _room(depth: int) -> float:
    return TEXT_WIDTH - sum(LABELLED[:depth])


def _paragraph(words: Iterable[Inline], room: float) -> Iterator[str]:
    """Yield a paragraph; formulas that are too wide for it are displayed."""
    text = ""
    for piece in words:
        if isinstance(piece, ShownFormula) and latex_width(piece.latex()) > _INLINE * room:
            yield f"\\noindent {text}" if text.strip() else ""
            yield from display(piece, room)
            text = ""
        else:
            text += _inline(piece)
    if text.strip():
        yield rf"\noindent {text.strip()}\par"


def _heading(words: Iterable[Inline]) -> str:
    """Return a heading: its words are bold, its formulas of full size."""
    return "".join(
        rf"$\displaystyle {piece.latex()}$" if isinstance(piece, ShownFormula) else rf"\textbf{{{_inline(piece)}}}"
        for piece in words
    )


def _inline(piece: Inline) -> str:
    if isinstance(piece, ShownFormula):
        return f"${piece.latex()}$"
    return latex_words((piece,))


def latex_words(words: Iterable[Inline]) -> str:
    """Return words without formulas, every sign as LaTeX has it."""
    return _escaped(re.sub(" +", " ", words_text(words)))


def _escaped(text: str) -> str:
    return "".join(_MARKS.get(mark, mark) for mark in text)


def _ended(rows: list[str]) -> list[str]:
    return [*(rf"{row} \\" for row in rows[:-1]), rows[-1]]


def _rows(formula: ShownFormula, room: float) -> list[str]:
    """Return the rows of an equation, its signs below each other."""
    sides = list(formula.printed(latex=True))
    rows: list[str] = []
    left = 0.0
    if not formula.continued:
        first, *sides = sides
        begun = latex_lines(first, room)
        left = max(map(latex_width, begun))
        short = len(begun) == 1 and left < room / 3
        rows = [begun[0], *(rf"\quad {line}" for line in begun[1:])] if not short else begun
        if not sides:
            return [f"& {row}" for row in rows]
        if short:
            right = latex_lines(sides[0], room - left - SIGN)
            rows = [f"{begun[0]} &= {right[0]}", *(rf"&\quad {line}" for line in right[1:])]
            sides = sides[1:]
        else:
            rows = [f"& {row}" for row in rows]
            left = 0.0
    for side in sides:
        begun = latex_lines(side, room - left - SIGN)
        rows += [f"&= {begun[0]}", *(rf"&\quad {line}" for line in begun[1:])]
    return rows


def _table(table: Table) -> Iterator[str]:
    headings, rows, rest = table_cells(table)
    drawn = {column for row in table.rows for column, cell in enumerate(row) if isinstance(cell, Bar)}
    shown = [column for column in range(len(table.rows[0])) if column not in drawn]
    kinds = "".join("l" if column in table.left else "r" for column in shown)
    written = [(headings, table.headings), *zip(rows, table.rows, strict=True), (rest, table.rest)]
    lines = [[_cell(texts[c], cells[c]) for c in shown] for texts, cells in written if texts]
    wide = max(sum(map(len, (texts[c] for c in shown))) for texts, _ in written if texts) > 60
    yield rf"\begin{{center}}{chr(92)}{'scriptsize' if wide else 'small'}\setlength{{\tabcolsep}}{{3pt}}"
    yield rf"\begin{{tabular}}{{{kinds}}}"
    yield from (rf"{' & '.join(line)} \\" for line in lines)
    yield r"\end{tabular}\end{center}"


def _cell(text: str, cell: Cell) -> str:
    return f"${cell.latex()}$" if isinstance(cell, ShownFormula) else _escaped(text)

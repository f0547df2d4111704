"""What is printed, and how wide it may be.

Much of what commands print comes from files and their names. It is escaped here, so that no file can clear the screen,
set its title or turn the direction of writing.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from chainrule.errors import escaped

if TYPE_CHECKING:
    from chainrule.render.document import Node

WIDEST = 100
"""Longer lines are hard to read; what goes to a file or another program has this width, whatever the terminal."""
KEPT = "\n\t"
"""What may stand in a text of several lines."""


def columns() -> int:
    """Return the number of characters that a line may have."""
    return min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns) if sys.stdout.isatty() else WIDEST


def say(text: object = "", *, err: bool = False) -> None:
    """Print lines, on the standard output or for errors."""
    typer.echo(escaped(text, keep=KEPT), err=err)  # noqa: TID251 -- the only place


WEB = ("html", "mathml")
FORMS = ("index", "latex", *WEB)
"""The forms that a document is printed in: the notation for a terminal, LaTeX, a web page, and a part of one."""
FORM_HELP = "index, for the terminal; latex; html, a web page; or mathml, to be pasted into one."
MATRIX_FORMS = ("matrix", "matrix-latex", "matrix-mathml")
"""The forms of equations in matrices and vectors: as text, as LaTeX, and for a web page."""
MATRIX_HELP = " Equations alone: matrix, with W x and ⊙, matrix-latex, matrix-mathml."


def show_document(node: Node, *, json: bool = False, width: int | None = None, form: str = FORMS[0]) -> None:
    """Print a document, as text of a width, as LaTeX, for the web or as JSON."""
    from chainrule.render.document_json import document_json
    from chainrule.render.document_latex import document_latex
    from chainrule.render.document_text import document_text

    if form in WEB and not json:
        from chainrule.render.document_html import document_html, page_html

        say(page_html(node, "chainrule") if form == "html" else document_html(node))
        return
    say(document_json(node) if json else document_latex(node) if form == "latex" else document_text(node, width))


def check_form(form: str, known: Sequence[str] = FORMS) -> None:
    """Raise OptionError for a form that is not known."""
    from chainrule.errors import OptionError

    if form not in known:
        raise OptionError(f"there is no form {form!r}", expected=f"one of {', '.join(known)}")

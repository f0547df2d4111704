"""What a notebook or an IPython terminal shows of a result that ends a cell.

One mechanism for all of them: text as `print` shows it, and of what has a document HTML with MathML and LaTeX too. A
notebook takes the richest that it knows, a terminal the text, an export to PDF the LaTeX. `repr` stays exact.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.render.document import Node


class ShownAsText:
    """A result that a cell shows as its text."""

    __slots__ = ()

    def _repr_text_(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": self._repr_text_()}


class ShownAsPage(ShownAsText):
    """A result that a cell shows as mathematics, by its document."""

    __slots__ = ()

    @abstractmethod
    def document(self) -> Node:
        """Return what is shown, as data."""

    def _repr_html_(self) -> str:
        from chainrule.render.document_html import document_html

        return document_html(self.document())

    def _repr_latex_(self) -> str:
        from chainrule.render.document_latex import document_latex

        return document_latex(self.document())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/plain": self._repr_text_(),
            "text/html": self._repr_html_(),
            "text/latex": self._repr_latex_(),
        }


def displayed(latex: str) -> str:
    r"""Return equations as a display of their own.

    >>> displayed(r"a &= b")
    '$$\na &= b\n$$'
    """
    return f"$$\n{latex}\n$$"

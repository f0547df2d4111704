"""What a notebook or an IPython terminal shows of a result that ends a cell.

One mechanism for all of them: text as `print` shows it, and of what has a document HTML with MathML and LaTeX too. A
notebook takes the richest that it knows, a terminal the text, an export to PDF the LaTeX. `repr` stays exact.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Container
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.render.document import Node


class ShownAsText:
    """A result that a cell shows as its text."""

    __slots__ = ()

    def _repr_text_(self) -> str:
        return str(self)

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """Return what is shown in each form that is asked for, by its media type."""
        asked = {kind: make for kind, make in self._repr_kinds_().items() if include is None or kind in include}
        return {kind: make() for kind, make in asked.items() if exclude is None or kind not in exclude}

    def _repr_kinds_(self) -> dict[str, Callable[[], str]]:
        return {"text/plain": self._repr_text_}


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

    def _repr_kinds_(self) -> dict[str, Callable[[], str]]:
        return {**super()._repr_kinds_(), "text/html": self._repr_html_, "text/latex": self._repr_latex_}


def displayed(latex: str) -> str:
    r"""Return equations as a display of their own.

    >>> displayed(r"a &= b")
    '$$\na &= b\n$$'
    """
    return f"$$\n{latex}\n$$"

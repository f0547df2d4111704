"""A result that returns a document, and displays itself by it: as text in a terminal, as mathematics in a notebook."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from chainrule.expr.frozen import frozen
from chainrule.render.document import Group
from chainrule.render.document_text import document_text
from chainrule.render.in_notebooks import ShownAsPage


class ShownDocument(ShownAsPage):
    """A result with a document. `text_width` is where its text is broken, None for nowhere."""

    text_width: ClassVar[int | None] = None

    @abstractmethod
    def document(self) -> Group:
        """Return what is shown, as data."""

    def to_json(self) -> str:
        """Return what is shown as JSON, with all digits of the numbers; docs/explaining.md has the schema."""
        from chainrule.render.document_json import document_json

        return document_json(self.document())

    def __str__(self) -> str:
        return document_text(self.document(), self.text_width)


@frozen
class ShownGroup(Group, ShownDocument):
    """A document that is a result itself."""

    def document(self) -> Group:
        """Return it, as data without a display."""
        return Group(self.nodes, self.role, self.label, self.indent, self.apart)

"""Titles: text that knows which parts of it are formulas."""

from __future__ import annotations

from typing import Self

from chainrule.render.document import Words
from chainrule.render.document_text import words_text


class Title(str):
    """A title as text, which also has its words and formulas.

    >>> Title(("a is the softmax of ", "z"))
    'a is the softmax of z'
    """

    __slots__ = ("words",)
    words: Words

    def __new__(cls, words: Words) -> Self:
        """Make it of words and formulas."""
        made = super().__new__(cls, words_text(words))
        made.words = words
        return made

    def __reduce__(self) -> tuple[type[Title], tuple[Words]]:
        return (Title, (self.words,))

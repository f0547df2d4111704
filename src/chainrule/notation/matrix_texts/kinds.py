"""Which texts are in matrix notation: those that say what is a vector, a matrix or a scalar."""

from __future__ import annotations

import re

_BLANK = r"[^\S\n]"
KIND = rf"(?P<symmetric>symmetric{_BLANK}+)?(?P<kind>vector|matrix|scalar){_BLANK}+"
_DECLARES = re.compile(
    rf"^{_BLANK}*(?:(?:data|param|const){_BLANK}+)?{KIND}(?!(?:and|or|not|for)\b)[^\W\d_]", re.MULTILINE
)


def declares_kinds(text: str) -> bool:
    r"""Say whether a text is in matrix notation: whether a line of it says what is a vector, a matrix or a scalar.

    No text in index notation has two words in a row there.

    >>> declares_kinds("vector x\nsum(x)"), declares_kinds("data vector, x\ncost C = vector*x")
    (True, False)
    """
    return _DECLARES.search(text.replace("\r", "\n")) is not None

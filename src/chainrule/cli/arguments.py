"""Arguments that are notation: UTF-8, as files of the notation are, whatever the locale of the terminal is set to."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T", str, list[str], None)


def as_utf8(value: T) -> T:
    r"""Return an argument, or each of a list, read as UTF-8; what is none stays as it was read.

    Python reads arguments in the encoding of the locale, that of `LC_ALL=C` with the mode for UTF-8 off for example,
    in which ∂ is three halves of characters, or in Latin-1, in which it is three letters. Names of files stay as they
    were read: they are encoded in the same way when the files are opened.

    >>> as_utf8("\udce2\udc88\udc82C/\udce2\udc88\udc82z"), as_utf8(["∂", "\udcff"])
    ('∂C/∂z', ['∂', '\udcff'])
    """
    if isinstance(value, list):
        return [as_utf8(part) for part in value]
    if isinstance(value, str):
        try:
            return os.fsencode(value).decode("utf-8")
        except UnicodeError:
            return value
    return value

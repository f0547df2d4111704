"""Arguments that are notation: UTF-8, as files of the notation are, whatever the locale of the terminal is set to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer


def as_utf8(value: str | Sequence[str] | None) -> str | list[str]:
    r"""Return an argument, or each of several, read as UTF-8; what is none stays as it was read.

    Python reads arguments in the encoding of the locale, that of `LC_ALL=C` with the mode for UTF-8 off for example,
    in which ∂ is three halves of characters, or in Latin-1, in which it is three letters. Names of files stay as they
    were read: they are encoded in the same way when the files are opened.

    >>> as_utf8("\udce2\udc88\udc82C/\udce2\udc88\udc82z"), as_utf8(["∂", "\udcff"]), as_utf8(None)
    ('∂C/∂z', ['∂', '\udcff'], [])
    """
    if isinstance(value, str):
        return _read(value)
    return [_read(part) for part in value or ()]


def _read(text: str) -> str:
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeError:
        return text


NamesOption: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="BOOK",
        callback=as_utf8,
        help="What derivatives are called: plain, textbook (δ2), ng (dW2), or names of your own, ∂C/∂z2=e2,W2=V.",
    ),
]
"""The option `--names`, of all commands that print derivatives."""


def read_size(text: str) -> tuple[str, int]:
    """Return letter and number of LETTER=NUMBER. Raises OptionError for anything else.

    >>> read_size("j=30")
    ('j', 30)
    """
    from chainrule.errors import OptionError

    letter, _, digits = text.partition("=")
    if not letter.strip() or not digits.strip().isdecimal() or int(digits) == 0:
        raise OptionError(f"--size {text} says no extent", expected="for example --size j=30")
    return letter.strip(), int(digits)

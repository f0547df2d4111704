"""Every exception of chainrule, each in four parts: what, where, what was expected, what to do.

One base class builds the message from the parts, so that no call site formats its own. A message names the equation,
the index or the file that is at fault; `advice` says what to do about it. Much of it comes from files and their names,
which can hold anything: control characters are written as escapes, and of many names the first are listed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MOST_LISTED = 20
"""So many names are shown of a list."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""The categories of Unicode that do something to the text around them, or are no character: controls, formats such as
those that turn the direction of writing, halves of characters, separators of lines and paragraphs."""


def escaped(text: object, keep: str = "") -> str:
    r"""Return a text in which characters that a terminal obeys, or hides, are written as escapes.

    A text of several lines, which is no one else's, keeps its ends of lines with `keep`.

    >>> print(escaped("red: \x1b[31m, backwards: \u202e, letters: ∂σ字, lines:\n"))
    red: \x1b[31m, backwards: \u202e, letters: ∂σ字, lines:\n
    """
    found = str(text)
    if found.isprintable():
        return found
    unseen = {c for c in set(found) - set(keep) if unicodedata.category(c) in _UNSEEN}
    return found.translate({ord(c): c.encode("unicode_escape").decode("ascii") for c in unseen})


def listed(names: Iterable[object], most: int = MOST_LISTED) -> str:
    """Return names with commas between them, the first of many.

    >>> listed("abcd", most=2)
    'a, b, …'
    """
    shown = [escaped(name) for name in islice(names, most + 1)]
    return ", ".join([*shown[:most], "…"] if len(shown) > most else shown)


class ChainruleError(Exception):
    """Base of all errors that a user can cause; the command line prints it without a traceback.

    >>> print(ChainruleError("no tensor named 'q'", where="z[j] = q[j]", advice="Declare it: data q[j]"))
    no tensor named 'q'
      z[j] = q[j]
      Declare it: data q[j]
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", advice: str = "") -> None:
        self.what = escaped(what)
        self.where, self.expected, self.advice = (escaped(part, keep="\n") for part in (where, expected, advice))
        details = [line for part in (self.where, self.expected, self.advice) if part for line in part.split("\n")]
        super().__init__("\n  ".join([self.what, *details]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the message as it is; by default it would be taken for its own first part."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ChainruleError], args: tuple[object, ...], parts: Mapping[str, object]) -> ChainruleError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(parts)
    return error


class NotationError(ChainruleError):
    """The text of a system cannot be read, or does not make sense; `where` shows the line with a caret.

    `line` and `column` count from 1; both are 0 where the text as a whole is at fault.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        advice: str = "",
        line: int = 0,
        column: int = 0,
    ) -> None:
        super().__init__(what, where=where, expected=expected, advice=advice)
        self.line = line
        self.column = column


class TypecheckError(ChainruleError):
    """A system contradicts itself: an index without an extent, a tensor used with two ranks.

    `equation` is the place of the equation in the system (-1: a declaration) and `symbol` the index or tensor at
    fault, `side` is "target" or "value", and `behind` says that the symbol is meant behind the n-th occurrence (from 0)
    of a tensor; the parser turns them into a line, a column and a caret.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        advice: str = "",
        statement: str = "equation",
        number: int = -1,
        symbol: str = "",
        side: str = "value",
        behind: tuple[str, int] = ("", 0),
    ) -> None:
        super().__init__(what, where=where, expected=expected, advice=advice)
        self.behind = behind
        self.statement = statement
        self.number = number
        self.symbol = symbol
        self.side = side


class DerivativeError(ChainruleError):
    """There is no rule for a derivative that was asked for; there is never a silent zero."""


class InputError(ChainruleError, ValueError):
    """Numbers given to a system are missing, superfluous, misshaped, of the wrong type or not finite."""


class ShortageError(InputError):
    """What was asked for does not fit into memory."""


class GivenError(InputError):
    """The data break a fact that the system states as `given`."""


class TrainingError(ChainruleError):
    """Training cannot go on: the cost, or a param, is not finite any more."""


class VerificationError(ChainruleError):
    """A step of a derivation, or a gradient, does not have the value it should have."""


class ModelFileError(ChainruleError):
    """A saved network cannot be read: truncated, altered, or not one of ours."""


class DataFileError(ChainruleError):
    """A file of data cannot be read or does not hold what is needed."""

    def inside(self, path: Path) -> DataFileError:
        """Return the same error with the file named."""
        return DataFileError(self.what, where=f"in {escaped(path)}", expected=self.expected, advice=self.advice)


class OptionError(ChainruleError, ValueError):
    """An option or argument has a value that makes no sense."""

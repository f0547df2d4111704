"""Letters of a text that pass for others, refused before anything is read: names that look alike are two tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chainrule.expr.functions import ARITY, REDUCTIONS
from chainrule.notation.advice import RESERVED
from chainrule.notation.source import Source
from chainrule.system.lookalikes import first_lookalike
from chainrule.system.model import System

_KNOWN = (*sorted(RESERVED), *ARITY, *REDUCTIONS)


def check_letters(source: Source, known: Iterable[str] = ()) -> None:
    """Refuse a name that looks like another of the text, like a known one, or mixes alphabets. Raises NotationError."""
    text = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), source.text)
    found = first_lookalike(text, (*_KNOWN, *known))
    if found is not None:
        position, what = found
        raise source.error(what, position, advice="Type the name anew, all of it in letters of one alphabet.")


def names_of(system: System) -> list[str]:
    """Return every name that an expression of a system may use: tensors, functions, letters of indices."""
    letters = (i.preferred for name in system.names() for i in system.axes(name))
    return [*system.names(), *system.function, *(i.preferred for i in system.indices), *letters]

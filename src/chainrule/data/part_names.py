"""Names of arrays in a file: which part of the data each is, and which part a name means that is none.

`x` may have its parts beside it: x_train, x_validation, x_test. Other libraries say x_val, or train_x. Where such an
array was passed over in silence, a network would be validated on nothing, so it is refused; arrays of other names may
be in the file for others, and are only told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches

from chainrule.errors import DataFileError, listed

PARTS = ("train", "validation", "test")
"""A part that is there has the name of the data, then an underscore, before its own."""
_OTHER_WORDS = {"tr": "train", "val": "validation", "dev": "validation", "holdout": "validation", "eval": "validation"}
_CLOSE = 0.7
"""From so similar on (0 to 1) a word is taken for a part: tset and training are, weights is not."""


def parts_of(data: Sequence[str]) -> list[str]:
    """Return the names that arrays of these data may have.

    >>> parts_of("x")
    ['x', 'x_train', 'x_validation', 'x_test']
    """
    return [f"{name}{part}" for name in data for part in ("", *(f"_{part}" for part in PARTS))]


def unread(there: Collection[str], data: Sequence[str], others: Collection[str] = ()) -> tuple[str, ...]:
    """Return the arrays of a file that are no part of the data and none of the others that are read.

    Raises DataFileError for one that is meant as a part which is not there under its name.
    """
    known = {*parts_of(data), *others}
    left = tuple(name for name in there if name not in known)
    for name in left:
        meant = next((one for one in _meant(name, data) if one not in there), None)
        if meant is not None:
            stem = meant.rpartition("_")[0]
            raise DataFileError(
                f"the array {name} would not be read",
                expected=f"one of {listed(parts_of([stem]))}",
                advice=f"Did you mean {meant}? Rename the array, or leave it out.",
            )
    return left


def _meant(name: str, data: Sequence[str]) -> Iterator[str]:
    """Yield the parts that a name may mean: x_val, val_x, xtrain, and x_tset for x_test."""
    same = name.replace("_", "").casefold()
    yield from (one for one in parts_of(data) if one not in data and one.replace("_", "").casefold() == same)
    first, _, last = name.rpartition("_")
    start, _, rest = name.partition("_")
    for stem, word in ((first, last), (rest, start)):
        part = _part(word.casefold())
        tensor = next((one for one in data if stem.casefold() == one.casefold()), None)
        if part is not None and tensor is not None:
            yield f"{tensor}_{part}"
        elif word in PARTS and stem:
            yield from (f"{one}_{word}" for one in get_close_matches(stem, data, 1, _CLOSE))


def _part(word: str) -> str | None:
    long_enough = [part for part in PARTS if len(word) > 2 and (part.startswith(word) or word.startswith(part))]
    return next(iter((*long_enough, *get_close_matches(word, PARTS, 1, _CLOSE))), _OTHER_WORDS.get(word))

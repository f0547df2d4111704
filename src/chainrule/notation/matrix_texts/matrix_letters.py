"""Letters of indices and names of tensors that are made up, such that none is one that the text has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from chainrule.expr.functions import ARITY
from chainrule.notation.advice import RESERVED
from chainrule.notation.matrix_texts.matrix_shapes import ONE, MatrixSide

_LETTERS = "ijklmnpqrsuvwabcdgh"


def _candidates() -> Iterator[str]:
    yield from _LETTERS
    for number in count(1):
        yield from (f"{letter}{number}" for letter in _LETTERS[:6])


@dataclass
class Letters:
    """Gives letters to sides; `taken` are names that none may have, `anchored` the letters that a tensor has.

    `places` say where in the text the statement begins that first used a letter, `place` that of this one.
    """

    taken: set[str]
    used: set[str] = field(default_factory=set)
    anchored: set[str] = field(default_factory=set)
    sides: dict[str, MatrixSide] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    place: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    candidates: Iterator[str] = field(default_factory=_candidates)

    def begin(self, place: int) -> None:
        """Begin another statement, which may use all letters again."""
        self.used = set()
        self.place = place

    def of(self, side: MatrixSide) -> str:
        """Return a letter for a side that is new in the statement, "" for one that is 1."""
        if side is ONE:
            return ""
        found = side.found()
        letter = next((one for one in found.letters if one not in self.used), "")
        if not letter:
            letter = next(one for one in self.candidates if one not in self.taken and one not in RESERVED)
            found.letters.append(letter)
        self.used.add(letter)
        self.sides[letter] = found
        self.places.setdefault(letter, self.place)
        return letter

    def name(self, first: str) -> str:
        """Return a name for a tensor that no other has."""
        found = first
        while found in self.taken or found in ARITY or found in RESERVED:
            self.numbers[first] = self.numbers.get(first, 0) + 1
            found = f"{first}{self.numbers[first]}"
        self.taken.add(found)
        return found

"""What a text in matrix notation declares: vectors, matrices and scalars, and what each of them is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chainrule.errors import NotationError
from chainrule.expr.functions import ARITY
from chainrule.notation.advice import RESERVED
from chainrule.notation.matrix_texts.kinds import KIND
from chainrule.notation.matrix_texts.matrix_operations import KNOWN
from chainrule.notation.matrix_texts.matrix_parts import MatrixPart
from chainrule.notation.matrix_texts.matrix_shapes import NUMBER, MatrixShape, MatrixSide
from chainrule.notation.matrix_texts.matrix_tokens import RAISED
from chainrule.notation.source import Source

_OPENING = re.compile(rf"\s*{KIND}(?=[^\W\d_])")
_ITEM = re.compile(
    rf"\s*(?P<name>[^\W\d_{RAISED}][^\W{RAISED}]*)\s*"
    r"(?:\((?P<sizes>[\d\s,]*)\)|\[(?P<letters>[\w\s,]*)\])?\s*;?\s*(?P<end>,|(?:\#[^\n]*)?$)"
)
_SIDES = {"scalar": 0, "vector": 1, "matrix": 2}


def kind_of(name: str) -> str:
    """Return what a name is taken for where nothing says it: a capital is a matrix, a Greek letter a scalar.

    >>> kind_of("A"), kind_of("x"), kind_of("λ"), kind_of("Xtrain")
    ('matrix', 'vector', 'scalar', 'matrix')
    """
    if name[0].isupper():
        return "matrix"
    return "scalar" if "α" <= name[0] <= "ω" else "vector"


@dataclass
class Declarations:
    """What is declared so far: `known` by its name, and `lines` of index notation with the places they come from."""

    source: Source
    known: dict[str, MatrixPart] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    symmetric: list[str] = field(default_factory=list)
    letters: dict[str, MatrixSide] = field(default_factory=dict)

    def read(self, role: str, body: str, offset: int) -> bool:
        """Read a line that declares something; say whether it is one. Raises NotationError."""
        opening = _OPENING.match(body)
        if opening is None and role not in ("data", "param"):
            return False
        position = opening.end() if opening else 0
        while True:
            item = _ITEM.match(body, position)
            if item is None:
                raise self.source.error(
                    "this declaration cannot be read",
                    offset + position + len(body[position:]) - len(body[position:].lstrip()),
                    expected="names, with their sizes where these are known: vector x, y or matrix A(3, 2)",
                )
            self._declare(role or "data", opening, item, offset)
            position = item.end()
            if item["end"] != ",":
                return True

    def _declare(self, role: str, opening: re.Match[str] | None, item: re.Match[str], offset: int) -> None:
        place = offset + item.start("name")
        if opening is None:
            letters = _listed(item["letters"])
            if len(letters) > 2 or item["sizes"]:
                raise self.source.error("this is neither a scalar nor a vector nor a matrix", place)
            sides = [self.letters.setdefault(letter, MatrixSide(letters=[letter])) for letter in letters]
        else:
            sizes = _listed(item["sizes"])
            wanted = _SIDES[opening["kind"]]
            if item["letters"] is not None or len(sizes) not in (0, wanted):
                raise self.source.error(
                    f"the sizes of a {opening['kind']} are {wanted} numbers",
                    place,
                    expected=("scalar t", "vector x(3)", "matrix A(3, 2)")[wanted],
                )
            sides = [MatrixSide(size=self._size(sizes, axis, place)) for axis in range(wanted)]
            if opening["symmetric"]:
                sides = self._square(sides, item["name"], place)
        self.add(item["name"], sides, place, role)

    def _size(self, sizes: list[str], axis: int, place: int) -> int | None:
        if not sizes:
            return None
        if not 1 <= int(sizes[axis][:10]) < 10**9:
            raise self.source.error("a size is a whole number from 1 to 10^9", place)
        return int(sizes[axis])

    def _square(self, sides: list[MatrixSide], name: str, place: int) -> list[MatrixSide]:
        if len(sides) != 2 or sides[0].size != sides[1].size:
            raise self.source.error("only a square matrix is symmetric", place, expected="symmetric matrix A")
        self.symmetric.append(name)
        return [sides[0], sides[0]]

    def add(self, name: str, sides: list[MatrixSide], place: int, role: str = "") -> None:
        """Add a tensor; `role` is data, param or const, "" for what an equation defines. Raises NotationError."""
        self.check(name, place)
        for axis, side in enumerate(sides):
            if not side.tensor and role:
                side.tensor, side.axis = name, axis
        self.known[name] = MatrixPart("tensor", (), MatrixShape(*sides) if sides else NUMBER, name)
        self.places[name] = place
        if role:
            self.roles[name] = role

    def check(self, name: str, place: int) -> None:
        """Raise NotationError for a name that nothing more can have."""
        if not name.isidentifier():
            raise self.source.error(f"{name} is no name", place, expected="a letter, then letters, digits and _")
        if name in self.known:
            raise self._twice(name, place)
        if name in KNOWN or name in ARITY or name in RESERVED:
            raise self.source.error(f"{name} has a meaning already", place, advice="Choose another name.")

    def _twice(self, name: str, place: int) -> NotationError:
        line = self.source.text.count("\n", 0, self.places[name]) + 1
        return self.source.error(
            f"{name} is defined twice", place, expected=f"it is defined in line {line}", advice="Choose another name."
        )


def _listed(text: str | None) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()] if text else []

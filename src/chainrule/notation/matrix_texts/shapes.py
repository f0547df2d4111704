"""Shapes of what stands in matrix notation: two sides each, of which a vector has one that is 1, and a number both.

How long a side is, is not known, only which sides are equally long: those that an expression brings together.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False)
class Side:
    """A side of a matrix. `equal` is another that is as long, `size` its length where a declaration says it.

    `letters` are those that count along it, `tensor` and `axis` say of which tensor it is an axis.
    """

    equal: Side | None = None
    size: int | None = None
    letters: list[str] = field(default_factory=list)
    tensor: str = ""
    axis: int = 0

    def found(self) -> Side:
        """Return the side that stands for all that are as long as this one."""
        side = self
        while side.equal is not None:
            if side.equal.equal is not None:
                side.equal = side.equal.equal
            side = side.equal
        return side


ONE = Side(size=1)
"""The side that a column, a row or a number has none along."""


@dataclass(frozen=True)
class Shape:
    """The number of rows and the number of columns."""

    rows: Side = ONE
    columns: Side = ONE

    @property
    def is_number(self) -> bool:
        """Say whether it is the shape of a number."""
        return self.rows is ONE and self.columns is ONE

    @property
    def is_matrix(self) -> bool:
        """Say whether it is the shape of a matrix, neither of a row nor of a column."""
        return self.rows is not ONE and self.columns is not ONE

    @property
    def turned(self) -> Shape:
        """The shape of the transpose."""
        return Shape(self.columns, self.rows)

    @property
    def kind(self) -> str:
        """What has this shape, in words.

        >>> Shape(Side()).kind
        'a column'
        """
        if self.is_number:
            return "a scalar"
        if self.is_matrix:
            return "a matrix"
        return "a row" if self.rows is ONE else "a column"


NUMBER = Shape()


def joined(one: Side, other: Side) -> bool:
    """Make two sides equally long, and say whether they can be.

    >>> joined(Side(), ONE), joined(Side(size=2), Side(size=3)), joined(Side(), Side(size=3))
    (False, False, True)
    """
    one, other = one.found(), other.found()
    if one is other:
        return True
    if one is ONE or other is ONE:
        return False
    if one.size is not None and other.size is not None and one.size != other.size:
        return False
    other.equal = one
    one.size = other.size if one.size is None else one.size
    one.letters += [letter for letter in other.letters if letter not in one.letters]
    if not one.tensor:
        one.tensor, one.axis = other.tensor, other.axis
    return True

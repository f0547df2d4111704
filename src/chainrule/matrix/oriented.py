"""A matrix form with the indices that its rows and columns are labelled by, and forms brought to the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chainrule.expr.nodes import Index
from chainrule.matrix.composing import Transposer, is_number, matrix_product, ones_like
from chainrule.matrix.operations import ONES, MatrixNode, TransposeOf


class NoMatrixForm(Exception):  # noqa: N818 -- no error: it is said beside the index form
    """What is asked for has no matrix form; the text says which index is the reason.

    It is `crowded` where too many indices meet: multiplied out, or with the sums around it, it may have one.
    """

    def __init__(self, reason: str, *, crowded: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.crowded = crowded


@dataclass(frozen=True)
class Oriented:
    """A form, the index of its rows and that of its columns; a column vector has rows only, a scalar neither."""

    node: MatrixNode
    rows: Index | None = None
    columns: Index | None = None

    @property
    def axes(self) -> tuple[Index | None, Index | None]:
        """The index of the rows and that of the columns."""
        return self.rows, self.columns

    @property
    def indices(self) -> tuple[Index, ...]:
        """The indices, that of the rows first."""
        return tuple(index for index in (self.rows, self.columns) if index is not None)


class Aligner:
    """Brings forms to rows and columns of the same indices, as sums and functions of entries need them."""

    def __init__(self, transposed: Transposer) -> None:
        self.transposed = transposed

    def turned(self, one: Oriented, rows: Index | None, columns: Index | None) -> MatrixNode:
        """Return a form with these rows and columns, which are its own."""
        if (one.rows, one.columns) == (rows, columns):
            return one.node
        assert (one.rows, one.columns) == (columns, rows), "rows and columns are exchanged, not replaced"
        return self.transposed(one.node)

    def axes(self, forms: Sequence[Oriented]) -> tuple[Index | None, Index | None]:
        """Return rows and columns for forms that stand side by side. Raises NoMatrixForm for a third index."""
        every = list(dict.fromkeys(i for one in forms for i in one.indices))
        if len(every) > 2:
            raise NoMatrixForm(f"{named(every)} are free in it at once, and a matrix has two indices", crowded=True)
        if len(every) < 2:
            return (every[0] if every else None), None
        return self.matrix_axes((every[0], every[1]), forms)

    def matrix_axes(self, pair: tuple[Index, Index], forms: Sequence[Oriented]) -> tuple[Index, Index]:
        """Return which of two indices labels the rows, so that as little as can be is transposed."""
        first, second = pair
        straight = sum(not isinstance(one.node, TransposeOf) for one in forms if one.indices == (first, second))
        crossed = sum(not isinstance(one.node, TransposeOf) for one in forms if one.indices == (second, first))
        return (second, first) if crossed > straight else (first, second)

    def spread(self, one: Oriented, rows: Index | None, columns: Index | None) -> MatrixNode:
        """Return a form as one of these rows and columns, the same along those that it does not have."""
        wanted = [index for index in (rows, columns) if index is not None]
        if set(one.indices) == set(wanted):
            return self.turned(one, rows, columns) if len(wanted) == 2 else self.column(one)
        if not one.indices:
            return one.node if is_number(one.node) else ones_like(one.node, len(wanted))
        column = self.column(one)
        if one.indices[0] == rows:
            return matrix_product((column, TransposeOf(ONES)))
        return matrix_product((ONES, self.transposed(column)))

    def column(self, one: Oriented) -> MatrixNode:
        """Return a vector as a column, a scalar as it is."""
        return one.node if one.columns is None else self.transposed(one.node)

    def together(self, forms: Sequence[Oriented]) -> tuple[list[MatrixNode], Index | None, Index | None]:
        """Return forms with the same rows and columns, and these."""
        rows, columns = self.axes(forms)
        return [self.spread(one, rows, columns) for one in forms], rows, columns


def named(indices: Iterable[Index]) -> str:
    """Return the letters of indices, with `and` before the last.

    >>> named([Index("i"), Index("j"), Index("k")])
    'i, j and k'
    """
    *letters, last = [index.preferred for index in indices]
    return f"{', '.join(letters)} and {last}" if letters else last

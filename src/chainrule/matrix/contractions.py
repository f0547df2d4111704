"""A product of entries, and the sums over it, by the graph of its indices.

Indices are the nodes of the graph; a factor with two indices joins them, one with one index weights its node. Factors
with the same indices become one by ⊙. An index that is summed over goes where its factors meet: two matrices become
their product, with a diagonal matrix between them for a weight; a matrix and a weight become a matrix times a vector; a
weight alone becomes a scalar product. Where three matrices meet in an index, no matrix product says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from chainrule.expr.nodes import Index
from chainrule.matrix.composing import (
    ScaledPart,
    addition,
    entrywise,
    inverted,
    is_number,
    matrix_product,
    multiple,
    ones_like,
    power,
    split,
    transposes,
)
from chainrule.matrix.operations import (
    ONES,
    TWO,
    UNITY,
    Addition,
    CountOf,
    DiagonalMatrix,
    DiagonalVector,
    IdentityMatrix,
    InverseOf,
    MatrixNode,
    PowerOf,
    SummaryOf,
    TransposeOf,
)
from chainrule.matrix.oriented import Aligner, NoMatrixForm, Oriented, named

Key = frozenset[Index]


@dataclass
class _Group:
    """Factors with the same indices, and divisors with them."""

    above: list[Oriented] = field(default_factory=list)
    below: list[Oriented] = field(default_factory=list)


class IndexGraph:
    """One product: its scalars, and its other factors by their indices."""

    def __init__(self, align: Aligner) -> None:
        self._align = align
        self._scalars: list[ScaledPart] = []
        self._groups: dict[Key, _Group] = {}

    def multiply(self, one: Oriented) -> None:
        """Add a factor."""
        if one.indices:
            self._groups.setdefault(frozenset(one.indices), _Group()).above.append(one)
        else:
            self._scalars.append(split(one.node, scalar=True))

    def divide(self, one: Oriented) -> None:
        """Add a divisor."""
        if one.indices:
            self._groups.setdefault(frozenset(one.indices), _Group()).below.append(one)
            return
        below = split(one.node, scalar=True)
        if not below.number:
            raise NoMatrixForm("it divides by 0")
        self._scalars.append(inverted(below))

    def sum_over(self, indices: Iterable[Index], count: Callable[[Index], CountOf]) -> None:
        """Sum over indices, those first that the fewest matrices meet in. Raises NoMatrixForm."""
        left = list(indices)
        while left:
            index = min(left, key=lambda i: len(self._matrices(i)))
            left.remove(index)
            self._sum_over(index, left, count)

    def _matrices(self, index: Index) -> list[Key]:
        return [key for key in self._groups if index in key and len(key) == 2]

    def _sum_over(self, index: Index, left: list[Index], count: Callable[[Index], CountOf]) -> None:
        matrices = self._matrices(index)
        weight = self._groups.pop(frozenset((index,)), None)
        if not matrices:
            node = count(index) if weight is None else self._scalar_product(weight)
            self.multiply(Oriented(node))
            return
        ends = [next(i for i in key if i != index) for key in matrices]
        if len(matrices) > 2:
            raise NoMatrixForm(f"{index.preferred} stands in three matrices at once, with {named(ends)}", crowded=True)
        (first, *others), end = ends, None
        if weight is None and not others and first in left and self._alone(first):
            left.remove(first)
            self.multiply(Oriented(self._total(self._groups.pop(matrices[0]))))
            return
        chain = [self._merged(self._groups.pop(matrices[0]), first, index)]
        if others:
            end = others[0]
            chain += [] if weight is None else [self._diagonal(weight)]
            chain.append(self._merged(self._groups.pop(matrices[1]), index, end))
        else:
            chain.append(ONES if weight is None else self._weight(weight))
        self.multiply(Oriented(matrix_product(chain), first, end))

    def _alone(self, index: Index) -> bool:
        """Say whether nothing but one matrix has an index."""
        return sum(index in key for key in self._groups) == 1

    def _merged(self, group: _Group, rows: Index, columns: Index) -> MatrixNode:
        """Return a group as one matrix, transposed as a whole where more of its factors lie the other way."""
        first, second = self._align.matrix_axes((rows, columns), [*group.above, *group.below])
        above = [self._align.turned(one, first, second) for one in group.above]
        whole = entrywise(above, [self._align.turned(one, first, second) for one in group.below])
        return whole if first == rows else self._align.transposed(whole)

    def _weight(self, group: _Group) -> MatrixNode:
        columns = [self._align.column(one) for one in group.above]
        return entrywise(columns, [self._align.column(one) for one in group.below])

    def _diagonal(self, group: _Group) -> MatrixNode:
        if group.above:
            return DiagonalMatrix(self._weight(group))
        return InverseOf(DiagonalMatrix(self._weight(_Group(group.below))))

    def _scalar_product(self, group: _Group) -> MatrixNode:
        """Return the sum of all entries of a product of vectors."""
        above = [self._align.column(one) for one in group.above]
        below = [self._align.column(one) for one in group.below]
        if len(above) == 1 and not below:
            return self._of_all_entries(above[0], "norm", lambda of: matrix_product((TransposeOf(ONES), of)))
        return self._best(above, below, lambda left, right: matrix_product((self._align.transposed(left), right)))

    def _total(self, group: _Group) -> MatrixNode:
        """Return the sum of all entries of a product of matrices."""
        rows, columns = self._align.axes([*group.above, *group.below])
        above = [self._align.turned(one, rows, columns) for one in group.above]
        below = [self._align.turned(one, rows, columns) for one in group.below]
        if len(above) == 1 and not below:
            around = TransposeOf(ONES), ONES
            return self._of_all_entries(above[0], "frobenius", lambda of: matrix_product((around[0], of, around[1])))
        return self._best(above, below, self._trace)

    def _of_all_entries(self, node: MatrixNode, norm: str, sums: Callable[[MatrixNode], MatrixNode]) -> MatrixNode:
        match node:
            case PowerOf(base, exponent, True) if exponent == TWO:
                return power(SummaryOf(norm, base), TWO, whole=True)
            case DiagonalVector(of):
                return SummaryOf("tr", of)
            case _:
                return sums(node)

    def _best(
        self,
        above: Sequence[MatrixNode],
        below: Sequence[MatrixNode],
        make: Callable[[MatrixNode, MatrixNode], MatrixNode],
    ) -> MatrixNode:
        """Return the product of one factor with the others that transposes the least."""
        found = [make(one, entrywise((*above[:n], *above[n + 1 :]), below)) for n, one in enumerate(above)]
        if len(above) < 2:
            found.insert(0, make(ONES, entrywise(above, below)))
        return min(found, key=lambda node: transposes([node]))

    def _trace(self, left: MatrixNode, right: MatrixNode) -> MatrixNode:
        turned = self._align.transposed
        products = matrix_product((turned(left), right)), matrix_product((left, turned(right)))
        best = split(min(products, key=lambda node: transposes([node])))
        return multiple([best], SummaryOf("tr", best.rest or UNITY))

    def form(self) -> Oriented:
        """Return the form of the product. Raises NoMatrixForm where a third index is left."""
        every = list(
            dict.fromkeys(i for g in self._groups.values() for one in (*g.above, *g.below) for i in one.indices)
        )
        if len(every) > 2:
            raise NoMatrixForm(f"{named(every)} are free in it at once, and a matrix has two indices", crowded=True)
        if not every:
            return Oriented(multiple(self._scalars, None))
        if len(every) == 1:
            return Oriented(multiple(self._scalars, self._weight(self._groups[frozenset(every)])), every[0])
        return self._matrix(every)

    def _matrix(self, every: Sequence[Index]) -> Oriented:
        group = self._groups.get(frozenset(every))
        rows, columns = self._axes(every, group)
        weights = self._groups.get(frozenset((rows,))), self._groups.get(frozenset((columns,)))
        node = self._outer(weights) if group is None else self._weighted(self._merged(group, rows, columns), weights)
        return Oriented(multiple(self._scalars, node), rows, columns)

    def _axes(self, every: Sequence[Index], group: _Group | None) -> tuple[Index, Index]:
        """Return the rows and the columns of a matrix."""
        first, second = every
        return (first, second) if group is None else self._align.matrix_axes((first, second), group.above)

    def _outer(self, weights: tuple[_Group | None, _Group | None]) -> MatrixNode:
        column, row = (ONES if weight is None else self._weight(weight) for weight in weights)
        return matrix_product((column, self._align.transposed(row)))

    def _weighted(self, matrix: MatrixNode, weights: tuple[_Group | None, _Group | None]) -> MatrixNode:
        """Return a matrix with its rows and its columns multiplied by weights."""
        left, right = ([] if weight is None else [self._diagonal(weight)] for weight in weights)
        if isinstance(matrix, IdentityMatrix):
            both = [weight for weight in weights if weight is not None]
            joint = _Group([one for w in both for one in w.above], [one for w in both for one in w.below])
            return self._diagonal(joint) if both else matrix
        if isinstance(matrix, Addition) and any(isinstance(term, IdentityMatrix) for term in matrix.terms):
            whole = [ones_like(term, 2) if is_number(term) else term for term in matrix.terms]
            return addition([self._weighted(term, weights) for term in whole])
        return matrix_product((*left, matrix, *right))

"""What is written in matrix form, as data: a closed union of nodes for scalars, column vectors and matrices.

A vector is a column; a row is one transposed. Every node says what it is, not how it is written: that is the matter of
`characters`. What is applied to each entry by itself is told from what is done to the whole: `Entrywise` is ⊙,
`MatrixProduct` is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, TypeAlias, get_args

from chainrule.expr.frozen import frozen
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import Symbol


@frozen
class Amount:
    """A number that is not negative; beside vectors and matrices it stands for one of the same in every entry."""

    value: Fraction


@frozen
class Variable:
    """A scalar, a vector or a matrix by its name. `rank` is the number of its axes."""

    tensor: Symbol
    rank: int


@frozen
class KnownConstant:
    """A constant of mathematics: pi."""

    name: str


@frozen
class NumberedPart:
    """An entry, row or column of a tensor that numbers give: x[0], W[1,:]; the place is None along what is whole."""

    of: MatrixNode
    place: tuple[int | None, ...]


@frozen
class UnitVector:
    """The vector with a 1 at one place and 0 elsewhere; the place is a number, or named by the tensor that holds it."""

    at: Symbol | int
    size: Size


@frozen
class CountOf:
    """How many values an index takes; `letter` is the index, or what else says the size. It is N for n if `capital`."""

    letter: str
    capital: bool = True


@frozen
class OnesVector:
    """The vector whose entries are all 1."""


@frozen
class IdentityMatrix:
    """The identity, whose entries are those of Kronecker's delta; `size` is the number of its rows."""

    size: Size


@frozen
class Nabla:
    """The gradient of the cost by a tensor, ∇W, with its axes; `of` is named where it is an unknown function: ∇_a C."""

    by: Symbol
    of: Symbol | None = None


@frozen
class DerivativeMatrix:
    """A derivative by its name: ∂C/∂z, or the Jacobian matrix ∂a/∂z. By two tensors it is a second derivative."""

    of: Symbol
    by: tuple[Symbol, ...]


@frozen
class TransposeOf:
    """A row, or a matrix with rows for columns."""

    of: MatrixNode


@frozen
class InverseOf:
    """The inverse of a matrix."""

    of: MatrixNode


@frozen
class DiagonalMatrix:
    """The matrix with a vector on its diagonal, and 0 elsewhere."""

    of: MatrixNode


@frozen
class DiagonalVector:
    """The vector on the diagonal of a matrix."""

    of: MatrixNode


@frozen
class MatrixProduct:
    """The product of matrices, columns and rows, from left to right."""

    factors: tuple[MatrixNode, ...]


@frozen
class Entrywise:
    """The product of entries of vectors or matrices, a ⊙ b, divided by those of `divisors`: a ⊘ c."""

    factors: tuple[MatrixNode, ...]
    divisors: tuple[MatrixNode, ...] = ()


@frozen
class Multiple:
    """A product of scalars, divided by others, and what it is a multiple of; the latter is None for a scalar."""

    scalars: tuple[MatrixNode, ...]
    of: MatrixNode | None
    divisors: tuple[MatrixNode, ...] = ()


@frozen
class Addition:
    """A sum of at least two terms of one shape."""

    terms: tuple[MatrixNode, ...]


@frozen
class SumOverSteps:
    """The sum over steps of a family: over all, or from one to another. The letter stands in superscripts of `of`."""

    letter: str
    ends: tuple[str, ...]
    of: MatrixNode


@frozen
class Opposite:
    """What has the other sign."""

    of: MatrixNode


@frozen
class PowerOf:
    """A power; `entrywise` that of each entry."""

    base: MatrixNode
    exponent: MatrixNode
    entrywise: bool


@frozen
class FunctionOf:
    """A function of one number or several, of each entry of vectors and matrices. `order` counts its primes."""

    function: str
    arguments: tuple[MatrixNode, ...]
    order: int = 0


@frozen
class SummaryOf:
    """A number that stands for a whole: its trace (tr), determinant (det), norm, max, min or prod of all entries."""

    op: str
    of: MatrixNode


@frozen
class Holds:
    """A comparison, entry by entry."""

    relation: str
    left: MatrixNode
    right: MatrixNode


@frozen
class AllOrAny:
    """`and`, `or` or `not` of conditions."""

    op: str
    parts: tuple[MatrixNode, ...]


@frozen
class Indicator:
    """1 where a condition holds, else 0, entry by entry."""

    condition: MatrixNode


@frozen
class Choice:
    """One of two values, by a condition, entry by entry."""

    condition: MatrixNode
    then: MatrixNode
    otherwise: MatrixNode


MatrixNode: TypeAlias = (
    Amount
    | Variable
    | KnownConstant
    | NumberedPart
    | UnitVector
    | CountOf
    | OnesVector
    | IdentityMatrix
    | Nabla
    | DerivativeMatrix
    | TransposeOf
    | InverseOf
    | DiagonalMatrix
    | DiagonalVector
    | MatrixProduct
    | Entrywise
    | Multiple
    | Addition
    | SumOverSteps
    | Opposite
    | PowerOf
    | FunctionOf
    | SummaryOf
    | Holds
    | AllOrAny
    | Indicator
    | Choice
)

ONES = OnesVector()
UNITY = Amount(Fraction(1))
TWO = Amount(Fraction(2))


def parts_of(node: MatrixNode) -> tuple[MatrixNode, ...]:
    """Return the nodes directly in a node."""
    found: list[Any] = []
    for value in vars(node).values():
        found += value if isinstance(value, tuple) else (value,)
    return tuple(part for part in found if isinstance(part, _NODES))


def all_in(node: MatrixNode) -> Iterator[MatrixNode]:
    """Yield a node and everything in it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += reversed(parts_of(current))


_NODES = get_args(MatrixNode)

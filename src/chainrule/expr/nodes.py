"""Expressions in index notation: a closed union of frozen node classes.

Constructors never simplify: a step taken in one could not be explained. Sums and products are flat tuples, so length
alone never deepens an expression; a quotient a/b is the product of a and b^(-1), and -a is the product of -1 and a.
Equality is structural and, because `Reduce` names its indices canonically (see `binding`), it is equality up to the
names of bound indices. Hashes are computed once per node. This module is data only: it knows no rule and no number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

from chainrule.expr.copying import field_values, flattened, rebuilt
from chainrule.expr.sizes import UNINFERRED, Size


@cache
def _compared_fields(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls) if f.compare)


class Node:
    """Base of all frozen data here: equality by class and compared fields, with the hash kept once it is known."""

    def _compared(self) -> tuple[Any, ...]:
        known: tuple[Any, ...] | None = self.__dict__.get("_parts")
        if known is None:
            kind: Any = type(self)
            known = self.__dict__["_parts"] = tuple(self.__dict__[name] for name in _compared_fields(kind))
        return known

    def __hash__(self) -> int:
        try:
            known: int = self.__dict__["_hash"]
        except KeyError:
            known = self.__dict__["_hash"] = hash((type(self).__name__, self._compared()))
        return known

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other) or hash(self) != hash(other):
            return False
        assert isinstance(other, Node)
        return self._compared() == other._compared()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the fields alone."""
        return rebuilt, (flattened(self, Node),)

    def __copy__(self) -> Any:
        kind: Any = type(self)
        return kind(*field_values(self))


@dataclass(frozen=True, eq=False)
class Index(Node):
    """An index variable. `letter` is what a printer would like to call it; it does not take part in equality.

    Free indices of an equation are named by their letter; bound ones canonically (`%1`, `%2` … from the inside out);
    those that a pass has opened freshly (`~1`, `~2` …).
    """

    name: str
    extent: Size = UNINFERRED
    letter: str = field(default="", compare=False)

    @property
    def preferred(self) -> str:
        """The letter to print: the preferred one, else the name."""
        return self.letter or self.name


@dataclass(frozen=True, eq=False)
class Affine(Node):
    """An index expression constant + Σ coefficient·index that is not a plain index: `W[0,i]`, `x[2*i+u]`.

    The order of the terms is that in which they are written; it does not take part in equality.
    """

    terms: tuple[tuple[Index, int], ...]
    constant: int = 0

    def _compared(self) -> tuple[Any, ...]:
        known: tuple[Any, ...] | None = self.__dict__.get("_parts")
        if known is None:
            known = self.__dict__["_parts"] = (frozenset(self.terms), self.constant)
        return known


@dataclass(frozen=True, eq=False)
class Lookup(Node):
    """The whole number in an entry of an integer tensor, as a position: `E[tok[t], d]`; it is below `extent`."""

    entry: Indexed
    extent: Size = UNINFERRED


Position: TypeAlias = Index | Affine | Lookup


@dataclass(frozen=True, eq=False)
class Number(Node):
    """An exact number; decimals are exact too (0.1 is 1/10)."""

    value: Fraction


@dataclass(frozen=True, eq=False)
class Constant(Node):
    """A named mathematical constant: `pi`."""

    name: str


@dataclass(frozen=True, eq=False)
class ExtentValue(Node):
    """The number of values an index takes, as a number: `extent(i)`. `letter` is the index a printer may name."""

    extent: Size
    letter: str = field(default="", compare=False)


@dataclass(frozen=True, eq=False)
class IndexValue(Node):
    """An index, or an affine expression of indices, as a number: `2*i`, both sides of `[i = j]`."""

    position: Position


@dataclass(frozen=True, eq=False)
class Indexed(Node):
    """An entry of a tensor, `W[j,i]`; a scalar has no indices. `guarded` (`x?[i-1]`) reads 0 outside the tensor.

    Derivatives of the cost are tensors too, named `∂C/∂W`, with the indices of W.
    """

    tensor: str
    indices: tuple[Position, ...] = ()
    guarded: bool = False


@dataclass(frozen=True, eq=False)
class Partial(Node):
    """The derivative of an unknown (abstract) tensor function, ∂a[k]/∂z[j]; twice for a second derivative."""

    of: Indexed
    wrt: tuple[Indexed, ...]


@dataclass(frozen=True, eq=False)
class MatrixEntry(Node):
    """What index notation cannot write of a matrix, named whole: its determinant, det(X), an entry of its inverse.

    inv(X)[i,j] has the `indices` i and j, det(X) none. `samples` are positions of axes before the two of the matrix,
    which `batch` puts there: each sample has a matrix of its own.
    """

    function: str
    tensor: str
    indices: tuple[Position, ...] = ()
    samples: tuple[Position, ...] = ()


@dataclass(frozen=True, eq=False)
class Sum(Node):
    """terms[0] + terms[1] + …, at least two."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Product(Node):
    """factors[0] · factors[1] · …, at least two. A false `Bracket` among them makes it 0 whatever the others are."""

    factors: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Power(Node):
    """base ^ exponent; a quotient has exponent -1."""

    base: Expr
    exponent: Expr


@dataclass(frozen=True, eq=False)
class Call(Node):
    """A scalar function of scalars. `order` counts the primes of an unknown function of one argument: sigma''(t)."""

    function: str
    arguments: tuple[Expr, ...]
    order: int = 0


@dataclass(frozen=True, eq=False)
class Reduce(Node):
    """A reduction of the body over all values of the indices; op is sum, mean, max, min or prod.

    Make it with `binding.reduce_over`, which names the indices canonically, and take it apart with
    `binding.open_reduce`, which gives them fresh names: a body must never be moved with canonical names in it.
    """

    op: str
    indices: tuple[Index, ...]
    body: Expr


@dataclass(frozen=True, eq=False)
class Comparison(Node):
    """left relation right, relation one of = != < <= > >=. Of two indices with = it is Kronecker's delta."""

    relation: str
    left: Expr
    right: Expr


@dataclass(frozen=True, eq=False)
class Logic(Node):
    """`and`, `or`, `not` of conditions."""

    op: str
    operands: tuple[Condition, ...]


@dataclass(frozen=True, eq=False)
class Bracket(Node):
    """Iverson's bracket: 1 where the condition holds, else 0. Strongly zero: where false, its product is 0."""

    condition: Condition


@dataclass(frozen=True, eq=False)
class Select(Node):
    """where(condition, a, b): a where the condition holds, else b; the other branch contributes nothing."""

    condition: Condition
    then: Expr
    otherwise: Expr


Condition: TypeAlias = Comparison | Logic
Expr: TypeAlias = (
    Number
    | Constant
    | ExtentValue
    | IndexValue
    | Indexed
    | Partial
    | MatrixEntry
    | Sum
    | Product
    | Power
    | Call
    | Reduce
    | Bracket
    | Select
)

ZERO = Number(Fraction(0))
ONE = Number(Fraction(1))
MINUS_ONE = Number(Fraction(-1))
HALF = Number(Fraction(1, 2))


def number(value: int | Fraction) -> Number:
    """Return the exact number."""
    return Number(Fraction(value))


def product_factors(expr: Expr) -> tuple[Expr, ...]:
    """Return the factors of a product; another expression is one factor."""
    return expr.factors if isinstance(expr, Product) else (expr,)


def mark_of(factor: Expr | Condition) -> Indexed | None:
    """Return the marked entry that a factor is, or is a power of, so that outside it the whole product is 0."""
    match factor:
        case Indexed(_, _, True):
            return factor
        case Power(Indexed(_, _, True) as entry, Number(exponent)) if exponent > 0:
            return entry
        case _:
            return None


def plus(*terms: Expr) -> Expr:
    """Return the flat sum of the terms; no term is 0, one term is itself."""
    flat = [t for term in terms for t in (term.terms if isinstance(term, Sum) else (term,))]
    return ZERO if not flat else flat[0] if len(flat) == 1 else Sum(tuple(flat))


def times(*factors: Expr) -> Expr:
    """Return the flat product of the factors; no factor is 1, one factor is itself."""
    flat = [f for factor in factors for f in product_factors(factor)]
    return ONE if not flat else flat[0] if len(flat) == 1 else Product(tuple(flat))


def over(numerator: Expr, denominator: Expr) -> Expr:
    """Return numerator / denominator."""
    return times(numerator, Power(denominator, MINUS_ONE))


def minus(expr: Expr) -> Expr:
    """Return -expr."""
    return times(MINUS_ONE, expr)


def delta(left: Index, right: Index) -> Bracket:
    """Return Kronecker's delta [left = right]."""
    return Bracket(Comparison("=", IndexValue(left), IndexValue(right)))


def operands(node: Expr | Condition) -> tuple[Expr | Condition, ...]:
    """Return the expressions and conditions a node is made of, in writing order (indices are not expressions)."""
    match node:
        case Sum(parts) | Product(parts) | Call(_, parts) | Logic(_, parts):
            return parts
        case Power(base, exponent):
            return (base, exponent)
        case Reduce(_, _, body):
            return (body,)
        case Comparison(_, left, right):
            return (left, right)
        case Bracket(condition):
            return (condition,)
        case Select(condition, then, otherwise):
            return (condition, then, otherwise)
        case Partial(of, wrt):
            return (of, *wrt)
        case _:
            return ()


def walk(node: Expr | Condition) -> Iterator[Expr | Condition]:
    """Yield the node and everything in it, outermost first, left to right, without recursion."""
    stack: list[Expr | Condition] = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(operands(current)))

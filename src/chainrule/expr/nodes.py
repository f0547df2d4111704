"""Expressions in index notation: a closed union of frozen node classes.

Constructors never simplify: a step taken in one could not be explained. Sums and products are flat tuples, so length
alone never deepens an expression; a quotient a/b is the product of a and b^(-1), and -a is the product of -1 and a.
Equality is structural and, because `Reduce` names its indices canonically (see `binding`), it is equality up to the
names of bound indices. A node is made once (see `shared`). This module is data only: it knows no rule and no number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from chainrule.expr.shared import Node, Word, made_once
from chainrule.expr.sizes import UNINFERRED, Size
from chainrule.expr.symbols import Symbol


@made_once
class Index(Node):
    """An index variable. `letter` is what a printer would like to call it; it does not take part in equality.

    Free indices of an equation are named by their letter; bound ones canonically (`%1`, `%2` … from the inside out);
    those that a pass has opened freshly (`~1`, `~2` …).
    """

    name: Word
    extent: Size = UNINFERRED
    letter: Word = field(default="", compare=False)

    @property
    def preferred(self) -> str:
        """The letter to print: the preferred one, else the name."""
        return self.letter or self.name


@made_once
class Affine(Node):
    """An index expression constant + Σ coefficient·index that is not a plain index: `W[0,i]`, `x[2*i+u]`.

    The order of the terms is that in which they are written; it does not take part in equality.
    """

    terms: tuple[tuple[Index, int], ...]
    constant: int = 0

    def compared(self) -> tuple[Any, ...]:
        """Return the terms as a set, and the constant."""
        return frozenset(self.terms), self.constant


@made_once
class Lookup(Node):
    """The whole number in an entry of an integer tensor, as a position: `E[tok[t], d]`; it is below `extent`."""

    entry: Indexed
    extent: Size = UNINFERRED


Position: TypeAlias = Index | Affine | Lookup


@made_once
class Number(Node):
    """An exact number; decimals are exact too (0.1 is 1/10)."""

    value: Fraction


@made_once
class Constant(Node):
    """A named mathematical constant: `pi`."""

    name: Word


@made_once
class ExtentValue(Node):
    """The number of values an index takes, as a number: `extent(i)`. `letter` is the index a printer may name."""

    extent: Size
    letter: Word = field(default="", compare=False)


@made_once
class IndexValue(Node):
    """An index, or an affine expression of indices, as a number: `2*i`, both sides of `[i = j]`."""

    position: Position


@made_once
class Indexed(Node):
    """An entry of a tensor, `W[j,i]`; a scalar has no indices. `guarded` (`x?[i-1]`) reads 0 outside the tensor.

    Derivatives of the cost are tensors too, with the indices of what they are by. A plain name is that of a `Tensor`.
    """

    tensor: Symbol
    indices: tuple[Position, ...] = ()
    guarded: bool = False

    if TYPE_CHECKING:

        def __init__(self, tensor: str, indices: tuple[Position, ...] = (), guarded: bool = False) -> None: ...


@made_once
class Partial(Node):
    """The derivative of an unknown (abstract) tensor function, ∂a[k]/∂z[j]; twice for a second derivative."""

    of: Indexed
    wrt: tuple[Indexed, ...]


@made_once
class MatrixEntry(Node):
    """What index notation cannot write of a matrix, named whole: its determinant, det(X), an entry of its inverse.

    inv(X)[i,j] has the `indices` i and j, det(X) none. `samples` are positions of axes before the two of the matrix,
    which `batch` puts there: each sample has a matrix of its own.
    """

    function: Word
    tensor: Symbol
    indices: tuple[Position, ...] = ()
    samples: tuple[Position, ...] = ()

    if TYPE_CHECKING:

        def __init__(
            self, function: str, tensor: str, indices: tuple[Position, ...] = (), samples: tuple[Position, ...] = ()
        ) -> None: ...


@made_once
class Sum(Node):
    """terms[0] + terms[1] + …, at least two."""

    terms: tuple[Expr, ...]


@made_once
class Product(Node):
    """factors[0] · factors[1] · …, at least two. A false `Bracket` among them makes it 0 whatever the others are."""

    factors: tuple[Expr, ...]


@made_once
class Power(Node):
    """base ^ exponent; a quotient has exponent -1."""

    base: Expr
    exponent: Expr


@made_once
class Call(Node):
    """A scalar function of scalars. `order` counts the primes of an unknown function of one argument: sigma''(t)."""

    function: Word
    arguments: tuple[Expr, ...]
    order: int = 0


RATE = "∂"
"""The function of `rate`; no name of the notation is written so, so no system has it."""


def rate(of: Expr, by: Expr) -> Call:
    """Return the derivative of an expression by an entry before it is worked out: only derivations have it."""
    return Call(RATE, (of, by))


@made_once
class Reduce(Node):
    """A reduction of the body over all values of the indices; op is sum, mean, max, min or prod.

    Make it with `binding.reduce_over`, which names the indices canonically, and take it apart with
    `binding.open_reduce`, which gives them fresh names: a body must never be moved with canonical names in it.
    """

    op: Word
    indices: tuple[Index, ...]
    body: Expr


@made_once
class Comparison(Node):
    """left relation right, relation one of = != < <= > >=. Of two indices with = it is Kronecker's delta."""

    relation: Word
    left: Expr
    right: Expr


@made_once
class Logic(Node):
    """`and`, `or`, `not` of conditions."""

    op: Word
    operands: tuple[Condition, ...]


@made_once
class Bracket(Node):
    """Iverson's bracket: 1 where the condition holds, else 0. Strongly zero: where false, its product is 0."""

    condition: Condition


@made_once
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

AnyNode = TypeVar("AnyNode", bound=Expr | Condition)

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


def delta(left: Position, right: Position) -> Bracket:
    """Return Kronecker's delta [left = right]."""
    return Bracket(Comparison("=", IndexValue(left), IndexValue(right)))


def operands(node: Expr | Condition) -> tuple[Expr | Condition, ...]:
    """Return the expressions and conditions a node is made of, in writing order (indices are not expressions)."""
    found: tuple[Expr | Condition, ...] = _PARTS[type(node)](node)
    return found


def with_operands(node: AnyNode, parts: Sequence[Expr | Condition]) -> AnyNode:
    """Return the node made of others, as many and in the order of `operands`; nothing is simplified or renamed."""
    old = _PARTS[type(node)](node)
    assert len(parts) == len(old), "a node has as many operands as before"
    if all(map(is_, parts, old)):
        return node
    made: AnyNode = _MADE[type(node)](node, tuple(parts))
    return made


_ATOMS = (Number, Constant, ExtentValue, IndexValue, Indexed, MatrixEntry)
_OPERANDS: Mapping[type[Any], tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
    **dict.fromkeys(_ATOMS, (lambda _: (), lambda node, _: node)),
    Sum: (attrgetter("terms"), lambda _, parts: Sum(parts)),
    Product: (attrgetter("factors"), lambda _, parts: Product(parts)),
    Power: (attrgetter("base", "exponent"), lambda _, parts: Power(*parts)),
    Call: (attrgetter("arguments"), lambda node, parts: Call(node.function, parts, node.order)),
    Reduce: (lambda node: (node.body,), lambda node, parts: Reduce(node.op, node.indices, *parts)),
    Comparison: (attrgetter("left", "right"), lambda node, parts: Comparison(node.relation, *parts)),
    Logic: (attrgetter("operands"), lambda node, parts: Logic(node.op, parts)),
    Bracket: (lambda node: (node.condition,), lambda _, parts: Bracket(*parts)),
    Select: (attrgetter("condition", "then", "otherwise"), lambda _, parts: Select(*parts)),
    Partial: (lambda node: (node.of, *node.wrt), lambda _, parts: Partial(parts[0], parts[1:])),
}

_PARTS = {kind: parts for kind, (parts, _) in _OPERANDS.items()}
_MADE = {kind: make for kind, (_, make) in _OPERANDS.items()}


def walk(node: Expr | Condition) -> Iterator[Expr | Condition]:
    """Yield the node and everything in it, outermost first, left to right, without recursion."""
    stack: list[Expr | Condition] = [node]
    while stack:
        current = stack.pop()
        yield current
        parts = _PARTS[type(current)](current)
        if parts:
            stack += parts[::-1]

"""Putting matrix forms together as a book writes them: (A x)ᵀ is xᵀ Aᵀ, scalars stand in front, I is left out.

Each function returns what is equal to what it is asked for, in every entry; nothing here looks at indices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from chainrule.expr.symbols import Symbol
from chainrule.matrix.operations import (
    ONES,
    UNITY,
    Addition,
    Amount,
    DiagonalMatrix,
    Entrywise,
    FunctionOf,
    IdentityMatrix,
    InverseOf,
    KnownConstant,
    MatrixNode,
    MatrixProduct,
    Multiple,
    OnesVector,
    Opposite,
    PowerOf,
    SummaryOf,
    SumOverSteps,
    TransposeOf,
    Variable,
    all_in,
)


@dataclass(frozen=True)
class ScaledPart:
    """A node as what it is a multiple of: its sign, number, other scalars, divisors, and the rest."""

    negative: bool
    number: Fraction
    scalars: tuple[MatrixNode, ...]
    divisors: tuple[MatrixNode, ...]
    rest: MatrixNode | None


def split(node: MatrixNode, *, scalar: bool = False) -> ScaledPart:
    """Return a node taken apart; all of a `scalar` is scalars."""
    negative = isinstance(node, Opposite)
    inner = node.of if isinstance(node, Opposite) else node
    match inner:
        case Amount(value) if scalar:
            return ScaledPart(negative, value, (), (), None)
        case Multiple(scalars, rest, divisors):
            more = () if rest is None or not scalar else (rest,)
            numbers = [one.value for one in scalars if isinstance(one, Amount)]
            others = tuple(one for one in (*scalars, *more) if not isinstance(one, Amount))
            return ScaledPart(negative, product_of(numbers), others, divisors, None if scalar else rest)
        case _ if scalar:
            return ScaledPart(negative, Fraction(1), (inner,), (), None)
        case _:
            return ScaledPart(negative, Fraction(1), (), (), inner)


def inverted(one: ScaledPart) -> ScaledPart:
    """Return 1 over the scalars of a node; its rest is for the caller to divide by."""
    return ScaledPart(one.negative, 1 / one.number, one.divisors, one.scalars, None)


def product_of(numbers: Iterable[Fraction]) -> Fraction:
    """Return the product of numbers."""
    found = Fraction(1)
    for number in numbers:
        found *= number
    return found


def opposite(node: MatrixNode) -> MatrixNode:
    """Return −node."""
    return node.of if isinstance(node, Opposite) else Opposite(node)


def multiple(parts: Sequence[ScaledPart], of: MatrixNode | None, divisors: Sequence[MatrixNode] = ()) -> MatrixNode:
    """Return the product of scalars with what they multiply, divided by others; without any it is that itself."""
    inner = [] if of is None else [split(of)]
    every = [*parts, *inner]
    number = product_of(one.number for one in every)
    below = [d for one in every for d in one.divisors] + list(divisors)
    number /= product_of(d.value for d in below if isinstance(d, Amount))
    below = [d for d in below if not isinstance(d, Amount)]
    if below and number.denominator != 1:
        below, number = [Amount(Fraction(number.denominator)), *below], Fraction(number.numerator)
    rest = inner[0].rest if inner else None
    scalars = [s for one in every for s in one.scalars]
    if rest is None and scalars and isinstance(scalars[-1], MatrixProduct | Entrywise):
        rest = scalars.pop()
    made = _multiple(number, scalars, rest, below)
    return opposite(made) if sum(one.negative for one in every) % 2 else made


def _multiple(
    number: Fraction, scalars: list[MatrixNode], rest: MatrixNode | None, below: list[MatrixNode]
) -> MatrixNode:
    front = [] if number == 1 else [Amount(number)]
    factors = (*front, *scalars)
    if not below and len(factors) + (rest is not None) <= 1:
        return rest if rest is not None else factors[0] if factors else UNITY
    return Multiple(factors, rest, tuple(below))


def addition(terms: Sequence[MatrixNode]) -> MatrixNode:
    """Return a sum; of a matrix and its transpose the matrix comes first."""
    flat = [t for term in terms for t in (term.terms if isinstance(term, Addition) else (term,))]
    for place, term in enumerate(flat):
        if isinstance(term, TransposeOf) and term.of in flat[place:]:
            other = flat.index(term.of, place)
            flat[place], flat[other] = flat[other], flat[place]
    return flat[0] if len(flat) == 1 else Addition(tuple(flat))


def matrix_product(factors: Sequence[MatrixNode]) -> MatrixNode:
    """Return the product of matrices, columns and rows, its scalars in front; the identity is left out."""
    flat = [f for factor in factors for f in (factor.factors if isinstance(factor, MatrixProduct) else (factor,))]
    parts = [split(factor) for factor in flat]
    every = [one.rest for one in parts if one.rest is not None]
    rests = [rest for rest in every if not isinstance(rest, IdentityMatrix)] or every[:1]
    again = _weights([r for rest in rests for r in (rest.factors if isinstance(rest, MatrixProduct) else (rest,))])
    whole = again[0] if len(again) == 1 else MatrixProduct(tuple(again))
    return multiple([replace(one, rest=None) for one in parts], whole)


def _weights(factors: Sequence[MatrixNode]) -> list[MatrixNode]:
    """Return factors with diag(u) 1 written u, and 1ᵀ diag(u) uᵀ."""
    found: list[MatrixNode] = []
    for factor in factors:
        match found[-1:], factor:
            case [DiagonalMatrix(of)], OnesVector():
                found[-1] = of
            case [TransposeOf(OnesVector())], DiagonalMatrix(of):
                found[-1] = TransposeOf(of)
            case _:
                found.append(factor)
    return found


def entrywise(factors: Sequence[MatrixNode], divisors: Sequence[MatrixNode] = ()) -> MatrixNode:
    """Return the product of entries, its scalars in front and matrix products before all else."""
    flat = [f for factor in factors for f in _entries(factor)]
    parts = [split(factor) for factor in flat]
    rests = [r for one in parts if one.rest is not None for r in _entries(one.rest)]
    rests = [r for r in rests if not isinstance(r, OnesVector)] or rests[:1]
    ordered = sorted(rests, key=lambda rest: not _has_product(rest))
    below = [split(d) for d in divisors]
    bases = tuple(one.rest if one.rest is not None else UNITY for one in below)
    if bases:
        kept = tuple(r for r in ordered if not isinstance(r, OnesVector))
        whole: MatrixNode = Entrywise(kept, bases)
    else:
        whole = ordered[0] if len(ordered) == 1 else Entrywise(tuple(ordered))
    return multiple([*(replace(one, rest=None) for one in parts), *map(inverted, below)], whole)


def _has_product(node: MatrixNode) -> bool:
    """Say whether a node is a matrix product, or a sum with one in it."""
    return any(isinstance(part, MatrixProduct) for part in (node.terms if isinstance(node, Addition) else (node,)))


def _entries(node: MatrixNode) -> tuple[MatrixNode, ...]:
    return node.factors if isinstance(node, Entrywise) and not node.divisors else (node,)


def power(base: MatrixNode, exponent: MatrixNode, *, whole: bool) -> MatrixNode:
    """Return a power of a scalar, or of every entry; the root of a square is the norm that was squared."""
    if isinstance(base, PowerOf) and isinstance(base.base, SummaryOf) and base.base.op == "norm":
        inner = base.exponent
        if isinstance(inner, Amount) and isinstance(exponent, Amount):
            base, exponent = base.base, Amount(inner.value * exponent.value)
    return base if exponent == UNITY else PowerOf(base, exponent, entrywise=not whole)


def root(of: MatrixNode) -> MatrixNode:
    """Return the square root of a scalar."""
    half = Amount(Fraction(1, 2))
    found = power(of, half, whole=True)
    return FunctionOf("sqrt", (of,)) if found == PowerOf(of, half, entrywise=False) else found


def is_number(node: MatrixNode) -> bool:
    """Say whether a node is a mere number, which beside vectors and matrices stands in every entry."""
    return all(isinstance(part, _OF_NUMBERS) for part in all_in(node))


_OF_NUMBERS = (Amount, KnownConstant, Addition, Opposite, Multiple, PowerOf, FunctionOf)


class Transposer:
    """Transposes what stands for matrices and columns; those of `symmetric` stay as they are."""

    def __init__(self, symmetric: Collection[Symbol] = ()) -> None:
        self._symmetric = symmetric

    def __call__(self, node: MatrixNode) -> MatrixNode:
        """Return a node transposed; a number in every entry is one however they lie."""
        if is_number(node):
            return node
        match node:
            case TransposeOf(of):
                return of
            case InverseOf(of):
                return node if self(of) == of else TransposeOf(node)
            case Variable() | IdentityMatrix() | DiagonalMatrix() if self._is_symmetric(node):
                return node
            case MatrixProduct(factors):
                return MatrixProduct(tuple(self(factor) for factor in reversed(factors)))
            case Opposite(of):
                return Opposite(self(of))
            case SumOverSteps(of=of) | Multiple(of=of) if of is not None:
                return replace(node, of=self(of))
            case Addition(terms) | Entrywise(terms, ()) | FunctionOf(_, terms):
                return self._each(node, terms)
            case _:
                return TransposeOf(node)

    def _is_symmetric(self, node: MatrixNode) -> bool:
        return not isinstance(node, Variable) or node.tensor in self._symmetric

    def term_by_term(self, node: MatrixNode) -> MatrixNode:
        """Return a node transposed, a sum in it term by term, as it is written where it is all that is on one side."""
        match node:
            case Opposite(of):
                return Opposite(self.term_by_term(of))
            case Multiple(_, of) if of is not None:
                return replace(node, of=self.term_by_term(of))
            case Addition(terms):
                return addition(tuple(map(self.term_by_term, terms)))
            case _:
                return self(node)

    def _each(self, node: Addition | Entrywise | FunctionOf, terms: tuple[MatrixNode, ...]) -> MatrixNode:
        """Return the terms transposed, or the whole where that leaves fewer transposes in it."""
        turned = tuple(map(self, terms))
        if isinstance(node, FunctionOf):
            return TransposeOf(node) if transposes(turned) > transposes(terms) else replace(node, arguments=turned)
        if sorted(map(repr, turned)) == sorted(map(repr, terms)):
            return node
        if transposes(turned) > transposes(terms):
            return TransposeOf(node)
        return addition(turned) if isinstance(node, Addition) else Entrywise(turned)


def transposes(nodes: Sequence[MatrixNode]) -> int:
    """Return how often something is transposed in nodes."""
    return sum(isinstance(part, TransposeOf) for node in nodes for part in all_in(node))


def ones_like(node: MatrixNode, axes: int) -> MatrixNode:
    """Return the vector or the matrix that has a scalar in every entry; that of 0 is written 0."""
    if node == Amount(Fraction(0)):
        return node
    whole = ONES if axes == 1 else MatrixProduct((ONES, TransposeOf(ONES)))
    return multiple([split(node, scalar=True)], whole)

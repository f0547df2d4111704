"""The layout of an expression: what stands where, before anybody says in which characters.

A small closed union of nodes that every style writes, see `style`. Parentheses are decided when it is built (see
`arrange`), from the one table of precedence here; a style may leave out a pair that its own form makes superfluous, as
under the bar of a fraction. Nothing else need be known to write it: what depends on other names is noted in the nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from fractions import Fraction
from typing import TypeAlias

from chainrule.expr.frozen import frozen
from chainrule.expr.nodes import Affine, Index, Position
from chainrule.expr.symbols import Symbol


@frozen
class Numeral:
    """A number that is not negative, as an integer or a decimal."""

    value: Fraction


@frozen
class Ratio:
    """A positive number written p/q."""

    value: Fraction


@frozen
class Letter:
    """The letter of an index, as a number."""

    letter: str


@frozen
class Named:
    """A constant of mathematics."""

    name: str


@frozen
class ExtentOf:
    """The extent of the index with this letter; `taken` says that a tensor is named by it, or by the capital letter."""

    letter: str
    taken: bool = False


@frozen
class AffineNumber:
    """An affine expression of indices, as a number."""

    position: Affine


@frozen
class Entry:
    """An entry of a tensor; `apart` says that there is a tensor without the digits of this one's name too."""

    tensor: Symbol
    positions: tuple[Position, ...]
    guarded: bool = False
    apart: bool = False


@frozen
class Matrix:
    """A function of a whole matrix, of that of each of the `samples` if there are such, read at positions."""

    function: str
    matrix: Entry
    positions: tuple[Position, ...]


@frozen
class Slope:
    """The derivative of an entry, or of a derivative in parentheses, by others: ∂a[k]/∂z[j], ∂(∂C/∂z[j])/∂a[k]."""

    of: Layout
    wrt: tuple[Layout, ...]


@frozen
class NamedSlope:
    """An entry of a tensor of derivatives, whose name says of what by what, with all its positions behind: ∂C/∂z[j].

    `likely` is how it reads if they are shared out as is usual. Where even that is not known, `parts` are the tensors,
    each with whether it has axes.
    """

    tensor: Symbol
    positions: tuple[Position, ...]
    guarded: bool
    likely: Slope | None
    parts: tuple[tuple[Symbol, bool], ...]


@frozen
class Terms:
    """A sum; a term that is `Negative` is subtracted."""

    parts: tuple[Layout, ...]


@frozen
class Negative:
    """A minus sign and what it stands before."""

    part: Layout


@frozen
class Factors:
    """A product."""

    parts: tuple[Layout, ...]


@frozen
class Quotient:
    """A numerator over a denominator."""

    above: Layout
    below: Layout


@frozen
class Superscript:
    """A power."""

    base: Layout
    exponent: Layout


@frozen
class Applied:
    """A function of arguments; primes count the derivatives of an unknown one."""

    function: str
    arguments: tuple[Layout, ...]
    primes: int = 0


@frozen
class Primed:
    """A derivative that laws write with primes: (u^n)'."""

    inner: Layout
    primes: int = 1


@frozen
class Rate:
    """The derivative of an expression by an entry, before it is worked out: ∂(…)/∂z[j]."""

    of: Layout
    by: Layout


@frozen
class Whole:
    """A tensor by its name alone, with all of its entries."""

    tensor: Symbol


@frozen
class GradientTimes:
    """The gradient of a tensor times a column of derivatives: ∇C · ∂a/∂z[j]."""

    of: Symbol
    column: Layout


@frozen
class BigOperator:
    """sum, mean, max … over indices, and the body. A letter may have its range behind it: u<2, t=1..T."""

    op: str
    letters: tuple[str, ...]
    body: Layout


@frozen
class Relation:
    """left = right, or another relation."""

    relation: str
    left: Layout
    right: Layout


@frozen
class Chain:
    """A chain of comparisons, 0 ≤ i < 3: one relation fewer than sides."""

    sides: tuple[Layout, ...]
    relations: tuple[str, ...]


@frozen
class Connective:
    """`and`, `or` of conditions."""

    op: str
    parts: tuple[Layout, ...]


@frozen
class Denial:
    """`not` of a condition."""

    part: Layout


@frozen
class Iverson:
    """A condition in brackets."""

    condition: Layout


@frozen
class Cases:
    """One of two values, by a condition."""

    condition: Layout
    then: Layout
    otherwise: Layout


@frozen
class FirstToLast:
    """The steps from a first to a last one: 1..L."""

    first: Layout
    last: Layout


@frozen
class Parenthesised:
    """Something in parentheses."""

    inner: Layout


Layout: TypeAlias = (
    Numeral
    | Ratio
    | Letter
    | Named
    | ExtentOf
    | AffineNumber
    | Entry
    | Matrix
    | Slope
    | NamedSlope
    | Terms
    | Negative
    | Factors
    | Quotient
    | Superscript
    | Applied
    | Primed
    | Rate
    | Whole
    | GradientTimes
    | BigOperator
    | Relation
    | Chain
    | Connective
    | Denial
    | Iverson
    | Cases
    | FirstToLast
    | Parenthesised
)

UNIT = Numeral(Fraction(1))


class Level(IntEnum):
    """How tightly something holds together; what is looser than its place asks for gets parentheses."""

    LOGIC = 0
    RELATION = 1
    SUM = 2
    NEGATIVE = 3
    PRODUCT = 4
    SLOPE = 5
    POWER = 6
    ATOM = 7


PRECEDENCE: dict[type[Layout], Level] = {
    Connective: Level.LOGIC,
    Relation: Level.RELATION,
    Chain: Level.RELATION,
    Denial: Level.RELATION,
    Terms: Level.SUM,
    AffineNumber: Level.SUM,
    Negative: Level.NEGATIVE,
    Factors: Level.PRODUCT,
    Quotient: Level.PRODUCT,
    Ratio: Level.PRODUCT,
    BigOperator: Level.PRODUCT,
    GradientTimes: Level.PRODUCT,
    Slope: Level.SLOPE,
    Rate: Level.SLOPE,
    NamedSlope: Level.SLOPE,
    Superscript: Level.POWER,
    Numeral: Level.ATOM,
    Letter: Level.ATOM,
    Named: Level.ATOM,
    ExtentOf: Level.ATOM,
    Entry: Level.ATOM,
    Matrix: Level.ATOM,
    Applied: Level.ATOM,
    Primed: Level.ATOM,
    Whole: Level.ATOM,
    Iverson: Level.ATOM,
    Cases: Level.ATOM,
    FirstToLast: Level.RELATION,
    Parenthesised: Level.ATOM,
}
"""The one table of precedence. A slope ∂a/∂z may be a factor as it stands, but not a base or a denominator."""


def fit(layout: Layout, level: Level) -> Layout:
    """Return the layout, in parentheses if it is looser than the level."""
    return layout if PRECEDENCE[type(layout)] >= level else Parenthesised(layout)


def bare(layout: Layout) -> Layout:
    """Return the layout without parentheses around the whole of it."""
    return layout.inner if isinstance(layout, Parenthesised) else layout


def affine_text(position: Affine, term: Callable[[Index, int], str]) -> str:
    """Return an affine position, a number in front where all else is subtracted: 3-i.

    `term` writes an index with the size of its coefficient.
    """
    parts = [("-" if c < 0 else "+") + term(index, abs(c)) for index, c in position.terms]
    if position.constant > 0 and all(c < 0 for _, c in position.terms):
        parts.insert(0, f"+{position.constant}")
    elif position.constant or not parts:
        parts.append(f"{position.constant:+d}")
    return "".join(parts).removeprefix("+")

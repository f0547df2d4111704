"""How a layout is written: a style is a table of characters, and there is one function that writes by it.

What stands where is decided by `arrange`; a style says in which characters. Most entries are strings or frames, the
strings around and between parts, so that a new form, such as a programming language, is one more table. `write` has
a stack of its own: no depth meets a recursion limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from chainrule.expr.nodes import Position
from chainrule.render.layout import (
    UNIT,
    AffineNumber,
    Applied,
    BigOperator,
    Cases,
    Chain,
    Connective,
    Denial,
    Entry,
    ExtentOf,
    Factors,
    FirstToLast,
    GradientTimes,
    Iverson,
    Layout,
    Letter,
    Matrix,
    Named,
    NamedSlope,
    Negative,
    Numeral,
    Parenthesised,
    Primed,
    Quotient,
    Rate,
    Ratio,
    Relation,
    Slope,
    Superscript,
    Terms,
    Whole,
    bare,
)
from chainrule.render.names import layer_of
from chainrule.render.numerals import numeral_parts

Piece: TypeAlias = str | Layout
Pieces: TypeAlias = Sequence[Piece]
Frame: TypeAlias = tuple[str, ...]
"""The strings before, between and after parts: one more than there are parts."""


@dataclass(frozen=True)
class Style:
    """The characters of one way to write mathematics.

    `holds` says that bars, roots and superscripts show how far they reach, so that parentheses in them go. `times` is
    written before a factor, `big` is an operator with its ranges, `big_end` what
    stands behind its body, `partial` the sign of a derivative of an order, `primed`
    what stands around something with so many primes, `call` what stands between a function and its parentheses. All
    signs come with the space around them.
    """

    holds: bool
    number: Callable[[str, int], str]
    name: Callable[[str], str]
    size: Callable[[ExtentOf], str]
    entry: Callable[[Entry], str]
    position: Callable[[Position], str]
    matrix: Callable[[Matrix], Pieces]
    named_slope: Callable[[NamedSlope], Pieces]
    function: Callable[[str], str]
    partial: Callable[[int], str]
    times: Callable[[Layout], str]
    big: Callable[[BigOperator], str]
    big_end: str
    plus: str
    minus: str
    negative: str
    denial: str
    primed: Callable[[int], Frame]
    call: str
    whole: Callable[[str], str]
    gradient: Frame
    rate: Callable[[Rate], Pieces]
    comma: str
    between_partials: str
    relation: Callable[[str], str]
    connective: Callable[[str], str]
    slope: Frame
    fraction: Frame
    power: Frame
    parentheses: Frame
    bracket: Frame
    span: Frame
    choice: Callable[[Cases], Pieces]
    frames: Mapping[str, Frame]
    """Functions that are no name before parentheses: a root, an absolute value."""


def write(layout: Layout, style: Style) -> str:
    """Return a layout in a style."""
    out: list[str] = []
    stack: list[Piece] = [layout]
    while stack:
        current = stack.pop()
        if isinstance(current, str):
            out.append(current)
        else:
            stack.extend(reversed(_pieces(current, style)))
    return "".join(out)


def framed(frame: Frame, *parts: Piece) -> Pieces:
    """Return parts with the strings of a frame around and between them."""
    return (frame[0], *(piece for part, after in zip(parts, frame[1:], strict=True) for piece in (part, after)))


def joined(parts: Sequence[Piece], separator: str) -> Pieces:
    """Return parts with a separator between them."""
    return linked(parts, (separator,) * (len(parts) - 1))


def linked(parts: Sequence[Piece], links: Sequence[str]) -> Pieces:
    """Return parts with the links between them."""
    return (parts[0], *(piece for link, part in zip(links, parts[1:], strict=True) for piece in (link, part)))


def slope(of: Piece, wrt: Sequence[Piece], style: Style) -> Pieces:
    """Return the derivative of something by others."""
    before, between, after = style.slope
    below = joined(tuple(wrt), style.between_partials + style.partial(1))
    return (before, style.partial(len(wrt)), of, between, style.partial(1), *below, after)


def _pieces(layout: Layout, style: Style) -> Pieces:  # noqa: C901 -- one match over the nodes
    match layout:
        case Numeral(value):
            return (style.number(*numeral_parts(value)),)
        case Ratio(value):
            return framed(style.fraction, *(style.number(str(part), 0) for part in value.as_integer_ratio()))
        case Letter(name) | Named(name):
            return (style.name(name),)
        case ExtentOf():
            return (style.size(layout),)
        case AffineNumber(position):
            return (style.position(position),)
        case Entry():
            return (style.entry(layout),)
        case Matrix():
            return style.matrix(layout)
        case NamedSlope():
            return style.named_slope(layout)
        case Slope(of, wrt):
            return slope(of, wrt, style)
        case Terms(parts):
            return _terms(parts, style)
        case Negative(part):
            return (style.negative, part)
        case Factors(parts):
            return linked(parts, [style.times(part) for part in parts[1:]])
        case Quotient(above, below):
            return _quotient(above, below, style)
        case Superscript(base, exponent):
            return framed(style.power, *((_base(base), bare(exponent)) if style.holds else (base, exponent)))
        case Applied():
            return _applied(layout, style)
        case Primed(inner, primes):
            return framed(style.primed(primes), inner)
        case Rate():
            return style.rate(layout)
        case Whole(tensor):
            return (style.whole(tensor),)
        case GradientTimes(tensor, column):
            return framed(style.gradient, style.whole(tensor), column)
        case BigOperator(_, _, body):
            return (style.big(layout), body, style.big_end)
        case Relation(relation, left, right):
            return (left, style.relation(relation), right)
        case Chain(sides, relations):
            return linked(sides, [style.relation(relation) for relation in relations])
        case Connective(op, parts):
            return joined(parts, style.connective(op))
        case Denial(part):
            return (style.denial, part)
        case Iverson(condition):
            return framed(style.bracket, condition)
        case Cases():
            return style.choice(layout)
        case FirstToLast(first, last):
            return framed(style.span, first, last)
        case Parenthesised(inner):
            superfluous = style.holds and isinstance(inner, Ratio)
            return (inner,) if superfluous else framed(style.parentheses, inner)
        case _:
            assert_never(layout)


def _terms(parts: tuple[Layout, ...], style: Style) -> Pieces:
    first, *others = parts
    pieces: list[Piece] = [first]
    for part in others:
        pieces += (style.minus, part.part) if isinstance(part, Negative) else (style.plus, part)
    return pieces


def _quotient(above: Layout, below: Layout, style: Style) -> Pieces:
    """Write a fraction; under a bar a fraction of numbers in front of it stands beside it."""
    if not style.holds:
        return framed(style.fraction, above, below)
    first, *others = above.parts if isinstance(above, Factors) else (above,)
    if not isinstance(first, Ratio):
        return framed(style.fraction, bare(above), bare(below))
    rest = Factors(tuple(others)) if len(others) > 1 else others[0] if others else UNIT
    return (first, style.times(Quotient(rest, below)), *framed(style.fraction, bare(rest), bare(below)))


def _base(base: Layout) -> Layout:
    """Return what a superscript may stand at: an entry that has one already goes into parentheses."""
    match base:
        case Entry(tensor, positions, guarded):
            return Parenthesised(base) if guarded or (positions and layer_of(tensor)[1]) else base
        case Numeral(value):
            return Parenthesised(base) if numeral_parts(value)[1] else base
        case Parenthesised(Ratio() as ratio):
            return Parenthesised(Parenthesised(ratio))
        case Letter() | Named() | ExtentOf() | Iverson() | Parenthesised():
            return base
        case _:
            return Parenthesised(base)


def _applied(node: Applied, style: Style) -> Pieces:
    if node.function in style.frames and not node.primes:
        return framed(style.frames[node.function], *node.arguments)
    before, after = style.parentheses
    name = style.function(node.function)
    called = framed(style.primed(node.primes), name) if node.primes else (name,)
    return (*called, style.call, before, *joined(node.arguments, style.comma), after)

r"""A formula as lines of LaTeX that fit a width: broken before + and −, between factors, within parentheses.

What is too long is taken apart by its layout. A pair of parentheses that is broken has signs of a fixed size; a
fraction that is too long becomes a product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from chainrule.render.latex import LATEX
from chainrule.render.latex_width import latex_width
from chainrule.render.layout import (
    UNIT,
    Applied,
    BigOperator,
    Cases,
    Chain,
    Connective,
    Factors,
    Iverson,
    Layout,
    Negative,
    Parenthesised,
    Quotient,
    Rate,
    Ratio,
    Relation,
    Superscript,
    Terms,
    bare,
)
from chainrule.render.style import write

HANGING = 20.0
"""How far in a line stands that goes on from the one above."""
_ROOT = Ratio(Fraction(1, 2))


@dataclass(frozen=True)
class Box:
    """A piece that is not broken; before it stands `inline` within a line, `broken` at the beginning of one."""

    source: str
    inline: str = ""
    broken: str = ""

    def begun(self, before: str) -> Box:
        """Return the box with something before it."""
        return replace(self, source=f"{before}{self.source}")

    def ended(self, after: str) -> Box:
        """Return the box with something behind it."""
        return replace(self, source=f"{self.source}{after}")


def latex_lines(layout: Layout, room: float) -> list[str]:
    """Return a layout as lines of at most this width, in points, as far as it can be broken."""
    whole = write(layout, LATEX)
    if latex_width(whole) <= room:
        return [whole]
    lines: list[str] = []
    current = ""
    for box in _boxes(layout, room - HANGING):
        longer = f"{current}{box.inline}{box.source}" if current else box.source
        if current and latex_width(longer) > room - (HANGING if lines else 0):
            lines.append(current)
            longer = f"{box.broken}{box.source}"
        current = longer
    return [*lines, current]


def _boxes(layout: Layout, room: float) -> list[Box]:
    """Return the boxes of a layout: one if it fits."""
    whole = write(layout, LATEX)
    if latex_width(whole) <= room:
        return [Box(whole)]
    found = list(_parts(layout, room))
    return found or [Box(whole)]


def _parts(layout: Layout, room: float) -> Iterator[Box]:  # noqa: C901 -- one match over the nodes that can be broken
    match layout:
        case Terms(parts):
            yield from _terms(parts, room)
        case Negative(part):
            yield from _around("-", _boxes(part, room))
        case Factors(parts):
            for n, part in enumerate(parts):
                first, *others = _boxes(part, room)
                yield replace(first, inline=LATEX.times(part), broken=r"\cdot ") if n else first
                yield from others
        case BigOperator(_, _, body):
            yield from _around(LATEX.big(layout), _boxes(body, room))
        case Parenthesised(inner):
            yield from _around(r"\Bigl(", _boxes(inner, room), r"\Bigr)")
        case Iverson(condition):
            yield from _around(r"\Bigl[", _boxes(condition, room), r"\Bigr]")
        case Relation(relation, left, right):
            yield from _linked((left, right), (relation,), room)
        case Chain(sides, relations):
            yield from _linked(sides, relations, room)
        case Connective(op, parts):
            yield from _separated(parts, LATEX.connective(op), room)
        case Quotient(above, below):
            yield from _quotient(above, below, room)
        case Superscript(base, exponent):
            raised = _boxes(Parenthesised(bare(base)), room)
            yield from _around("", raised, f"^{{{write(bare(exponent), LATEX)}}}")
        case Rate(of, by):
            before = rf"\Bigl[ \frac{{\partial}}{{\partial {write(by, LATEX)}}} "
            yield from _around(before, _boxes(Parenthesised(of), room), r" \Bigr]")
        case Applied("sqrt", (argument,), 0):
            yield from _parts(Superscript(Parenthesised(argument), _ROOT), room)
        case Applied("abs", (argument,), 0):
            yield from _around(r"\Bigl|", _boxes(argument, room), r"\Bigr|")
        case Applied(function, arguments, primes):
            name = LATEX.function(function).join(LATEX.primed(primes))
            yield from _around(rf"{name}\Bigl(", list(_separated(arguments, LATEX.comma, room)), r"\Bigr)")
        case Cases(condition, then, otherwise):
            boxes = [
                *_boxes(then, room),
                *_around(r"\text{ if } ", _boxes(condition, room)),
                *_around(r"\text{, else } ", _boxes(otherwise, room)),
            ]
            yield from _around(r"\Bigl(", boxes, r"\Bigr)")
        case _:
            pass


def _terms(parts: Sequence[Layout], room: float) -> Iterator[Box]:
    for n, part in enumerate(parts):
        plain = part.part if isinstance(part, Negative) else part
        sign = LATEX.minus if isinstance(part, Negative) else LATEX.plus
        first, *others = _boxes(plain, room)
        if n:
            yield replace(first, inline=sign, broken=sign.lstrip())
        else:
            yield first.begun("-") if isinstance(part, Negative) else first
        yield from others


def _quotient(above: Layout, below: Layout, room: float) -> Iterator[Box]:
    """Yield 1/below times above; where even that is too long, the one over the other by a stroke."""
    small = write(Quotient(UNIT, below), LATEX)
    if latex_width(small) <= room:
        yield Box(small)
        first, *others = _boxes(Parenthesised(bare(above)), room)
        yield replace(first, inline=r" \, ", broken=r"\cdot ")
        yield from others
        return
    yield from _boxes(Parenthesised(bare(above)), room)
    first, *others = _boxes(Parenthesised(bare(below)), room)
    yield first.begun(r"\Big/ ")
    yield from others


def _around(before: str, boxes: list[Box], after: str = "") -> Iterator[Box]:
    first, *others = boxes
    boxes = [first.begun(before), *others]
    yield from boxes[:-1]
    yield boxes[-1].ended(after)


def _linked(sides: Sequence[Layout], relations: Sequence[str], room: float) -> Iterator[Box]:
    yield from _boxes(sides[0], room)
    for relation, side in zip(relations, sides[1:], strict=True):
        first, *others = _boxes(side, room)
        sign = LATEX.relation(relation)
        yield replace(first, inline=sign, broken=sign.lstrip())
        yield from others


def _separated(parts: Sequence[Layout], separator: str, room: float) -> Iterator[Box]:
    for n, part in enumerate(parts):
        first, *others = _boxes(part, room)
        yield replace(first, inline=separator, broken=separator.lstrip()) if n else first
        yield from others

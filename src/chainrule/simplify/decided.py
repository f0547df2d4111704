"""What the ranges of indices decide: brackets that always or never hold, marks on positions that are always inside.

An index runs from 0 to its extent less 1. An extent is a number where one is declared, and else at least 1 for an index
that takes a value there. A difference of index expressions lies between two ends, therefore, and its sign may be known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from chainrule.expr.nodes import (
    ONE,
    ZERO,
    Affine,
    Bracket,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    Number,
    Position,
    Select,
    number,
)
from chainrule.expr.sizes import Literal, Size
from chainrule.simplify.arithmetic import split_coefficient, terms_of
from chainrule.simplify.choices import OPPOSITE
from chainrule.simplify.context import Context
from chainrule.system.rewriting import Rule


@dataclass
class _Span:
    """A linear expression of indices and extents, as its coefficients."""

    constant: Fraction = Fraction(0)
    atoms: dict[Index | Lookup, Fraction] = field(default_factory=dict)
    extents: dict[Size, Fraction] = field(default_factory=dict)

    def add(self, expr: Expr, scale: Fraction) -> bool:
        """Add scale·expr; False where it is anything else than numbers, indices and extents."""
        for term in terms_of(expr):
            coefficient, rest = split_coefficient(term)
            match rest:
                case Number():
                    self.constant += scale * coefficient
                case IndexValue(position):
                    self.add_position(position, scale * coefficient)
                case ExtentValue(extent):
                    self.extents[extent] = self.extents.get(extent, Fraction(0)) + scale * coefficient
                case _:
                    return False
        return True

    def add_position(self, position: Position, scale: Fraction) -> None:
        """Add scale·position."""
        terms = position.terms if isinstance(position, Affine) else ((position, 1),)
        self.constant += scale * position.constant if isinstance(position, Affine) else 0
        for atom, c in terms:
            self.atoms[atom] = self.atoms.get(atom, Fraction(0)) + scale * c

    def highest(self, context: Context) -> Fraction | None:
        """Return a number that this never exceeds, or None."""
        total, sizes = self.constant, dict(self.extents)
        for atom, c in self.atoms.items():
            if c > 0:
                sizes[atom.extent] = sizes.get(atom.extent, Fraction(0)) + c
                total -= c
        present = {atom.extent for atom in self.atoms}
        for extent, c in sizes.items():
            known = context.ranges.sizes.get(extent) if not isinstance(extent, Literal) else extent.count
            if c > 0 and known is None:
                return None
            least = context.ranges.least.get(extent, 1 if extent in present else 0)
            total += c * (least if known is None else known)
        return total

    def negative(self) -> _Span:
        """Return −1 times this."""
        return _Span(
            -self.constant,
            {atom: -c for atom, c in self.atoms.items()},
            {extent: -c for extent, c in self.extents.items()},
        )


def always(comparison: Comparison, context: Context) -> bool:
    """Say whether the ranges of its indices make a comparison hold; that two indices are equal is not looked at."""
    gap = _Span()
    if comparison.relation == "=" or not (
        gap.add(comparison.left, Fraction(1)) and gap.add(comparison.right, Fraction(-1))
    ):
        return False
    below, above = gap.highest(context), gap.negative().highest(context)
    match comparison.relation:
        case "<":
            return below is not None and below < 0
        case "<=":
            return below is not None and below <= 0
        case ">":
            return above is not None and above < 0
        case ">=":
            return above is not None and above <= 0
        case _:
            return (below is not None and below < 0) or (above is not None and above < 0)


def decided(expr: Expr, context: Context) -> Expr | None:
    """[0 <= p] = 1, [p < 6] = 1 where p has 6 values, [p > 6] = 0, where([p < 6], a, b) = a."""
    match expr:
        case Bracket(Comparison() as comparison):
            yes: Expr = ONE
            no: Expr = ZERO
        case Select(Comparison() as comparison, then, otherwise):
            yes, no = then, otherwise
        case _:
            return None
    if always(comparison, context):
        return yes
    opposite = Comparison(OPPOSITE[comparison.relation], comparison.left, comparison.right)
    return no if always(opposite, context) else None


def inside(position: Position, extent: Size, context: Context) -> bool:
    """Say whether a position is one of an axis whatever values its indices take.

    A plain index of another range never is: unmarked, it would say that the ranges are one.
    """
    if isinstance(position, Lookup):
        return position.extent == extent and _fits(position.entry, context)
    if isinstance(position, Index) and not isinstance(position.extent, Literal):
        return position.extent == extent
    value = number(position.constant) if isinstance(position, Affine) and not position.terms else IndexValue(position)
    end = ExtentValue(extent) if not isinstance(extent, Literal) else number(extent.count)
    return always(Comparison(">=", value, ZERO), context) and always(Comparison("<", value, end), context)


def needless_mark(expr: Expr, context: Context) -> Expr | None:
    """a?[c] = a[c] where c never leaves the axis."""
    if not isinstance(expr, Indexed) or not expr.guarded:
        return None
    plain = Indexed(expr.tensor, expr.indices)
    return plain if _fits(plain, context) else None


def _fits(entry: Indexed, context: Context) -> bool:
    """Say whether an entry without a mark is one of its tensor whatever values its indices take."""
    axes = context.ranges.axes.get(entry.tensor)
    if axes is None or entry.guarded:
        return False
    return all(inside(position, extent, context) for position, extent in zip(entry.indices, axes, strict=True))


DECIDED: tuple[Rule[Context], ...] = (
    Rule("decided", "a bracket that holds for all values of its indices is 1, one that holds for none is 0", decided),
    Rule("no mark needed", "what is never outside of its tensor needs no mark: a?[c] = a[c]", needless_mark),
)

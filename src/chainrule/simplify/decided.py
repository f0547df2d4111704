"""What the ranges of indices decide: brackets that always or never hold, marks on positions that are always inside.

An index runs from 0 to its extent less 1. An extent is a number where one is declared, and else at least 1 for an index
that takes a value there. A difference of index expressions lies between two ends, therefore, and its sign may be known.
"""

from __future__ import annotations

from fractions import Fraction

from chainrule.expr.combinations import ExpressionAtom, ExpressionForm, expression_form, position_value
from chainrule.expr.functions import OPPOSITE
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import (
    ONE,
    ZERO,
    Bracket,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    Position,
    Select,
    number,
)
from chainrule.expr.shared import kept
from chainrule.expr.sizes import Literal, Size
from chainrule.rewrite.rules import Marked, Rule
from chainrule.simplify.context import Context


def _highest(form: ExpressionForm, context: Context) -> Fraction | None:
    """Return a number that a linear form never exceeds, or None."""
    present = {atom.extent for atom in form.terms if isinstance(atom, Index | Lookup)}
    ends: dict[ExpressionAtom, ExpressionForm] = {
        atom: _last(atom.extent) if c > 0 else _FIRST
        for atom, c in form.terms.items()
        if isinstance(atom, Index | Lookup)
    }
    highest = form.substituted(ends) if ends else form
    sizes: dict[ExpressionAtom, Fraction] = {}
    for extent, c in highest.terms.items():
        assert not isinstance(extent, Index | Lookup)
        known = context.ranges.sizes.get(extent) if not isinstance(extent, Literal) else extent.count
        if c > 0 and known is None:
            return None
        least = context.ranges.least.get(extent, 1 if extent in present else 0)
        sizes[extent] = Fraction(least if known is None else known)
    return highest.value(sizes)


_FIRST: ExpressionForm = LinearForm({}, Fraction(0))


@kept
def _last(extent: Size) -> ExpressionForm:
    return LinearForm({extent: Fraction(1)}, Fraction(-1))


def _is_below(form: ExpressionForm, context: Context, *, or_equal: bool = False) -> bool:
    """Say whether a linear form is below 0 wherever its indices are, or not above it."""
    highest = _highest(form, context)
    return highest is not None and (highest < 0 or (or_equal and highest == 0))


def always(comparison: Comparison, context: Context) -> bool:
    """Say whether the ranges of its indices make a comparison hold; that two indices are equal is not looked at."""
    if comparison.relation == "=":
        return False
    left, right = expression_form(comparison.left), expression_form(comparison.right)
    if left is None or right is None:
        return False
    match comparison.relation:
        case "<":
            return _is_below(left - right, context)
        case "<=":
            return _is_below(left - right, context, or_equal=True)
        case ">":
            return _is_below(right - left, context)
        case ">=":
            return _is_below(right - left, context, or_equal=True)
        case _:
            return _is_below(left - right, context) or _is_below(right - left, context)


def _is_open(comparison: Comparison, context: Context) -> bool:
    """Say whether it is an equality of two indices that have values: no range decides it."""
    match comparison:
        case Comparison("=" | "!=", IndexValue(Index() as left), IndexValue(Index() as right)):
            sizes = context.ranges.sizes
            return not any(isinstance(i.extent, Literal) or sizes.get(i.extent) == 0 for i in (left, right))
        case _:
            return False


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
    if _is_open(comparison, context):
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
    value = position_value(position)
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
    Rule(
        "decided",
        "a condition that holds for all values of its indices is 1; one that holds for none is 0",
        decided,
        (Bracket, Select),
    ),
    Rule(
        "no mark needed",
        "`a?[p] = a[p]`, where `p` is never outside the range of the axis",
        needless_mark,
        (Indexed,),
        (Marked,),
    ),
)

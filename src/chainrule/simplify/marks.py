"""A mark beside the same entry without one: x?[p]/x[p] is 1 where p is a position of x and 0 elsewhere, [0 ≤ p < n].

As they stand the two are different factors, and 0/0 where x[p] has become 0 in floating point.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from chainrule.expr.combinations import position_value
from chainrule.expr.nodes import ZERO, Comparison, Condition, Expr, ExtentValue, Indexed, Logic, Product, number
from chainrule.expr.sizes import Literal
from chainrule.rewrite.rules import Marked, Rule
from chainrule.simplify.arithmetic import bracket, factors_of, multiply, power, product_of
from chainrule.simplify.context import Context
from chainrule.simplify.decided import always, inside


def range_of_the_mark(expr: Expr, context: Context) -> Expr | None:
    """x?[p]/x[p] = [0 <= p < extent(x)]."""
    if not isinstance(expr, Product):
        return None
    coefficient, factors = factors_of(expr)
    for entry, exponent in factors.items():
        if not isinstance(entry, Indexed) or not entry.guarded or exponent <= 0:
            continue
        plain = Indexed(entry.tensor, entry.indices)
        below = factors.get(plain, Fraction(0))
        if below >= 0 or entry.tensor not in context.ranges.axes:
            continue
        rest = product_of(coefficient, {base: e for base, e in factors.items() if base not in (entry, plain)})
        if exponent + below > 0:
            return multiply((rest, power(entry, exponent + below)))
        return multiply((bracket(Logic("and", tuple(_range(plain, context)))), rest, power(plain, exponent + below)))
    return None


def _range(entry: Indexed, context: Context) -> Iterator[Condition]:
    """Yield the conditions under which an entry is inside of its tensor, those that do not hold anyway."""
    for position, extent in zip(entry.indices, context.ranges.axes[entry.tensor], strict=True):
        if inside(position, extent, context):
            continue
        value = position_value(position)
        end: Expr = number(extent.count) if isinstance(extent, Literal) else ExtentValue(extent)
        for one in (Comparison("<=", ZERO, value), Comparison("<", value, end)):
            if not always(one, context):
                yield one


MARKS: tuple[Rule[Context], ...] = (
    Rule(
        "the mark as a bracket",
        "`x?[p]/x[p] = [0 ≤ p < extent(x)]`, since `x?[p]` is `x[p]` where `p` is inside",
        range_of_the_mark,
        (Product,),
        (Marked,),
    ),
)

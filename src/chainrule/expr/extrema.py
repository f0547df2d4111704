"""Maxima and minima over entries for which a condition holds: `max(u<3) [0 <= i+u-1 < 4]*x[i+u-1]`.

Where the condition does not hold an entry is left out. Such a body is a choice between the entry and what changes no
maximum, minus infinity; the notation has no name for that, so no other choice looks like it.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.expr.nodes import Condition, Constant, Expr, Select

LEFT_OUT: Mapping[str, Constant] = {"max": Constant("-∞"), "min": Constant("∞")}
"""What an entry counts as that is left out."""


def where_it_holds(op: str, condition: Condition, body: Expr) -> Expr:
    """Return the body of a maximum or minimum of the entries for which a condition holds."""
    return Select(condition, body, LEFT_OUT[op])


def taken_of(op: str, body: Expr) -> tuple[Condition | None, Expr]:
    """Return the condition under which an entry counts in a reduction, None where all do, and the entry.

    >>> from chainrule.expr.nodes import Comparison, Indexed, number
    >>> positive = Comparison(">", Indexed("x"), number(0))
    >>> taken_of("max", where_it_holds("max", positive, Indexed("x")))[0] == positive, taken_of("max", Indexed("x"))[0]
    (True, None)
    """
    match body:
        case Select(condition, then, otherwise) if otherwise == LEFT_OUT.get(op):
            return condition, then
        case _:
            return None, body

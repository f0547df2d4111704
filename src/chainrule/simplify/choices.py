"""Choices of which one branch is 0 are brackets: strongly zero, both of them, and a bracket is a factor like others."""

from __future__ import annotations

from chainrule.expr.functions import OPPOSITE
from chainrule.expr.nodes import ZERO, Comparison, Condition, Expr, IndexValue, Logic, Number, Select
from chainrule.rewrite.rules import Rule
from chainrule.simplify.arithmetic import bracket, multiply
from chainrule.simplify.context import Context


def opposite(condition: Condition) -> Condition:
    """Return the condition that holds where this one does not; of what may be no number its negation."""
    match condition:
        case Comparison(relation, IndexValue() | Number() as left, IndexValue() | Number() as right):
            return Comparison(OPPOSITE[relation], left, right)
        case Logic("not", (inner,)):
            return inner
        case _:
            return Logic("not", (condition,))


def choice_of_nothing(expr: Expr, context: Context) -> Expr | None:
    """where(c, a, 0) = [c]*a, and where(c, 0, b) = [not c]*b."""
    match expr:
        case Select(condition, then, otherwise) if otherwise == ZERO:
            return multiply((bracket(condition), then))
        case Select(condition, then, otherwise) if then == ZERO:
            return multiply((bracket(opposite(condition)), otherwise))
        case _:
            return None


CHOICES: tuple[Rule[Context], ...] = (
    Rule(
        "a branch that is 0", "`where(c, a, 0) = [c]·a` and `where(c, 0, b) = [not c]·b`", choice_of_nothing, (Select,)
    ),
)

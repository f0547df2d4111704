"""Comparisons of whole numbers: one form, whoever made them.

The parser reads the entry of an `int` tensor on a side of a comparison as a whole number, IndexValue(Lookup(…)), which
deltas are collapsed by. A derivative can put such an entry where a formula had a number, as in [n ≠ 0] of u^n; here it
becomes what the parser makes of its print.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from chainrule.expr.binding import map_operands
from chainrule.expr.nodes import (
    Bracket,
    Comparison,
    Condition,
    Expr,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
    Select,
    walk,
    with_operands,
)
from chainrule.system.model import Equation, System


def whole_comparisons(system: System) -> System:
    """Return the system with every compared entry of an `int` tensor as a whole number; itself if nothing changes."""
    integers = {d.tensor for d in system.declarations if d.values is not None}
    if not integers:
        return system
    new = tuple(_equation(e, integers) for e in system.equations)
    return system if all(a is b for a, b in zip(new, system.equations, strict=True)) else replace(system, equations=new)


def _equation(equation: Equation, integers: Container[str]) -> Equation:
    conditions = (n.condition for n in walk(equation.value) if isinstance(n, Bracket | Select))
    if all(_compared(c, integers) is c for c in conditions):
        return equation
    return Equation(equation.target, _expression(equation.value, integers))


def _expression(expr: Expr, integers: Container[str]) -> Expr:
    new = map_operands(expr, lambda part: _expression(part, integers))
    match new:
        case Bracket(condition):
            return Bracket(_compared(condition, integers))
        case Select(condition, then, otherwise):
            return Select(_compared(condition, integers), then, otherwise)
        case _:
            return new


def _compared(condition: Condition, integers: Container[str]) -> Condition:
    """Return the condition; the same object where it has no such side."""
    match condition:
        case Comparison(_, left, right):
            return with_operands(condition, [_side(side, integers) for side in (left, right)])
        case Logic(_, parts):
            return with_operands(condition, [_compared(part, integers) for part in parts])


def _side(expr: Expr, integers: Container[str]) -> Expr:
    return IndexValue(Lookup(expr)) if isinstance(expr, Indexed) and expr.tensor in integers else expr

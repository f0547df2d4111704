"""Entries of an expression replaced by expressions; operands of conditions included."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.expr.binding import map_operands
from chainrule.expr.nodes import Expr


def replaced(expr: Expr, images: Mapping[Expr, Expr]) -> Expr:
    """Return the expression with nodes replaced by what they stand for."""
    if expr in images:
        return images[expr]
    return map_operands(expr, lambda part: replaced(part, images))

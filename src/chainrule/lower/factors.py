"""Products taken apart, those inside them included."""

from __future__ import annotations

from chainrule.expr.nodes import Expr, Product


def all_factors(expr: Expr) -> tuple[Expr, ...]:
    """Return the factors of a product, those of factors that are products included."""
    if not isinstance(expr, Product):
        return (expr,)
    return tuple(f for factor in expr.factors for f in all_factors(factor))

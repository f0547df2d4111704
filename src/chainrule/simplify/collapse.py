"""Kronecker deltas: a delta leaves one term of its sum, or renames within its product.

A sum is multiplied out and taken apart only where that frees a delta that such a step can use up, so nothing here can
undo what the factoring rules do.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.expr.binding import free_indices, open_reduce, substitute_indices
from chainrule.expr.deltas import kronecker, plain_delta
from chainrule.expr.nodes import (
    ZERO,
    Affine,
    Bracket,
    Expr,
    Index,
    Position,
    Product,
    Reduce,
    Select,
    Sum,
    product_factors,
)
from chainrule.expr.sizes import Literal
from chainrule.rewrite.rules import Rule
from chainrule.simplify.affine import solvable, solve_the_delta
from chainrule.simplify.arithmetic import add, close, multiply, normal
from chainrule.simplify.context import Context
from chainrule.simplify.decided import DECIDED


def as_delta(expr: Expr) -> tuple[Index, Index] | None:
    """Return the two indices of a Kronecker delta between indices of one extent, else None."""
    pair = plain_delta(expr)
    return pair if pair and pair[0].extent == pair[1].extent and pair[0] != pair[1] else None


def as_numbered(expr: Expr, context: Context) -> tuple[Index, Position] | None:
    """Return the two sides of [i = 3], where 3 is a value of i in all that can be evaluated, else None."""
    match kronecker(expr):
        case Index() as index, Affine((), number) as position:
            size = (
                context.ranges.least.get(index.extent, 0)
                if not isinstance(index.extent, Literal)
                else index.extent.count
            )
            return (index, position) if number < size else None
        case _:
            return None


def leave_one_term(expr: Expr, context: Context) -> Expr | None:
    """sum(i) [i = j]*a[i] = a[j]."""
    if not isinstance(expr, Reduce) or expr.op != "sum":
        return None
    bound, body = open_reduce(expr, context.fresh)
    parts = product_factors(body)
    for place, part in enumerate(parts):
        pair = as_delta(part) or as_numbered(part, context)
        if pair is None or not (pair[0] in bound or pair[1] in bound):
            continue
        gone, stays = (pair[0], pair[1]) if pair[0] in bound else (pair[1], pair[0])
        assert isinstance(gone, Index)
        rest = multiply(substitute_indices(f, {gone: stays}) for n, f in enumerate(parts) if n != place)
        # deep inside, sides and terms may now stand the other way round: [k = j] is [j = 3], or [m = k] is [k = m]
        return close("sum", [i for i in bound if i != gone], normal(rest, context.fresh))
    return None


def rename_in_product(expr: Expr, context: Context) -> Expr | None:
    """[i = j]*a[j] = [i = j]*a[i]. A bound index waits for its sum to be resolved."""
    if not isinstance(expr, Product):
        return None
    for place, part in enumerate(expr.factors):
        pair = as_delta(part)
        if pair is None:
            continue
        stays, gone = pair
        if gone.name.startswith("~"):
            continue
        others = [f for n, f in enumerate(expr.factors) if n != place]
        if any(gone in free_indices(f) for f in others):
            return multiply((part, *(normal(substitute_indices(f, {gone: stays}), context.fresh) for f in others)))
    return None


def _solvable(expr: Expr, bound: Sequence[Index], context: Context) -> bool:
    """Say whether multiplying out sums and products would bring out a delta that can be used up."""
    if isinstance(expr, Sum):
        return any(_solvable(term, bound, context) for term in expr.terms)
    if isinstance(expr, Product):
        return any(_solvable(factor, bound, context) for factor in expr.factors)
    pair = as_delta(expr) or as_numbered(expr, context)
    return (pair[0] in bound or pair[1] in bound) if pair else bool(solvable(expr, bound))


def free_the_delta(expr: Expr, context: Context) -> Expr | None:
    """sum(i) a[i]*([i = j] + b[i]) = sum(i) [i = j]*a[i] + sum(i) a[i]*b[i]."""
    if not isinstance(expr, Reduce) or expr.op != "sum":
        return None
    bound, body = open_reduce(expr, context.fresh)
    parts = product_factors(body)
    for place, part in enumerate(parts):
        if not isinstance(part, Sum) or not _solvable(part, bound, context):
            continue
        others = [f for n, f in enumerate(parts) if n != place]
        with_delta = [t for t in part.terms if _solvable(t, bound, context)]
        without = [t for t in part.terms if not _solvable(t, bound, context)]
        groups = [*with_delta, add(without)] if without else with_delta
        return add(close("sum", bound, multiply((*others, *product_factors(group)))) for group in groups)
    return None


def delta_times_sum(expr: Expr, context: Context) -> Expr | None:
    """[i = j]*([i = j] + b) = [i = j]*(1 + b)."""
    if not isinstance(expr, Product):
        return None
    deltas = [part for part in expr.factors if kronecker(part)]
    for delta in deltas:
        for place, part in enumerate(expr.factors):
            if isinstance(part, Sum) and any(delta in product_factors(t) for t in part.terms):
                opened = add(_without(t, delta) for t in part.terms)
                others = [f for n, f in enumerate(expr.factors) if n != place]
                return multiply((*others, opened))
    return None


def _without(term: Expr, delta: Expr) -> Expr:
    return multiply(f for f in product_factors(term) if f != delta) if delta in product_factors(term) else term


def out_of_a_choice(expr: Expr, context: Context) -> Expr | None:
    """where(c, [i = j]*a, [i = j]*b) = [i = j]*where(c, a, b)."""
    if not isinstance(expr, Select):
        return None
    deltas = [f for f in (*product_factors(expr.then), *product_factors(expr.otherwise)) if kronecker(f)]
    for delta in deltas:
        if all(branch == ZERO or delta in product_factors(branch) for branch in (expr.then, expr.otherwise)):
            inner = Select(expr.condition, _without(expr.then, delta), _without(expr.otherwise, delta))
            return multiply((delta, context.rebuild(inner)))
    return None


COLLAPSE: tuple[Rule[Context], ...] = (
    *DECIDED,
    Rule(
        "one term remains",
        "`Σ_i [i = j]·a[i] = a[j]`",
        leave_one_term,
        (Reduce,),
        (Bracket,),
    ),
    Rule(
        "solved for an index",
        "`Σ_q [q+u = p]·d[q] = d?[p−u]`: one term remains, that with `q = p−u`, if `q` can have that value; without "
        "the mark, the bracket `[0 ≤ p−u < extent(q)]` says so",
        solve_the_delta,
        (Reduce,),
        (Bracket,),
    ),
    Rule(
        "equal indices",
        "`[i = j]·a[j] = [i = j]·a[i]`",
        rename_in_product,
        (Product,),
        (Bracket,),
    ),
    Rule("out of the choice", "`where(c, [i = j]·a, [i = j]·b) = [i = j]·where(c, a, b)`", out_of_a_choice, (Select,)),
    Rule("the delta once", "`[i = j]·[i = j] = [i = j]`", delta_times_sum, (Product,), (Bracket,)),
    Rule(
        "split the sum",
        "`Σ_i a[i]·([i = j] + b[i]) = Σ_i [i = j]·a[i] + Σ_i a[i]·b[i]`",
        free_the_delta,
        (Reduce,),
        (Bracket,),
    ),
)

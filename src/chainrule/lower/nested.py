"""Sums inside sums made one: Σ_n Σ_t x[n,t,i]·δ[n,t,j] is one sum over n and t, of which nothing is kept for each n.

So a gradient that is the mean over the samples is never stored sample by sample, and what it feeds can stand behind its
sum. Two sums stay two where that is cheaper, as in a product of three matrices: what stands beside the inner one must
vary with nothing that a factor of it does not vary with.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod

from chainrule.expr.binding import Fresh, free_indices, open_reduce
from chainrule.expr.nodes import Expr, Index, Reduce, Sum, number, plus, times, walk
from chainrule.expr.sizes import Size
from chainrule.lower.factors import all_factors

Summed = tuple[tuple[Index, ...], Expr]
"""Indices that are summed over, and what is summed."""


def as_one_sum(indices: tuple[Index, ...], body: Expr, size: Callable[[Size], int], fresh: Fresh) -> tuple[Summed, ...]:
    """Return sums that add up to Σ body, those inside it taken into them where that is no more work."""
    terms = body.terms if isinstance(body, Sum) else (body,)
    joined = [_joined(indices, term, size, fresh) for term in terms]
    left = [term for term, found in zip(terms, joined, strict=True) if found is None]
    if len(left) == len(terms):
        return ((indices, body),)
    deeper = (part for found in joined if found is not None for part in as_one_sum(*found, size, fresh))
    return (*deeper, *([(indices, plus(*left))] if left else []))


def _joined(indices: tuple[Index, ...], term: Expr, size: Callable[[Size], int], fresh: Fresh) -> Summed | None:
    """Return a term with the sum that it is, up to factors, taken into the sum over the indices."""
    factors = all_factors(term)
    sums = [f for f in factors if isinstance(f, Reduce) and f.op in {"sum", "mean"}]
    if len(sums) != 1:
        return None
    (inner,) = sums
    more, body = open_reduce(inner, fresh)
    count = prod(size(i.extent) for i in more) if inner.op == "mean" else 1
    within = [f for f in all_factors(body) if not free_indices(f).isdisjoint(more)]
    beside = [f for f in (*factors, *all_factors(body)) if f is not inner and f not in within]
    parts = [free_indices(part) for part in within]
    fits = all(any(free_indices(f) <= own for own in parts) or not free_indices(f) for f in beside)
    if count == 0 or not fits or any(isinstance(node, Reduce) for f in beside for node in walk(f)):
        return None
    front = [] if count == 1 else [number(Fraction(1, count))]
    return (*indices, *more), times(*front, *beside, *within)

"""Sums over [tok[t] = v] taken apart: each term adds its value to the entry that a whole number names.

Written as it stands, such a sum goes through all v for every t to find one that counts. Products are multiplied out as
far as the brackets lie in sums; then Σ_t [tok[t] = v]·f(t,v) adds f(t,tok[t]) to the entry tok[t] for each t, and where
v is summed over too it has that one term. What does not have this form stays a sum of comparisons, which is as right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from chainrule.expr.binding import Fresh, open_reduce, position_indices, stands_alone, substitute_indices
from chainrule.expr.deltas import kronecker
from chainrule.expr.nodes import (
    Condition,
    Expr,
    Index,
    IndexValue,
    Lookup,
    Product,
    Reduce,
    Sum,
    number,
    product_factors,
    walk,
)
from chainrule.expr.sizes import Size

MOST_TERMS = 32
"""The terms that a product of sums is multiplied out to."""
SizeOf = Callable[[Size], int]
SummedProduct = tuple[tuple[Index, ...], tuple[Expr, ...]]
"""Indices that are summed over, and factors."""


@dataclass(frozen=True)
class Term:
    """Σ over the indices of the product of the factors; each value is added where v is what `places` say."""

    indices: tuple[Index, ...]
    factors: tuple[Expr, ...]
    places: Mapping[Index, Lookup]


def terms_of(indices: tuple[Index, ...], body: Expr, size: SizeOf, fresh: Fresh) -> tuple[Term, ...]:
    """Return Σ body as terms; none where no bracket of it compares what a whole number names with an index."""
    if not chooses(body):
        return ()
    return tuple(_placed((*indices, *more), factors, size) for more, factors in _multiplied_out(body, size, fresh))


def _choice(factor: Expr | Condition) -> tuple[Lookup, Index] | None:
    """Return what [tok[t] = v] compares."""
    match kronecker(factor):
        case (Lookup() as looked, Index() as index) | (Index() as index, Lookup() as looked):
            return looked, index
        case _:
            return None


def chooses(node: Expr) -> bool:
    """Say whether a bracket compares what a whole number names with an index."""
    return any(_choice(part) is not None for part in walk(node))


def _multiplied_out(expr: Expr, size: SizeOf, fresh: Fresh) -> list[SummedProduct]:
    """Return an expression as a sum of products, taken apart no further than the brackets need."""
    match expr:
        case _ if not chooses(expr):
            return [((), (expr,))]
        case Sum(terms):
            return [part for term in terms for part in _multiplied_out(term, size, fresh)]
        case Product(factors):
            parts = [_multiplied_out(f, size, fresh) for f in factors]
            if prod(map(len, parts)) > MOST_TERMS:
                return [((), factors)]
            return [
                (tuple(i for own, _ in one for i in own), tuple(f for _, own in one for f in own))
                for one in product(*parts)
            ]
        case Reduce("sum" | "mean"):
            indices, body = open_reduce(expr, fresh)
            count = prod(size(i.extent) for i in indices) if expr.op == "mean" else 1
            if count == 0:
                return [((), (expr,))]
            front = (number(Fraction(1, count)),) if count > 1 else ()
            return [((*indices, *more), (*front, *fs)) for more, fs in _multiplied_out(body, size, fresh)]
        case _:
            return [((), product_factors(expr))]


def _placed(indices: tuple[Index, ...], factors: Sequence[Expr], size: SizeOf) -> Term:
    """Return a term with each bracket that can be taken so taken out of its factors."""
    left, places = list(factors), dict[Index, Lookup]()
    for factor in factors:
        chosen = _choice(factor)
        if chosen is None or factor not in left:
            continue
        lookup, index = chosen
        summed = index in indices
        others = [f for f in left if f != factor]
        over = set(position_indices(lookup)).intersection(indices)
        plain = all(stands_alone(index, f) for f in others) and index not in position_indices(lookup)
        if not plain or size(index.extent) != size(lookup.extent) or not (over or summed):
            continue
        left = [substitute_indices(f, {index: lookup}) for f in others]
        places = {v: _moved(at, index, lookup) for v, at in places.items()}
        if summed:
            indices = tuple(i for i in indices if i != index)
        else:
            places[index] = lookup
    return Term(indices, tuple(left), places)


def _moved(place: Lookup, index: Index, lookup: Lookup) -> Lookup:
    moved = substitute_indices(IndexValue(place), {index: lookup})
    assert isinstance(moved, IndexValue)
    assert isinstance(moved.position, Lookup)
    return moved.position

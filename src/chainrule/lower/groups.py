"""The factors of a summed product in groups, each of which is read as one entry.

Factors with the same indices are one group, so that a sum of products of two groups is a matrix product in whatever
orientation. What a bracket or a mark rules out may be undefined there: it is computed under the bracket, in each group.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import prod

from chainrule.expr.binding import free_indices, tensors_in
from chainrule.expr.nodes import Bracket, Expr, Index, Indexed, product_factors, times
from chainrule.expr.sizes import Size
from chainrule.lower.guards import marked
from chainrule.simplify.evident import always_defined


def grouped(
    indices: tuple[Index, ...], body: Expr, size: Callable[[Size], int], undefined: Collection[str]
) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """Return the factors that do not vary with the indices, and the others in products with equal indices.

    Two products stay two factors, as in a matrix times a vector; of more, or where it must be computed anyway, the
    narrow ones are put into the wider: a sum of three factors would multiply twice at every step. `undefined` are names
    of values that may be undefined somewhere.
    """
    factors = product_factors(body)
    outside = tuple(f for f in factors if free_indices(f).isdisjoint(indices))
    inner = [f for f in factors if f not in outside]
    parts: dict[frozenset[Index], list[Expr]] = {}
    for factor in inner:
        parts.setdefault(free_indices(factor), []).append(factor)
    for own in sorted(parts, key=len):
        wider = [s for s in parts if own < s]
        for group in wider:
            if not all(defined(f, undefined) for f in parts[group]):
                parts[group] += _guards(parts[own])
        plain = all(len(parts[s]) == 1 and _is_read(parts[s][0], parts[own]) for s in wider)
        if wider and (len(parts) > 2 or not plain):
            chosen = min(wider, key=lambda s: prod(size(i.extent) for i in s))
            parts[chosen] = [*parts[chosen], *(f for f in parts.pop(own) if f not in parts[chosen])]
    return outside, tuple(times(*part) for part in parts.values())


def defined(flat: Expr, undefined: Collection[str]) -> bool:
    """Say whether a value is plainly defined everywhere; `undefined` are names of values that may not be."""
    return always_defined(flat) and tensors_in(flat).isdisjoint(undefined)


def _guards(factors: Sequence[Expr]) -> list[Expr]:
    """Return the brackets among factors, those of marked entries too."""
    found = [f if marked(f) is None else product_factors(f)[0] for f in factors]
    return [f for f in found if isinstance(f, Bracket)]


def _is_read(wide: Expr, narrow: Sequence[Expr]) -> bool:
    """Say whether a factor is an entry in memory that is multiplied by others in a sum as they stand.

    What may be undefined where a mark rules it out is put under the mark.
    """
    return isinstance(wide, Indexed) or (marked(wide) is not None and all(isinstance(f, Indexed) for f in narrow))

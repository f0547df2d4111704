"""Positions of a pattern found in those of an expression: h[?t] in h[t-1], x[?t+1] in x[t+1], E[tok[?t]] in E[tok[t]].

A variable becomes an index, a looked-up number, or a shifted index. A shifted one is outside of what the pattern names
wherever it is outside of what the pattern reads; so somebody must see to it that this is read: `labels_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chainrule.expr.binding import position_indices
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Expr,
    Index,
    Indexed,
    Lookup,
    Position,
    Power,
    Product,
    Reduce,
    Sum,
)

Binding = Mapping[Index, Position]


def unify_positions(
    left: tuple[Position, ...], right: tuple[Position, ...], binding: Binding, variables: tuple[Index, ...]
) -> Iterator[Binding]:
    """Yield every binding of the variables under which the positions on the left are those on the right."""
    if not left:
        yield binding
        return
    for wider in _unify(left[0], right[0], binding, variables):
        yield from unify_positions(left[1:], right[1:], wider, variables)


def _unify(mine: Position, other: Position, binding: Binding, variables: tuple[Index, ...]) -> Iterator[Binding]:
    match mine, other:
        case Index(), _ if mine in variables:
            if _range_fits(mine, other) and binding.get(mine, other) == other:
                yield {**binding, mine: other}
        case Lookup(entry, extent), Lookup(beside, another):
            alike = (entry.tensor, entry.guarded, extent) == (beside.tensor, beside.guarded, another)
            if alike and len(entry.indices) == len(beside.indices):
                yield from unify_positions(entry.indices, beside.indices, binding, variables)
        case Affine(terms, constant), Affine(others, another) if constant == another and len(terms) == len(others):
            yield from _unify_terms(terms, others, binding, variables)
        case _:
            if mine == other:
                yield binding


def _range_fits(variable: Index, position: Position) -> bool:
    """Say whether a variable may stand for a position: one of its range, or shifted, with nothing bound in it."""
    same = isinstance(position, Affine) or position.extent == variable.extent
    return same and not any(index.name.startswith("%") for index in position_indices(position))


def _unify_terms(
    left: tuple[tuple[Index, int], ...],
    right: tuple[tuple[Index, int], ...],
    binding: Binding,
    variables: tuple[Index, ...],
) -> Iterator[Binding]:
    """Yield the bindings under which sums of multiples of indices have the same terms, in any order."""
    if not left:
        yield binding
        return
    (mine, coefficient), *rest = left
    for place, (other, another) in enumerate(right):
        if coefficient == another:
            for wider in _unify(mine, other, binding, variables):
                yield from _unify_terms(tuple(rest), right[:place] + right[place + 1 :], wider, variables)


def labels_of(expr: Expr) -> frozenset[Index]:
    """Return the free indices that stand alone in an entry which is read for all values of them, behind no guard."""
    match expr:
        case Indexed(_, positions, guarded):
            return frozenset() if guarded else frozenset(p for p in positions if isinstance(p, Index))
        case Product(factors) if any(isinstance(f, Bracket) for f in factors):
            return frozenset()
        case Sum(parts) | Product(parts) | Call(_, parts):
            return frozenset[Index]().union(*map(labels_of, parts))
        case Power(base, exponent):
            return labels_of(base) | labels_of(exponent)
        case Reduce("sum" | "mean" | "prod", indices, body):
            return labels_of(body).difference(indices)
        case _:
            return frozenset()

"""Symmetric tensors: terms that differ by the order of indices are one; inverses of symmetric matrices are symmetric.

That a tensor is symmetric is a fact of a `given`: A[i,j] = A[j,i] for all values of its variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from chainrule.expr.binding import Fresh, free_in_order, map_operands
from chainrule.expr.nodes import Expr, Index, Indexed, MatrixEntry, Number, Position, Sum, walk
from chainrule.rewrite.rules import Rewrite, Rule
from chainrule.simplify.arithmetic import add, multiply, normal, split_coefficient
from chainrule.simplify.context import Context, Fact

_MOST_ENTRIES = 6


def symmetric(expr: Expr, context: Context) -> Rewrite | None:
    """a*A[i,j] + b*A[j,i] = (a + b)*A[i,j] where A is symmetric: terms that differ by the order of indices are one."""
    facts = [fact for fact in context.givens if _is_symmetry(fact)] if isinstance(expr, Sum) else []
    if not facts or not isinstance(expr, Sum):
        return None
    split = [split_coefficient(term) for term in expr.terms]
    for (first, (c, left)), (second, (d, right)) in combinations(enumerate(split), 2):
        for fact in facts:
            if any(variant == right for variant in _mirrored(left, fact, context.fresh)):
                kept = min(left, right, key=_free_first)
                rest = [t for n, t in enumerate(expr.terms) if n not in (first, second)]
                return Rewrite(add((*rest, multiply((Number(c + d), kept)))), fact.assumption)
    return None


def symmetric_inverse(expr: Expr, context: Context) -> Rewrite | None:
    """inv(A)[j,i] = inv(A)[i,j] where A is symmetric: free indices come first, and in the order of their names."""
    if not isinstance(expr, MatrixEntry) or expr.function != "inv" or expr.samples:
        return None
    swapped = replace(expr, indices=expr.indices[::-1])
    for fact in context.givens:
        if _is_symmetry(fact) and isinstance(fact.pattern, Indexed) and fact.pattern.tensor == expr.tensor:
            before = _late(expr.indices[0]), _late(expr.indices[1])
            return Rewrite(swapped, fact.assumption) if before[1] < before[0] else None
    return None


def _late(position: Position) -> tuple[int, str]:
    """Return the key of a position: free indices by name, then what is bound, computed or looked up, all alike."""
    free = isinstance(position, Index) and position.name[0] not in "~%"
    return (0, position.name) if free and isinstance(position, Index) else (1, "")


def _is_symmetry(fact: Fact) -> bool:
    match fact.pattern, fact.replacement:
        case Indexed(tensor, left), Indexed(other, right):
            return tensor == other and left != right and set(left) == set(right) == set(fact.variables)
        case _:
            return False


def _mirrored(expr: Expr, fact: Fact, fresh: Fresh) -> Iterator[Expr]:
    """Yield the expression with the entries of the symmetric tensor mirrored: one of them, or all."""
    assert isinstance(fact.pattern, Indexed)
    entries = [n for n in walk(expr) if isinstance(n, Indexed) and n.tensor == fact.pattern.tensor]
    places: list[frozenset[int]] = [frozenset((n,)) for n in range(len(entries))]
    if len(entries) > _MOST_ENTRIES:
        return
    for chosen in dict.fromkeys((*places, frozenset(range(len(entries))))):
        yield normal(_mirror(expr, fact, chosen, [0]), fresh)


def _mirror(expr: Expr, fact: Fact, chosen: frozenset[int], count: list[int]) -> Expr:
    assert isinstance(fact.pattern, Indexed)
    assert isinstance(fact.replacement, Indexed)
    if isinstance(expr, Indexed) and expr.tensor == fact.pattern.tensor:
        count[0] += 1
        if count[0] - 1 not in chosen:
            return expr
        positions = dict(zip(fact.pattern.indices, expr.indices, strict=True))
        return Indexed(expr.tensor, tuple(positions[v] for v in fact.replacement.indices))
    return map_operands(expr, lambda part: _mirror(part, fact, chosen, count))


def _free_first(expr: Expr) -> tuple[int, str]:
    """Return the key by which A[i,j] with a free i is preferred to A[j,i] with the j of a sum."""
    late = sum(
        n * (not isinstance(p, Index) or p.name[0] not in "~%")
        for part in walk(expr)
        if isinstance(part, Indexed)
        for n, p in enumerate(part.indices)
    )
    return late, str([i.name for i in free_in_order(expr)])


SYMMETRY: tuple[Rule[Context], ...] = (
    Rule("given", "a symmetry that the system states: `A[i,j] = A[j,i]`", symmetric, (Sum,)),
    Rule(
        "given",
        "the inverse of a symmetric matrix is symmetric: `inv(A)[i,j] = inv(A)[j,i]`",
        symmetric_inverse,
        (MatrixEntry,),
    ),
)

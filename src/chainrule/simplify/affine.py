"""Deltas of affine positions: a sum over an index that [q+u = p] determines has one term, where there is one at all.

sum(q) [q+u = p]*d[q] is d?[p-u]: the mark says what the range of q said. Where the index stands in more than one entry,
the range becomes a bracket, which is strongly zero, so nothing outside is read. An index that a delta holds with
another coefficient stays bound, and so does one whose range has no name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chainrule.expr.binding import (
    free_indices,
    open_reduce,
    stands_alone,
    substitute_indices,
    unmarked_positions,
)
from chainrule.expr.combinations import difference, linear_form, position_value, solved_for
from chainrule.expr.deltas import kronecker
from chainrule.expr.nodes import (
    ZERO,
    Affine,
    Bracket,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    Lookup,
    Number,
    Position,
    Power,
    Reduce,
    number,
    product_factors,
)
from chainrule.expr.sizes import Formula, Literal
from chainrule.expr.symbols import Derivative
from chainrule.simplify.arithmetic import bracket, close, multiply, normal
from chainrule.simplify.context import Context
from chainrule.simplify.evident import always_defined


@dataclass(frozen=True)
class _Solution:
    """index = position by the delta at `place` among the factors; `entry` is the place of the access it marks."""

    index: Index
    position: Position
    place: int
    entry: int | None = None


def solve_the_delta(expr: Expr, context: Context) -> Expr | None:
    """sum(q) [q+u = p]*d[q] = d?[p-u]."""
    if not isinstance(expr, Reduce) or expr.op != "sum":
        return None
    bound, body = open_reduce(expr, context.fresh)
    parts = list(product_factors(body))
    found = _solutions(parts, bound)
    if not found:
        return None
    gone = {solution.place for solution in found}
    mapping = {solution.index: solution.position for solution in found}
    marked = {solution.entry for solution in found if solution.entry is not None}
    ranges = [b for s in found if s.entry is None for b in range_brackets(s.index, s.position)]
    rest = []
    for n, part in enumerate(parts):
        if n in marked:
            rest.append(_marked(part, mapping))
        elif n not in gone:
            rest.append(substitute_indices(part, mapping))
    return close("sum", [i for i in bound if i not in mapping], normal(multiply((*ranges, *rest)), context.fresh))


def solvable(expr: Expr, bound: Sequence[Index]) -> tuple[Index, ...]:
    """Return the bound indices that a delta can be solved for.

    A delta with two or more free indices of coefficient 1 or -1 waits: one of them may still be summed over, and it is
    the position of the result that should go, not that within a kernel. Numbers are left to `collapse`.
    """
    sides = kronecker(expr)
    if sides is None or any(isinstance(side, Affine) and not side.terms for side in sides):
        return ()
    single = [i for i, c in difference(*sides).terms.items() if isinstance(i, Index) and abs(c) == 1]
    if sum(i not in bound for i in single) > 1:
        return ()
    return tuple(i for i in single if i in bound)


def range_brackets(index: Index, position: Position) -> tuple[Expr, ...]:
    """Return [0 <= position] and [position < extent(index)], where they do not hold anyway."""
    if not isinstance(position, Affine) and position.extent == index.extent:
        return ()
    value = position_value(position)
    size = index.extent
    end: Expr = number(size.count) if isinstance(size, Literal) else ExtentValue(size, index.preferred)
    above = Bracket(Comparison("<", value, end))
    never_below = linear_form(position).constant >= 0 and not _subtracts(position)
    both = (above,) if never_below else (Bracket(Comparison("<=", ZERO, value)), above)
    return tuple(bracket(b.condition) for b in both)


def _solutions(parts: Sequence[Expr], bound: Sequence[Index]) -> list[_Solution]:
    """Return one solution for each delta that has one, no two of which speak of each other's index."""
    chosen: list[_Solution] = []
    for place, part in enumerate(parts):
        taken = {s.index for s in chosen}
        if taken and not free_indices(part).isdisjoint(taken):
            continue
        sides = kronecker(part)
        options = []
        for index in solvable(part, bound):
            position = solved_for(index, *sides) if sides else None
            if position is None or any(index in free_indices(parts[s.place]) for s in chosen):
                continue
            others = (p for n, p in enumerate(parts) if n != place)
            if isinstance(position, Lookup) and not all(stands_alone(index, p) for p in others):
                continue
            solution = _Solution(index, position, place)
            rank, entry = _rank(solution, parts)
            if rank is not None:
                options.append(((rank, _subtracts(position)), replace(solution, entry=entry)))
        if options:
            chosen.append(min(options, key=lambda option: option[0])[1])
    return chosen


def _rank(found: _Solution, parts: Sequence[Expr]) -> tuple[int | None, int | None]:
    """Return how gladly an index is eliminated, and the place of the one access that its range protects.

    What else depends on it must need no protection once the position is put in: x[q+u] becomes x[p].
    """
    index = found.index
    depending = [n for n, part in enumerate(parts) if n != found.place and index in free_indices(part)]
    for n in depending:
        entry = _base(parts[n])
        if not (isinstance(entry, Indexed) and not entry.guarded and _labels(index, entry)):
            continue
        others = [substitute_indices(parts[m], {index: found.position}) for m in depending if m != n]
        if _tells_a_range(entry, index, [part for m, part in enumerate(parts) if m != n]):
            continue
        if all(always_defined(other) for other in others):
            return (0 if isinstance(entry.tensor, Derivative) else 1), n
    if isinstance(index.extent, Formula):
        return None, None
    return (2 if isinstance(index.extent, Literal) else 3), None


def _tells_a_range(entry: Indexed, index: Index, others: Sequence[Expr]) -> bool:
    """Say whether an entry is the only one to tell how far another of its indices runs: a mark would take that away."""
    bound = {i for i in entry.indices if isinstance(i, Index) and i != index and i.name.startswith("~")}
    shifted = {i for part in others for p in unmarked_positions(part) if isinstance(p, Affine) for i, _ in p.terms}
    labels = {p for part in others for p in unmarked_positions(part) if isinstance(p, Index)}
    return not (bound & shifted) <= labels


def _subtracts(position: Position) -> bool:
    """Say whether something is subtracted in a position: of [q+u = p], p = q+u goes before u = p-q."""
    return any(c < 0 for c in linear_form(position).terms.values())


def _labels(index: Index, entry: Indexed) -> bool:
    """Say whether an index stands in an entry as a plain label of an axis, and no otherwise."""
    if isinstance(index.extent, Literal):
        return False
    shifted = [p for p in entry.indices if isinstance(p, Affine)]
    return index in entry.indices and all(index not in dict(p.terms) for p in shifted)


def _base(expr: Expr) -> Expr:
    """Return e of e^n, which is 0 where e is."""
    match expr:
        case Power(base, Number(value)) if value > 0:
            return base
        case _:
            return expr


def _marked(expr: Expr, mapping: dict[Index, Position]) -> Expr:
    """Return an entry with positions put in, marked unless each of them labels the axis as well."""
    if isinstance(expr, Power):
        return Power(_marked(expr.base, mapping), expr.exponent)
    assert isinstance(expr, Indexed)
    new = {i: mapping[i] for i in expr.indices if isinstance(i, Index) and i in mapping}
    outside = any(isinstance(p, Affine) or p.extent != i.extent for i, p in new.items())
    return substitute_indices(Indexed(expr.tensor, expr.indices, guarded=outside), mapping)

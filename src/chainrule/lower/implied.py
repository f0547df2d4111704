"""Entries that a bracket or a mark keeps inside their tensors: [p > 0]·x[p-1] is read like x?[p-1].

A bracket of affine comparisons says that some sums of multiples of indices are not negative. Where the way from a
position to the end of its axis is one of them, and something that cannot be negative, nothing outside is wanted, and
the entry gets a mark; so does an entry that is looked up, tok[p-1] of E[tok[p-1]]. What cannot be shown that way stays
as it is, for `inside` to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from chainrule.expr.binding import map_condition, map_operands
from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Comparison,
    Condition,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    Number,
    Product,
    Select,
    Sum,
    mark_of,
)
from chainrule.expr.sizes import Size
from chainrule.lower.program import Unsupported
from chainrule.render.text import expression_text
from chainrule.system.model import System

Linear: TypeAlias = Mapping[Index | None, Fraction]
"""A sum of multiples of indices; that of None is the constant."""


def with_marks(system: System, node: Expr, sizes: Mapping[Size, int], facts: Sequence[Linear] = ()) -> Expr:
    """Return the expression with a mark on each entry that may be outside its tensor but for the brackets above it."""

    def below(part: Expr, known: Sequence[Linear] = facts) -> Expr:
        return with_marks(system, part, sizes, known)

    match node:
        case Indexed():
            return _read(system, node, sizes, facts)
        case IndexValue(Lookup() as looked):
            return IndexValue(_looked_up(system, looked, sizes, facts))
        case Product(factors):
            held = {f: tuple(_facts_of(system, f, sizes)) for f in _flat(factors)}
            held = {f: own for f, own in held.items() if own}

            def beside(part: Expr) -> Expr:
                return below(part, (*facts, *(fact for b, own in held.items() if b is not part for fact in own)))

            return map_operands(Product(tuple(_flat(factors))), beside) if held else map_operands(node, below)
        case Select(condition, then, otherwise):
            known = (*facts, *_facts(condition, sizes))
            return Select(map_condition(condition, below), below(then, known), below(otherwise))
        case _:
            return map_operands(node, below)


def _flat(factors: Sequence[Expr]) -> Iterator[Expr]:
    for factor in factors:
        if isinstance(factor, Product):
            yield from _flat(factor.factors)
        else:
            yield factor


def _facts_of(system: System, factor: Expr, sizes: Mapping[Size, int]) -> Iterator[Linear]:
    """Yield what is not negative where a factor is not 0 by a bracket or a mark."""
    entry = mark_of(factor)
    if isinstance(factor, Bracket):
        yield from _facts(factor.condition, sizes)
    elif entry is not None:
        yield from (end for end in _ends(system, entry, sizes) if end is not None)


def _ends(system: System, entry: Indexed, sizes: Mapping[Size, int]) -> Iterator[Linear | None]:
    """Yield how far each position that is no look-up is from both ends of its axis; None where that is not known."""
    for position, axis in zip(entry.indices, system.axes(entry.tensor), strict=True):
        if isinstance(position, Lookup):
            continue
        terms = _linear(IndexValue(position), sizes)
        known = terms is not None and axis.extent in sizes
        yield terms if known else None
        yield _added({None: Fraction(sizes[axis.extent] - 1)}, terms, -1) if known and terms is not None else None


def _read(system: System, entry: Indexed, sizes: Mapping[Size, int], facts: Sequence[Linear]) -> Indexed:
    """Return an entry with the marks that it and what is looked up in it need."""
    if not entry.indices or entry.tensor not in system.names():
        return entry
    inner = (*facts, *_facts_of(system, entry, sizes))
    positions = tuple(_looked_up(system, p, sizes, inner) if isinstance(p, Lookup) else p for p in entry.indices)
    moved = entry if positions == entry.indices else Indexed(entry.tensor, positions, entry.guarded)
    return moved if entry.guarded or not facts else _marked(system, moved, sizes, facts)


def _looked_up(system: System, looked: Lookup, sizes: Mapping[Size, int], facts: Sequence[Linear]) -> Lookup:
    """Return a look-up with a mark on its entry where that may be outside; one that is inside has none.

    A mark that stands there already says 0 where nothing can be looked up, which no memory holds, so something else
    must rule that out. Raises Unsupported.
    """
    bare = replace(looked.entry, guarded=False)
    entry = _read(system, bare, sizes, facts)
    if all(end is not None and _holds(end, sizes, ()) for end in _ends(system, bare, sizes)):
        entry = replace(entry, guarded=False)
    elif looked.entry.guarded and not entry.guarded:
        raise Unsupported(f"a marked entry as a position, {expression_text(looked.entry)}")
    return looked if entry == looked.entry else Lookup(entry, looked.extent)


def _marked(system: System, entry: Indexed, sizes: Mapping[Size, int], facts: Sequence[Linear]) -> Indexed:
    ends = tuple(_ends(system, entry, sizes))
    inside = all(end is not None and _holds(end, sizes, facts) for end in ends)
    return replace(entry, guarded=True) if inside else entry


def _holds(wanted: Linear, sizes: Mapping[Size, int], facts: Sequence[Linear]) -> bool:
    """Say whether something is known not to be negative: by itself, or because it is no less than a fact."""
    return any(_least(_added(wanted, fact, -1), sizes) >= 0 for fact in ({}, *facts))


def _least(terms: Linear, sizes: Mapping[Size, int]) -> Fraction:
    """Return the lowest value."""
    return sum((c if i is None else min(c * (sizes[i.extent] - 1), Fraction(0)) for i, c in terms.items()), Fraction(0))


def _facts(condition: Condition, sizes: Mapping[Size, int]) -> Iterator[Linear]:
    """Yield what is not negative where a condition holds."""
    if not isinstance(condition, Comparison):
        if condition.op == "and":
            for part in condition.operands:
                yield from _facts(part, sizes)
        return
    left, right = _linear(condition.left, sizes), _linear(condition.right, sizes)
    if left is None or right is None or any(c.denominator != 1 for c in (*left.values(), *right.values())):
        return
    strict: Linear = {None: Fraction(1 if condition.relation in {"<", ">"} else 0)}
    if condition.relation in {"<", "<=", "="}:
        yield _added(_added(right, left, -1), strict, -1)
    if condition.relation in {">", ">=", "="}:
        yield _added(_added(left, right, -1), strict, -1)


def _linear(expr: Expr, sizes: Mapping[Size, int]) -> Linear | None:
    """Return an expression of indices and numbers as multiples of indices, else None."""
    match expr:
        case Number(value):
            return {None: value}
        case ExtentValue(extent) if extent in sizes:
            return {None: Fraction(sizes[extent])}
        case IndexValue(Index() as index) if index.extent in sizes:
            return {index: Fraction(1)}
        case IndexValue(Affine(terms, constant)) if all(i.extent in sizes for i, _ in terms):
            return {None: Fraction(constant), **{i: Fraction(c) for i, c in terms}}
        case Sum(parts):
            total: Linear = {}
            for part in parts:
                one = _linear(part, sizes)
                if one is None:
                    return None
                total = _added(total, one)
            return total
        case Product((Number(value), other)):
            one = _linear(other, sizes)
            return None if one is None else {i: value * c for i, c in one.items()}
        case _:
            return None


def _added(one: Linear, other: Linear, times: int = 1) -> Linear:
    result = dict(one)
    for index, coefficient in other.items():
        result[index] = result.get(index, Fraction(0)) + times * coefficient
    return result

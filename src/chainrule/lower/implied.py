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

from chainrule.expr.binding import map_condition, map_operands
from chainrule.expr.combinations import ExpressionAtom, ExpressionForm, expression_form
from chainrule.expr.linear import LinearForm
from chainrule.expr.nodes import (
    Bracket,
    Comparison,
    Condition,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    Product,
    Select,
    mark_of,
)
from chainrule.expr.sizes import Size
from chainrule.lower.program import Unsupported
from chainrule.render.text import expression_text
from chainrule.system.model import System


def with_marks(system: System, node: Expr, sizes: Mapping[Size, int], facts: Sequence[ExpressionForm] = ()) -> Expr:
    """Return the expression with a mark on each entry that may be outside its tensor but for the brackets above it."""

    def below(part: Expr, known: Sequence[ExpressionForm] = facts) -> Expr:
        return with_marks(system, part, sizes, known)

    match node:
        case Indexed():
            return _read(system, node, sizes, facts)
        case IndexValue(Lookup() as looked):
            return IndexValue(_looked_up(system, looked, sizes, facts))
        case Product(factors):
            held = {f: tuple(facts_of(system, f, sizes)) for f in _flat(factors)}
            held = {f: own for f, own in held.items() if own}

            def beside(part: Expr) -> Expr:
                return below(part, (*facts, *(fact for b, own in held.items() if b is not part for fact in own)))

            return map_operands(Product(tuple(_flat(factors))), beside) if held else map_operands(node, below)
        case Select(condition, then, otherwise):
            known = (*facts, *not_negative(condition, sizes))
            return Select(map_condition(condition, below), below(then, known), below(otherwise))
        case _:
            return map_operands(node, below)


def _flat(factors: Sequence[Expr]) -> Iterator[Expr]:
    for factor in factors:
        if isinstance(factor, Product):
            yield from _flat(factor.factors)
        else:
            yield factor


def facts_of(system: System, factor: Expr, sizes: Mapping[Size, int]) -> Iterator[ExpressionForm]:
    """Yield what is not negative where a factor is not 0 by a bracket or a mark."""
    entry = mark_of(factor)
    if isinstance(factor, Bracket):
        yield from not_negative(factor.condition, sizes)
    elif entry is not None:
        yield from (end for end in _ends(system, entry, sizes) if end is not None)


def _ends(system: System, entry: Indexed, sizes: Mapping[Size, int]) -> Iterator[ExpressionForm | None]:
    """Yield how far each position that is no look-up is from both ends of its axis; None where that is not known."""
    for position, axis in zip(entry.indices, system.axes(entry.tensor), strict=True):
        if isinstance(position, Lookup):
            continue
        form = _in_indices(IndexValue(position), sizes)
        known = form is not None and axis.extent in sizes
        yield form if known else None
        yield (-form).plus(Fraction(sizes[axis.extent] - 1)) if known and form is not None else None


def _read(system: System, entry: Indexed, sizes: Mapping[Size, int], facts: Sequence[ExpressionForm]) -> Indexed:
    """Return an entry with the marks that it and what is looked up in it need."""
    if not entry.indices or entry.tensor not in system.names():
        return entry
    inner = (*facts, *facts_of(system, entry, sizes))
    positions = tuple(_looked_up(system, p, sizes, inner) if isinstance(p, Lookup) else p for p in entry.indices)
    moved = entry if positions == entry.indices else Indexed(entry.tensor, positions, entry.guarded)
    return moved if entry.guarded or not facts else _marked(system, moved, sizes, facts)


def _looked_up(system: System, looked: Lookup, sizes: Mapping[Size, int], facts: Sequence[ExpressionForm]) -> Lookup:
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


def _marked(system: System, entry: Indexed, sizes: Mapping[Size, int], facts: Sequence[ExpressionForm]) -> Indexed:
    ends = tuple(_ends(system, entry, sizes))
    inside = all(end is not None and _holds(end, sizes, facts) for end in ends)
    return replace(entry, guarded=True) if inside else entry


def _holds(wanted: ExpressionForm, sizes: Mapping[Size, int], facts: Sequence[ExpressionForm]) -> bool:
    """Say whether something is known not to be negative: by itself, or because it is no less than a fact or a multiple.

    [p < 3] says that 2·(2 - p) is not negative, so that c[2*p] is inside where c has five entries.
    """
    if least(wanted, sizes) >= 0:
        return True
    return any(least(wanted - fact * share, sizes) >= 0 for fact in facts for share in _shares(wanted, fact))


def _shares(wanted: ExpressionForm, fact: ExpressionForm) -> tuple[Fraction, ...]:
    """Return how many times a fact may be in something: once, or as often as an index of it is."""
    ratios = (wanted.coefficient(atom) / c for atom, c in fact.terms.items())
    return (Fraction(1), *(ratio for ratio in ratios if ratio > 0))


def least(form: ExpressionForm, sizes: Mapping[Size, int]) -> Fraction:
    """Return the lowest value."""
    indices = [atom for atom in form.terms if isinstance(atom, Index)]
    return form.bounds({i: (Fraction(0), Fraction(sizes[i.extent] - 1)) for i in indices})[0]


def not_negative(condition: Condition, sizes: Mapping[Size, int]) -> Iterator[ExpressionForm]:
    """Yield what is not negative where a condition holds."""
    if not isinstance(condition, Comparison):
        if condition.op == "and":
            for part in condition.operands:
                yield from not_negative(part, sizes)
        return
    left, right = _in_indices(condition.left, sizes), _in_indices(condition.right, sizes)
    if left is None or right is None or not (_is_whole(left) and _is_whole(right)):
        return
    strict = Fraction(1 if condition.relation in {"<", ">"} else 0)
    if condition.relation in {"<", "<=", "="}:
        yield (right - left).plus(-strict)
    if condition.relation in {">", ">=", "="}:
        yield (left - right).plus(-strict)


def _is_whole(form: ExpressionForm) -> bool:
    return all(c.denominator == 1 for c in (form.constant, *form.terms.values()))


def _in_indices(expr: Expr, sizes: Mapping[Size, int]) -> ExpressionForm | None:
    """Return an expression of indices whose extents are known, and of such extents, as a linear form of the indices."""
    form = expression_form(expr)
    if form is None or any(isinstance(atom, Lookup) for atom in form.terms):
        return None
    extents = {atom: atom.extent if isinstance(atom, Index) else atom for atom in form.terms}
    if any(extent not in sizes for extent in extents.values()):
        return None
    numbers: dict[ExpressionAtom, ExpressionForm] = {
        atom: LinearForm({}, Fraction(sizes[atom])) for atom in form.terms if isinstance(atom, Size)
    }
    return form.substituted(numbers)

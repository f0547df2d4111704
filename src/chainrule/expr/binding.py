"""Free and bound indices, fresh names, and substitution that cannot capture.

A `Reduce` names each of its indices canonically: `%h`, where h is one more than the highest canonical number inside
its body, counted up over its indices. Inner binders therefore always have lower numbers than outer ones, two reductions
that differ only in letters are equal data, and code that merely reads may go under a reduction without renaming. Code
that moves a body somewhere else must open it with fresh names first; `Fresh` hands them out, one supply for one run of
a pass, so that names depend on the input alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

from chainrule.expr.nodes import (
    Affine,
    Bracket,
    Call,
    Comparison,
    Condition,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
    MatrixEntry,
    Number,
    Partial,
    Position,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
    number,
    operands,
    walk,
)


class Fresh:
    """A supply of index names that occur nowhere else; make one at the start of a pass."""

    def __init__(self) -> None:
        self._count = 0

    def index(self, like: Index) -> Index:
        """Return a fresh index with the extent and preferred letter of another."""
        self._count += 1
        return Index(f"~{self._count}", like.extent, like.preferred)


def position_indices(position: Position) -> tuple[Index, ...]:
    """Return the indices of a position: itself, those of an affine expression, or those of a looked-up entry."""
    match position:
        case Index():
            return (position,)
        case Affine(terms):
            return tuple(i for i, _ in terms)
        case Lookup(entry):
            return tuple(i for inner in entry.indices for i in position_indices(inner))
        case _:
            assert_never(position)


def own_positions(node: Expr | Condition) -> tuple[Position, ...]:
    """Return the positions that stand in the node itself."""
    match node:
        case Indexed(_, positions):
            return positions
        case MatrixEntry(_, _, positions, samples):
            return (*samples, *positions)
        case IndexValue(position):
            return (position,)
        case _:
            return ()


def lookups_in(positions: Iterable[Position]) -> tuple[Lookup, ...]:
    """Return the look-ups among positions, with those inside them, outermost first."""
    found: list[Lookup] = []
    for position in positions:
        if isinstance(position, Lookup):
            found += (position, *lookups_in(position.entry.indices))
    return tuple(found)


def unmarked_positions(node: Expr | Condition) -> tuple[Position, ...]:
    """Return the positions at which entries are read, those in look-ups too, that have no mark to allow them outside.

    >>> t = Index("t")
    >>> unmarked_positions(Indexed("E", (Lookup(Indexed("tok", (Affine(((t, 1),), 1),))),), True))
    (Affine(terms=((Index(name='t', extent=Axis(tensor='', axis=-2), letter=''), 1),), constant=1),)
    """
    found: list[Position] = []
    for part in walk(node):
        positions = own_positions(part)
        entries = [lookup.entry for lookup in lookups_in(positions)]
        entries += [part] if isinstance(part, Indexed) else []
        found += (p for entry in entries if not entry.guarded for p in entry.indices if not isinstance(p, Lookup))
    return tuple(found)


def own_indices(node: Expr | Condition) -> tuple[Index, ...]:
    """Return the indices that stand in the node itself, not in its operands; binders are not counted."""
    return tuple(i for p in own_positions(node) for i in position_indices(p))


def free_indices(node: Expr | Condition) -> frozenset[Index]:
    """Return the indices that are free in the node."""
    known: frozenset[Index] | None = node.__dict__.get("_free")
    if known is None:
        known = frozenset(own_indices(node)).union(*(free_indices(part) for part in operands(node)))
        if isinstance(node, Reduce):
            known -= frozenset(node.indices)
        node.__dict__["_free"] = known
    return known


def free_in_order(node: Expr | Condition) -> tuple[Index, ...]:
    """Return the free indices in the order of their first appearance."""
    free = free_indices(node)
    seen = dict.fromkeys(i for part in walk(node) for i in own_indices(part) if i in free)
    return tuple(seen)


def binder_height(node: Expr | Condition) -> int:
    """Return the highest canonical number bound inside the node; 0 without a reduction."""
    known: int | None = node.__dict__.get("_height")
    if known is None:
        known = max((binder_height(part) for part in operands(node)), default=0)
        if isinstance(node, Reduce):
            known = max(known, int(node.indices[-1].name[1:])) if node.indices else known
        node.__dict__["_height"] = known
    return known


def reduce_over(op: str, indices: Iterable[Index], body: Expr) -> Expr:
    """Return op over the indices of the body, with canonical names; without indices it is the body itself."""
    bound = tuple(indices)
    if not bound:
        return body
    height = binder_height(body)
    names = {old: Index(f"%{height + n}", old.extent, old.preferred) for n, old in enumerate(bound, start=1)}
    return Reduce(op, tuple(names.values()), rename_indices(body, names))


def open_reduce(node: Reduce, fresh: Fresh) -> tuple[tuple[Index, ...], Expr]:
    """Return the indices under fresh names, and the body in those names."""
    names = {old: fresh.index(old) for old in node.indices}
    return tuple(names.values()), rename_indices(node.body, names)


def shift_position(position: Position, mapping: Mapping[Index, Position]) -> Position:
    """Return the position with indices replaced by positions; what becomes a plain index again is one."""
    if isinstance(position, Index):
        return mapping.get(position, position)
    if isinstance(position, Lookup):
        return Lookup(_entry(position.entry, mapping), position.extent)
    coefficients: dict[Index, int] = {}
    constant = position.constant
    for index, coefficient in position.terms:
        image = mapping.get(index, index)
        assert not isinstance(image, Lookup), "a looked-up number stands alone in its position"
        parts = ((image, 1),) if isinstance(image, Index) else image.terms
        constant += 0 if isinstance(image, Index) else coefficient * image.constant
        for atom, inner in parts:
            coefficients[atom] = coefficients.get(atom, 0) + coefficient * inner
    return affine(coefficients, constant)


def affine(coefficients: Mapping[Index, int], constant: int = 0) -> Position:
    """Return constant + Σ coefficient·index, as a plain index where it is one."""
    terms = tuple((index, c) for index, c in coefficients.items() if c)
    if constant == 0 and len(terms) == 1 and terms[0][1] == 1:
        return terms[0][0]
    return Affine(terms, constant)


def map_operands(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return the node with `change` applied to every expression directly in it; indices and binders stay.

    Conditions are gone through. A `Partial` is an atom: its entries name what is differentiated.
    """
    match node:
        case Number() | Constant() | ExtentValue() | IndexValue() | Indexed() | Partial() | MatrixEntry():
            return node
        case Sum(terms):
            new = tuple(change(t) for t in terms)
            return node if _same(new, terms) else Sum(new)
        case Product(factors):
            new = tuple(change(f) for f in factors)
            return node if _same(new, factors) else Product(new)
        case Power(base, exponent):
            changed = (change(base), change(exponent))
            return node if _same(changed, (base, exponent)) else Power(*changed)
        case Call(function, arguments, order):
            new = tuple(change(a) for a in arguments)
            return node if _same(new, arguments) else Call(function, new, order)
        case Reduce(op, indices, body):
            inner = change(body)
            return node if inner is body else Reduce(op, indices, inner)
        case Bracket(condition):
            tested = map_condition(condition, change)
            return node if tested is condition else Bracket(tested)
        case Select(condition, then, otherwise):
            tested, yes, no = map_condition(condition, change), change(then), change(otherwise)
            same = tested is condition and yes is then and no is otherwise
            return node if same else Select(tested, yes, no)
        case _:
            assert_never(node)


def map_condition(condition: Condition, change: Callable[[Expr], Expr]) -> Condition:
    """Return the condition with `change` applied to every expression in it."""
    match condition:
        case Comparison(relation, left, right):
            sides = (change(left), change(right))
            return condition if _same(sides, (left, right)) else Comparison(relation, *sides)
        case Logic(op, parts):
            new = tuple(map_condition(part, change) for part in parts)
            return condition if _same(new, parts) else Logic(op, new)
        case _:
            assert_never(condition)


def _same(new: tuple[Expr | Condition, ...], old: tuple[Expr | Condition, ...]) -> bool:
    return all(a is b for a, b in zip(new, old, strict=True))


def rename_indices(node: Expr, mapping: Mapping[Index, Index]) -> Expr:
    """Return the expression with free indices renamed; binders inside keep their canonical names.

    The new names must not be canonical numbers bound inside (`reduce_over` sees to that).
    """
    return substitute_indices(node, mapping)


def substitute_indices(node: Expr, mapping: Mapping[Index, Position]) -> Expr:
    """Return the expression with free indices replaced by positions."""
    if not mapping or free_indices(node).isdisjoint(mapping):
        return node
    match node:
        case Indexed(tensor, positions, guarded):
            return Indexed(tensor, tuple(shift_position(p, mapping) for p in positions), guarded)
        case MatrixEntry():
            return map_positions(node, lambda position: shift_position(position, mapping))
        case IndexValue(position):
            moved = shift_position(position, mapping)
            return number(moved.constant) if isinstance(moved, Affine) and not moved.terms else IndexValue(moved)
        case Partial(of, wrt):
            return Partial(_entry(of, mapping), tuple(_entry(w, mapping) for w in wrt))
        case Reduce(_, bound, _):
            inner = {old: new for old, new in mapping.items() if old not in bound}
            return map_operands(node, lambda part: substitute_indices(part, inner))
        case _:
            return map_operands(node, lambda part: substitute_indices(part, mapping))


def stands_alone(index: Index, node: Expr | Condition) -> bool:
    """Say whether an index stands in positions by itself only, in no sum: a look-up can take its place."""
    positions = [p for part in walk(node) for p in own_positions(part)]
    positions += [p for lookup in lookups_in(positions) for p in lookup.entry.indices]
    return not any(isinstance(p, Affine) and index in position_indices(p) for p in positions)


def can_stand_at(node: Expr | Condition, mapping: Mapping[Index, Position]) -> bool:
    """Say whether indices can be replaced by positions: what is looked up takes no place in a sum such as k+1."""
    return all(stands_alone(i, node) for i, position in mapping.items() if isinstance(position, Lookup))


def map_positions(node: MatrixEntry, change: Callable[[Position], Position]) -> MatrixEntry:
    """Return the entry of a function of a matrix with `change` applied to every position in it."""
    indices, samples = tuple(map(change, node.indices)), tuple(map(change, node.samples))
    return MatrixEntry(node.function, node.tensor, indices, samples)


def _entry(entry: Indexed, mapping: Mapping[Index, Position]) -> Indexed:
    return Indexed(entry.tensor, tuple(shift_position(p, mapping) for p in entry.indices), entry.guarded)


def rewrite_bottom_up(node: Expr, change: Callable[[Expr], Expr], fresh: Fresh) -> Expr:
    """Return the expression with `change` applied to every node, operands first; reductions are opened and closed."""
    if isinstance(node, Reduce):
        indices, body = open_reduce(node, fresh)
        return change(reduce_over(node.op, indices, rewrite_bottom_up(body, change, fresh)))
    return change(map_operands(node, lambda part: rewrite_bottom_up(part, change, fresh)))


def tensors_in(node: Expr | Condition) -> frozenset[str]:
    """Return the names of all tensors an expression reads, those of unknown derivatives included."""
    known: frozenset[str] | None = node.__dict__.get("_tensors")
    if known is None:
        own = frozenset((node.tensor,)) if isinstance(node, Indexed | MatrixEntry) else frozenset()
        own = own.union(lookup.entry.tensor for lookup in lookups_in(own_positions(node)))
        known = own.union(*(tensors_in(part) for part in operands(node)))
        node.__dict__["_tensors"] = known
    return known


def node_count(node: Expr | Condition) -> int:
    """Return the number of nodes, the measure of how long an expression is to read."""
    known: int | None = node.__dict__.get("_nodes")
    if known is None:
        known = 1 + sum(node_count(part) for part in operands(node))
        node.__dict__["_nodes"] = known
    return known

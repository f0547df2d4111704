"""Free and bound indices, fresh names, and substitution that cannot capture.

A `Reduce` names each of its indices canonically: `%h`, where h is one more than the highest canonical number inside
its body, counted up over its indices. Inner binders therefore always have lower numbers than outer ones, two reductions
that differ only in letters are equal data, and code that merely reads may go under a reduction without renaming. Code
that moves a body somewhere else must open it with fresh names first; `Fresh` hands them out, one supply for one run of
a pass. It is a stack: who has closed a body again gives its names back, so that names depend on the depth alone, and
what has been opened at some depth once is opened there for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, assert_never

from chainrule.expr.combinations import PositionAtom, PositionForm, linear_form, position_of, position_value
from chainrule.expr.nodes import (
    Affine,
    Comparison,
    Condition,
    Expr,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Lookup,
    MatrixEntry,
    Partial,
    Position,
    Reduce,
    operands,
    walk,
    with_operands,
)
from chainrule.expr.shared import kept
from chainrule.expr.symbols import Symbol


class Fresh:
    """A supply of index names that occur nowhere else; make one at the start of a pass.

    `level` is the number of names in use. Set back to what it was, it gives back the names handed out since; nothing
    that is still used may have one of them free.
    """

    def __init__(self) -> None:
        self.level = 0

    def index(self, like: Index) -> Index:
        """Return a fresh index with the extent and preferred letter of another."""
        self.level += 1
        return Index(f"~{self.level}", like.extent, like.preferred)


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
    (Affine(terms=((Index(name='t', extent=Uninferred(), letter=''), 1),), constant=1),)
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


@kept
def free_indices(node: Expr | Condition) -> frozenset[Index]:
    """Return the indices that are free in the node."""
    if isinstance(node, Reduce):
        return free_indices(node.body).difference(node.indices)
    parts = operands(node)
    return frozenset().union(*map(free_indices, parts)) if parts else frozenset(own_indices(node))


def free_in_order(node: Expr | Condition) -> tuple[Index, ...]:
    """Return the free indices in the order of their first appearance."""
    free = free_indices(node)
    seen = dict.fromkeys(i for part in walk(node) for i in own_indices(part) if i in free)
    return tuple(seen)


@kept
def binder_height(node: Expr | Condition) -> int:
    """Return the highest canonical number bound inside the node; 0 without a reduction."""
    inside = max(map(binder_height, operands(node)), default=0)
    return max(inside, int(node.indices[-1].name[1:])) if isinstance(node, Reduce) and node.indices else inside


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
    opened, level = _opened(node), fresh.level
    if level in opened:
        fresh.level += len(node.indices)
        return opened[level]
    names = {old: fresh.index(old) for old in node.indices}
    found = opened[level] = tuple(names.values()), rename_indices(node.body, names)
    return found


@kept
def _opened(node: Reduce) -> dict[int, tuple[tuple[Index, ...], Expr]]:
    """Return what the node has been opened to so far, by the level of the names."""
    return {}


def shift_position(position: Position, mapping: Mapping[Index, Position]) -> Position:
    """Return the position with indices replaced by positions; what becomes a plain index again is one."""
    match position:
        case Index():
            return mapping.get(position, position)
        case Lookup(entry, extent):
            return Lookup(_entry(entry, mapping), extent)
        case Affine(terms):
            images: dict[PositionAtom, PositionForm] = {i: linear_form(mapping[i]) for i, _ in terms if i in mapping}
            return position_of(linear_form(position).substituted(images)) if images else position
        case _:
            assert_never(position)


def map_operands(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return the node with `change` applied to every expression directly in it; indices and binders stay.

    Conditions are gone through. A `Partial` is an atom: its entries name what is differentiated.
    """
    parts: Any = operands(node)
    if not parts or type(node) is Partial:
        return node
    # Not by a function for both: Python's stack ends after some hundred levels, and each takes one frame more.
    return with_operands(node, [map_condition(p, change) if type(p) in _CONDITIONS else change(p) for p in parts])


def map_condition(condition: Condition, change: Callable[[Expr], Expr]) -> Condition:
    """Return the condition with `change` applied to every expression in it."""
    parts: Any = operands(condition)
    return with_operands(condition, [map_condition(p, change) if type(p) in _CONDITIONS else change(p) for p in parts])


_CONDITIONS = frozenset({Comparison, Logic})


def expressions_in(node: Expr) -> tuple[Expr, ...]:
    """Return the expressions directly in a node, those of its conditions too: all that `map_operands` changes."""
    if isinstance(node, Partial):
        return ()
    found: list[Expr] = []
    waiting = list(reversed(operands(node)))
    while waiting:
        part = waiting.pop()
        if isinstance(part, Comparison | Logic):
            waiting.extend(reversed(operands(part)))
        else:
            found.append(part)
    return tuple(found)


def with_expressions(node: Expr, parts: Iterable[Expr]) -> Expr:
    """Return the node with other expressions in the places of those that `expressions_in` returns."""
    left = iter(parts)
    return map_operands(node, lambda _: next(left))


def rename_indices(node: Expr, mapping: Mapping[Index, Index]) -> Expr:
    """Return the expression with free indices renamed; binders inside keep their canonical names.

    The new names must not be canonical numbers bound inside (`reduce_over` sees to that).
    """
    return substitute_indices(node, mapping)


def substitute_indices(node: Expr, mapping: Mapping[Index, Position]) -> Expr:
    """Return the expression with free indices replaced by positions."""
    return _substituted(node, mapping, frozenset(mapping)) if mapping else node


def _substituted(node: Any, mapping: Mapping[Index, Position], old: frozenset[Index]) -> Any:
    if free_indices(node).isdisjoint(old):
        return node
    kind = type(node)
    if kind in _SUBSTITUTED:
        return _SUBSTITUTED[kind](node, mapping)
    if kind is Reduce:
        return _under_a_binder(node, mapping, old)
    return with_operands(node, [_substituted(part, mapping, old) for part in operands(node)])


def _under_a_binder(node: Reduce, mapping: Mapping[Index, Position], old: frozenset[Index]) -> Reduce:
    if old.isdisjoint(node.indices):
        return Reduce(node.op, node.indices, _substituted(node.body, mapping, old))
    left = {index: position for index, position in mapping.items() if index not in node.indices}
    return Reduce(node.op, node.indices, substitute_indices(node.body, left))


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
    get = mapping.get
    moved = [get(p, p) if type(p) is Index else shift_position(p, mapping) for p in entry.indices]
    return Indexed(entry.tensor, tuple(moved), entry.guarded)


_SUBSTITUTED: Mapping[type[Any], Callable[[Any, Mapping[Index, Position]], Expr]] = {
    Indexed: _entry,
    MatrixEntry: lambda node, mapping: map_positions(node, lambda position: shift_position(position, mapping)),
    IndexValue: lambda node, mapping: position_value(shift_position(node.position, mapping)),
    Partial: lambda node, mapping: Partial(_entry(node.of, mapping), tuple(_entry(w, mapping) for w in node.wrt)),
}


def rewrite_bottom_up(node: Expr, change: Callable[[Expr], Expr], fresh: Fresh) -> Expr:
    """Return the expression with `change` applied to every node, operands first; reductions are opened and closed."""
    if isinstance(node, Reduce):
        level = fresh.level
        indices, body = open_reduce(node, fresh)
        closed = reduce_over(node.op, indices, rewrite_bottom_up(body, change, fresh))
        fresh.level = level
        return change(closed)
    return change(map_operands(node, lambda part: rewrite_bottom_up(part, change, fresh)))


@kept
def tensors_in(node: Expr | Condition) -> frozenset[Symbol]:
    """Return all tensors an expression reads, those of unknown derivatives included."""
    parts = operands(node)
    if parts:
        return frozenset[Symbol]().union(*map(tensors_in, parts))
    own = frozenset((node.tensor,)) if isinstance(node, Indexed | MatrixEntry) else frozenset[Symbol]()
    return own.union(lookup.entry.tensor for lookup in lookups_in(own_positions(node)))


@kept
def node_count(node: Expr | Condition) -> int:
    """Return the number of nodes, the measure of how long an expression is to read."""
    return 1 + sum(map(node_count, operands(node)))

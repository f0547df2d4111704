"""Layers that repeat in a list of equations: those of one shape whose tensors are numbered with the layer.

A tensor such as z2 is a member of the family z by the digits at the end of its name. Equations one after the other
whose targets have one number are a layer. Two layers are equal where their equations differ in letters and numbers
only: at each place stands the same tensor in both, or a member of one family, as far from the layer's own number. So
layers with different functions, or one with a connection that the other lacks, are not equal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, TypeAlias

from chainrule.expr.nodes import (
    Condition,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    MatrixEntry,
    Position,
    Reduce,
    operands,
    walk,
    with_operands,
)
from chainrule.expr.sizes import Literal, Size
from chainrule.expr.skeleton import FixedPosition, Leaf, bare
from chainrule.expr.symbols import Symbol, Tensor, tensors_of
from chainrule.render.names import layer_of
from chainrule.system.model import Equation

Members: TypeAlias = Mapping[Symbol, tuple[str, int]]
"""The family and the number of each tensor that has one."""
Move: TypeAlias = tuple[int | None, ...]
"""How the tensors of a symbol are counted from the number of the layer; None for one that is the same in all layers."""
Moves: TypeAlias = tuple[tuple[Move, ...], ...]
"""The same for each tensor in each equation of a layer."""


def numbered(names: Collection[Symbol], taken: Collection[str]) -> dict[Symbol, tuple[str, int]]:
    """Return the members of families, told by the digits at their ends; no family is called by a `taken` name.

    >>> numbered([Tensor("W1"), Tensor("W02"), Tensor("k1"), Tensor("x")], {"k"})
    {'W1': ('W', 1)}
    """
    found: dict[Symbol, tuple[str, int]] = {}
    for name in names:
        if isinstance(name, Tensor) and not name.superscript:
            family, digits = layer_of(name)
            if digits and family not in taken and digits == str(int(digits)):
                found[name] = family, int(digits)
    return found


@dataclass(frozen=True)
class EqualLayers:
    """Equal layers, in their order: the equations of each, and how what they name is counted."""

    layers: tuple[tuple[Equation, ...], ...]
    numbers: tuple[int, ...]
    moves: Moves

    @property
    def lowest(self) -> tuple[Equation, ...]:
        """The layer with the lowest number, whose letters stand for those of all."""
        return self.layers[self.numbers.index(min(self.numbers))]

    def moving(self) -> Iterator[Symbol]:
        """Yield the tensors of the lowest layer that are others in other layers."""
        for equation, moves in zip(self.lowest, self.moves, strict=True):
            for one, move in zip(named_in(equation), moves, strict=True):
                parts = tensors_of(one)
                yield from (part for part, by in zip(parts, move, strict=True) if by is not None)


def repeated(equations: Sequence[Equation], members: Members, least: int) -> tuple[Equation | EqualLayers, ...]:
    """Return equations with the layers of which at least so many are equal as one."""
    layers = _layers(equations, members)
    found: list[Equation | EqualLayers] = []
    at = 0
    while at < len(layers):
        run = _run(layers, at, members)
        if run is None or len(run.numbers) < least:
            found += layers[at][1]
            at += 1
            continue
        first, size = layers[at][1], len(run.moves)
        last = layers[at + len(run.numbers) - 1]
        found += first[: len(first) - size]
        found.append(run)
        at += len(run.numbers)
        if len(last[1]) > size:
            at -= 1
            layers[at] = last[0], last[1][size:]
    return tuple(found)


def base_of_layers(equations: Sequence[Equation], members: Members, outside: Collection[Symbol]) -> Members:
    """Return what stands in a first layer where the others have the layer before them: x as a0.

    It is one of what is there from the `outside`, and what it is taken for has no tensor yet.
    """
    layers = _layers(equations, members)
    there, found = set(members.values()), dict[Symbol, tuple[str, int]]()
    for (number, first), (after, second) in pairwise(layers):
        if number is None or after != number + 1:
            continue
        pairs = (pair for e, f in zip(first, second, strict=False) if _same_shape(e, f) for pair in _named(e, f))
        for one, other in pairs:
            if one not in outside or one in members or other not in members:
                continue
            family, there_at = members[other]
            base = family, there_at - 1
            if base not in there and found.get(one, base) == base and base not in _others(found, one):
                found[one] = base
    return found


def _others(found: Members, one: Symbol) -> list[tuple[str, int]]:
    return [base for other, base in found.items() if other != one]


Layer: TypeAlias = tuple[int | None, tuple[Equation, ...]]


def _layers(equations: Sequence[Equation], members: Members) -> list[Layer]:
    """Return equations by the numbers of their targets; those without one stand alone."""
    found: list[Layer] = []
    for number, group in groupby(equations, lambda e: number_of(e.name, members)):
        layer = tuple(group)
        found += [(number, layer)] if number is not None else [(None, (e,)) for e in layer]
    return found


def number_of(name: Symbol, members: Members) -> int | None:
    """Return the number of the layer that an equation of a tensor belongs to."""
    numbers = [members[part][1] for part in tensors_of(name) if part in members]
    return numbers[-1] if numbers else None


def _run(layers: Sequence[Layer], at: int, members: Members) -> EqualLayers | None:
    """Return the equal layers from one on: of the first only the end needs to be, of the last the beginning."""
    if at + 1 >= len(layers):
        return None
    (number, first), (after, second) = layers[at : at + 2]
    if number is None or after is None or abs(after - number) != 1:
        return None
    size, step = min(len(first), len(second)), after - number
    numbers, found = [number], [first[-size:]]
    moves: Moves | None = None
    for other, whole in layers[at + 1 :]:
        layer = whole[:size]
        if other != numbers[-1] + step or len(layer) < size or len(found[-1]) < size:
            break
        same = _moves(found[-1], numbers[-1], layer, other, members)
        if same is None or moves not in (None, same):
            break
        moves = same
        numbers.append(other)
        found.append(layer)
        if len(whole) > size:
            break
    return None if moves is None else EqualLayers(tuple(found), tuple(numbers), moves)


def _moves(
    first: Sequence[Equation], number: int, second: Sequence[Equation], after: int, members: Members
) -> Moves | None:
    found: list[tuple[Move, ...]] = []
    for e, f in zip(first, second, strict=True):
        if not _same_shape(e, f):
            return None
        moves = [_move(one, number, other, after, members) for one, other in _named(e, f)]
        known = tuple([move for move in moves if move is not None])
        if len(known) < len(moves):
            return None
        found.append(known)
    return tuple(found)


def _move(one: Symbol, number: int, other: Symbol, after: int, members: Members) -> Move | None:
    """Return how a symbol is counted; None where two layers have nothing to do with each other there."""
    if type(one) is not type(other) or getattr(one, "along", ()) != getattr(other, "along", ()):
        return None
    parts, others = tensors_of(one), tensors_of(other)
    if len(parts) != len(others):
        return None
    move: list[int | None] = []
    for part, there in zip(parts, others, strict=True):
        if part == there:
            move.append(None)
            continue
        family, at = members.get(part, ("", 0))
        other_family, other_at = members.get(there, (" ", 0))
        if family != other_family or at - number != other_at - after:
            return None
        move.append(at - number)
    return tuple(move)


def _same_shape(one: Equation, other: Equation) -> bool:
    """Say whether two equations differ in tensors, indices and sizes only."""
    sides = [(bare(one.target), bare(other.target)), (bare(one.value), bare(other.value))]
    if any(left.skeleton != right.skeleton for left, right in sides) or _own_sizes(one) != _own_sizes(other):
        return False
    leaves = [pair for left, right in sides for pair in zip(left.leaves, right.leaves, strict=True)]
    names, extents = set[tuple[object, object]](), set[tuple[object, object]]()
    for leaf, there in leaves:
        match leaf, there:
            case Leaf(), Leaf():
                names.add((leaf.name, there.name))
                extents.add((leaf.extent, there.extent))
            case FixedPosition(), FixedPosition() if leaf.number != there.number:
                return False
    return _determines(names, 0) and _determines(names, 1) and (_determines(extents, 0) or _determines(extents, 1))


def _own_sizes(equation: Equation) -> list[Size]:
    """Return the sizes that no axis in an equation tells: those of what only counts, as in Σ_p 1, and of extent(p)."""
    found: list[Size] = []
    told = {i.extent for i in equation.indices}
    told |= {i.extent for part in walk(equation.value) for i in _labels(part)}
    for part in walk(equation.value):
        if isinstance(part, Reduce):
            labels = {i for inner in walk(part.body) for i in _labels(inner)}
            found += [i.extent for i in part.indices if i not in labels and not isinstance(i.extent, Literal)]
        elif isinstance(part, ExtentValue) and part.extent not in told:
            found.append(part.extent)
    return found


def _labels(part: Expr | Condition) -> list[Index]:
    return [i for i in part.indices if isinstance(i, Index)] if isinstance(part, Indexed) else []


def _determines(pairs: Collection[tuple[object, object]], side: int) -> bool:
    """Say whether what stands on one side of a pair tells what stands on the other."""
    return len({pair[side] for pair in pairs}) == len(pairs)


def _named(one: Equation, other: Equation) -> Iterator[tuple[Symbol, Symbol]]:
    return zip(named_in(one), named_in(other), strict=True)


def named_in(equation: Equation) -> list[Symbol]:
    """Return the symbols that an equation names, place by place; equations of one shape have as many."""
    found: list[Symbol] = []

    def note(symbol: Symbol) -> Symbol:
        found.append(symbol)
        return symbol

    with_each_named(equation, note)
    return found


def with_each_named(equation: Equation, change: Callable[[Symbol], Symbol]) -> Equation:
    """Return an equation with another symbol at each place; `change` is asked in the order of `named_in`."""
    target = _replaced(equation.target, change)
    return Equation(target, _replaced(equation.value, change))


def _replaced(node: Any, change: Callable[[Symbol], Symbol]) -> Any:
    match node:
        case Indexed(tensor, positions, guarded):
            return Indexed(change(tensor), tuple([_position(p, change) for p in positions]), guarded)
        case MatrixEntry(function, tensor, positions, samples):
            named = change(tensor)
            indices, lead = (tuple([_position(p, change) for p in part]) for part in (positions, samples))
            return MatrixEntry(function, named, indices, lead)
        case IndexValue(position):
            return IndexValue(_position(position, change))
        case _:
            parts = operands(node)
            return with_operands(node, [_replaced(part, change) for part in parts]) if parts else node


def _position(position: Position, change: Callable[[Symbol], Symbol]) -> Position:
    return Lookup(_replaced(position.entry, change), position.extent) if isinstance(position, Lookup) else position

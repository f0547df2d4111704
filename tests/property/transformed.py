"""The same system written differently: renamed, reordered, with another cost, with a part named as its own equation.

Each way gives a system whose derivatives are known from those of the first. Nothing here simplifies or derives.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from chainrule.expr.binding import (
    Fresh,
    free_in_order,
    free_indices,
    map_operands,
    map_positions,
    open_reduce,
    reduce_over,
    rename_indices,
    substitute_indices,
)
from chainrule.expr.nodes import (
    Affine,
    Call,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    MatrixEntry,
    Partial,
    Position,
    Power,
    Product,
    Reduce,
    Sum,
    number,
    operands,
    times,
    walk,
)
from chainrule.expr.sizes import Literal, Size
from chainrule.expr.symbols import Derivative, tensors_of
from chainrule.system.model import Equation, System
from chainrule.system.sizes.erase import erase_sizes
from chainrule.system.typecheck import typecheck


def renamed_text(text: str, names: Mapping[str, str]) -> str:
    """Return a text with whole words replaced, all at once."""
    return re.sub(r"[^\W\d]\w*", lambda word: names.get(word.group(), word.group()), text)


@dataclass(frozen=True)
class Back:
    """The way back: an expression of the renamed system in the names, letters and extents of the first."""

    names: Mapping[str, str]
    extents: Mapping[Size, Size]

    @classmethod
    def between(cls, renamed: System, first: System, names: Mapping[str, str]) -> Back:
        """Return the way from one to the other; `names` lead from the first to the renamed."""
        pairs = [
            (theirs.extent, ours.extent)
            for tensor in first.names()
            for theirs, ours in zip(renamed.axes(names.get(tensor, tensor)), first.axes(tensor), strict=True)
        ]
        pairs += [(theirs.extent, ours.extent) for theirs, ours in zip(renamed.indices, first.indices, strict=True)]
        return cls({new: old for old, new in names.items()}, dict(pairs))

    def expr(self, expr: Expr) -> Expr:
        """Return the expression in the first system's names."""
        match expr:
            case Indexed():
                return self.entry(expr)
            case IndexValue(position):
                return IndexValue(self.position(position))
            case ExtentValue(extent, letter):
                return ExtentValue(self.extents[extent], letter)
            case Partial(of, wrt):
                return Partial(self.entry(of), tuple(map(self.entry, wrt)))
            case MatrixEntry():
                return replace(map_positions(expr, self.position), tensor=self.tensor(expr.tensor))
            case Call(function, arguments, order):
                return Call(self.names.get(function, function), tuple(map(self.expr, arguments)), order)
            case Reduce(op, indices, body):
                return Reduce(op, tuple(map(self.index, indices)), self.expr(body))
            case _:
                return map_operands(expr, self.expr)

    def entry(self, entry: Indexed) -> Indexed:
        return Indexed(self.tensor(entry.tensor), tuple(map(self.position, entry.indices)), entry.guarded)

    def tensor(self, name: str) -> str:
        if isinstance(name, Derivative):
            return Derivative(*(self.names.get(part, part) for part in tensors_of(name)))
        return self.names.get(name, name)

    def position(self, position: Position) -> Position:
        if isinstance(position, Index):
            return self.index(position)
        return Affine(tuple((self.index(i), c) for i, c in position.terms), position.constant)

    def index(self, index: Index) -> Index:
        extent = index.extent if isinstance(index.extent, Literal) else self.extents[index.extent]
        return Index(self.names.get(index.name, index.name), extent, index.letter)


def reordered(system: System, seed: int) -> System:
    """Return the system with the terms of its sums, its factors and the indices of its reductions in another order."""
    draw = random.Random(seed)
    equations = tuple(replace(e, value=_shuffled(e.value, draw)) for e in system.equations)
    return system.with_equations(equations)


def _shuffled(expr: Expr, draw: random.Random) -> Expr:
    match expr:
        case Sum(parts) | Product(parts):
            mixed = [_shuffled(part, draw) for part in parts]
            draw.shuffle(mixed)
            return type(expr)(tuple(mixed))
        case Reduce(op):
            indices, body = open_reduce(expr, Fresh())
            order = list(indices)
            draw.shuffle(order)
            free = {index: Index(f"~~{draw.random()}", index.extent, index.letter) for index in indices}
            body = _shuffled(rename_indices(body, free), draw)
            return reduce_over(op, [free[index] for index in order], body)
        case _:
            return map_operands(expr, lambda part: _shuffled(part, draw))


def with_scaled_cost(system: System, factor: int) -> System:
    """Return the system whose cost is that many times as large."""
    cost = system.defined[system.cost]
    scaled = replace(cost, value=times(number(factor), cost.value))
    return system.with_equations(tuple(scaled if e is cost else e for e in system.equations))


NAME = "part"


def parts_worth_a_name(system: System) -> list[tuple[int, Expr]]:
    """Return (number of the equation, part of it) for every part that can be named as an equation of its own."""
    return [(n, part) for n, e in enumerate(system.equations) for part in dict.fromkeys(_parts(e.value))]


def _parts(expr: Expr) -> Iterator[Expr]:
    """Yield what is inside an expression, but for entries and numbers, and what holds an index as a number alone."""
    for inner in operands(expr):
        if isinstance(inner, Sum | Product | Power | Reduce | Call):
            labelled = {i for part in walk(inner) if isinstance(part, Indexed) for i in part.indices}
            if free_indices(inner) <= labelled:
                yield inner
        yield from _parts(inner)  # type: ignore[arg-type]


def split(system: System, place: int, part: Expr) -> System:
    """Return the system with a part of one equation as an equation of its own; its free indices become axes."""
    equation = system.equations[place]
    free = free_in_order(part)
    taken = {*system.names(), *system.function, NAME}
    letters = [letter for letter in "abcdefghpqruv" if letter not in taken]
    axes = tuple(Index(letters[n], i.extent, letters[n]) for n, i in enumerate(free))
    named = Equation(Indexed(NAME, axes), substitute_indices(part, dict(zip(free, axes, strict=True))))
    value = _replaced(equation.value, part, Indexed(NAME, free))
    equations = (*system.equations[:place], named, replace(equation, value=value), *system.equations[place + 1 :])
    return typecheck(erase_sizes(system.with_equations(equations)))


def _replaced(expr: Expr, part: Expr, name: Indexed) -> Expr:
    """Return the expression with the part replaced by its name, in whatever letters it stands there."""
    free = free_in_order(expr)
    letters = dict(zip(free, name.indices, strict=False))
    if len(free) == len(name.indices) and substitute_indices(expr, letters) == part:
        return Indexed(name.tensor, free)
    return map_operands(expr, lambda inner: _replaced(inner, part, name))

"""A system or an equation as a parser would make it, with no extent settled, and whether it reads back the same.

A range bounded by a number says its extent itself and keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from chainrule.errors import TypecheckError
from chainrule.expr.binding import map_operands, map_positions
from chainrule.expr.nodes import (
    Affine,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Lookup,
    MatrixEntry,
    Partial,
    Position,
    Reduce,
    walk,
)
from chainrule.expr.shared import Node
from chainrule.expr.sizes import UNINFERRED, Axis, Declared, Formula, Literal, Size
from chainrule.system.model import Equation, Given, System
from chainrule.system.naming import Names
from chainrule.system.sizes.infer import infer_equation, infer_sizes


def unsettled(system: System) -> System:
    """Return the system with no extent settled, as a parser would make it."""
    return replace(
        system,
        declarations=tuple(
            replace(
                d,
                indices=tuple(map(_index, d.indices)),
                arguments=tuple(map(_bare, d.arguments)),
                values=None if d.values is None else _index(d.values),
            )
            for d in system.declarations
        ),
        givens=tuple(Given(_comparison(g.condition)) for g in system.givens),
        equations=tuple(map(unsettled_equation, system.equations)),
        updates=tuple(map(unsettled_equation, system.updates)),
        derived=(),
    )


def unsettled_equation(equation: Equation) -> Equation:
    """Return an equation with no extent settled, as a parser would make it."""
    return Equation(_bare(equation.target), _expr(equation.value))


def may_be_misread(system: System) -> bool:
    """Say whether what is derived of a system may have indices whose ranges no axis tells: shifted or marked ones."""
    known: bool | None = system.__dict__.get("_may_be_misread")
    if known is None:
        parts = (part for e in system.equations for part in walk(e.value))
        known = bool(system.derived) or any(isinstance(part, Indexed) and part.guarded for part in parts)
        system.__dict__["_may_be_misread"] = known
    return known


def is_readable(system: System, equation: Equation) -> bool:
    """Say whether an equation about a settled system, written down, would be read with the extents that it has.

    An index that only positions determine takes its extent from those that are left in the equation.
    """
    try:
        return infer_equation(system, unsettled_equation(equation)) == equation
    except TypecheckError:
        return False


def as_read(system: System) -> System:
    """Return a settled system as its text is read where that differs in the names of extents and in nothing else.

    What only positions determine is named by its equation, of which a pass may have taken it out.
    """
    if not system.derived:
        return system
    try:
        read = _inferred(unsettled(system))
    except TypecheckError:
        return system
    pairs = set(zip(_extents(_statements(system)), _extents(_statements(read)), strict=True))
    names = dict(pairs)
    if not len(pairs) == len(names) == len(set(names.values())):
        return system
    return read if _limits(system, names) == _limits(read, {}) else system


def _statements(system: System) -> tuple[Any, ...]:
    return system.declarations, system.givens, system.equations, system.updates, system.indices


def _extents(data: Any) -> Iterator[Size]:
    """Yield the extents in nodes, in writing order."""
    if isinstance(data, Axis | Declared | Formula | Literal):
        yield data
    elif isinstance(data, tuple):
        for part in data:
            yield from _extents(part)
    elif isinstance(data, Node):
        for field in fields(data):  # type: ignore[arg-type]  # every node is a dataclass
            if field.compare:
                yield from _extents(getattr(data, field.name))


def _limits(system: System, names: Mapping[Size, Size]) -> frozenset[object]:
    """Return the derived extents with their limits, in no order."""
    return frozenset(
        (
            names.get(one.extent, one.extent),
            one.given,
            frozenset(
                (
                    limit.linear.constant,
                    frozenset((names.get(e, e), c) for e, c in limit.linear.terms.items()),
                    limit.divisor,
                )
                for limit in one.limits
            ),
        )
        for one in system.derived
    )


def _inferred(system: System) -> System:
    return infer_sizes(system, Names(system))


def reads_back(system: System) -> bool:
    """Say whether a settled system, written down, would be read with the extents that it has."""
    if not may_be_misread(system):
        return True
    try:
        return _inferred(unsettled(system)) == system
    except TypecheckError:
        return False


def _comparison(condition: Comparison) -> Comparison:
    return Comparison(condition.relation, _expr(condition.left), _expr(condition.right))


def _index(index: Index) -> Index:
    return Index(index.name, index.extent if isinstance(index.extent, Literal) else UNINFERRED, index.letter)


def _position(position: Position) -> Position:
    if isinstance(position, Index):
        return _index(position)
    if isinstance(position, Lookup):
        return Lookup(_bare(position.entry))
    return Affine(tuple((_index(i), c) for i, c in position.terms), position.constant)


def _bare(entry: Indexed) -> Indexed:
    return Indexed(entry.tensor, tuple(_position(p) for p in entry.indices), entry.guarded)


def _expr(expr: Expr) -> Expr:
    match expr:
        case Indexed():
            return _bare(expr)
        case IndexValue(position):
            return IndexValue(_position(position))
        case ExtentValue(_, letter):
            return ExtentValue(UNINFERRED, letter)
        case MatrixEntry():
            return map_positions(expr, _position)
        case Partial(of, wrt):
            return Partial(_bare(of), tuple(map(_bare, wrt)))
        case Reduce(op, indices, body):
            return Reduce(op, tuple(map(_index, indices)), _expr(body))
        case _:
            return map_operands(expr, _expr)

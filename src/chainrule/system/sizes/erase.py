"""A system as a parser would make it: no size inferred, but those that are kept.

A range bounded by a number says its size itself and keeps it, and so does `extent(i)`, whatever it is printed as.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from chainrule.expr.nodes import Index, Indexed
from chainrule.expr.sizes import UNINFERRED, Axis, Literal, Size
from chainrule.system.derived import DerivedExtent
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.system.sizes.annotate import Sizes, annotated_comparison, annotated_value, lookup_key
from chainrule.system.sizes.constraints import Constraints, constraints_of, constraints_of_value

Kept: TypeAlias = Mapping[tuple[str, int], Collection[int]]
"""Variables by the statement that they stand in, its kind and its number."""


def erase_sizes(system: System, kept: Kept | None = None) -> System:
    """Return the system without the sizes of its indices, but those of the variables that are kept."""
    kept = kept or {}

    def erased(kind: str, equations: Sequence[Equation]) -> tuple[Equation, ...]:
        return tuple([_equation(e, kept.get((kind, n), ())) for n, e in enumerate(equations)])

    return replace(
        system,
        declarations=tuple(map(_declaration, system.declarations)),
        givens=tuple([_given(g, kept.get(("given", n), ())) for n, g in enumerate(system.givens)]),
        equations=erased("equation", system.equations),
        updates=erased("update", system.updates),
        derived=_definitions(system, kept) if kept else (),
    )


def kept_sizes(system: System, kept: Kept) -> list[Size]:
    """Return the sizes of the variables that are kept, in writing order."""
    found: list[Size] = []
    statements = {"equation": system.equations, "update": system.updates}
    for (kind, number), variables in kept.items():
        constraints = (
            constraints_of_value(system.givens[number].condition)
            if kind == "given"
            else constraints_of(statements[kind][number])
        )
        found += [constraints.variables[variable].extent for variable in sorted(variables)]
    return found


def _definitions(system: System, kept: Kept) -> tuple[DerivedExtent, ...]:
    """Return how the kept sizes that are axes follow from others."""
    needed: set[Size] = {size for size in kept_sizes(system, kept) if isinstance(size, Axis)}
    found: list[DerivedExtent] = []
    for one in reversed(system.derived):
        if not one.given and one.extent in needed:
            found.append(one)
            needed |= {size for limit in one.limits for size in limit.linear.terms}
    return tuple(reversed(found))


def erased_equation(equation: Equation) -> Equation:
    """Return an equation without the sizes of its indices."""
    return _equation(equation, ())


def _equation(equation: Equation, kept: Collection[int]) -> Equation:
    found = constraints_of(equation)
    sizes = _sizes(found, kept)
    indices = tuple([Index(i.name, s, i.letter) for i, s in zip(equation.indices, sizes, strict=False)])
    return Equation(Indexed(equation.name, indices), annotated_value(equation.value, found, sizes, _own(found)))


def _given(given: Given, kept: Collection[int]) -> Given:
    found = constraints_of_value(given.condition)
    return Given(annotated_comparison(given.condition, found, _sizes(found, kept), _own(found)))


def _sizes(found: Constraints, kept: Collection[int]) -> list[Size]:
    return [
        index.extent if variable in kept or isinstance(index.extent, Literal) else UNINFERRED
        for variable, index in enumerate(found.variables)
    ]


def _own(found: Constraints) -> Sizes:
    own: dict[tuple[Size, str], Size] = {(node.extent, node.letter): node.extent for node in found.extents}
    for lookup in found.lookups:
        own[lookup.extent, lookup_key(lookup)] = UNINFERRED
    return own


def _declaration(declaration: Declaration) -> Declaration:
    return replace(
        declaration,
        indices=tuple(map(_index, declaration.indices)),
        arguments=tuple([_entry(argument) for argument in declaration.arguments]),
        values=None if declaration.values is None else _index(declaration.values),
    )


def _entry(entry: Indexed) -> Indexed:
    return Indexed(entry.tensor, tuple([_index(i) if isinstance(i, Index) else i for i in entry.indices]))


def _index(index: Index) -> Index:
    return Index(index.name, index.extent if isinstance(index.extent, Literal) else UNINFERRED, index.letter)

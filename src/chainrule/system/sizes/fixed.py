"""Sizes that come from tensors which are no longer there, declared as numbers: `index p = 10`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chainrule.expr.nodes import Index, Indexed, Reduce, walk
from chainrule.expr.sizes import Declared, Literal, Size
from chainrule.system.model import Declaration, Equation, System
from chainrule.system.sizes.annotate import annotated_value, lookup_key, with_size
from chainrule.system.sizes.constraints import constraints_of


def indices_in(system: System) -> Iterator[Index]:
    """Yield the indices of declarations, and those on the left and under reductions in equations."""
    for declaration in system.declarations:
        yield from declaration.indices
    for equation in system.equations:
        yield from equation.indices
        yield from (i for part in walk(equation.value) if isinstance(part, Reduce) for i in part.indices)


def with_fixed_sizes(system: System, numbers: Mapping[Size, int]) -> System:
    """Return a system without facts in which these sizes are declared, each by a letter of its own.

    What follows from them is for `typecheck` to find.
    """
    found = list(indices_in(system))
    taken = {i.preferred for i in found} | {i.name for i in system.indices}
    letters: dict[Size, str] = {}
    for size in numbers:
        letter = next(i.preferred for i in found if i.extent == size)
        alone = all(i.extent == size for i in found if i.preferred == letter) and letter not in letters.values()
        letters[size] = letter if alone else _unused(letter, taken)
        taken.add(letters[size])
    names: dict[Size, Size] = {size: Declared(letter) for size, letter in letters.items()}
    return replace(
        system,
        declarations=tuple(_declaration(d, names) for d in system.declarations),
        equations=tuple(_equation(e, names) for e in system.equations),
        indices=(*system.indices, *(Index(letter, Declared(letter), letter) for letter in letters.values())),
        sizes=(*system.sizes, *((names[size], count) for size, count in numbers.items())),
    )


def with_own_values(declaration: Declaration, sizes: Mapping[Size, int]) -> Declaration:
    """Return a declaration that does without the tensor whose axis its whole numbers are positions of."""
    values = declaration.values
    if values is None or values.extent not in sizes:
        return declaration
    return replace(declaration, values=Index(values.name, Literal(sizes[values.extent])))


def _unused(letter: str, taken: set[str]) -> str:
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"


def _declaration(declaration: Declaration, names: Mapping[Size, Size]) -> Declaration:
    indices = tuple(with_size(i, names.get(i.extent, i.extent)) for i in declaration.indices)
    return replace(declaration, indices=indices)


def _equation(equation: Equation, names: Mapping[Size, Size]) -> Equation:
    found = constraints_of(equation)
    extents = [names.get(i.extent, i.extent) for i in found.variables]
    own = {(node.extent, node.letter): names.get(node.extent, node.extent) for node in found.extents}
    own |= {(one.extent, lookup_key(one)): names.get(one.extent, one.extent) for one in found.lookups}
    indices = tuple(with_size(i, names.get(i.extent, i.extent)) for i in equation.indices)
    return Equation(Indexed(equation.name, indices), annotated_value(equation.value, found, extents, own))

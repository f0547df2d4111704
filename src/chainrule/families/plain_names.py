"""Plain names for members of families: W1, z2, h2_1, so that a system written out is one like any other.

Letters that label axes of one member only get its numbers too, k2, unless all members turn out to be equally long, or a
line says how long that one is: index k2 = 30.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from chainrule.expr.nodes import Index, Indexed
from chainrule.expr.sizes import Size
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.families.rewriting import Renaming, everywhere, numbered, with_tensors
from chainrule.system.model import Declaration, Equation, Given, System
from chainrule.system.typecheck import typecheck


def plain_system(members: System, checked: System, names: Mapping[Symbol, Tensor]) -> System:
    """Return the system under plain names, checked; `checked` is the same with its sizes."""
    change = everywhere(lambda tensor: names.get(tensor, tensor))
    letters = _letters(checked)
    made = replace(
        members,
        declarations=tuple(_declaration(d, change, letters) for d in members.declarations),
        givens=tuple(Given(with_tensors(g.condition, change)) for g in members.givens),
        equations=tuple(_equation(e, change) for e in members.equations),
        cost=change(members.cost) if members.cost else members.cost,
        updates=tuple(_equation(e, change) for e in members.updates),
    )
    return typecheck(made)


def plain_names(tensors: Iterable[Symbol], functions: Iterable[str]) -> dict[Symbol, Tensor]:
    """Return a plain name for each tensor that has a superscript: the name and the numbers, h2_1 or h_2_1.

    All members of a family are written alike. The second form stands where the first is a name already, and behind
    names that end in a digit.
    """
    families: dict[str, list[Tensor]] = {}
    taken: set[str] = set(functions)
    for tensor in tensors:
        if isinstance(tensor, Tensor) and tensor.superscript:
            families.setdefault(tensor.name, []).append(tensor)
        else:
            taken.add(tensor)
    found: dict[Symbol, Tensor] = {}
    for name, members in families.items():
        length = int(name[-1].isdigit())
        plain = _joined(name, "_" * length, members)
        while not taken.isdisjoint(plain):
            length += 1
            plain = _joined(name, "_" * length, members)
        taken.update(plain)
        found.update(zip(members, plain, strict=True))
    return found


def _joined(name: str, between: str, members: Sequence[Tensor]) -> list[Tensor]:
    return [Tensor(name + between + _numbers(member)) for member in members]


def _numbers(tensor: Tensor) -> str:
    """Return a superscript as a part of a name: 2, 2_1; a letter that is no number stays, -1 is m1."""
    parts = []
    for letter, shift in tensor.superscript:
        number = str(shift) if shift >= 0 else f"m{-shift}"
        parts.append(number if not letter else letter + (number if shift else ""))
    return "_".join(parts)


def _letters(checked: System) -> dict[str, str]:
    """Return the letters by which the axes of members are labelled, by the names that tell them apart so far."""
    sizes: dict[str, set[Size]] = {}
    for declaration in checked.declarations:
        for index in declaration.indices:
            sizes.setdefault(index.preferred, set()).add(index.extent)
    found: dict[str, str] = {}
    said = {i.name for i in checked.indices}
    taken = {i.name for d in checked.declarations for i in d.indices} | said
    apart = {i.preferred for d in checked.declarations for i in d.indices if numbered(i) in said}
    for declaration in checked.declarations:
        for index in declaration.indices:
            if index.name in found or "@" not in index.name:
                continue
            letter = index.preferred
            if len(sizes[letter]) > 1 or letter in apart:
                letter = numbered(index)
                while letter in taken - said:
                    letter += "_"
                taken.add(letter)
            found[index.name] = letter
    return found


def _declaration(declaration: Declaration, change: Renaming, letters: Mapping[str, str]) -> Declaration:
    def label(index: Index) -> Index:
        return Index(letters.get(index.name, index.preferred if "@" in index.name else index.name))

    arguments = tuple(
        Indexed(change(a.tensor), tuple(label(i) if isinstance(i, Index) else i for i in a.indices))
        for a in declaration.arguments
    )
    return replace(
        declaration,
        tensor=change(declaration.tensor),
        indices=tuple(map(label, declaration.indices)),
        arguments=arguments,
    )


def _equation(equation: Equation, change: Renaming) -> Equation:
    return Equation(with_tensors(equation.target, change), with_tensors(equation.value, change))

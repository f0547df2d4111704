"""Inputs of families: a list with an array for each step, or one array with the steps along its first axis.

From their lengths follows how many steps there are. What comes out has the form of what went in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.data.interchange import as_array
from chainrule.errors import InputError
from chainrule.execute.scalars import Array
from chainrule.expr.symbols import Symbol, Tensor
from chainrule.families.families import Families
from chainrule.families.reads import Reach, reach_of, reach_of_axis
from chainrule.system.model import Declaration, System

Given: TypeAlias = Mapping[str, Any]
Gathered: TypeAlias = "Array | list[Any]"


@dataclass(frozen=True)
class FamilyInputs:
    """What families were given: how many steps there are, each member by its plain name, and how families came."""

    families: Families
    numbers: Mapping[str, int]
    inputs: Mapping[str, npt.ArrayLike]
    stacked: frozenset[str]

    @property
    def names(self) -> Mapping[Symbol, Tensor]:
        """The plain names of the members."""
        return self.families.names(**self.numbers)

    @property
    def system(self) -> System:
        """The families written out."""
        return self.families.at(**self.numbers)

    def members(self, name: str) -> list[tuple[tuple[int, ...], Tensor]]:
        """Return the steps of a family, in order, with what its members are called; none for any other name."""
        found = [
            (tuple(shift for _, shift in tensor.superscript), plain)
            for tensor, plain in self.names.items()
            if isinstance(tensor, Tensor) and tensor.name == name
        ]
        return sorted(found)

    @property
    def family_names(self) -> frozenset[str]:
        """The names that have members, though there may be none for so few steps."""
        read = (tensor.name for tensor in self.families.tensors() if tensor.superscript)
        declared = (d.tensor.partition("[")[0] for d in self.families.head.declarations if _is_family(d))
        return frozenset((*read, *declared))

    def named(self, name: str) -> list[str]:
        """Return what the members of a family are called, in order; of any other tensor its own name."""
        return [str(plain) for _, plain in self.members(name)] if name in self.family_names else [name]

    def gathered(self, name: str, values: Sequence[Array]) -> Gathered:
        """Return the values of a family, in the order of `named`, as a list, or as an array where it came as one."""
        if name not in self.family_names:
            return values[0]
        nested = _nested([(steps, value) for (steps, _), value in zip(self.members(name), values, strict=True)])
        return np.array(nested) if name in self.stacked else nested


def family_inputs(families: Families, inputs: Given, known: Mapping[str, int] | None = None) -> FamilyInputs:
    """Return what families are given, member by member. Raises InputError for lengths that disagree."""
    numbers = _numbers(families, inputs, {**families.sizes, **(known or {})})
    names = families.names(**numbers)
    flat: dict[str, npt.ArrayLike] = {}
    stacked = set()
    declared = {d.tensor.name: d for d in families.head.declarations if _is_family(d) and isinstance(d.tensor, Tensor)}
    for name, value in inputs.items():
        if name not in declared:
            flat[name] = value
            continue
        found, whole = _steps_in(declared[name], value, families)
        if whole:
            stacked.add(name)
        reach = reach_of(families, name)
        lows = [low.at(numbers) for low, _ in reach]
        counts = [high.at(numbers) - low + 1 for low, (_, high) in zip(lows, reach, strict=True)]
        _check_lengths(name, found, counts)
        for tensor, plain in names.items():
            if isinstance(tensor, Tensor) and tensor.name == name:
                steps = [shift - low for (_, shift), low in zip(tensor.superscript, lows, strict=True)]
                flat[plain] = _entry(found, steps)
    return FamilyInputs(families, numbers, flat, frozenset(stacked))


def members_of(found: FamilyInputs) -> dict[str, Any]:
    """Return the inputs of families by the names of their members, z[2;]."""
    names = {str(plain): str(member) for member, plain in found.names.items()}
    return {names.get(name, name): value for name, value in found.inputs.items()}


def system_for(system: System | Families, inputs: Given) -> tuple[System, dict[str, Any]]:
    """Return a system with its inputs as they are, and families written out for theirs."""
    if not isinstance(system, Families):
        return system, dict(inputs)
    made = family_inputs(system, inputs)
    return made.system, dict(made.inputs)


def _is_family(declaration: Declaration) -> bool:
    return isinstance(declaration.tensor, Tensor) and any(letter for letter, _ in declaration.tensor.superscript)


def _numbers(families: Families, inputs: Given, known: Mapping[str, int]) -> dict[str, int]:
    """Return how many steps there are. Raises InputError."""
    told: dict[str, tuple[int, str]] = {letter: (number, letter) for letter, number in known.items()}
    for name, length, reach in _lengths(families, inputs):
        letter = reach.letter
        if not letter:
            continue
        number = length - reach.offset
        before, source = told.setdefault(letter, (number, name))
        if before != number:
            said = f"{letter} is {before}" if source == letter else f"{source} has those of {letter} = {before}"
            raise InputError(
                f"{name} has {length} steps, and {said}",
                expected=f"as many steps as {reach.text}" if reach.text else "one number of steps",
            )
    for letter in families.letters:
        if letter not in told:
            raise InputError(
                f"nothing says how many steps {letter} stands for",
                expected=f"a list with an array for each step, a line index {letter} = 3, or at({letter}=3)",
            )
        if told[letter][0] < 0:
            raise InputError(f"{told[letter][1]} has too few steps: {letter} would be {told[letter][0]}")
    return {letter: told[letter][0] for letter in families.letters}


def _lengths(families: Families, inputs: Given) -> Iterator[tuple[str, int, Reach]]:
    """Yield the lengths of inputs along steps, each with what it is in letters."""
    for declaration in families.head.declarations:
        tensor = declaration.tensor
        if not isinstance(tensor, Tensor) or tensor.name not in inputs:
            continue
        if _is_family(declaration):
            found, _ = _steps_in(declaration, inputs[tensor.name], families)
            for low, high in reach_of(families, tensor.name):
                yield tensor.name, len(found), high.counted_from(low)
                found = found[0] if len(found) else ()
        elif tensor.superscript == ():
            yield from _along_axes(families, declaration, inputs[tensor])


def _along_axes(families: Families, declaration: Declaration, value: npt.ArrayLike) -> Iterator[tuple[str, int, Reach]]:
    for axis in range(len(declaration.indices)):
        high = reach_of_axis(families, declaration.tensor, axis)
        if high is not None:
            shape = as_array(declaration.tensor, value).shape
            lead = len(shape) - len(declaration.indices)
            if lead in (0, 1):
                yield declaration.tensor, shape[axis + lead], high


def _steps_in(declaration: Declaration, value: Any, families: Families) -> tuple[Any, bool]:
    """Return what is given of a family, step by step, and whether it is one array. Raises InputError."""
    name = declaration.tensor.partition("[")[0]
    if isinstance(value, list | tuple):
        return value, False
    array = as_array(name, value)
    assert isinstance(declaration.tensor, Tensor)
    steps, rank = len(declaration.tensor.superscript), len(declaration.indices)
    if array.ndim == rank + steps + 1 and declaration.role == "data" and families.head.batch:
        array = np.moveaxis(array, 0, steps)
    elif array.ndim != rank + steps:
        raise InputError(
            f"{name} has {array.ndim} axes",
            expected=f"a list with an array for each step, or an array of {rank + steps} axes, the steps in front",
        )
    return array, True


def _check_lengths(name: str, found: Sequence[Any], counts: Sequence[int]) -> None:
    if not counts:
        return
    if len(found) != counts[0]:
        raise InputError(f"{name} has {len(found)} steps", expected=f"{counts[0]} of them")
    for inner in found:
        _check_lengths(name, inner, counts[1:])


def _entry(found: Sequence[Any], steps: Sequence[int]) -> Any:
    for step in steps:
        found = found[step]
    return found


def _nested(members: Sequence[tuple[tuple[int, ...], Array]]) -> Any:
    """Return values by steps as lists within lists."""
    if members and not members[0][0]:
        return members[0][1]
    inner: dict[int, list[tuple[tuple[int, ...], Array]]] = {}
    for (step, *rest), value in members:
        inner.setdefault(step, []).append((tuple(rest), value))
    return [_nested(part) for part in inner.values()]

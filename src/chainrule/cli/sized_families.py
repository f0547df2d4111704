"""Families for a number of steps that is said, or follows from data: the system of their members, z[2; k]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.values import read_values
from chainrule.expr.symbols import Symbol, Tensor

if TYPE_CHECKING:
    from chainrule.families.families import Families
    from chainrule.system.model import System


@dataclass(frozen=True)
class InMembers:
    """A system, what is asked for in its names, and its values as far as there are any."""

    system: System
    wrt: list[str]
    of: str
    values: Mapping[str, Any] | None = None


def in_members(
    given: System | Families, file: str, wrt: Sequence[str], of: str, sizes: Mapping[str, int], data: Path | None
) -> InMembers:
    """Return a system as it is, and families as the system of their members. Raises OptionError for no size."""
    from chainrule.cli.systems import checked_sizes
    from chainrule.families.families import Families
    from chainrule.notation.named_members import member_named

    if not isinstance(given, Families):
        values = None if data is None else read_values(given, file, data)
        return InMembers(given, [plain_name(name) for name in wrt], plain_name(of) if of else "", values)
    if data is None:
        numbers: Mapping[str, int] = checked_sizes(given, sizes)
        values = None
    else:
        from chainrule.execute.family_inputs import family_inputs, members_of

        found = family_inputs(given, read_values(given.head, file, data), sizes)
        numbers, values = found.numbers, members_of(found)
    system = given.members(**numbers)
    asked = [one for name in wrt for one in _members(system, member_named(given, name, numbers).tensor)]
    return InMembers(system, asked, member_named(given, of, numbers).tensor if of else "", values)


def _members(system: System, tensor: Symbol) -> list[str]:
    """Return a tensor of a system, or for the name of a family all of its members."""
    named = [t for t in system.names() if isinstance(t, Tensor) and t.superscript and t.name == tensor]
    return [*named] or [tensor]


def plain_name(name: str) -> str:
    """Return the tensor of ∂C/∂z[j], or of z[j]."""
    from chainrule.expr.symbols import tensors_of
    from chainrule.notation import named_symbol

    named = named_symbol(name)
    return name if named is None else tensors_of(named)[-1]

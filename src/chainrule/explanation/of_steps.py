"""Explanations of families: written out for as many steps as their inputs have, with the names that they have there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.errors import OptionError
from chainrule.execute.family_inputs import family_inputs, members_of
from chainrule.explanation.entry import At
from chainrule.families.families import Families
from chainrule.network import Network
from chainrule.notation.named_members import member_named
from chainrule.system.model import System


@dataclass(frozen=True)
class Question:
    """What is explained: a network or a system, its inputs, the tensor, and the entry of it."""

    of_what: Network | System
    inputs: Mapping[str, Any] | None
    tensor: str
    at: At | None


def question(
    of_what: Network | System | Families,
    inputs: Mapping[str, Any] | None,
    of: str,
    at: At | None,
    sizes: Mapping[str, int] | None = None,
) -> Question:
    """Return what is explained, of families in the system of their members: z[1; 0] is the entry 0 of z[1;].

    Raises OptionError for an entry that is named twice, and as `family_inputs` does.
    """
    if not isinstance(of_what, Families):
        return Question(of_what, inputs, of, at)
    found = None if inputs is None else family_inputs(of_what, inputs, sizes)
    numbers = of_what.numbers(sizes or {}) if found is None else found.numbers
    named = member_named(of_what, of, numbers)
    if named.entry and at:
        raise OptionError(f"the entry is named twice, in {of} and behind it", advice="Name it once.")
    values = None if found is None else members_of(found)
    return Question(of_what.members(**numbers), values, named.tensor, named.entry or at)

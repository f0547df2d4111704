"""The values of families, member by member: the numbers of all steps that were computed so far.

Members of one shape lie in one array with the steps along its first axis, others by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from chainrule.execute.scalars import Array
from chainrule.expr.symbols import Symbol
from chainrule.system.model import Equation

Steps: TypeAlias = tuple[int, ...]


@dataclass
class _Family:
    """The members of one family, and which equation each was computed by, None for what was given."""

    values: dict[Steps, Array] = field(default_factory=dict)
    made: dict[Steps, Equation | None] = field(default_factory=dict)
    block: Array | None = None
    used: int = 0

    def add(self, steps: Steps, value: Array, made: Equation | None, room: int) -> None:
        if room > 1 and self.block is None:
            self.block = np.empty((room, *value.shape), value.dtype)
        block = self.block
        if block is not None and self.used < len(block) and block.shape[1:] == value.shape:
            block[self.used] = value
            value = block[self.used, ...]
            self.used += 1
        self.values[steps] = value
        self.made[steps] = made


@dataclass
class Members:
    """Values by symbols without superscripts and by steps."""

    families: dict[Symbol, _Family] = field(default_factory=dict)

    def add(self, family: Symbol, steps: Steps, value: Array, made: Equation | None = None, room: int = 1) -> None:
        """Add a member; `room` is how many are to be expected, which then lie side by side."""
        self.families.setdefault(family, _Family()).add(steps, value, made, room)

    def get(self, family: Symbol, steps: Steps) -> Array | None:
        """Return a member, None where it has no value."""
        found = self.families.get(family)
        return None if found is None else found.values.get(steps)

    def made_by(self, family: Symbol, steps: Steps) -> Equation | None:
        """Return the equation that a member was computed by, None for what was given and for what is not there."""
        found = self.families.get(family)
        return None if found is None else found.made.get(steps)

    def put(self, name: Symbol, value: Array | None) -> None:
        """Set the value of something without steps, or take it away."""
        self.families.pop(name, None)
        if value is not None:
            self.add(name, (), value)

    def of(self, family: Symbol) -> Iterator[tuple[Steps, Array]]:
        """Yield the members of a family with their steps."""
        found = self.families.get(family)
        yield from found.values.items() if found is not None else ()

"""Letters for the axes of tensors that meet in one equation of a derivative."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.expr.nodes import Index
from chainrule.render.letters import next_letter
from chainrule.system.model import System
from chainrule.system.printing import index_names


class AxisLetters:
    """Letters for the axes of tensors that meet in one equation, told apart from the names of the tensors.

    An index that is declared by itself, `index i = 3`, keeps its letter for its extent.
    """

    def __init__(self, system: System) -> None:
        self._taken, _ = index_names(system)
        self._kept = {i.name: i.extent for i in system.indices}

    def give(self, axes: Iterable[Index], used: Iterable[Index] = ()) -> tuple[Index, ...]:
        """Return indices for these axes, under letters that are not used."""
        found: list[Index] = []
        others = {i.name for i in used}
        for index in axes:
            foreign = {letter for letter, extent in self._kept.items() if extent != index.extent}
            letter = next_letter(index.preferred, others, {i.name for i in found}, self._taken, foreign)
            found.append(Index(letter, index.extent, letter))
        return tuple(found)

    def own(self, axes: Iterable[Index]) -> tuple[Index, ...]:
        """Return indices for the axes of a tensor under its own letters, as far as they are not kept for others."""
        axes = tuple(axes)
        if all(self._kept.get(i.preferred, i.extent) == i.extent for i in axes):
            return tuple(Index(i.preferred, i.extent, i.preferred) for i in axes)
        return self.give(axes)

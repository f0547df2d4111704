"""Letters for the axes of tensors that meet in one equation of a derivative."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from chainrule.expr.nodes import Index
from chainrule.render.letters import next_letter
from chainrule.system.model import System
from chainrule.system.printing import index_names

_Choice: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]]
"""The letters that axes would have, those that are used, and for each axis those that are kept for other sizes."""


class AxisLetters:
    """Letters for the axes of tensors that meet in one equation, told apart from the names of the tensors.

    An index that is declared by itself, `index i = 3`, keeps its letter for its extent.
    """

    def __init__(self, system: System) -> None:
        self._taken, _ = index_names(system)
        self._kept = {i.name: i.extent for i in system.indices}
        self._given: dict[_Choice, tuple[str, ...]] = {}

    def give(self, axes: Iterable[Index], used: Iterable[Index] = ()) -> tuple[Index, ...]:
        """Return indices for these axes, under letters that are not used."""
        axes = tuple(axes)
        others = tuple([i.name for i in used])
        foreign = tuple([tuple([c for c, extent in self._kept.items() if extent != i.extent]) for i in axes])
        key = tuple([i.preferred for i in axes]), others, foreign
        if key not in self._given:
            self._given[key] = self._letters(*key)
        return tuple(map(_lettered, axes, self._given[key]))

    def _letters(
        self, wanted: Sequence[str], used: Collection[str], foreign: Sequence[Collection[str]]
    ) -> tuple[str, ...]:
        found: list[str] = []
        for letter, others in zip(wanted, foreign, strict=True):
            found.append(next_letter(letter, used, found, self._taken, others))
        return tuple(found)

    def own(self, axes: Iterable[Index]) -> tuple[Index, ...]:
        """Return indices for the axes of a tensor under its own letters, as far as they are not kept for others."""
        axes = tuple(axes)
        if not self._kept or all(self._kept.get(i.preferred, i.extent) == i.extent for i in axes):
            return tuple([_lettered(i, i.preferred) for i in axes])
        return self.give(axes)


def _lettered(index: Index, letter: str) -> Index:
    return index if letter == index.name == index.letter else Index(letter, index.extent, letter)

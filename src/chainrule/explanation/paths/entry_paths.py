"""One path from an entry to the cost, and what all edges between two tensors have in common: data."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.render.document import Words
from chainrule.render.document_text import words_text
from chainrule.render.formula import ShownFormula


@dataclass(frozen=True)
class LocalDerivative:
    """One factor of a path: what it is, ∂z2[0]/∂a1[3], what it is equal to, W2[0,3], and its number."""

    derivative: ShownFormula
    expression: ShownFormula
    value: float

    @property
    def name(self) -> str:
        """What it is, as text."""
        return str(self.derivative)

    @property
    def formula(self) -> str:
        """What it is equal to, as text."""
        return str(self.expression)


@dataclass(frozen=True)
class EntryPath:
    """A chain of entries from the start to the cost, and the product of the local derivatives along it."""

    chain: tuple[ShownFormula, ...]
    factors: tuple[LocalDerivative, ...]
    product: float

    @property
    def entries(self) -> tuple[str, ...]:
        """The entries as text."""
        return tuple(map(str, self.chain))

    def __str__(self) -> str:
        return " → ".join(self.entries)


@dataclass(frozen=True)
class LinkSummary:
    """The local derivatives between two tensors: how many are on paths, how many of those are 0, and why."""

    derivative: ShownFormula
    expression: ShownFormula
    edges: int
    zeros: int
    causes: tuple[tuple[int, Words], ...]

    @property
    def reasons(self) -> tuple[tuple[int, str], ...]:
        """Why so many are 0, as text."""
        return tuple((count, words_text(why)) for count, why in self.causes)

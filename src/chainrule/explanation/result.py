"""What `explain` returns: the equation, its parts with their sums opened, the paths, and the numbers they must give.

An Explanation returns a document, and displays itself by it: as text in a terminal, as tables in a notebook.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.explanation.opening import Part, PathSum
from chainrule.explanation.paths.summary import Paths
from chainrule.explanation.report import part_group, paths_group, result_heading
from chainrule.explanation.tables import Extract
from chainrule.render.document import Group, Heading, Line, Node, words
from chainrule.render.formula import ShownFormula, equal
from chainrule.render.shown_document import ShownDocument

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Explanation(ShownDocument):
    """A derivative of the cost, opened. `value` is that of the backward pass, `total` the sum of all `terms`.

    `derivative` is ∂C/∂z1[3] for the `ends` C and z1[3], and `formula` what it is equal to; `parts` are the terms of
    that, each with its sums opened; `paths` are the sums over all paths through the next tensor, before anything
    vanished, and `routes` all paths to the cost, where they were asked for. `quantiles` are the levels to show.
    """

    derivative: ShownFormula
    ends: tuple[ShownFormula, ShownFormula]
    formula: ShownFormula
    value: float
    parts: tuple[Part, ...]
    paths: tuple[PathSum, ...]
    shows_paths: bool = False
    top: int = 12
    quantiles: tuple[float, ...] = ()
    routes: Paths | None = None

    @property
    def name(self) -> str:
        """The entry, ∂C/∂z1[3], as text."""
        return str(self.derivative)

    @property
    def equation(self) -> str:
        """The equation that says what the entry is, as text."""
        return str(equal(self.derivative, self.formula))

    @cached_property
    def terms(self) -> Array:
        """What each term adds to the value, in the order of the equation and of the indices; one axis."""
        return np.concatenate([np.zeros(0), *(part.contributions for part in self.parts)])

    @property
    def total(self) -> float:
        """The sum of the values of all parts."""
        return float(sum(part.value for part in self.parts))

    @property
    def has_sum(self) -> bool:
        """Whether a sum is left in the equation."""
        return any(part.sums for part in self.parts)

    @cached_property
    def paths_total(self) -> float:
        """The sum over all paths."""
        return float(sum(path.opened.total for path in self.paths))

    def document(self) -> Group:
        """Return what is shown, as data."""
        return Group(tuple(self._nodes()), role="explanation")

    def _nodes(self) -> Iterator[Node]:
        extract = Extract(self.top, self.quantiles)
        yield Group((Heading((equal(self.derivative, self.formula),)),), role="equation", apart=True)
        yield from (part_group(part, extract, alone=len(self.parts) == 1) for part in self.parts)
        if self.has_sum or len(self.parts) > 1:
            yield Group((result_heading(self.derivative, self.parts, self.value),), role="result")
        if self.paths and not self.has_sum:
            yield Group((Line(("No sum is left in this equation. It comes from one:",)),), apart=True)
        if not self.paths and self.value == 0 and not self.has_sum:
            yield Line(words("No path leads to the cost: ", self.derivative, " is 0 whatever the numbers are."))
        if self.paths and (self.shows_paths or not self.has_sum):
            yield paths_group(self.derivative, self.ends, self.paths, self.paths_total, extract)
        if self.routes is not None:
            yield Group((self.routes.document(),), apart=True)

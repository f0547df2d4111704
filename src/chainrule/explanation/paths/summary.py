"""What `paths` returns: the number of all paths, their total, and the largest of them with every factor.

Data, what follows from them, and the document that shows them; its words are in `summary_page`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.explanation.paths.entry_paths import EntryPath, LinkSummary
from chainrule.explanation.paths.summary_page import (
    cancelling_sentence,
    largest_groups,
    others_sentence,
    title,
    total_sentence,
    zero_lines,
)
from chainrule.explanation.totals import exact_sum
from chainrule.render.document import Group, Line, Node, words
from chainrule.render.formula import ShownFormula
from chainrule.render.shown_document import ShownDocument


@dataclass(frozen=True)
class Paths(ShownDocument):
    """All paths from an entry to the cost, which are the `ends`; `derivative` is that of the cost by the entry.

    `count` is their number, `nonzero` the number of those without a factor 0. `total` is the sum of their products and
    `value` the derivative by the backward pass: the same number up to rounding. `magnitude` is the sum of the products
    without their signs; `top` are those with the largest, in that sense.
    """

    derivative: ShownFormula
    ends: tuple[ShownFormula, ShownFormula]
    value: float
    total: float
    magnitude: float
    count: int
    nonzero: int
    links: tuple[LinkSummary, ...]
    top: tuple[EntryPath, ...]

    @property
    def name(self) -> str:
        """The derivative, ∂C/∂z1[3], as text."""
        return str(self.derivative)

    @property
    def start(self) -> str:
        """The entry where the paths begin, as text."""
        return str(self.ends[0])

    @property
    def cost(self) -> str:
        """The cost, as text."""
        return str(self.ends[1])

    @property
    def positive(self) -> float:
        """The sum of the products above 0."""
        return (self.magnitude + self.total) / 2

    @property
    def negative(self) -> float:
        """The sum of the products below 0."""
        return (self.total - self.magnitude) / 2

    @property
    def cancellation(self) -> float:
        """How much of the products is lost to opposite signs: 0 where all have one sign, 1 where nothing is left."""
        return 1 - abs(self.total) / self.magnitude if self.magnitude else 0.0

    @property
    def rest(self) -> float:
        """What all paths that are not in `top` add up to."""
        return exact_sum(np.asarray([self.total, *(-path.product for path in self.top)]))

    def share(self, path: EntryPath) -> float:
        """Return a path's part of the total; with products of both signs it can be above 1, or below 0."""
        return path.product / self.total if self.total else float("nan")

    def document(self) -> Group:
        """Return what is shown, as data."""
        found = largest_groups(self.top, self.total) if self.top else ()
        said = Group(tuple(self._said()), indent=2)
        return Group((title(self.derivative, *self.ends, self.count), *found, said), role="paths")

    def _said(self) -> Iterator[Node]:
        if not self.count:
            none = words("No path leads to ", self.ends[1], ": ", self.derivative, " is 0 whatever the numbers are.")
            yield Line(none)
            return
        hidden = self.nonzero - len(self.top)
        if self.top and hidden > 0:
            yield Line(others_sentence(len(self.top), hidden, self.total, self.rest))
        dead = self.count - self.nonzero
        if dead:
            yield from zero_lines(self.count, dead, self.links)
        if self.positive > 0 and self.negative < 0:
            yield Line(cancelling_sentence(self.positive, self.negative, self.total, self.magnitude))
        yield Line(total_sentence(self.derivative, self.total, self.value))

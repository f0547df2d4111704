"""What `paths` returns: the number of all paths, their total, and the largest of them with every factor.

Data and what follows from them; the text for a terminal and the web page are made elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.explanation.paths.summary_page import routes_html, routes_text
from chainrule.explanation.totals import exact_sum


@dataclass(frozen=True)
class LocalDerivative:
    """One factor of a path: its name ∂z2[0]/∂a1[3], its formula W2[0,3] and its number."""

    name: str
    formula: str
    value: float


@dataclass(frozen=True)
class EntryPath:
    """A chain of entries from the start to the cost, and the product of the local derivatives along it."""

    entries: tuple[str, ...]
    factors: tuple[LocalDerivative, ...]
    product: float

    def __str__(self) -> str:
        return " → ".join(self.entries)


@dataclass(frozen=True)
class LinkSummary:
    """The local derivatives between two tensors: how many are on paths, how many of those are 0, and why."""

    name: str
    formula: str
    edges: int
    zeros: int
    reasons: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Paths:
    """All paths from the entry `start` to the cost.

    `count` is their number, `nonzero` the number of those without a factor 0. `total` is the sum of their products and
    `value` the derivative by the backward pass: the same number up to rounding. `magnitude` is the sum of the products
    without their signs; `top` are those with the largest, in that sense.
    """

    name: str
    start: str
    cost: str
    value: float
    total: float
    magnitude: float
    count: int
    nonzero: int
    links: tuple[LinkSummary, ...]
    top: tuple[EntryPath, ...]

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

    def __str__(self) -> str:
        return routes_text(self)

    def _repr_html_(self) -> str:
        return routes_html(self)

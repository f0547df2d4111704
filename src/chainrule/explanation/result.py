"""What `explain` returns: the equation, its parts with their sums opened, the paths, and the numbers they must give.

An Explanation displays itself, as text in a terminal and as a table in a notebook; both layouts are elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.explanation.opening import Part, PathSum
from chainrule.explanation.page import explanation_html
from chainrule.explanation.paths.summary import Paths
from chainrule.explanation.report import explanation_text

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Explanation:
    """A derivative of the cost, opened. `value` is that of the backward pass, `total` the sum of all `terms`.

    `name` is the entry, ∂C/∂z1[3]; `equation` says what it is; `parts` are the terms of that equation, each with its
    sums opened; `paths` are the sums over all paths through the next tensor, before anything vanished, and `routes` all
    paths to the cost, where they were asked for. `quantiles` are the levels to show.
    """

    name: str
    equation: str
    value: float
    parts: tuple[Part, ...]
    paths: tuple[PathSum, ...]
    shows_paths: bool = False
    top: int = 12
    quantiles: tuple[float, ...] = ()
    routes: Paths | None = None

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

    def __str__(self) -> str:
        return explanation_text(self)

    def _repr_html_(self) -> str:
        return explanation_html(self)

"""A system with its numbers: what an expression reads like, and what it is, both at once.

Expressions are those of one equation, in the letters they are printed by; nothing is chosen or shown here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from chainrule.execute.reference.evaluation import Evaluation
from chainrule.expr.nodes import Condition, Expr, Index
from chainrule.render.formula import ShownFormula, lettered_formula

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Numbered:
    """A system with its numbers, in which expressions can be written and evaluated.

    Their indices are named by the letters they are printed by; `ranks` are those of all tensors.
    """

    evaluation: Evaluation
    ranks: Mapping[str, int]

    def formula(self, expr: Expr | Condition) -> ShownFormula:
        """Return an expression or a condition laid out."""
        return lettered_formula(expr, self.ranks)

    def values(self, expr: Expr, indices: tuple[Index, ...] = ()) -> Array:
        """Return the values of an expression, with one axis for each index."""
        return self.evaluation.value_of(expr, indices)

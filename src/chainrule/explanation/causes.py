"""Why terms of a sum are 0: the factor that is, and where that comes from.

A factor that has an equation is looked up in it: ∂C/∂z1[j] is 0 where its own factor [z1[j] > 0] is, so z1[j] ≤ 0. What
is 0 for no reason but its value stays at that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError
from chainrule.explanation.numbered import Numbered
from chainrule.explanation.reasons import reason_words, zero_factor
from chainrule.expr.binding import (
    substitute_indices,
)
from chainrule.expr.deltas import kronecker
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import (
    ZERO,
    Bracket,
    Call,
    Comparison,
    Expr,
    Index,
    Indexed,
    Logic,
    Reduce,
    product_factors,
    walk,
)
from chainrule.render.document import Words, words
from chainrule.render.document_text import words_text

Array = npt.NDArray[Any]

_DEEPEST = 4
"""Through how many equations a reason is followed."""


@dataclass(frozen=True, eq=False)
class Cause:
    """Something that can make a term 0, with its values; `delta` says that it is Kronecker's.

    `why` says why it is 0, where more is known than that it is.
    """

    what: Words
    values: Array
    delta: bool = False
    why: Words = ()

    @property
    def text(self) -> str:
        """What it is, as text."""
        return words_text(self.what)


def causes_in_sum(part: Expr, values: Array, indices: tuple[Index, ...], numbered: Numbered) -> Iterator[Cause]:
    """Yield what can make a factor 0, from the deepest reason to the factor itself; `values` are the factor's own."""
    what = words(numbered.formula(part))
    if not values.all():
        for why, found in _reasons(part, indices, numbered, _DEEPEST):
            yield Cause(what, found, why=why)
    yield Cause(what, values, kronecker(part) is not None)


def _reasons(part: Expr, indices: tuple[Index, ...], numbered: Numbered, depth: int) -> Iterator[tuple[Words, Array]]:
    """Yield why an expression can be 0, each with an array that is 0 where that is so."""
    system = numbered.evaluation.system
    bracket = reason_words(part, system, numbered.formula)
    if bracket:
        yield bracket, numbered.values(part, indices)
    elif isinstance(part, Call) and part.function in FUNCTIONS and FUNCTIONS[part.function].vanishes:
        vanishes = Comparison(FUNCTIONS[part.function].vanishes, part.arguments[0], ZERO)
        elsewhere = Bracket(Logic("not", (vanishes,)))
        why = words(numbered.formula(vanishes), f", where {part.function} is 0")
        yield why, numbered.values(elsewhere, indices)
    elif isinstance(part, Reduce) and part.op == "prod":
        yield zero_factor(part, numbered.formula), numbered.values(part, indices)
    elif isinstance(part, Indexed) and part.tensor in system.defined and depth:
        equation = system.defined[part.tensor]
        places = dict(zip(equation.indices, part.indices, strict=True))
        for factor in product_factors(substitute_indices(equation.value, places)):
            yield from _inner_reasons(factor, indices, numbered, depth - 1)


def _inner_reasons(
    factor: Expr, indices: tuple[Index, ...], numbered: Numbered, depth: int
) -> Iterator[tuple[Words, Array]]:
    """Yield why a factor of an equation can be 0; of what has indices of its own, only a product is looked into."""
    if any(isinstance(part, Reduce) and part.op != "prod" for part in walk(factor)):
        return
    found = list(_reasons(factor, indices, numbered, depth))
    yield from found
    if not found and isinstance(factor, Indexed):
        try:
            values = numbered.values(factor, indices)
        except InputError:
            return
        if not np.all(values):
            yield words(numbered.formula(factor), " is 0"), values

"""The kinks that a point lies on: where functions have no derivative, and what is taken for it by convention."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.diff.scalars import rectified
from chainrule.errors import InputError
from chainrule.execute.reference.evaluation import Evaluation
from chainrule.expr.binding import Fresh, free_in_order, open_reduce
from chainrule.expr.functions import FUNCTIONS
from chainrule.expr.nodes import Call, Comparison, Expr, Reduce, minus, plus, walk
from chainrule.render.document import Words
from chainrule.render.laws import stated

Array = npt.NDArray[Any]
_TIES = "entries that tie for an extremum share its derivative equally, by convention"
_CONDITIONS = "brackets and choices have derivative 0 by their conditions, by convention"


def conventions_left(before: Evaluation, after: Evaluation) -> tuple[Words, ...]:
    """Return the conventions of the kinks that a small move leaves, once each.

    `before` are the values at the point, `after` those with an entry moved.
    """
    found: dict[str, Words] = {}
    for equation in before.system.equations:
        for part in walk(equation.value):
            with suppress(InputError):  # a branch that is not taken may have no value
                for said in _kinks_left(part, before, after):
                    found.setdefault(said, stated(said))
    return tuple(found.values())


def _kinks_left(part: object, before: Evaluation, after: Evaluation) -> Iterator[str]:
    match part:
        case Call(function, arguments, 0) if function in FUNCTIONS:
            if any(_parted(*pair, before, after) for pair in FUNCTIONS[function].compared(arguments)):
                against_zero = rectified(part)
                yield FUNCTIONS[function].words if against_zero is None else against_zero[2]
        case Comparison(_, left, right) if _parted(left, right, before, after):
            yield _CONDITIONS
        case Reduce("max" | "min") if (_ties(part, before) & ~_ties(part, after)).any():
            yield _TIES
        case _:
            pass


def _parted(left: Expr, right: Expr, before: Evaluation, after: Evaluation) -> bool:
    """Say whether two sides are equal somewhere, and differ there after the move."""
    margin = plus(left, minus(right))
    indices = free_in_order(margin)
    met = before.value_of(margin, indices) == 0
    return bool((met & (after.value_of(margin, indices) != 0)).any())


def _ties(extremum: Reduce, evaluation: Evaluation) -> Array:
    """Return where several entries attain an extremum, for each of those that it is taken of."""
    bound, body = open_reduce(extremum, Fresh())
    free = tuple(i for i in free_in_order(extremum))
    values, most = evaluation.value_of(body, (*free, *bound)), evaluation.value_of(extremum, free)
    attained: Array = values == np.reshape(most, (*np.shape(most), *(1 for _ in bound)))
    axes = tuple(range(len(free), attained.ndim))
    tied: Array = attained & (attained.sum(axis=axes, keepdims=True) > 1)
    return tied

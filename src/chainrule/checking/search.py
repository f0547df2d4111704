"""The search for a change that explains an answer: each candidate is evaluated, few are evaluated twice.

A candidate is first evaluated at one point, where the parts that candidates share are computed once; only those that
hold there are tried at the others. How long the search may go on is counted in candidates, never in seconds, so that a
verdict is the same on every machine.

Two things make a candidate true at all points without explaining anything. A change that wipes a term out says only
that the term is missing. And where derivatives add up to 0, as those of a softmax do, a wrong factor may stand for a
right one: an answer that names ∂C/∂t is therefore explained with random numbers in place of ∂C/∂t.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.checking.freed import freed_scopes
from chainrule.checking.points import TOLERANCE, Points
from chainrule.checking.sites import Edit
from chainrule.diff.backprop import Cotangents
from chainrule.errors import InputError
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.execute.reference.scope import Scope
from chainrule.expr.binding import expressions_in, free_in_order
from chainrule.expr.nodes import Expr, Index
from chainrule.expr.symbols import Derivative

Array = npt.NDArray[Any]

MOST_CANDIDATES = 700
"""No more candidates than this are evaluated for one answer."""
_NOT_FOR_EDITS = 100
"""Of these, so many are kept for what is asked last."""


@dataclass(frozen=True)
class View:
    """Points, with the values of the answer and of the truth there; each keeps what many candidates share."""

    scopes: tuple[Scope, ...]
    answer: Sequence[Array]
    truth: Sequence[Array]

    @cached_property
    def first(self) -> int:
        """The number of the point at which every candidate is evaluated: the smallest at which both sides say much."""

        def key(number: int) -> tuple[int, int, int]:
            sides = (self.answer[number], self.truth[number])
            spoken = min(int(np.count_nonzero(np.isfinite(v) & (v != 0))) for v in sides)
            size = sum(np.size(v) for v in self.scopes[number].values.values())
            return (-min(spoken, 2), size, number)

        return min(range(len(self.scopes)), key=key)

    def at_first(self, expr: Expr, indices: tuple[Index, ...]) -> Array | None:
        """Return the value of an expression at the first point, None where it has none."""
        try:
            return evaluate_in(self.scopes[self.first], expr, indices)
        except InputError:
            return None

    def agrees(self, expr: Expr, indices: tuple[Index, ...], wanted: Sequence[Array]) -> bool:
        """Say whether an expression has these values at all points, and some value somewhere."""
        finite = False
        for scope, known in zip(self.scopes, wanted, strict=True):
            try:
                found = evaluate_in(scope, expr, indices)
            except InputError:
                return False
            if not same(found, known):
                return False
            finite = finite or bool(np.isfinite(found).any())
        return finite


@dataclass
class Search:
    """What candidates are tried with. `answer` and `truth` are what they are to turn into each other."""

    answer: Expr
    truth: Expr
    axes: tuple[tuple[Index, ...], tuple[Index, ...]]
    real: View
    tensor: str
    cotangents: Cotangents
    left: int = MOST_CANDIDATES
    tried: set[tuple[Expr, bool]] = field(default_factory=set)

    @cached_property
    def main(self) -> View:
        """The points at which answers are explained: with random ∂C/∂t where the answer names some."""
        named = Derivative(self.cotangents.cost, self.tensor)
        scopes = freed_scopes(self.answer, self.tensor, self.real.scopes, self.cotangents)
        try:
            answer = [evaluate_in(scope, self.answer, self.axes[0]) for scope in scopes]
        except InputError:
            return self.real
        return View(scopes, answer, [scope.values[named] for scope in scopes]) if scopes else self.real

    def view_of(self, form: Expr) -> View:
        """Return the points at which a form of the truth has its value: real ones if values stand for ∂C/∂t in it."""
        main = self.main
        return main if main is self.real or main.agrees(form, self.axes[1], main.truth) else self.real

    @property
    def spent(self) -> bool:
        """Whether as many candidates were tried as may be."""
        return self.left <= 0

    def repairs(
        self, edits: Iterable[Edit], before: Expr, confirmed: Callable[[Edit], bool] = lambda edit: True
    ) -> Edit | None:
        """Return the first edit of the answer, which is `before` in some form, that makes it the truth."""
        view = self.main

        def holds(edit: Edit) -> bool:
            return self.holds(edit.expr, self.axes[0], view, view.truth) and not wipes_out(before, edit.expr, view)

        return next((e for e in self._new(edits, of_answer=True) if holds(e) and confirmed(e)), None)

    def spoils(self, edits: Iterable[Edit], before: Expr) -> Edit | None:
        """Return the first edit of the truth, which is `before` in some form, that makes it the answer."""
        view = self.view_of(before)

        def holds(edit: Edit) -> bool:
            # What the terms of the truth cancel to is 0: anything may come of leaving some of them out.
            return self.holds(edit.expr, self.axes[1], view, view.answer) and not (
                wipes_out(before, edit.expr, view) or wipes_out(edit.expr, before, view)
            )

        return next((e for e in self._new(edits, of_answer=False) if holds(e)), None)

    def holds(self, expr: Expr, indices: tuple[Index, ...], view: View, wanted: Sequence[Array]) -> bool:
        """Say whether an expression has the wanted values; what is evaluated for it is counted."""
        self.left -= 1
        found = view.at_first(expr, indices)
        return found is not None and same(found, wanted[view.first]) and view.agrees(expr, indices, wanted)

    def _new(self, edits: Iterable[Edit], *, of_answer: bool) -> Iterator[Edit]:
        """Yield the edits that were not tried yet, as long as there may be more."""
        for edit in edits:
            if self.left <= _NOT_FOR_EDITS:
                return
            if (edit.expr, of_answer) not in self.tried:
                self.tried.add((edit.expr, of_answer))
                yield edit


def wipes_out(before: Expr, after: Expr, view: View) -> bool:
    """Say whether a part of an expression that was changed is 0 everywhere, and was not before."""
    while before != after:
        if _is_zero(after, view) and not _is_zero(before, view):
            return True
        old, new = expressions_in(before), expressions_in(after)
        changed = [pair for pair in zip(old, new, strict=False) if pair[0] != pair[1]]
        if type(before) is not type(after) or len(old) != len(new) or len(changed) != 1:
            break
        before, after = changed[0]
    return False


def _is_zero(expr: Expr, view: View) -> bool:
    value = view.at_first(expr, free_in_order(expr))
    return value is not None and bool((np.abs(value) <= TOLERANCE).all())


def view_of(points: Points, answer: Sequence[Array], truth: Sequence[Array]) -> View:
    """Return points at which both sides have been evaluated."""
    return View(tuple(evaluation.scope.keeping() for evaluation in points.evaluations), answer, truth)


def same(left: Array, right: Array) -> bool:
    """Say whether two arrays agree to nine digits of the largest entry, wherever both are defined.

    >>> same(np.asarray([1.0, np.nan]), np.asarray([1.0 + 1e-12, 2.0]))
    True
    """
    defined = np.isfinite(left) & np.isfinite(right)
    if not defined.all():
        left, right = left[defined], right[defined]
    scale = max(float(np.abs(left).max(initial=0.0)), float(np.abs(right).max(initial=0.0)))
    return bool((np.abs(left - right) <= TOLERANCE * scale).all())

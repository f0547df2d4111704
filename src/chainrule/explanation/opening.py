"""A value opened into its terms: every sum in it, term by term, with the number of every factor.

The expression is read as a book prints it: a sum of parts, each of them factors before one or more Σ. All terms of a
sum are arrays over its indices, so that a million of them take one evaluation. Data only; how it is shown is elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError
from chainrule.explanation.causes import Cause, causes_in_sum
from chainrule.explanation.numbered import Numbered
from chainrule.explanation.totals import exact_sum
from chainrule.expr.binding import expressions_in
from chainrule.expr.nodes import (
    Bracket,
    Comparison,
    Expr,
    Index,
    Indexed,
    Number,
    Product,
    Reduce,
    Sum,
    product_factors,
    times,
)
from chainrule.render.document import Words, words
from chainrule.render.document_text import words_text
from chainrule.render.formula import ShownFormula

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Factor:
    """One factor of the terms of a sum: how it is written, and its values with one axis for each index of the sum.

    `causes` are what can make it 0: the factor itself, or its own factors.
    """

    formula: ShownFormula
    values: Array
    causes: tuple[Cause, ...]

    @property
    def text(self) -> str:
        """How it is written."""
        return str(self.formula)


@dataclass(frozen=True, eq=False)
class Zeros:
    """Terms of a sum that are 0 for one cause (None: their product is too small for a float), by their flat places."""

    cause: Cause | None
    places: npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class OpenedSum:
    """Σ over `indices` of the product of `factors`. `terms` has one axis for each index, of its extent.

    A mean is a sum with a `divisor` other than 1. `direct` says whether the sum is a factor of its part, and not deeper
    inside one.
    """

    formula: ShownFormula
    indices: tuple[Index, ...]
    factors: tuple[Factor, ...]
    terms: Array
    divisor: int = 1
    direct: bool = True

    @cached_property
    def sum(self) -> float:
        """The sum of the terms, rounded once."""
        return exact_sum(self.terms)

    @property
    def total(self) -> float:
        """The value: the sum of the terms, over their number for a mean."""
        return self.sum / self.divisor

    @cached_property
    def magnitude(self) -> float:
        """The sum of the terms without their signs."""
        return float(np.abs(self.terms).sum())

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of the indices."""
        return tuple(i.name for i in self.indices)

    @cached_property
    def zeros(self) -> tuple[Zeros, ...]:
        """The terms that are exactly 0, by their causes: each by a delta that is 0, else the first factor that is."""
        left = self.terms.reshape(-1) == 0
        found: list[Zeros] = []
        causes = [cause for factor in self.factors for cause in factor.causes]
        for cause in sorted(causes, key=lambda cause: not cause.delta):
            here = left & (np.broadcast_to(cause.values, self.terms.shape).reshape(-1) == 0)
            if here.any():
                found.append(Zeros(cause, np.flatnonzero(here)))
                left = left & ~here
        return (*found, Zeros(None, np.flatnonzero(left))) if left.any() else tuple(found)

    @cached_property
    def nonzero(self) -> int:
        """The number of terms that are not exactly 0."""
        return int(np.count_nonzero(self.terms))

    def largest(self, top: int) -> npt.NDArray[np.intp]:
        """Return the flat places of the `top` largest terms that are not 0, the largest first, equal ones in order."""
        sizes = np.nan_to_num(np.abs(self.terms.reshape(-1)), nan=np.inf, posinf=np.inf)
        count = min(top, self.nonzero)
        if count < 1:
            return np.zeros(0, np.intp)
        last = np.partition(sizes, sizes.size - count)[sizes.size - count]
        above = np.flatnonzero(sizes > last)
        equal = np.flatnonzero(sizes == last)[: count - len(above)]
        found = np.sort(np.concatenate([above, equal]))
        return np.asarray(found[np.argsort(-sizes[found], kind="stable")], np.intp)

    def residual(self, top: int) -> float:
        """Return what the terms that are not among the `top` largest add up to, rounded once."""
        left = self.terms.reshape(-1).copy()
        left[self.largest(top)] = 0.0
        return exact_sum(left)

    def quantiles(self, levels: Sequence[float]) -> tuple[float, ...]:
        """Return the quantiles of the terms that are not 0: of level 0 the smallest, 1/2 the median, 1 the largest."""
        terms = self.terms[self.terms != 0]
        return tuple(map(float, np.quantile(terms, levels))) if terms.size else ()


@dataclass(frozen=True, eq=False)
class PathSum:
    """The chain rule's sum over the paths through one tensor: Σ_k ∂C/∂u[k]·∂u[k]/∂v[j], with the number of each.

    `between` is what the paths go through, every a1[k], or nothing for the cost itself; `equation` is that of
    ∂u[k]/∂v[j]; `why` says why terms vanish, where a Kronecker delta makes them.
    """

    between: Words
    opened: OpenedSum
    equation: ShownFormula | None
    why: Words

    @property
    def through(self) -> str:
        """What the paths go through, as text."""
        return words_text(self.between)

    @property
    def local(self) -> str:
        """The equation of the local derivative, as text."""
        return "" if self.equation is None else str(self.equation)

    @property
    def reason(self) -> str:
        """Why terms vanish, as text."""
        return words_text(self.why)


@dataclass(frozen=True, eq=False)
class Part:
    """One term of the whole: `before` · the direct sums. `before` is None where there is nothing before them.

    A part without a sum is all `before`. `factors` are the numbers that its factors have.
    """

    formula: ShownFormula
    before: ShownFormula | None
    before_value: float
    factors: tuple[float, ...]
    causes: tuple[Cause, ...]
    sums: tuple[OpenedSum, ...] = field(default=())

    @property
    def direct(self) -> tuple[OpenedSum, ...]:
        """The sums that are factors of the part."""
        return tuple(opened for opened in self.sums if opened.direct)

    @property
    def value(self) -> float:
        """The value of the part; 0 before the sums is 0, whatever they are."""
        if self.before_value == 0:
            return 0.0
        return float(np.prod([self.before_value, *(opened.total for opened in self.direct)]))

    @cached_property
    def contributions(self) -> Array:
        """What each term adds to the whole: those of the first direct sum times all else; without one, the value."""
        if not self.direct:
            return np.asarray([self.before_value])
        first, *others = self.direct
        if self.before_value == 0:
            return np.zeros(first.terms.size)
        rest = float(np.prod([self.before_value, *(opened.total for opened in others)]))
        return first.terms.reshape(-1) * (rest / first.divisor)


def open_value(value: Expr, numbered: Numbered) -> tuple[Part, ...]:
    """Return the parts of a value without free indices, its indices named by the letters they are printed by."""
    terms = value.terms if isinstance(value, Sum) else (value,)
    return tuple(_part(term, numbered) for term in terms)


def opened_sum(sum_: Reduce, numbered: Numbered, *, direct: bool = True) -> OpenedSum:
    """Return a sum or mean with the number of every factor of every term."""
    indices = sum_.indices
    factors = tuple(factor(part, sum_.body, indices, numbered) for part in written_factors(sum_.body))
    terms = numbered.values(sum_.body, indices)
    divisor = int(terms.size) if sum_.op == "mean" else 1
    return OpenedSum(numbered.formula(sum_), indices, factors, terms, divisor, direct)


def factor(part: Expr, whole: Expr, indices: tuple[Index, ...], numbered: Numbered) -> Factor:
    """Return a factor of the product `whole`, read only where the brackets of the product hold if it must be."""
    causes = tuple(
        cause
        for own in product_factors(part)
        if not isinstance(own, Number)
        for cause in causes_in_sum(own, _values(own, whole, indices, numbered), indices, numbered)
    )
    return Factor(numbered.formula(part), _values(part, whole, indices, numbered), causes)


def written_factors(expr: Expr) -> tuple[Expr, ...]:
    """Return the factors of an expression; a number stays with the factor behind it, as in −y[k]."""
    if not isinstance(expr, Product):
        return (expr,)
    joined: list[Expr] = []
    held: list[Expr] = []
    for part in expr.factors:
        if isinstance(part, Number):
            held.append(part)
        else:
            joined.append(times(*held, part))
            held = []
    return tuple(joined) + ((times(*held),) if held else ())


def _part(term: Expr, numbered: Numbered) -> Part:
    """Return a term opened; where brackets before its sums are 0, these may be outside of their tensors."""
    try:
        return _opened(term, numbered)
    except InputError:
        closed = [f for f in product_factors(term) if isinstance(f, Bracket) and not numbered.values(f)]
        if not closed:
            raise
        whole = numbered.formula(term)
        return Part(whole, whole, 0.0, (0.0,), tuple(_cause_before(f, numbered) for f in closed))


def _opened(term: Expr, numbered: Numbered) -> Part:
    factors = product_factors(term)
    direct = [f for f in factors if _is_sum(f)]
    others = [f for f in factors if not _is_sum(f)]
    before = times(*others)
    causes = tuple(_cause_before(f, numbered) for f in others if not isinstance(f, Number))
    inner = [opened_sum(found, numbered, direct=False) for other in others for found in _sums_in(other)]
    sums = [opened_sum(found, numbered) for found in direct if isinstance(found, Reduce)]
    written = numbered.formula(before) if others else None
    numbers = tuple(float(numbered.values(f)) for f in written_factors(before))
    return Part(numbered.formula(term), written, float(numbered.values(before)), numbers, causes, (*sums, *inner))


def _cause_before(part: Expr, numbered: Numbered) -> Cause:
    """Return a factor before the sums; of a condition on an entry, with the number that it tests."""
    what = words(numbered.formula(part))
    match part:
        case Bracket(Comparison(_, Indexed() as tested, _)):
            what = words(what, ", with ", numbered.formula(tested), " = ", float(numbered.values(tested)))
        case _:
            pass
    return Cause(what, numbered.values(part))


def _is_sum(expr: Expr) -> bool:
    return isinstance(expr, Reduce) and expr.op in {"sum", "mean"}


def _sums_in(expr: Expr) -> list[Reduce]:
    """Return the outermost sums inside an expression."""
    if isinstance(expr, Reduce):
        return [expr] if _is_sum(expr) else []
    return [found for part in expressions_in(expr) for found in _sums_in(part)]


def _values(part: Expr, whole: Expr, indices: tuple[Index, ...], numbered: Numbered) -> Array:
    brackets = _brackets(whole)
    if not brackets or isinstance(part, Bracket):
        return numbered.values(part, indices)
    try:
        plain = numbered.values(part, indices)
    except InputError:
        plain = np.asarray(np.nan)
    return plain if np.isfinite(plain).all() else numbered.values(times(*brackets, part), indices)


def _brackets(expr: Expr) -> Sequence[Bracket]:
    return [f for f in product_factors(expr) if isinstance(f, Bracket)]

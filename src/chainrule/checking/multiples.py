"""Answers that are the truth times a number or an extent, as a whole or term by term, and the words for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.checking.points import TOLERANCE, Points
from chainrule.checking.search import Search, View, same
from chainrule.checking.sites import Site, closed, sites_of
from chainrule.errors import InputError
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.expr.nodes import ZERO, Expr, Sum
from chainrule.expr.sizes import Size
from chainrule.render.numbers import number_text
from chainrule.render.text import expression_text
from chainrule.system.model import System

Array = npt.NDArray[Any]

_LARGEST_DENOMINATOR = 100
_NEAR = 1e-7
"""What a least squares solution is off by; the number that is meant is tried exactly."""
_WORST_CONDITION = 1e6
_MOST_TERMS = 12
_FEWEST = 3


def constant_words(values: Sequence[Array], truth: Sequence[Array], points: Points, system: System) -> str:
    """Name the constant factor that the values are of the truth, or one with the extent of an index; "" for none.

    Points at which both are 0 say nothing; those that are left must be enough to tell a number from chance.
    """
    sides = zip(values, truth, points.evaluations, strict=True)
    spoken = [(v, t, evaluation) for v, t, evaluation in sides if np.any(v) or np.any(t)]
    found = [constant_ratio(v, t) for v, t, _ in spoken]
    ratios = [r for r in found if r is not None]
    if len(found) < min(_FEWEST, len(values)) or len(ratios) < len(found) or 0.0 in ratios:
        return ""
    if _all_equal(ratios):
        return _factor_words(ratios[0])
    for extent, letter in _extents(points, system):
        sizes = [evaluation.sizes[extent] for _, _, evaluation in spoken]
        for power, words, inverse in (
            (1, f"extent({letter})", f"1/extent({letter})"),
            (-1, f"1/extent({letter})", f"extent({letter})"),
        ):
            left = [ratio / size**power for ratio, size in zip(ratios, sizes, strict=True)]
            if _all_equal(left):
                more = "" if abs(left[0] - 1) < TOLERANCE else f" times {_fraction_text(left[0])}"
                return f"it is {words}{more} times what it should be: a factor of {inverse} is missing"
    return ""


def changed_terms(forms: Sequence[Expr], search: Search) -> str:
    """Say which one or two terms of a sum in the truth stand in the answer with another number in front; "" for none.

    Said is only what no other choice of numbers could explain as well.
    """
    for form in forms:
        for site in sites_of(form, search.axes[1]):
            if site.linear and isinstance(site.node, Sum) and len(site.node.terms) <= _MOST_TERMS and not search.spent:
                words = _changed_at(site, site.node.terms, search.view_of(form), search)
                if words:
                    return words
    return ""


def _changed_at(site: Site, terms: Sequence[Expr], view: View, search: Search) -> str:
    search.left -= len(terms) + 1
    try:
        rest = [evaluate_in(scope, site.put(ZERO), search.axes[1]) for scope in view.scopes]
        columns = [
            [evaluate_in(scope, site.put(term), search.axes[1]) - r for scope, r in zip(view.scopes, rest, strict=True)]
            for term in terms
        ]
    except InputError:
        return ""
    numbers = _in_front(columns, [a - r for a, r in zip(view.answer, rest, strict=True)])
    if numbers is None or not any(numbers):
        return ""
    changed = [(term, n) for term, n in zip(terms, numbers, strict=True) if n != 1]
    plain = all(_simple(n) is not None for _, n in changed)
    if len(changed) > 2 or (len(changed) == 2 and not plain):
        return ""
    return " and ".join(_term_words(*one) for one in sorted(changed, key=lambda one: one[1] != 0))


def constant_ratio(found: Array, known: Array) -> float | None:
    """Return the number that an array is of another; None if there is none."""
    defined = np.isfinite(found) & np.isfinite(known)
    found, known = found[defined], known[defined]
    if not known.any():
        return None
    largest = np.argmax(np.abs(known))
    ratio = float(found.flat[largest] / known.flat[largest])
    return ratio if same(found, known * ratio) else None


def _in_front(terms: Sequence[Sequence[Array]], values: Sequence[Array]) -> list[float] | None:
    """Return the numbers c with Σ c·term = value at all points; None if there are none, or more than one choice."""
    columns = np.stack([np.concatenate([np.ravel(v) for v in term]) for term in terms], axis=1)
    wanted = np.concatenate([np.ravel(v) for v in values])
    defined = np.isfinite(columns).all(axis=1) & np.isfinite(wanted)
    columns, wanted = columns[defined], wanted[defined]
    if len(wanted) < len(terms) + 2 or not columns.any(axis=0).all():
        return None
    scaled = columns / np.abs(columns).max(axis=0)
    if np.linalg.cond(scaled) > _WORST_CONDITION:
        return None
    exact = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    numbers = [_meant(float(n)) for n in exact]
    scale = np.abs(columns * exact).sum(axis=1)
    return numbers if bool((np.abs(columns @ np.asarray(numbers) - wanted) <= TOLERANCE * scale).all()) else None


def _meant(number: float) -> float:
    near = float(Fraction(number).limit_denominator(_LARGEST_DENOMINATOR))
    return near if abs(near - number) <= _NEAR * max(1.0, abs(number)) else number


def _term_words(term: Expr, number: float) -> str:
    text = expression_text(closed(term))
    if number == 0:
        return f"the term {text} is missing"
    if number == -1:
        return f"the term {text} has the wrong sign"
    return f"the term {text} is {_fraction_text(number)} times what it should be"


def _all_equal(numbers: Sequence[float]) -> bool:
    return all(abs(n - numbers[0]) <= TOLERANCE * abs(numbers[0]) for n in numbers)


def _factor_words(ratio: float) -> str:
    if abs(ratio + 1) <= TOLERANCE:
        return "the sign is wrong: it is −1 times what it should be"
    inverse = 1 / ratio
    lost, extra = _simple(inverse), _simple(ratio)
    if extra is not None and abs(extra) > 1:
        return f"an extra factor of {_fraction_text(ratio)}"
    if lost is not None and abs(lost) > 1:
        return f"a factor of {_fraction_text(inverse)} is missing"
    return f"it is {_fraction_text(ratio)} times what it should be"


def _simple(number: float) -> Fraction | None:
    near = Fraction(number).limit_denominator(_LARGEST_DENOMINATOR)
    return near if abs(float(near) - number) <= TOLERANCE * abs(number) else None


def _fraction_text(number: float) -> str:
    near = _simple(number)
    if near is not None:
        return str(near).replace("-", "−")
    if not 1e-3 < abs(number) < 1e4:
        return number_text(number)
    # As many digits as it takes to see what is off: 1.00000001 must not be printed as 1.
    texts = (f"{number:.{digits}g}" for digits in range(7, 17))
    return next((t for t in texts if _simple(float(t)) is None), repr(number)).replace("-", "−")


def _extents(points: Points, system: System) -> Iterator[tuple[Size, str]]:
    """Yield the extents of the system with the letter that stands for each."""
    seen: dict[Size, str] = {}
    for name in system.names():
        for index in system.axes(name):
            seen.setdefault(index.extent, index.preferred)
    sized = points.evaluations[0].sizes
    yield from ((extent, letter) for extent, letter in seen.items() if extent in sized)

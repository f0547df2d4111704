"""What is wrong with an answer, in words: the one small change that turns it into the truth, or the truth into it.

Each kind of mistake is a list of candidates that are evaluated at the random points; the first that gives the right
numbers everywhere is named. So an answer may be in any form, and nothing is said that the numbers do not bear out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.checking.answer import Answer, settled_again, without_extents
from chainrule.checking.clashes import clashes
from chainrule.checking.edits import (
    Edit,
    everywhere,
    exchanged_letters,
    lacking_factor,
    lacking_sign,
    lacking_sum,
    lacking_term,
    lacking_transpose,
    other_index,
    summed,
    swapped_indices,
    turned_sign,
    without_factor,
    without_sum,
    without_term,
)
from chainrule.checking.forms import diagonal_derivatives, forms_of, terms_apart
from chainrule.checking.points import TOLERANCE, Points
from chainrule.diff.backprop import Cotangents
from chainrule.errors import InputError, TypecheckError
from chainrule.explanation.numbers import number_text
from chainrule.expr.binding import free_indices, map_operands, reduce_over, rename_indices
from chainrule.expr.nodes import UNSETTLED, Expr, Extent, Index, Number, Product, Sum, product_factors, times
from chainrule.render.text import expression_text

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Case:
    """A wrong answer and the truth, both as expressions and by their values at the points."""

    answer: Answer
    truth: Expr
    indices: tuple[Index, ...]
    points: Points
    true_values: Sequence[Array]
    cotangents: Cotangents


def clash_words(case: Case) -> str:
    """Say what is wrong with an answer in which a letter labels axes of different extents."""
    answer, system = case.answer, case.cotangents.system
    candidates = (
        everywhere(answer.value, swapped_indices, answer.indices),
        everywhere(answer.value, other_index, answer.indices),
        exchanged_letters(answer.value, answer.indices),
    )
    for edit in chain(*candidates):
        if _is_true(case, edit.expr):
            return edit.words
    return _lone_term_words(case) or clashes(answer, system)[0].words


def loose_words(case: Case) -> str:
    """Say what is wrong with an answer in which a letter stands free that is not on the left."""
    answer = case.answer
    for edit in chain(summed(answer.value, answer.loose), everywhere(answer.value, other_index, answer.indices)):
        if _is_true(case, edit.expr):
            return edit.words
    letters = ", ".join(i.preferred for i in answer.loose)
    verb = "stands" if len(answer.loose) == 1 else "stand"
    return f"{letters} {verb} free on the right but not on the left, and no sum runs over {letters}"


def _lone_term_words(case: Case) -> str:
    """Say so if the answer is ∂C/∂u[j]·∂u[j]/∂v[j], one term with one letter too few, of two unknown functions."""
    mine = Counter(_factors(_bare(case.answer.value)))
    for path in case.cotangents.paths(case.answer.tensor):
        share = times(path.upstream, path.local)
        for bound in path.indices:
            for index, written in zip(case.indices, case.answer.indices, strict=True):
                only = rename_indices(share, {bound: written, index: written})
                if Counter(_factors(_bare(only))) == mine:
                    whole = expression_text(reduce_over("sum", path.indices, share))
                    own = expression_text(path.partial.wrt[0])
                    why = f"every entry of {path.user} may depend on {own}, and each path adds its product"
                    return f"the sum over {bound.preferred} is missing: {why}, {whole}"
    return ""


def change_words(case: Case, values: Sequence[Array]) -> str:
    """Say which small change makes an answer with these values the truth, or "" if none of those known does."""
    if not any(np.any(known) for known in case.true_values):
        return ""
    if not any(np.any(found) for found in values):
        return "it is 0 everywhere, and the derivative is not"
    with np.errstate(all="ignore"):
        return _constant_words(case, values) or _edit_words(case, values) or _ratio_words(case, values)


def _constant_words(case: Case, values: Sequence[Array]) -> str:
    """Name a constant factor, or one that is the extent of an index."""
    ratios = [_constant_ratio(found, known) for found, known in zip(values, case.true_values, strict=True)]
    known = [r for r in ratios if r is not None]
    if len(known) < len(ratios) or 0.0 in known:
        return ""
    if _constant(known):
        return _factor_words(known[0])
    for extent, letter in _extents(case):
        sizes = [evaluation.sizes[extent] for evaluation in case.points.evaluations]
        for power, words in ((1, f"extent({letter})"), (-1, f"1/extent({letter})")):
            left = [ratio / size**power for ratio, size in zip(known, sizes, strict=True)]
            if _constant(left):
                more = "" if abs(left[0] - 1) < TOLERANCE else f" times {_fraction_text(left[0])}"
                inverse = f"1/extent({letter})" if power == 1 else f"extent({letter})"
                return f"it is {words}{more} times what it should be: a factor {inverse} is missing"
    return ""


def _edit_words(case: Case, values: Sequence[Array]) -> str:
    """Name a change at one place, of the answer or of the truth, in whatever form makes it one place."""
    answer = case.answer
    mine = tuple(dict.fromkeys((answer.value, terms_apart(answer.value, case.cotangents))))
    for edit in chain(*(_turned(value, answer.indices) for value in mine)):
        if case.points.agree(edit.expr, answer.indices, case.true_values):
            return edit.words
    forms = forms_of(case.truth, answer.tensor, case.cotangents)
    for edit in chain(*(_lacking(form, case.indices) for form in forms)):
        if case.points.agree(edit.expr, case.indices, values):
            return edit.words + _origin(case, edit.factor)
    for edit in chain(*(_superfluous(value, answer.indices) for value in mine)):
        if case.points.agree(edit.expr, answer.indices, case.true_values):
            return edit.words
    return ""


def _turned(value: Expr, indices: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield an answer with a sign or two indices turned."""
    for local in (turned_sign, swapped_indices, other_index):
        yield from everywhere(value, local, indices)
    yield from exchanged_letters(value, indices)


def _lacking(form: Expr, indices: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth as an answer that lacks something would have it."""
    for local in (lacking_sign, lacking_transpose, lacking_factor(form), lacking_term, lacking_sum):
        yield from everywhere(form, local, indices)


def _superfluous(value: Expr, indices: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield an answer without something that may be too much."""
    for local in (without_factor(value), without_term, without_sum):
        yield from everywhere(value, local, indices)


def _origin(case: Case, factor: Expr | None) -> str:
    """Say which local derivative a missing factor is, if it is one."""
    if factor is None or not free_indices(factor) <= frozenset(case.indices):
        return ""
    numbers = case.points.values(factor, case.indices)
    for name, value in diagonal_derivatives(case.answer.tensor, case.cotangents):
        if _equal(case.points.values(value, case.indices), numbers):
            return f": it is {name}"
    return ""


def _ratio_words(case: Case, values: Sequence[Array]) -> str:
    """Name a factor of the whole, or of one term, by what it does to the numbers."""
    for factor in _known_factors(case):
        text = expression_text(factor)
        numbers = case.points.values(factor, case.indices)
        if _equal([v * f for v, f in zip(values, numbers, strict=True)], case.true_values):
            return f"the factor {text} is missing"
        if _equal(values, [t * f for t, f in zip(case.true_values, numbers, strict=True)]):
            return f"the factor {text} is superfluous"
    differences = [found - known for found, known in zip(values, case.true_values, strict=True)]
    whole = terms_apart(case.truth, case.cotangents)
    for term in whole.terms if isinstance(whole, Sum) else ():
        numbers = case.points.values(term, case.indices)
        ratios = [_constant_ratio(d, t) for d, t in zip(differences, numbers, strict=True)]
        known_ratios = [r for r in ratios if r is not None]
        if len(known_ratios) == len(ratios) and _constant(known_ratios):
            return f"the term {expression_text(term)} is {_fraction_text(1 + known_ratios[0])} times what it should be"
    return ""


def _is_true(case: Case, value: Expr) -> bool:
    """Say whether a changed answer is right."""
    try:
        again = settled_again(value, case.answer.indices, case.cotangents.system)
    except TypecheckError:
        return False
    changed = replace(case.answer, value=again)
    if clashes(changed, case.cotangents.system):
        return False
    return case.points.agree(again, case.answer.indices, case.true_values)


def _constant_ratio(found: Array, known: Array) -> float | None:
    """Return the number that an array is of another; None if there is none."""
    defined = np.isfinite(found) & np.isfinite(known)
    found, known = found[defined], known[defined]
    if not known.any():
        return None
    largest = np.argmax(np.abs(known))
    ratio = float(found.flat[largest] / known.flat[largest])
    return ratio if _equal([found], [known * ratio]) else None


def _equal(left: Sequence[Array], right: Sequence[Array]) -> bool:
    for a, b in zip(left, right, strict=True):
        defined = np.isfinite(a) & np.isfinite(b)
        scale = np.maximum(np.abs(a), np.abs(b))[defined].max(initial=0.0)
        if not defined.any() or (np.abs(a - b)[defined] > TOLERANCE * scale).any():
            return False
    return True


def _constant(numbers: Sequence[float]) -> bool:
    return all(abs(n - numbers[0]) <= TOLERANCE * abs(numbers[0]) for n in numbers)


def _factor_words(ratio: float) -> str:
    if abs(ratio + 1) <= TOLERANCE:
        return "the sign is wrong: it is −1 times what it should be"
    inverse = 1 / ratio
    lost, extra = _simple(inverse), _simple(ratio)
    if extra is not None and abs(extra) > 1:
        return f"a factor {_fraction_text(ratio)} too much"
    if lost is not None and abs(lost) > 1:
        return f"a factor {_fraction_text(inverse)} is missing"
    return f"it is {_fraction_text(ratio)} times what it should be"


def _simple(number: float) -> Fraction | None:
    near = Fraction(number).limit_denominator(100)
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


def _extents(case: Case) -> Iterator[tuple[Extent, str]]:
    """Yield the extents of the system with the letter that stands for each."""
    system = case.cotangents.system
    seen: dict[Extent, str] = {}
    for name in system.names():
        for index in system.axes(name):
            seen.setdefault(index.extent, index.preferred)
    sized = case.points.evaluations[0].sizes
    yield from ((extent, letter) for extent, letter in seen.items() if extent in sized)


def _known_factors(case: Case) -> Iterator[Expr]:
    """Yield the factors of the truth and of the local derivatives on its paths, and products of two or three."""
    allowed = frozenset(case.indices)
    found: dict[Expr, None] = {}

    def collect(expr: Expr) -> Expr:
        factors = [f for f in product_factors(expr) if not isinstance(f, Number)]
        for size in (1, 2, 3):
            for chosen in combinations(factors, size):
                product = times(*chosen)
                if free_indices(product) <= allowed and isinstance(expr, Product):
                    found.setdefault(product)
        return map_operands(expr, collect)

    collect(case.truth)
    for path in case.cotangents.paths(case.answer.tensor):
        collect(path.local)
    return iter(found)


def _factors(expr: Expr) -> tuple[Expr, ...]:
    return product_factors(expr)


def _bare(expr: Expr) -> Expr:
    return without_extents(rename_indices(expr, {i: Index(i.name, UNSETTLED) for i in free_indices(expr)}))


def values_of(case_points: Points, answer: Answer) -> list[Array] | InputError:
    """Return the values of an answer at the points, or why it has none."""
    try:
        return case_points.values(answer.value, answer.indices)
    except InputError as error:
        return error

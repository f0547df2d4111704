"""What is wrong with an answer, in words: the one small change that turns it into the truth, or the truth into it.

Each kind of mistake is a list of candidates that are evaluated at the random points; the first that gives the right
numbers everywhere is named. So an answer may be in any form, and nothing is said that the numbers do not bear out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.checking.answer import Answer, inferred_again
from chainrule.checking.circular import multiple_of_itself
from chainrule.checking.clashes import clashes
from chainrule.checking.edits import (
    MOST_FACTORS,
    exchanged_letters,
    lacking_factor,
    lacking_sign,
    lacking_term_of,
    other_index,
    other_tensor,
    summed,
    swapped_everywhere,
    swapped_indices,
    turned_sign,
    without_factor,
    without_sum,
    without_term,
)
from chainrule.checking.fans import multiple_words
from chainrule.checking.forms import Form, diagonal_derivatives, forms_of, forms_of_answer, over_paths
from chainrule.checking.lost import lost_terms
from chainrule.checking.multiples import changed_terms, constant_words
from chainrule.checking.names import unknown_derivatives
from chainrule.checking.points import Points
from chainrule.checking.search import Search, same, view_of
from chainrule.checking.sites import Edit, Local, closed, edits_at, everywhere, opened, sites_of
from chainrule.checking.square import square_points
from chainrule.checking.step_edits import other_step
from chainrule.checking.unstated import missing_fact
from chainrule.diff.backprop import Cotangents
from chainrule.errors import InputError, ShortageError, TypecheckError
from chainrule.execute.reference.expressions import evaluate_in
from chainrule.expr.binding import Fresh, free_indices, map_operands, own_positions
from chainrule.expr.nodes import Affine, Expr, Index, Indexed, Number, Product, product_factors, times, walk
from chainrule.expr.symbols import Derivative, Tensor
from chainrule.render.text import expression_text

Array = npt.NDArray[Any]
_MOST_NUMBERS = 4
"""An answer that names entries by more numbers than this adds no paths up by hand."""


@dataclass(frozen=True)
class Case:
    """A wrong answer and the truth, both as expressions and by their values at the points."""

    answer: Answer
    truth: Expr
    indices: tuple[Index, ...]
    points: Points
    true_values: Sequence[Array]
    cotangents: Cotangents

    def search(self, values: Sequence[Array]) -> Search:
        """Return a search for what turns an answer with these values into the truth, or the truth into it."""
        real, axes = view_of(self.points, values, self.true_values), (self.answer.indices, self.indices)
        return Search(self.answer.value, self.truth, axes, real, self.answer.tensor, self.cotangents)


def clash_words(case: Case) -> str:
    """Say what is wrong with an answer in which a letter labels axes of different extents.

    What it may be is found out where these extents are equal, and what its correction is where they are not.
    """
    with np.errstate(all="ignore"):
        return _square_words(case) or clashes(case.answer, case.cotangents.system)[0].words


def _square_words(case: Case) -> str:
    square, search = _where_square(case)
    if square is None or search is None:
        return ""
    value = opened(case.answer.value, Fresh())
    edit = search.repairs(_turned(value, case), value, lambda edit: _is_true(case, closed(edit.expr)))
    return edit.words if edit is not None else _lost_words(square, search, _forms(case))


def _where_square(case: Case) -> tuple[Case, Search] | tuple[None, None]:
    """Return an answer and the truth where all extents are equal, with a search there."""
    points = square_points(case.cotangents.system, case.points.evaluations[0].system)
    if points is None:
        return None, None
    square = replace(case, points=points, true_values=points.values(case.truth, case.indices))
    values = values_of(points, case.answer)
    if isinstance(values, InputError) or not any(map(np.any, values)):
        return None, None
    return square, square.search(values)


def _step_words(case: Case) -> str:
    """Say which part of an answer is of another step, whose axes may have other extents."""
    if not any(isinstance(t, Tensor) and t.superscript for t in case.cotangents.system.names()):
        return ""
    _, search = _where_square(case)
    value = opened(case.answer.value, Fresh())
    edits = edits_at(sites_of(value, case.answer.indices), _other_step(case))
    edit = search.repairs(edits, value, lambda edit: _is_true(case, closed(edit.expr))) if search is not None else None
    return "" if edit is None else edit.words


def loose_words(case: Case) -> str:
    """Say what is wrong with an answer in which a letter stands free that is not on the left."""
    answer, multiple = case.answer, _multiple_words(case)
    if multiple:
        return multiple
    for edit in chain(summed(answer.value, answer.loose), everywhere(answer.value, other_index, answer.indices)):
        if _is_true(case, edit.expr):
            return edit.words
    free = answer.loose_letters
    whole = replace(answer, value=next(summed(answer.value, answer.loose)).expr, loose=())
    values = values_of(case.points, whole)
    with np.errstate(all="ignore"):
        more = "" if isinstance(values, InputError) else _constant_words(case, values)
    return f"{free}; with it, {more}" if more else free


def change_words(case: Case, values: Sequence[Array]) -> str:
    """Say which small change makes an answer with these values the truth, or "" if none of those known does."""
    if not any(np.any(known) for known in case.true_values):
        return ""
    if not any(np.any(found) for found in values):
        return "it is 0 everywhere, and the derivative is not"
    with np.errstate(all="ignore"):
        return (
            _multiple_words(case)
            or _constant_words(case, values)
            or _fact_words(case, values)
            or _step_words(case)
            or _edit_words(case, case.search(values))
        )


def _multiple_words(case: Case) -> str:
    """Say what is wrong with c·∂C/∂v for ∂C/∂v itself."""
    answer = case.answer
    multiple = multiple_of_itself(answer.value, answer.indices, answer.tensor, case.cotangents)
    if multiple is None:
        return ""
    target = Indexed(Derivative(case.cotangents.cost, answer.tensor), answer.indices)
    return multiple_words(multiple, target, answer.tensor, case.cotangents, case.points.evaluations[0])


def _constant_words(case: Case, values: Sequence[Array]) -> str:
    return constant_words(values, case.true_values, case.points, case.cotangents.system)


def _fact_words(case: Case, values: Sequence[Array]) -> str:
    """Say which fact that the system does not state makes the answer right."""
    whole = case.points.evaluations[0].system
    words = missing_fact(case.answer, case.truth, case.indices, whole, case.cotangents)
    if not words:
        return ""
    value = opened(case.truth, Fresh())
    edit = case.search(values).spoils(edits_at(sites_of(value, case.indices), lacking_factor(value)), value)
    return words if edit is None else edit.words


def _edit_words(case: Case, search: Search) -> str:
    """Name a change of the answer or of the truth, in whatever form makes it one place, or a factor."""
    mine, forms = forms_of_answer(case.answer.value, case.cotangents), _forms(case)
    for form in mine:
        one_term = edits_at(sites_of(form.expr, case.answer.indices), without_sum)
        edit = search.repairs(chain(_turned(form.expr, case), one_term), form.expr)
        if edit is not None:
            return edit.words
    found = _lost_words(case, search, forms)
    if found:
        return found
    for form in forms:
        edit = search.spoils(_lacking(form, case.indices), form.expr)
        if edit is not None:
            return edit.words + _origin(case, edit.factor)
    for form in mine:
        edit = search.repairs(_superfluous(form, case), form.expr)
        if edit is not None:
            return edit.words
    return changed_terms([form.expr for form in forms], search) or _ratio_words(case, search)


def _forms(case: Case) -> tuple[Form, ...]:
    return forms_of(case.truth, case.answer.tensor, case.cotangents)


def _lost_words(case: Case, search: Search, forms: Sequence[Form]) -> str:
    """Say that some terms of a sum stand for the whole sum, or as many times one of them."""
    positions = (p for part in walk(case.answer.value) for p in own_positions(part))
    numbers = {p.constant for p in positions if isinstance(p, Affine) and not p.terms}
    sizes = search.real.scopes[0]

    def alike(bound: Index, index: Index) -> bool:
        return sizes.size(bound.extent, bound.preferred) == sizes.size(index.extent, index.preferred)

    local = lost_terms(numbers if len(numbers) <= _MOST_NUMBERS else (), alike)
    paths = over_paths(case.answer.tensor, case.cotangents)
    for value in (*(() if paths is None else (opened(paths, Fresh()),)), *(form.expr for form in forms)):
        edit = search.spoils(edits_at(sites_of(value, case.indices), local), value)
        if edit is not None:
            return edit.words
    return ""


def _turned(value: Expr, case: Case) -> Iterator[Edit]:
    """Yield an opened answer with a sign or two indices turned, or with entries of other steps."""
    indices = case.answer.indices
    sites = sites_of(value, indices)
    for local in (turned_sign, swapped_indices, other_index, _other_step(case)):
        yield from edits_at(sites, local)
    yield from exchanged_letters(value, indices)
    yield from swapped_everywhere(value)


def _other_step(case: Case) -> Local:
    """Return what yields entries of other steps, without those that would make the answer go round in a circle."""
    before = {*case.cotangents.graph.leading_to(case.answer.tensor), case.answer.tensor}
    before = {Derivative(case.cotangents.cost, t) for t in before}
    unknown = [e.name for e in unknown_derivatives(case.cotangents.system)]
    values = case.points.evaluations[0].scope.values
    return other_step([name for name in (*values, *unknown) if name not in before], unknown)


def _lacking(form: Form, indices: tuple[Index, ...]) -> Iterator[Edit]:
    """Yield the truth as an answer that lacks something would have it."""
    sites = sites_of(form.expr, indices)
    # Several factors of a term that was only made by multiplying out are nothing that anybody forgets.
    for local in (
        lacking_sign,
        lacking_factor(form.expr, 1 if form.apart else MOST_FACTORS),
        lacking_term_of(form.expr),
    ):
        yield from edits_at(sites, local)


def _superfluous(form: Form, case: Case) -> Iterator[Edit]:
    """Yield an answer without something that may be too much, or with another tensor in its place."""
    sites = sites_of(form.expr, case.answer.indices)
    factors = without_factor(form.expr, 1 if form.apart else MOST_FACTORS)
    for local in (without_term, factors, other_tensor(_alike(case))):
        yield from edits_at(sites, local)


def _alike(case: Case) -> Callable[[str], Iterator[str]]:
    """Return what yields the other tensors that have as many axes, of the same extents at the first point."""
    values = case.points.evaluations[0].scope.values
    before = {Derivative(case.cotangents.cost, t) for t in case.cotangents.graph.leading_to(case.answer.tensor)}

    def others(tensor: str) -> Iterator[str]:
        shape = np.shape(values[tensor]) if tensor in values else None
        for name, value in values.items():
            if name != tensor and np.shape(value) == shape and name not in before:
                yield name

    return others


def _origin(case: Case, factor: Expr | None) -> str:
    """Say which local derivative a missing factor is, if it is one."""
    if factor is None or not free_indices(factor) <= frozenset(case.indices):
        return ""
    for name, value in diagonal_derivatives(case.answer.tensor, case.cotangents):
        pairs = (case.points.values(side, case.indices) for side in (value, factor))
        if all(map(same, *pairs)):
            return f": it is {name}"
    return ""


def _ratio_words(case: Case, search: Search) -> str:
    """Name a factor of the whole by what it does to the numbers."""
    view = search.main
    sides = ((view.answer, view.truth, "missing"), (view.truth, view.answer, "superfluous"))
    for factor in _known_factors(case):
        search.left -= 1
        if search.spent:
            break
        number = view.at_first(factor, case.indices)
        for values, products, word in sides if number is not None else ():
            if same(values[view.first] * number, products[view.first]) and all(
                same(v * evaluate_in(scope, factor, case.indices), p)
                for scope, v, p in zip(view.scopes, values, products, strict=True)
            ):
                return f"the factor {expression_text(factor)} is {word}"
    return ""


def _is_true(case: Case, value: Expr) -> bool:
    """Say whether a changed answer is right."""
    try:
        again = inferred_again(value, case.answer.indices, case.cotangents.system)
    except TypecheckError:
        return False
    changed = replace(case.answer, value=again)
    if clashes(changed, case.cotangents.system):
        return False
    values = values_of(case.points, changed)
    return not isinstance(values, InputError) and all(map(same, values, case.true_values))


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
    for part in case.cotangents.contributions(case.answer.tensor):
        collect(part.local.value)
    return iter(found)


def values_of(case_points: Points, answer: Answer) -> list[Array] | InputError:
    """Return the values of an answer at the points, or why it has none."""
    try:
        return case_points.values(answer.value, answer.indices)
    except ShortageError:
        raise
    except InputError as error:
        return error

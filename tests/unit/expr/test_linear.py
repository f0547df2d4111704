"""The linear form: each operation against what it says at points, all the small ones tried."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.expr.linear import LinearForm
from support import examples

LETTERS = "pqu"
WHOLE = st.integers(-4, 4)
FORMS = st.builds(LinearForm[str, int], st.dictionaries(st.sampled_from(LETTERS), WHOLE), WHOLE)
ENDS = st.tuples(WHOLE, WHOLE).map(lambda ends: (min(ends), max(ends)))
BOXES = st.fixed_dictionaries(dict.fromkeys(LETTERS, ENDS))


def at(form: LinearForm[str, int], point: Mapping[str, int]) -> int:
    """Return the value of a form, term by term."""
    return form.constant + sum(c * point[letter] for letter, c in form.terms.items())


def points(box: Mapping[str, tuple[int, int]]) -> Iterator[dict[str, int]]:
    """Yield all whole points of a box."""
    for values in product(*(range(low, high + 1) for low, high in box.values())):
        yield dict(zip(box, values, strict=True))


def fractions(form: LinearForm[str, int]) -> LinearForm[str, Fraction]:
    """Return a form with fractions for its whole numbers."""
    return LinearForm({letter: Fraction(c) for letter, c in form.terms.items()}, Fraction(form.constant))


POINTS = tuple(points(dict.fromkeys(LETTERS, (-1, 1))))
"""Enough points to tell two forms in these letters apart."""


@examples(100)
@given(FORMS, FORMS, WHOLE)
def test_sums_differences_and_multiples_are_those_of_the_values(
    one: LinearForm[str, int], other: LinearForm[str, int], n: int
):
    for point in POINTS:
        a, b = at(one, point), at(other, point)
        assert one.value(point) == a
        assert [at(f, point) for f in (one + other, one - other, -one, one * n, one.plus(n))] == [
            a + b,
            a - b,
            -a,
            a * n,
            a + n,
        ]


@examples(100)
@given(FORMS, FORMS)
def test_forms_are_equal_where_their_values_are(one: LinearForm[str, int], other: LinearForm[str, int]):
    same = all(at(one, point) == at(other, point) for point in POINTS)
    assert (one == other) is same
    assert not same or hash(one) == hash(other)
    assert one - other == LinearForm({}, 0) or not same


@examples(100)
@given(FORMS, st.dictionaries(st.sampled_from(LETTERS), FORMS))
def test_a_form_with_forms_put_in_has_the_value_at_their_values(
    form: LinearForm[str, int], images: dict[str, LinearForm[str, int]]
):
    for point in POINTS:
        moved = {letter: at(images[letter], point) if letter in images else point[letter] for letter in LETTERS}
        assert at(form.substituted(images), point) == at(form, moved)


@examples(100)
@given(FORMS, BOXES)
def test_bounds_are_the_lowest_and_the_highest_value_in_a_box(
    form: LinearForm[str, int], box: dict[str, tuple[int, int]]
):
    values = [at(form, point) for point in points(box)]
    assert form.bounds(box) == (min(values), max(values))


@examples(100)
@given(FORMS, st.sampled_from(LETTERS))
def test_what_is_solved_for_makes_the_form_zero(form: LinearForm[str, int], letter: str):
    solution = form.solved_for(letter)
    assert (solution is not None) is (abs(form.coefficient(letter)) == 1)
    if solution is not None:
        assert letter not in solution.terms
        assert form.substituted({letter: solution}) == LinearForm({}, 0)


@examples(50)
@given(FORMS, st.sampled_from(LETTERS))
def test_a_form_is_its_term_in_an_atom_and_the_rest(form: LinearForm[str, int], letter: str):
    rest = form.without(letter)
    assert letter not in rest.terms
    assert rest + LinearForm({letter: 1}, 0) * int(form.coefficient(letter)) == form


@examples(50)
@given(FORMS)
def test_letters_that_get_one_name_become_one(form: LinearForm[str, int]):
    merged = form.renamed(lambda letter: "i" if letter in "pq" else letter)
    for point in POINTS:
        if point["p"] == point["q"]:
            assert merged.value({"i": point["p"], "u": point["u"]}) == at(form, point)


@examples(50)
@given(FORMS, FORMS)
def test_fractions_are_exact(one: LinearForm[str, int], other: LinearForm[str, int]):
    third = fractions(one) * Fraction(1, 3)
    assert third * Fraction(3) == fractions(one) == one
    assert (third + fractions(other)) * Fraction(3) == one + other * 3
    assert all(isinstance(c, Fraction) for c in (*third.terms.values(), third.constant))


@pytest.mark.parametrize(
    ("form", "atom"),
    [
        (LinearForm({"p": 1}, 0), "p"),
        (LinearForm({"p": 1, "q": 0}, 0), "p"),
        (LinearForm({"p": 1}, 1), None),
        (LinearForm({"p": 2}, 0), None),
        (LinearForm({"p": 1, "q": 1}, 0), None),
        (LinearForm({}, 0), None),
    ],
)
def test_one_atom_once_and_nothing_else_stands_alone(form: LinearForm[str, int], atom: str | None):
    assert form.alone() == atom


def test_the_order_is_that_of_writing_and_zeros_are_left_out():
    written = LinearForm({"u": 1, "q": 0, "p": 2}, 0)
    assert list(written.terms) == ["u", "p"]
    assert list((written - LinearForm({"u": 1}, 0) + LinearForm({"q": 1, "u": 1}, 0)).terms) == ["p", "q", "u"]
    assert written == LinearForm({"p": 2, "u": 1}, 0)


def test_a_form_is_not_its_terms_nor_a_number():
    assert LinearForm({"p": 1}, 0) != {"p": 1}
    assert LinearForm({}, 3) != 3


def test_what_changes_a_form_leaves_it_as_it_was():
    terms = {"p": 1}
    form = LinearForm(terms, 0)
    terms["q"] = 5
    form + LinearForm({"q": 1}, 1)
    form.substituted({"p": LinearForm({"u": 1}, 2)})
    assert form == LinearForm({"p": 1}, 0)


def test_a_copy_and_what_was_pickled_are_equal_to_it():
    form = LinearForm({"p": 2, "q": -1}, 3)
    hash(form)
    assert copy.copy(form) == copy.deepcopy(form) == pickle.loads(pickle.dumps(form)) == form  # noqa: S301 -- its own

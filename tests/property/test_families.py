"""Random families: text reads back, and the cases are the backward pass of the family written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from property.random_families import family_text
from support import examples
from unit.families.compared import compare
from unit.families.looped import check_gradients, check_values
from unit.families.random_inputs import random_inputs

NUMBERS = st.integers(0, 10**6)


@examples(40)
@given(NUMBERS)
def test_families_print_as_text_that_reads_back(number: int) -> None:
    families = cr.parse(family_text(number))
    assert cr.parse(str(families)) == families


@pytest.mark.slow
@examples(60)
@given(NUMBERS)
def test_many_families_are_derived_as_their_systems_are(number: int) -> None:
    for steps in (1, 2, 3, 5):
        check_cases(family_text(number), steps)


@examples(12)
@given(NUMBERS, st.sampled_from([1, 2, 3, 5]))
def test_families_are_derived_as_their_systems_are(number: int, steps: int) -> None:
    check_cases(family_text(number), steps)


@pytest.mark.slow
@examples(60)
@given(NUMBERS)
def test_loops_over_many_families_compute_what_their_systems_do(number: int) -> None:
    for steps in (1, 2, 3, 5):
        check_loop(family_text(number), steps)


@examples(12)
@given(NUMBERS, st.sampled_from([1, 2, 3, 5]))
def test_loops_over_families_compute_what_their_systems_do(number: int, steps: int) -> None:
    check_loop(family_text(number), steps)


def check_loop(text: str, steps: int) -> None:
    """Compare values and gradients of a family, run as loops, with those of the system written out."""
    families, numbers = cr.parse(f"index T = {steps}\n{text}"), {"T": steps}
    inputs = random_inputs(families.at(**numbers), steps, 2, 2)
    back = cr.backprop(families)
    check_values(families, numbers, inputs)
    check_gradients(families, numbers, inputs, 1e-7)  # of two derivations, where tanh is 1 but for its last digits
    if steps >= back.least["T"]:
        check_values(back.system, numbers, inputs)


def check_cases(text: str, steps: int) -> None:
    """Compare all derivatives of a family, written out, with backprop of the system written out."""
    compare(cr.backprop(cr.parse(text)), {"T": steps}, steps, 2, 2, rtol=1e-8, atol=1e-8)

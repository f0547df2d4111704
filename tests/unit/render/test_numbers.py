"""Numbers in tables: no digit that matters is lost, nothing but 0 looks like 0."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.render.document import multiplied_numbers
from chainrule.render.document_text import words_text
from chainrule.render.numbers import column_text, number_text, percent_text


def read(text: str) -> float:
    return float(text.replace("−", "-"))


@given(st.floats(-1e300, 1e300))
def test_a_number_keeps_three_digits_at_least(value: float) -> None:
    assert math.isclose(read(number_text(value)), value, rel_tol=1e-3)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8))
def test_nothing_but_zero_looks_like_zero(values: list[float]) -> None:
    for value, text in zip(values, column_text(values), strict=True):
        assert (read(text) == 0) == (value == 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (-0.00371, "−0.003710"),
        (1234567.25, "1234567"),
        (2.5e9, "2.500e9"),
        (float("inf"), "inf"),
        (float("-inf"), "−inf"),
        (float("nan"), "nan"),
    ],
)
def test_a_number_reads_as_a_book_prints_it(value: float, text: str) -> None:
    assert number_text(value) == text


def test_a_column_shares_its_decimals() -> None:
    assert column_text([12.5, -0.25, 3.0]) == ["12.500", "−0.250", "3.000"]


def test_a_whole_that_is_not_a_number_does_not_disturb_a_column() -> None:
    assert column_text([0.5, float("nan")]) == ["0.5000", "nan"]


def test_negative_factors_stand_in_parentheses() -> None:
    assert words_text(multiplied_numbers((-0.5, 2.0, -3.0))) == "(−0.5000)·2·(−3)"


@pytest.mark.parametrize(("share", "text"), [(1.0, "100 %"), (0.5, "50 %"), (0.0123, "1.2 %"), (0.0, "0 %")])
def test_a_share_is_in_percent(share: float, text: str) -> None:
    assert percent_text(share) == text

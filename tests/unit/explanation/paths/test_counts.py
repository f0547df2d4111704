"""Counts as digits are whole numbers of Python, of any size."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.explanation.paths.counts import BASE, as_integer, carried, ones, widened


@pytest.mark.parametrize("times", [1, 3, 12])
def test_products_of_matrices_of_zeros_and_ones_count_exactly(times: int) -> None:
    draw = np.random.default_rng(times)
    counts, known = ones((300,)), [1] * 300
    for _ in range(times):
        edges = draw.integers(2, size=(300, 300))
        counts = carried(edges.astype(float) @ counts)
        known = [sum(n for n, there in zip(known, row, strict=True) if there) for row in edges.tolist()]
        assert (counts < BASE).all()
    assert [as_integer(digits) for digits in counts] == known


def test_a_carry_may_need_more_than_one_digit_more() -> None:
    assert as_integer(carried(np.asarray([BASE * BASE + 2 * BASE + 3]))) == 2**48 + 2 * 2**24 + 3


def test_counts_of_different_lengths_can_be_added() -> None:
    short, long = ones((2,)), carried(np.full((2, 1), BASE + 1))
    assert [as_integer(n) for n in carried(widened(short, long.shape[-1]) + long)] == [2**24 + 2] * 2

"""Arrays that no machine can hold are refused before they are made, and what only looks large is computed."""

from __future__ import annotations

import pytest

import chainrule as cr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cost C = sum(u<1000000000000) t", "this takes an array of 1,000,000,000,000 numbers, 7,451 GiB: u takes"),
        ("index m = 10000000000\ncost C = sum(m) m*t", "10,000,000,000 numbers, 75 GiB: m takes 10,000,000,000 values"),
        ("index m = 10000000000\nz[m] = t\ncost C = z[0]", "m takes 10,000,000,000 values\n  z"),
        (
            "index m = 100000, k = 100000\ncost C = sum(m,k) exp(t*m - k)",
            "m takes 100,000 values, k takes 100,000 values",
        ),
    ],
)
def test_an_array_that_nobody_can_hold_is_refused_with_its_indices(text: str, expected: str) -> None:
    with pytest.raises(cr.InputError) as raised:
        cr.evaluate(cr.parse("param t\n" + text), {"t": 1})
    assert expected in str(raised.value)
    assert "at most 1,073,741,824 numbers at a time" in str(raised.value)


def test_a_million_terms_are_added_up() -> None:
    assert cr.evaluate(cr.parse("param t\ncost C = sum(u<1000000) u*t"), {"t": 1})["C"] == 499999500000

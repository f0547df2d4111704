"""Renaming in notation: names only, all at once, in every spelling."""

from __future__ import annotations

import pytest

from chainrule.nn.template import names_in, renamed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z[j] = W[j,i]*x[i]", "z2[k] = W2[k,j]*a1[j]"),
        ("Σ_i x[i]^2 + Σ_{i,j} W[j,i]", "Σ_j a1[j]^2 + Σ_{j,k} W2[k,j]"),
        ("1e5*x[i] + 2.5e-3*i2 + xi", "1e5*a1[j] + 2.5e-3*i2 + xi"),
        ("x² + ∂x/∂z[j]  # x and z", "a1² + ∂a1/∂z2[k]  # x and z"),
        ("e3", "e3"),
    ],
)
def test_names_are_replaced_and_nothing_else(text: str, expected: str) -> None:
    assert renamed(text, {"x": "a1", "z": "z2", "W": "W2", "i": "j", "j": "k", "e": "no"}) == expected


def test_swapping_two_names() -> None:
    assert renamed("i + j", {"i": "j", "j": "i"}) == "j + i"


def test_names_in_order_without_comments_and_numbers() -> None:
    assert names_in("a[k] = 2e3*β_1[k]  # z\n+ Σ_m z[m]·π") == ("a", "k", "β_1", "m", "z")

"""Where a derivative can be anything but 0: what only indices decide, and nothing else."""

from __future__ import annotations

import pytest

from chainrule.explanation.paths.edges import pieces
from chainrule.explanation.paths.sparsity import structure
from chainrule.notation import parse
from chainrule.render.text import expression_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x[i]*w[j]", "1"),
        ("[i = j]*x[i]", "[i = j]"),
        ("[i = j]*[x[i] > 0]", "[i = j]"),
        ("[i < j and x[i] > 0]*w[j]", "[i < j]"),
        ("[i < j or x[i] > 0]*w[j]", "1"),
        ("[i = j]*x[i] + [i < j]*w[j]", "[i = j] + [i < j]"),
        ("[i = j] - x[i]", "1"),
        ("0*x[i] + [i = j]", "[i = j]"),
        ("0*x[i]*w[j]", "0"),
        ("([i = j]*x[i])^2", "[i = j]"),
        ("([i = j] + w[j])/([i = j] + 1)", "1"),
        ("sum(k) [k = i]*x[k]*w[j]", "Σ_k [k = i]"),
        ("max(k) ([k = i]*x[k]) + w[j]", "1"),
        ("where(i = j, 0, x[i])", "where(i = j, 0, 1)"),
        ("where(x[i] > 0, [i = j], 0)", "[i = j]"),
        ("exp([i = j]*x[i])*w[j]", "1"),
    ],
)
def test_only_what_indices_decide_is_kept(value: str, expected: str) -> None:
    system = parse(f"data x[i]\nparam w[j]\nu[i,j] = {value} + 0*x[i]*w[j]\ncost C = sum(i,j) u[i,j]")
    assert expression_text(structure(system.defined["u"].value, system)) == expected


def test_a_box_is_cut_into_pieces_that_cover_it_once() -> None:
    found = list(pieces(((2, 9), (0, 5), (4, 5)), 6))
    places = [(i, j) for (a, b), (c, d), _ in found for i in range(a, b) for j in range(c, d)]
    assert sorted(places) == [(i, j) for i in range(2, 9) for j in range(5)]
    assert all((b - a) * (d - c) <= 6 for (a, b), (c, d), _ in found)
    assert list(pieces((), 0)) == [()]

"""Pages of families: shares of shared params, names made for sums over steps, and the rest of the cost."""

from __future__ import annotations

import chainrule as cr
from chainrule.families.family_backprop import FamilyBackprop
from chainrule.family_derivations import derivations
from chainrule.family_pages import case_page
from chainrule.render.document_text import document_text
from unit.families.family_systems import PLAIN_AXIS, RNN

SHARED_TWICE = """data x[t; i], y[k]
param U[k,j], V[k,i], h0[k]
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + (sum(i) V[k,i]*x[t; i]))
cost C = 1/2*(sum(k) (h[T; k] - y[k])^2) + sum(k) U[k,k]^2
"""
GATED = """data x[t; k], y[k]
param W[k,j], c0[k]
c[0; k] = c0[k]
for t = 1..T:
    f[t; k] = sigmoid(sum(j) W[k,j]*c[t-1; j])
    c[t; k] = f[t; k]*c[t-1; k] + x[t; k]
cost C = 1/2*(sum(k) (c[T; k] - y[k])^2)
"""
READ_BY_THE_COST = """data x[i], y[k]
param W[l; k,j]
a[0; i] = x[i]
for l = 1..L:
    a[l; k] = tanh(sum(j) W[l; k,j]*a[l-1; j]) + a[l-1; k]
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2) + sum(k) a[1; k]^4
"""


def _pages(text: str, name: str) -> list[str]:
    back = cr.backprop(cr.parse(text), [name])
    assert isinstance(back, FamilyBackprop)
    return [document_text(case_page(back, found), 100) for found in derivations(back, name)]


def test_a_sum_over_steps_is_printed_with_its_range() -> None:
    back = cr.backprop(cr.parse(RNN), ["U"])
    assert "∂C/∂U[k,j] = Σ_{t=1..T} h[t-1; j]·∂C/∂z[t; k]" in str(back)
    assert r"\sum_{t=1}^{T} h^{t-1}_{j} \, \frac{\partial C}{\partial z^{t}_{k}}" in back.latex()


def test_the_share_of_a_step_is_not_called_the_derivative() -> None:
    (page,) = _pages(RNN, "U")
    lines = page.splitlines()
    assert lines[0] == "Every step t = 1..T reads the same U, so ∂C/∂U is the sum of their shares."
    assert lines[1] == "Here U[t] is U as z[t] reads it."
    assert lines[2] == "∂C/∂U[t; k,j]"
    assert lines[-2:] == [
        "  so ∂C/∂U[t; k,j] = h[t-1; j]·∂C/∂z[t; k]",
        "so ∂C/∂U[k,j] = Σ_{t=1..T} h[t-1; j]·∂C/∂z[t; k]",
    ]


def test_each_part_of_a_derivative_has_a_page_that_ends_at_the_whole() -> None:
    through_cost, through_steps = _pages(SHARED_TWICE, "U")
    assert "Here U_C is U as C reads it." in through_cost
    assert "so ∂C/∂U_C[k,j] = 2·[k = j]·U_C[k,k]" in through_cost
    assert "Here U_h[t] is U as h[t] reads it." in through_steps
    whole = "so ∂C/∂U[k,j] = 2·[k = j]·U[k,k] + Σ_{t=1..T} h[t-1; j]·∂C/∂h[t; k]·(1 − h[t; k]^2)"
    assert through_cost.splitlines()[-1] == through_steps.splitlines()[-1] == whole


def test_what_the_rest_of_the_cost_is_derived_by_is_that_of_the_cost() -> None:
    for name in ("h", "z", "o"):
        for page in _pages(RNN, name):
            assert "∂R" not in page
            assert "substitute ∂C/∂z[t+1; m] = " not in page
    assert "Here c[t;] = Σ_m (o[t; m] − y[t; m])^2." in _pages(RNN, "o")[0]


def test_the_unknown_part_of_a_cost_is_explained_where_it_is_seen() -> None:
    pages = _pages(READ_BY_THE_COST, "a")
    (page,) = [page for page in pages if "+ R)" in page]
    assert "R is the part of C that other steps make." in page
    assert not any("R is the part" in other for other in pages if other != page)


def test_what_is_held_fixed_keeps_its_name_and_is_told() -> None:
    page = next(page for page in _pages(GATED, "c") if page.startswith("for t"))
    assert "other f" not in page
    assert "∂C/∂f[t+1] holds all that comes through f[t+1], so where others read f[t+1] it is held" in page
    assert "f[t+1; k]·∂C/∂c[t+1; k]" in page.splitlines()[-1]


def test_each_page_is_verified() -> None:
    for text, name in ((RNN, "U"), (SHARED_TWICE, "U"), (GATED, "c"), (READ_BY_THE_COST, "a")):
        back = cr.backprop(cr.parse(text), [name])
        assert all(found.derivation.verify() for found in derivations(back, name))


def test_a_step_that_is_a_position_is_the_one_that_is_summed_over() -> None:
    lines = str(cr.backprop(cr.parse(PLAIN_AXIS))).splitlines()
    assert "∂C/∂V[k,i] = Σ_{t=1..T} x[t-1,i]·∂C/∂h[t; k]·(1 − h[t; k]^2)" in lines

"""Recurrences along an ordinary index within layers: read, written out, and derived case by case."""

from __future__ import annotations

import pytest

import chainrule as cr
from unit.families.compared import compare

STACKED = """data x[t,i], y[j]
param W[l; j,i], U[l; j,m]
h[0; t,i] = x[t,i]
for l = 1..L:
    h[l; t,j] = tanh((sum(i) W[l; j,i]*h[l-1; t,i]) + (sum(m) U[l; j,m]*h?[l; t-1,m]))
cost C = sum(t,j) (h[L; t,j] - y[j])^2
"""
GATED = """data x[t,i], y[j]
param A[l; j,i], B[l; j,m], D[l; j,i], E[l; j,m]
h[0; t,i] = x[t,i]
for l = 1..L:
    f[l; t,j] = sigmoid((sum(i) A[l; j,i]*h[l-1; t,i]) + (sum(m) B[l; j,m]*h?[l; t-1,m]))
    g[l; t,j] = tanh((sum(i) D[l; j,i]*h[l-1; t,i]) + (sum(m) E[l; j,m]*h?[l; t-1,m]))
    c[l; t,j] = f[l; t,j]*c?[l; t-1,j] + (1 - f[l; t,j])*g[l; t,j]
    h[l; t,j] = f[l; t,j]*tanh(c[l; t,j])
cost C = sum(t,j) (h[L; t,j] - y[j])^2
"""
AROUND = """data x[t,i], y[t,j]
param W[j,i], U[j,m], V[l; j,k], R[j,m]
h[t,j] = tanh((sum(i) W[j,i]*x[t,i]) + (sum(m) U[j,m]*h?[t-1,m]))
a[0; t,j] = h[t,j]
for l = 1..L:
    a[l; t,j] = tanh(sum(k) V[l; j,k]*a[l-1; t,k])
g[t,j] = tanh(a[L; t,j] + (sum(m) R[j,m]*g?[t+1,m]))
cost C = sum(t,j) (g[t,j] - y[t,j])^2
"""
ALL = {"stacked": STACKED, "gated": GATED, "around layers": AROUND}


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_the_cases_are_the_backward_pass_written_out(text: str) -> None:
    back = cr.backprop(cr.parse(text))
    for number in (1, 3):
        compare(back, {"L": number})


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_both_passes_read_back(text: str) -> None:
    families = cr.parse(text)
    assert cr.parse(str(families)) == families
    derived = str(cr.backprop(families).system)
    assert str(cr.parse(derived)) == derived


def test_a_step_reads_the_next_one_in_its_layer_and_the_layer_above() -> None:
    last, others, *_ = str(cr.backprop(cr.parse(STACKED))).splitlines()
    own = "[t+1 < extent(t)]·Σ_k U[{0}; k,j]·∂C/∂h[{0}; t+1,k]·(1 − h[{0}; t+1,k]^2)"
    above = "Σ_k W[l+1; k,j]·∂C/∂h[l+1; t,k]·(1 − h[l+1; t,k]^2)"
    assert last == f"∂C/∂h[L; t,j] = 2·h[L; t,j] + {own.format('L')} − 2·y[j]"
    assert others == f"∂C/∂h[l; t,j] = {own.format('l')} + {above}   for l = 1..L-1"


WRONG = [
    ("h[l; t-1,j]", "h[1; t-1,j] is read at t = 0 too, and nothing says how h[1;] begins", "[t = 0]*h0[1; j]"),
    ("h?[l; t-1,j] + h?[l; t+1,j]", "are read in one recurrence", "steps before its own, or steps after it"),
    ("h[l; t,j]", "h[1;] is defined by itself at l = 1", "A step reads the one before: z[l-1; …]"),
    ("h[l+1; t,j]", "h[2;] is used before it is computed at l = 1", "A block that goes up reads steps below"),
]


@pytest.mark.parametrize(("read", "what", "advice"), WRONG, ids=[read for read, *_ in WRONG])
def test_what_has_no_order_is_refused_by_name_and_place(read: str, what: str, advice: str) -> None:
    head, cost = "data x[t,j]\nh[0; t,j] = x[t,j]\nfor l = 1..L:\n", "\ncost C = sum(t,j) h[L; t,j]"
    text = f"{head}    h[l; t,j] = {read} + h[l-1; t,j]{cost}"
    with pytest.raises(cr.NotationError) as caught:
        cr.parse(text)
    assert what in str(caught.value)
    assert advice in str(caught.value)

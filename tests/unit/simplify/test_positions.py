"""Names are recognised where their indices are shifted or looked up, and nowhere that they would be read outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printed import assert_lines, assert_right, printed
from support import examples

LINES = {
    "a step before": (
        "data x[t]; param w; h[t] = tanh(w*x?[t-1]); cost C = sum(t) h[t]^2",
        {"w": "2·Σ_t h[t]·x?[t-1]·(1 − h[t]^2)"},
    ),
    "a window": (
        "data x[t], y[s]; param w[u], b; h[s] = sigmoid(sum(u) w[u]*x[s+u] + b); cost C = sum(s) y[s]*h[s]",
        {"b": "Σ_s y[s]·h[s]·(1 − h[s])"},
    ),
    "a window of two axes": (
        (
            "data x[p,q], y[r,s]; param w[u,v]; h[r,s] = tanh(sum(u,v) w[u,v]*x[2*r+u,s+v]); "
            "cost C = sum(r,s) y[r,s]*h[r,s]"
        ),
        {"w": "Σ_{r,s} x[2*r+u,s+v]·y[r,s]·(1 − h[r,s]^2)"},
    ),
    "an embedding": (
        (
            "data tok[t] : int(v), x[t]; param E[v,d], w[d]; h[t] = sigmoid(sum(d) w[d]*E[tok[t],d]); "
            "cost C = sum(t) x[t]*h[t]"
        ),
        {"w": "Σ_t x[t]·h[t]·E[tok[t],d]·(1 − h[t])", "E": "w[d]·Σ_t [tok[t] = v]·x[t]·h[t]·(1 − h[t])"},
    ),
    "a name at a shifted index": (
        (
            "data w[t], y[s]; param v; a[t] = sigmoid(w[t]); z[s] = v*y[s]*sigmoid(w[s+1]); "
            "cost C = (sum(s) z[s]) + (sum(t) a[t])"
        ),
        {"v": "Σ_s y[s]·a[s+1]"},
    ),
    "a name at an index that is looked up": (
        (
            "data k[s] : int(t), y[s]; param v, w[t]; a[t] = tanh(w[t]); z[s] = v*y[s]*tanh(w[k[s]]); "
            "cost C = (sum(s) z[s]) + (sum(t) a[t])"
        ),
        {"v": "Σ_s y[s]·a[k[s]]"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_names_are_recognised_through_positions(text: str, expected: dict[str, str]) -> None:
    assert_lines(text, expected)


OUTSIDE = {
    "a name that ends before what is read": (
        (
            "index t = 3, s = 6; data x[r]; index r = 4; param v, w; a[t] = tanh(w*x?[t]); "
            "cost C = (sum(s) v*tanh(w*x?[s-1])) + (sum(t) a[t])"
        ),
        "tanh(w·x?[s-1])",
    ),
    "an index as a number": (
        "index i = 4; param v, w; h[i] = tanh(w*i); cost C = (sum(i) v*tanh(w*(i-1))) + (sum(i) h[i])",
        "tanh(−w·(1 − i))",
    ),
    "another shift": (
        "data x[t]; param v, w; h[t] = tanh(w*x?[t-1]); cost C = (sum(t) v*tanh(w*x?[t-2])) + (sum(t) h[t])",
        "tanh(w·x?[t-2])",
    ),
    "another table": (
        (
            "data j[t] : int(v), k[t] : int(v); param u, E[v]; h[t] = tanh(E[j[t]]); "
            "cost C = (sum(t) u*tanh(E[k[t]])) + (sum(t) h[t])"
        ),
        "tanh(E[k[t]])",
    ),
    "what a bracket may keep from being read": (
        (
            "data x[t], y[s]; param u, w; h[t] = [x[t] > 0]*log(x[t])*w; "
            "z[s] = u*y[s]*([x[s+1] > 0]*log(x[s+1])*w); cost C = (sum(s) z[s]) + (sum(t) h[t])"
        ),
        "log(x[s+1])",
    ),
}


@pytest.mark.parametrize(("text", "kept"), OUTSIDE.values(), ids=OUTSIDE)
def test_what_the_name_does_not_reach_keeps_its_form(text: str, kept: str) -> None:
    assert any(kept in line for line in printed(text).values())
    assert_right(text)


@examples(12)
@given(
    st.sampled_from(["tanh", "sigmoid", "exp", "sin"]),
    st.sampled_from(["x[t]", "x?[t-1]", "x?[t+1]", "x?[2*t-1]"]),
    st.sampled_from(["x[t]", "x?[t-1]", "x?[t+1]", "x?[t]", "x?[2*t-1]", "x?[2*t+1]"]),
    st.sampled_from(["h[t]", "h?[t-1]"]),
)
def test_gradients_stay_right_whatever_is_shifted(function: str, named: str, other: str, read: str) -> None:
    assert_right(
        "index t = 4; "
        f"data y[t]; param x[t], v; h[t] = {function}({named}); "
        f"cost C = sum(t) y[t]*{read}*{function}({other})*v"
    )

"""A marked entry over the same entry is the bracket of its range: nothing is left that could be 0/0."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.checking.gradients import gradient_check
from chainrule.notation import parse
from support import assert_close

SOFTMAX = "param z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
ROWS = "param z[t,k]\na[t,k] = exp(z[t,k])/(sum(m) exp(z[t,m]))\n"
DERIVED = {
    "a bracket": (
        f"data y : int(9)\n{SOFTMAX}cost C = -[y < extent(k)]*log(a[y])",
        "[y < extent(k)]·(a[k] − [y = k])",
    ),
    "a mark": (
        f"data y : int(9)\n{SOFTMAX}cost C = -a?[y]*log(a[y])",
        "a?[y]·([y < extent(k)] + log(a[y]))·(a[k] − [y = k])",
    ),
    "a choice": (
        f"data y : int(9)\n{SOFTMAX}cost C = where(y < 4, -log(a[y]), 0)",
        "[y < 4]·[y < extent(k)]·(a[k] − [y = k])",
    ),
    "padding": (
        f"data y[t] : int(9)\n{ROWS}cost C = -(sum(t) [y[t] != 8]*log(a[t,y[t]]))",
        "[y[t] ≠ 8]·[y[t] < extent(k)]·(a[t,k] − [y[t] = k])",
    ),
    "two tables": (
        (
            "data y[t] : int(9)\nparam E[v], z[t,k]\nh[t] = E[y[t]]\n"
            "a[t,k] = exp(z[t,k]*h[t])/(sum(m) exp(z[t,m]*h[t]))\ncost C = -(sum(t) log(a[t,y[t]]))"
        ),
        "[y[t] < extent(k)]·h[t]·(a[t,k] − [y[t] = k])",
    ),
    "a declared size": (
        f"data y : int(9)\nindex k = 4\n{SOFTMAX}cost C = where(y > 0, -log(a[y]), 0)",
        "[y < extent(k)]·[y > 0]·(a[k] − [y = k])",
    ),
}


@pytest.mark.parametrize("name", DERIVED)
def test_a_softmax_that_is_looked_up_behind_a_guard_has_no_quotient(name: str) -> None:
    text, expected = DERIVED[name]
    back = cr.backprop(parse(text))
    assert str(back.derivation("z")).partition(" = ")[2] == expected
    assert parse(str(back)) == back.system
    back.derivation("z").verify()


OUTSIDE = {"a bracket": (1, 8), "padding": ([1, 8], [3, 0]), "a choice": (1, 8), "a declared size": (0, 3)}


@pytest.mark.parametrize("name", OUTSIDE)
def test_it_is_right_inside_and_outside_and_where_an_output_is_0(name: str) -> None:
    system = parse(DERIVED[name][0])
    for y in OUTSIDE[name]:
        shape = (*np.shape(y), 4)
        logits = np.linspace(-0.5, 0.7, int(np.prod(shape))).reshape(shape)
        assert gradient_check(system, {"y": y, "z": logits})
        saturated = np.zeros(shape)
        saturated[..., 0] = 800
        assert np.isfinite(cr.value_and_grad(system, {"y": y, "z": saturated})[1]["z"]).all()


VALUES = {
    "sum(i) x?[i-1]/x[i-1]": "Σ_j [0 ≤ j-1 < extent(i)]",
    "sum(i) x?[i-1]^2/x[i-1]": "Σ_j x?[j-1]",
    "sum(i) x?[i-1]/x[i-1]^2": "Σ_j [0 ≤ j-1 < extent(i)]/x[j-1]",
    "sum(i) u[i]*w?[i-2]/w[i-2]": "Σ_i [0 ≤ i-2 < extent(p)]·u[i]",
    "sum(i) u[i]*x?[2*i+1]/x[2*i+1]": "Σ_i [2*i+1 < extent(i)]·u[i]",
    "sum(i) u[i]*x?[c[i]]/x[c[i]]": "Σ_i [c[i] < extent(i)]·u[i]",
}


@pytest.mark.parametrize(("text", "expected"), VALUES.items())
def test_the_value_stays_where_it_was_defined(text: str, expected: str) -> None:
    system = parse(f"data c[i] : int(9), x[i], u[i], w[p]\nparam s\ncost C = s*({text})")
    back = cr.backprop(system)
    inputs = {
        "c": [0, 3, 8, 1, 4],
        "x": [2.0, -3.0, 0.5, 4.0, 5.0],
        "u": [1.0, -2.0, 3.0, 0.5, 7.0],
        "w": [1.5, 2.5, -3.5],
        "s": 1.0,
    }
    cost, gradients = cr.value_and_grad(system, inputs)
    assert_close(gradients["s"], cost)
    assert str(back).splitlines()[-1] == f"∂C/∂s = {expected}"
    assert parse(str(back)) == back.system


def test_a_mark_on_another_entry_stays() -> None:
    system = parse("data x[i], u[i]\nparam s\ncost C = s*(sum(i) (x?[i-1]/x[i] + u?[i-1]/x[i]))")
    assert str(cr.backprop(system).derivation("s")) == "∂C/∂s = Σ_i (x?[i-1] + u?[i-1])/x[i]"

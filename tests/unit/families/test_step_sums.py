"""Sums over steps: over those at which all that they add up is defined."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import NotationError
from unit.families.compared import compare
from unit.families.family_systems import DESCENT, PLAIN_AXIS

TWO_RANGES = """data x[t;]
param w, v[t;]
for t = 1..T:
    p[t;] = w*x[t;]*v[t;]
for t = 2..T:
    q[t;] = x[t-1;]*w*x[t;]
"""
CUT = """data x[t;]
param w[t;], g
h[0;] = g
for t = 1..T-1:
    h[t;] = tanh(w[t;]*h[t-1;] + x[t;])
for t = T..T:
    h[t;] = w[t;]*h[t-1;]
"""


def cost_of(text: str, cost: str, steps: int) -> str:
    """Return the cost of a family written out."""
    return str(cr.parse(f"{text}cost C = {cost}").at(T=steps)).rpartition("cost C = ")[2]


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("(sum(t) p[t;]) + (sum(t) q[t;])", "(p1 + p2 + p3) + (q2 + q3)"),
        ("(sum(t) q[t;])*(sum(t) p[t;])", "(q2 + q3)·(p1 + p2 + p3)"),
        ("sum(t) p[t;]*q[t;]", "p2·q2 + p3·q3"),
        ("sum(t) v[t;]*q[t;]", "v2·q2 + v3·q3"),
    ],
)
def test_each_sum_goes_over_the_steps_at_which_all_is_defined(cost: str, expected: str) -> None:
    assert cost_of(TWO_RANGES, cost, 3) == expected


def test_blocks_that_follow_each_other_are_added_up_together() -> None:
    assert cost_of(CUT, "sum(t) h[t;]^2", 3) == "h1^2 + h2^2 + h3^2"


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "text",
    [
        f"{TWO_RANGES}cost C = (sum(t) p[t;]^2) + (sum(t) q[t;]^3)",
        f"{TWO_RANGES}cost C = (sum(t) p[t;])*(sum(t) q[t;]) + (sum(t) (p[t;] + 1)*q[t;]^2)",
        f"{TWO_RANGES}r = sum(t) p[t;]*q[t;]\ncost C = r^2 + (sum(t) v[t;]*q[t;])",
        f"{CUT}cost C = (sum(t) h[t;]^2) + h[T;]",
    ],
)
def test_sums_over_blocks_of_different_ranges_are_derived_as_written_out(text: str, steps: int) -> None:
    compare(cr.backprop(cr.parse(text)), {"T": steps})


def test_the_steps_of_a_sum_are_shown_where_what_it_adds_up_does_not_tell_them() -> None:
    back = cr.backprop(cr.parse(f"{TWO_RANGES}cost C = (sum(t) p[t;]) + (sum(t) q[t;])"), ["w"])
    assert str(back) == "∂C/∂w = Σ_{t=1..T} x[t;]·v[t;] + Σ_{t=2..T} x[t-1;]·x[t;]"
    assert r"\sum_{t=2}^{T} x_{t-1} \, x_{t}" in back.latex()
    assert cr.parse(str(back.system)) == back.system


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ("sum(t) x[t;]", "the sum over t could go over t = 1..T or t = 2..T"),
        ("max(t) p[t;]", "max goes over indices, and t is a step"),
        ("prod(t) p[t;]", "prod goes over indices, and t is a step"),
    ],
)
def test_what_is_not_known_to_be_added_up_is_refused_by_name_and_place(cost: str, message: str) -> None:
    with pytest.raises(NotationError, match=message) as caught:
        cr.parse(f"{TWO_RANGES}cost C = {cost}")
    assert "cost C = " in str(caught.value)


def test_the_step_of_a_sum_is_the_one_in_positions_and_the_one_that_divides() -> None:
    lines = str(cr.backprop(cr.parse(PLAIN_AXIS))).splitlines()
    assert "∂C/∂V[k,i] = Σ_{t=1..T} x[t-1,i]·∂C/∂h[t; k]·(1 − h[t; k]^2)" in lines
    lines = str(cr.backprop(cr.parse(DESCENT))).splitlines()
    assert lines[-1] == "∂C/∂eta = Σ_{s=1..S} −1/s·Σ_{n,i} r[s; n]·X[n,i]·∂C/∂w[s; i]"

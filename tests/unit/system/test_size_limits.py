"""The extents of indices that only positions determine: the largest that stays inside, known when sizes are."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.execute.reference.evaluation import evaluate, evaluate_all
from chainrule.expr.linear import LinearForm
from chainrule.expr.sizes import Axis, Formula, Limit, Size, source_of
from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from chainrule.system.derived import DerivedExtent, solve, too_short

X, W = Axis("x", 0), Axis("w", 0)


def limit(terms: dict[Size, int], constant: int = 0, divisor: int = 1) -> Limit:
    return Limit(LinearForm(terms, constant), divisor)


LENGTHS = [
    ("z[q] = sum(u) w[u]*x[q+u]", 7, 3, 5),
    ("z[q] = sum(u) w[u]*x[2*q+u]", 7, 3, 3),
    ("z[q] = sum(u) w[u]*x[2*q+u]", 8, 3, 3),
    ("z[q] = sum(u) w[u]*x[q+2*u+1]", 9, 3, 4),
    ("z[q] = sum(u) w[u]*x[q+2*u]*x[3*q]", 9, 2, 3),
    ("z[q] = x[4-q] + w[0]", 9, 2, 5),
    ("z[q] = sum(u) w[u]*x[q-u+2]", 7, 3, 5),
    ("z[q] = max(u<4) x[3*q+u]", 11, 1, 3),
    ("y[r] = x[2*r]\nz[q] = y[q+1] + w[0]", 9, 2, 4),
    ("z[q] = sum(r) x[q+r]*w[r+1]", 7, 3, 6),
]


@pytest.mark.parametrize(("text", "long", "short", "expected"), LENGTHS)
def test_an_index_takes_the_largest_extent_that_stays_inside(text: str, long: int, short: int, expected: int) -> None:
    system = parse(f"data x[p], w[u]\n{text}")
    values = evaluate(system, {"x": np.arange(float(long)), "w": np.ones(short)})
    assert values["z"].shape == (expected,)


def test_a_system_carries_them_in_an_order_in_which_they_can_be_solved() -> None:
    system = parse("data x[p], w[u]\ny[r] = x[2*r]\nz[q] = sum(u) w[u]*y[q+u]")
    y, z = Axis("y", 0), Axis("z", 0)
    assert [one.extent for one in system.derived] == [y, z]
    assert system.derived[0].limits == (limit({X: 1}, -1, 2),)
    assert system.derived[1].limits == (limit({W: -1, y: 1}),)
    assert solve(system.derived, {X: 10, W: 3}) == {X: 10, W: 3, y: 5, z: 3}


def test_bound_indices_with_the_same_limits_share_an_extent() -> None:
    system = parse("data x[p]\nC = sum(q) x[q+1] + (sum(r) x[r+1]^2)")
    assert [one.extent for one in system.derived] == [Formula((limit({X: 1}, -2),))]


def test_an_axis_says_more_than_a_position() -> None:
    system = parse("data x[p], y[q]\nC = sum(q) x[q+1]*y[q]")
    assert float(evaluate(system, {"x": [1, 2, 4, 8], "y": [1, 1]})["C"]) == 6
    outside = r"x\[q\+1\] reads outside its tensor at q = 2\n.*\n.*axis 0 has 3 entries, read at 3"
    with pytest.raises(InputError, match=outside):
        evaluate(system, {"x": [1, 2, 4], "y": [1, 1, 1]})


def test_a_letter_of_another_tensor_is_no_extent_for_what_is_shifted_but_a_declared_index_is() -> None:
    text = "data x[i]\nz[i] = x[i+1]"
    assert evaluate(parse(text), {"x": [1, 2, 3]})["z"].tolist() == [2, 3]
    declared = parse("index j = 1\ndata x[i]\nz[j] = x[j+1]")
    assert evaluate(declared, {"x": [1, 2, 3]})["z"].tolist() == [2]


def test_a_marked_position_says_nothing_about_an_extent() -> None:
    system = parse("data x[i]\nz[i] = x?[i-1] + x?[i+1]")
    assert evaluate(system, {"x": [1, 2, 4]})["z"].tolist() == [2, 5, 2]


def test_no_value_left_is_an_error_that_names_index_position_and_extents() -> None:
    system = parse("data x[p], w[u]\nz[q] = sum(u) w[u]*x[q+u]")
    with pytest.raises(InputError) as caught:
        evaluate(system, {"x": [1, 2], "w": [1, 1, 1]})
    assert str(caught.value) == (
        "index q can take no value: x[q+u] would be outside for every q\n"
        "  z[q] = Σ_u w[u]·x[q+u]\n"
        "  at least one value; with x axis 0 = 2 and w axis 0 = 3 there are 0\n"
        "  Give a longer tensor there, or shorter ones to shift it by; ? after the name reads 0 outside."
    )


def test_an_extent_is_the_largest_that_stays_inside_in_all_equations() -> None:
    """To give parts of an equation names changes nothing."""
    whole = parse("data x[p], w[u], v[a]\nC = sum(q) (sum(u) w[u]*x[q+u])*(sum(a) v[a]*x[q+a])*x[2*q]")
    named = parse(
        "data x[p], w[u], v[a]\ny[q] = sum(u) w[u]*x[q+u]\nz[q] = sum(a) v[a]*x[q+a]\nC = sum(q) y[q]*z[q]*x[2*q]"
    )
    inputs = {"x": np.arange(9.0), "w": np.ones(2), "v": np.ones(3)}
    assert float(evaluate(whole, inputs)["C"]) == float(evaluate(named, inputs)["C"])
    assert evaluate(named, inputs)["y"].shape == (5,)


def test_a_position_under_a_bracket_is_no_limit() -> None:
    system = parse("data x[p]\nz[q] = x[q+1]\ny[q] = z[q] + [q < 1]*x[q+3]")
    assert evaluate(system, {"x": [1, 2, 4, 8]})["y"].tolist() == [10, 4, 8]


def test_what_must_grow_is_found_through_other_derived_extents() -> None:
    y, z = Axis("y", 0), Axis("z", 0)
    chain = [DerivedExtent(y, (limit({X: 1}, -1, 2),)), DerivedExtent(z, (limit({y: 1}, -3),))]
    assert too_short(chain, {X: 6}, 2) == X
    assert too_short(chain, {X: 12}, 2) is None
    assert too_short([DerivedExtent(z, (limit({}),))], {X: 6}, 2) is None


def test_a_derived_system_keeps_the_extents_of_the_forward_one() -> None:
    system = parse("param x[p], y[p]\ncost C = sum(q) (x[q+1] + y[q+2])")
    back = backprop(system)
    again = parse(str(back.system))
    assert again == back.system
    inputs = {"x": np.arange(5.0), "y": np.ones(5)}
    for derived in (back.system, again):
        values = evaluate_all(derived, inputs).values
        assert values["∂C/∂x"].tolist() == [0, 1, 1, 1, 0]
        assert values["∂C/∂y"].tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_an_index_line_says_how_far_a_marked_axis_is_read(count: int) -> None:
    system = parse("index i = 3\nparam x[p]\nc[i] = x?[i]\ncost C = sum(i) c[i]^2")
    x = np.arange(1.0, count + 1)
    assert evaluate(system, {"x": x})["c"].tolist() == [*x[:3], 0.0][:3]
    assert value_and_grad(system, {"x": x})[1]["x"].tolist() == [*2 * x[:3], 0.0, 0.0][:count]
    assert backprop(system).derivation("x").equation() == "∂C/∂x[p] = 2·c?[p]"


def test_a_delta_says_nothing_about_an_index_that_labels_an_axis() -> None:
    """[i+1 = p] is 0 where i+1 is no value of p; it does not make i of ∂C/∂h[i] shorter."""
    text = """param x[p], w[u], c[p]
h[i] = (sum(u) w[u]*x[i+u]*x?[i+1]) + (sum(v<1) (x[i+v]))
cost C = sum(i) h[i] + (sum(t) (sum(v<1) (x[t+v]))*x[2*t])
"""
    derived = backprop(parse(text)).system
    assert "[i+1 = p]" in str(derived)
    again = parse(str(derived))
    limits = {source_of(one.extent): one.limits for one in again.derived}
    assert len(limits["h"]) == 2
    assert again == derived

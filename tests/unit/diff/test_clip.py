"""clip whose bounds cross: the value is the upper bound, and so the whole derivative is its."""

from __future__ import annotations

import chainrule as cr

CLIPPED = "param x[i], a, b\ncost C = sum(i) clip(x[i], a, b)"


def test_where_the_bounds_cross_the_upper_one_gets_the_derivative() -> None:
    cost, gradients = cr.value_and_grad(cr.parse(CLIPPED), {"x": [0.5, 3, -2], "a": 2, "b": -1})
    assert cost == -3
    assert {name: value.tolist() for name, value in gradients.items()} == {"x": [0, 0, 0], "a": 0, "b": 3}
    straight = cr.value_and_grad(cr.parse(CLIPPED), {"x": [0.5, 3, -2], "a": -1, "b": 2})[1]
    assert {name: value.tolist() for name, value in straight.items()} == {"x": [1, 0, 0], "a": 1, "b": 1}


def test_the_derivatives_by_the_bounds_are_verified() -> None:
    back = cr.backprop(cr.parse(CLIPPED))
    for tensor in ("x", "a", "b"):
        assert not back.derivation(tensor).verify().unverified


def test_bounds_that_are_numbers_print_briefly() -> None:
    for value, expected in (("clip(x, -1, 1)", "[−1 ≤ x]·[x ≤ 1]"), ("clip(-1/2, x, 0)", "[−1/2 < x]·[x ≤ 0]")):
        assert cr.backprop(cr.parse(f"param x\ncost C = {value}")).derivation("x").equation() == f"∂C/∂x = {expected}"

"""Recurrences evaluated step by step: what a loop in NumPy gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from support import assert_close
from unit.recurrences_along_an_index import CROSSED, LSTM, RNN, drawn


def sigmoid(t: Any) -> Any:
    return 1 / (1 + np.exp(-t))


@pytest.mark.parametrize("step", [-1, 1])
def test_a_recurrence_is_a_loop_in_either_direction(step: int) -> None:
    system = cr.parse(RNN.replace("t-1", f"t{step:+d}") + "batch n\n")
    given = drawn(system)
    given["x"], given["y"] = np.random.default_rng(1).normal(size=(5, 4, 3)), np.zeros((5, 2))
    h, found = np.zeros((5, 2)), {}
    for t in range(4) if step < 0 else range(3, -1, -1):
        found[t] = h = np.tanh(given["x"][:, t] @ given["W"].T + h @ given["U"].T)
    assert_close(cr.evaluate(system, given)["h"], np.stack([found[t] for t in range(4)], axis=1), rtol=1e-13)


def test_two_states_go_on_together() -> None:
    system = cr.parse(LSTM)
    given = drawn(system)
    h, c = np.zeros(2), np.zeros(2)
    values = cr.evaluate(system, given)
    for t, x in enumerate(given["x"]):
        f = sigmoid(given["A"] @ x + given["B"] @ h)
        g = np.tanh(given["D"] @ x + given["E"] @ h)
        o = sigmoid(given["F"] @ x + given["G"] @ h)
        c = f * c + (1 - f) * g
        h = o * np.tanh(c)
        assert_close(values["c"][t], c, rtol=1e-13)
        assert_close(values["h"][t], h, rtol=1e-13)


def test_what_stands_between_and_after_is_computed_where_it_is_there() -> None:
    system = cr.parse(CROSSED)
    given = drawn(system)
    values = cr.evaluate(system, given)
    assert_close(values["r"], (values["u"] * given["x"]).sum(), rtol=1e-13)
    assert_close(values["u"][1:], np.tanh(given["a"] * values["v"][:-1] + given["x"][1:]), rtol=1e-13)


def test_the_step_is_a_number_and_a_position_of_several_letters() -> None:
    system = cr.parse("data x[q], w[u]\nh[t] = h?[t-1]/2 + t + (sum(u) w[u]*x[t+u])\ncost C = sum(t) h[t]")
    h, expected = 0.0, []
    for t in range(3):
        h = h / 2 + t + 2.0 * (t + 1) + 3.0 * (t + 2)
        expected.append(h)
    assert_close(cr.evaluate(system, {"x": [1, 2, 3, 4], "w": [2, 3]})["h"], expected, rtol=1e-14)


def test_what_a_condition_does_not_rule_out_is_read_outside_and_refused() -> None:
    system = cr.parse("data x[t]\nh[t] = x[t] + [t >= 0]*h[t-1]\ncost C = sum(t) h[t]")
    with pytest.raises(cr.InputError, match="reads outside its tensor"):
        cr.evaluate(system, {"x": [1.0, 2.0]})


def test_a_condition_rules_out_what_is_outside() -> None:
    system = cr.parse("data x[t]\nh[t] = where(t >= 2, h[t-1]*h[t-2], x[t])\ncost C = sum(t) h[t]")
    assert_close(cr.evaluate(system, {"x": [2.0, 3.0, 0.0, 0.0]})["h"], [2.0, 3.0, 6.0, 18.0])


def test_no_steps_are_none() -> None:
    system = cr.parse("data x[t]\nh[t] = x[t] + h?[t-1]\ncost C = sum(t) h[t]")
    assert cr.evaluate(system, {"x": []})["C"] == 0


def test_the_axes_of_two_tensors_may_have_different_lengths() -> None:
    system = cr.parse("data x[t], y[s]\nh[t] = x[t] + g?[t-1]\ng[s] = y[s]*h?[s-1]\ncost C = sum(t) h[t]")
    x, y = [1.0, 2.0, 3.0, 4.0], [5.0, 6.0]
    values = cr.evaluate(system, {"x": x, "y": y})
    assert_close(values["h"], [1.0, 2.0, 3.0 + 6.0 * 1.0, 4.0])
    assert_close(values["g"], [0.0, 6.0])

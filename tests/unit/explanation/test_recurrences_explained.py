"""Explanations of recurrences along an index: sums over steps, the last step, and what is refused."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import OptionError
from unit.recurrences_along_an_index import RNN, drawn


def test_the_sum_over_steps_is_opened() -> None:
    system = cr.parse(RNN)
    inputs = drawn(system)
    found = cr.explain(system, inputs, "U", (0, 1))
    assert found.value == pytest.approx(float(cr.value_and_grad(system, inputs)[1]["U"][0, 1]))
    assert "h?[t-1,1] is 0 at t = 0" in str(found)


def test_at_the_last_step_nothing_comes_from_the_next_one() -> None:
    system = cr.parse(RNN)
    text = str(cr.explain(system, drawn(system), "h", (3, 1)))
    assert "[4 < extent(t)]·Σ_k U[k,1]·∂C/∂h[4,k]·(1 − h[4,k]^2) = 0" in text


def test_a_bracket_that_is_0_keeps_a_sum_outside_of_its_tensor_from_being_read() -> None:
    system = cr.parse("param u[t,j]\nh[t,j] = u?[t-1,j]^2\ncost C = sum(t,j) (h[t,j]^2 + u[t,j])")
    assert cr.explain(system, {"u": [[1.0], [2.0]]}, "u", (1, 0)).value == 1


def test_paths_and_reasons_through_its_steps_are_refused() -> None:
    system = cr.parse(RNN)
    with pytest.raises(OptionError, match="computed by a recurrence, through whose steps paths are not followed"):
        cr.explain(system, drawn(system), "U", (0, 1), paths=True)
    with pytest.raises(cr.DerivativeError, match="an entry of h cannot move alone"):
        cr.why(system, "U")

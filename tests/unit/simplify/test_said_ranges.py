"""A delta over an index whose size only a line says leaves one term, under the bracket of its range."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.checking.gradients import gradient_check

SOLVED = {
    "a marked entry": (
        "param x[p]\nindex t = floor(extent(x)/2)\ncost C = sum(t) x?[t]^2",
        "∂C/∂x[p] = 2·[p < extent(t)]·x[p]",
    ),
    "two entries": (
        "data w[q]\nparam x[p]\nindex t = floor(extent(x)/2)\ncost C = sum(t) x?[t]^2*w?[t]",
        "∂C/∂x[p] = 2·[p < extent(t)]·x[p]·w?[p]",
    ),
    "a shifted one": (
        "data w[q]\nparam x[p]\nindex t = extent(x) - 2\ncost C = sum(t) x[t+1]*w?[t]*exp(x[t+1])",
        "∂C/∂x[p] = [0 ≤ p-1 < extent(t)]·w?[p-1]·exp(x[p])·(1 + x[p])",
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_one_term_is_left_under_the_bracket_of_its_range(name: str) -> None:
    text, expected = SOLVED[name]
    system = cr.parse(text)
    back = cr.backprop(system)
    derivation = back.derivation("x")
    assert str(derivation) == expected
    derivation.verify()
    assert cr.parse(str(back)) == back.system
    inputs = {"x": np.linspace(-0.7, 0.9, 6), "w": np.linspace(0.4, 1.5, 5)}
    assert gradient_check(system, {name: inputs[name] for name in [d.tensor for d in system.declarations]})


def test_a_coefficient_that_none_solves_for_stays_in_the_sum() -> None:
    back = cr.backprop(cr.parse("param x[p]\nindex t = floor(extent(x)/2)\ncost C = sum(t) x?[2*t]^2"))
    assert str(back.derivation("x")) == "∂C/∂x[p] = 2·Σ_t [2*t = p]·x?[2*t]"


def test_another_delta_of_the_index_is_solved_first() -> None:
    system = cr.parse("param x[p]\nindex t = floor(extent(x)/2)\ncost C = sum(t) x?[t]*([t = 0] + [t = 2])")
    back = cr.backprop(system)
    assert "Σ" in str(back.derivation("x"))
    assert cr.parse(str(back)) == back.system
    assert gradient_check(system, {"x": np.linspace(-0.7, 0.9, 6)})

"""Entries at numbers of equations that read at shifted places: numbers come up that stand nowhere in the text."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.notation import parse
from chainrule.pipeline import backprop, evaluate, value_and_grad

LINES = [
    "z[i] = x[i+1]",
    "z[i] = exp(x[i+2])",
    "z[i] = sum(u) x[i+u]*w[u]",
    "z[i] = [i = 2]*x[i+1] + x[i]",
    "z[i] = where(i < 3, x[i+1], x[i]^2)",
]
COSTS = ["z[2]^2 + z[0]", "z[0]^2 + z[2]^3", "z[1]^2 + z[3]^2", "z[3]*z[4]*x[5]"]


def test_a_number_is_added_to_the_place_that_it_is_read_at() -> None:
    back = backprop(parse(f"param x[p]\n{LINES[0]}\ncost C = {COSTS[0]}"))
    assert str(back.derivation("x")) == "∂C/∂x[p] = [p = 1] + 2·[p = 3]·z[2]"


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("line", LINES)
def test_gradients_are_those_of_differences(line: str, cost: str) -> None:
    system = parse(f"param x[p], w[u]\nindex i = 6\n{line}\ncost C = {cost}")
    x, w = np.random.default_rng(0).normal(size=9), np.asarray([0.3, -0.7, 0.9])
    _, gradients = value_and_grad(system, {"x": x, "w": w}, ["x"])
    for place, step in enumerate(1e-6 * np.eye(9)):
        above, below = (evaluate(system, {"x": moved, "w": w})["C"] for moved in (x + step, x - step))
        assert gradients["x"][place] == pytest.approx(float(above - below) / 2e-6, rel=1e-5, abs=1e-7)

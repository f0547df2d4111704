"""maximum(0, t) is derived as relu(t) is: one bracket, and the convention at the tie in words. All other ties share."""

from __future__ import annotations

import pytest

import chainrule as cr
from printed import assert_lines, system_of
from support import assert_close

LINES = {
    "a layer": ("param z[k]; a[k] = maximum(0, z[k]); cost C(a[k])", {"z": "[z[k] > 0]·∂C/∂a[k]"}),
    "the other way round": ("param z[k]; cost C = sum(k) maximum(z[k], 0)", {"z": "[z[k] > 0]"}),
    "a hinge": ("data y; param z; cost L = maximum(0, 1 - y*z)", {"z": "−[1 − y·z > 0]·y"}),
    "a minimum": ("param z[k]; cost C = sum(k) minimum(0, z[k])^2", {"z": "2·minimum(0, z[k])"}),
    "a square": ("param z[k]; cost C = sum(k) maximum(0, z[k])^2", {"z": "2·maximum(0, z[k])"}),
    "a cube": ("param z[k]; cost C = sum(k) maximum(0, z[k])^3", {"z": "3·maximum(0, z[k])^2"}),
    "a function of one's own": (
        "def plus(t) = maximum(0, t); param z[k]; cost C = sum(k) plus(2*z[k])",
        {"z": "2·[2·z[k] > 0]"},
    ),
    "an SVM": (
        (
            "data x[d], y : int(j); param W[d,j]; s[j] = sum(d) x[d]*W[d,j]; "
            "cost L = sum(j) [j != y]*maximum(0, s[j] - s[y] + 1)"
        ),
        {"W": "x[d]·([y ≠ j]·[1 + s[j] − s[y] > 0] − [y = j]·Σ_k [y ≠ k]·[1 + s[k] − s[y] > 0])"},
    ),
    "two numbers": ("param x, y; cost C = maximum(x, y)", {"x": "1/2·[x = y] + [x > y]"}),
    "another number": ("param x; cost C = maximum(x, 1)", {"x": "1/2·[x = 1] + [x > 1]"}),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_one_bracket_says_where_a_maximum_with_0_moves(text: str, expected: dict[str, str]) -> None:
    assert_lines(text, expected)


TIES = {
    "maximum(0, x[i])": [0, 0, 1],
    "maximum(x[i], 0)": [0, 0, 1],
    "minimum(0, x[i])": [1, 0, 0],
    "maximum(x[i], -x[i])": [-1, 0, 1],
    "maximum(x[i], 2*x[i])": [1, 1.5, 2],
    "[x[i] < 0]*maximum(0, x[i])*log(-x[i])": [0, 0, 0],
}


@pytest.mark.parametrize(("value", "expected"), TIES.items(), ids=TIES)
def test_at_the_tie_it_has_the_value_of_its_convention(value: str, expected: list[float]) -> None:
    system = system_of(f"param x[i]; cost C = sum(i) {value}")
    assert_close(cr.value_and_grad(system, {"x": [-2, 0, 2]})[1]["x"], expected)


def test_the_convention_is_said_in_words() -> None:
    derivation = cr.backprop(system_of("param z; cost C = maximum(0, z)^2")).derivation("z")
    said = " ".join(step.statement for step in derivation.steps)
    assert "[t > 0]·t', and 0 at t = 0 by convention, as for relu" in said
    both = cr.backprop(system_of("param z; cost C = maximum(1, z)^2")).derivation("z")
    assert "equal ones share it by halves, by convention" in " ".join(step.statement for step in both.steps)

"""A point on a kink: the limits from above and from below, and what is taken for the derivative."""

from __future__ import annotations

import math

import pytest

import chainrule as cr
from chainrule.explanation.one_sided import one_sided
from chainrule.notation import parse

RELU = "data y[k]\nparam z[k]\na[k] = relu(z[k])\ncost C = 1/2*(sum(k) (a[k] - y[k])^2)"


def shown(text: str, values: dict[str, object], tensor: str = "z", at: int | None = None) -> str:
    return " ".join(str(cr.why(parse(text), tensor, values, at=at)).split())


def test_a_relu_at_its_kink_has_two_limits_and_a_convention() -> None:
    found = cr.why(parse(RELU), "z", {"z": [0.0, 1.0], "y": [1, 0]}, at=0)
    assert str(found).endswith(
        """\
Its contribution
is the product of the chain rule.
1 other entry does not move with z[0]: nothing is contributed through it.
       h      ΔC/h
     0.1   −0.9500
    0.01   −0.9950
   0.001   −0.9995
    −0.1         0
   −0.01         0
  −0.001         0
At this point C has no derivative with respect to z[0]: as h goes to 0, ΔC/h goes to −1 from above
and to 0 from below.
∂C/∂z[0] = 0 is what the backward pass gives: relu'(t) = [t > 0], with relu'(0) = 0 by convention."""
    )
    assert found.moves is not None
    assert found.moves.limits.above == pytest.approx(-1)
    assert found.moves.limits.below == 0


def test_beside_the_kink_there_is_a_derivative() -> None:
    for z in (0.05, 1e-3, -1e-3, 1.0):
        said = shown(RELU, {"z": [z, 1.0], "y": [1, 0]}, at=0)
        assert "Both go to ∂C/∂z[0] = " in said or "Nothing moves with it" in said or "It goes to" in said
        assert "no derivative" not in said


def test_a_kink_of_another_entry_is_none_of_this_one() -> None:
    assert "no derivative" not in shown(RELU, {"z": [0.0, 1.0], "y": [1, 0]}, at=1)


@pytest.mark.parametrize(
    ("equation", "values", "said"),
    [
        ("a = abs(z)", {"z": 0.0}, "abs'(t) = sign(t), with sign(0) = 0 by convention"),
        ("a = maximum(z, 2)", {"z": 2.0}, "equal ones share it by halves, by convention"),
        ("a = maximum(0, z)", {"z": 0.0}, "0 at t = 0 by convention, as for relu"),
        ("a = clip(z, 0, 1)", {"z": 1.0}, "and at both of them by convention"),
        ("a = [z > 1]*(z - 1)", {"z": 1.0}, "brackets and choices have derivative 0 by their conditions"),
        ("b[k] = z*u[k]\na = max(k) b[k]", {"z": 0.0, "u": [1.0, 2.0]}, "entries that tie for an extremum share"),
    ],
)
def test_each_convention_is_named(equation: str, values: dict[str, object], said: str) -> None:
    data = "data u[k]\n" if "u" in values else ""
    found = shown(f"{data}param z\n{equation}\ncost C = a + z^2", values)
    assert "At this point C has no derivative with respect to z" in found
    assert said in found


def test_two_kinks_that_cancel_leave_a_derivative_that_the_convention_misses() -> None:
    found = shown("param z\na = relu(z)\nb = relu(-z)\ncost C = a - b", {"z": 0.0})
    assert "ΔC/h goes to 1 as h goes to 0, from either side." in found
    assert "∂C/∂z = 0 is what the backward pass gives: relu'(t) = [t > 0]" in found


def test_a_kink_from_which_only_a_step_down_moves_anything_is_told() -> None:
    found = shown("param z\na = relu(-z)\ncost C = 3*a", {"z": 0.0})
    assert "ΔC/h goes to 0 from above and to −3 from below." in found
    assert "Nothing moves" not in found


def test_a_branch_without_a_value_is_no_kink() -> None:
    found = shown("data u[k]\nparam z\na = relu(z) + where(z > 5, log(z - 5), 0)\ncost C = a", {"z": 0.0, "u": [1.0]})
    assert "∂C/∂z = 0 is what the backward pass gives: relu'(t) = [t > 0]" in found


def test_a_jump_and_an_infinite_slope_go_to_no_number() -> None:
    assert "goes to no number from" in shown("param z\na = 3*[z > 0] + z\ncost C = a", {"z": 0.0})
    assert "no number" in shown("param z\na = abs(z)^(1/2)\ncost C = a^1", {"z": 0.0})


@pytest.mark.parametrize("slope", [1.0, 1e3, 1e-3])
@pytest.mark.parametrize("at", [0.0, 3.0, -1e4])
def test_steep_and_flat_smooth_functions_have_one_limit(slope: float, at: float) -> None:
    def value(x: float) -> float:
        return 5 + math.tanh(slope * (x - at)) + 0.1 * (x - at)

    wanted = slope + 0.1
    found = one_sided(lambda step: (value(at + step) - value(at)) / step, at, value(at), wanted)
    assert found.as_derived


def test_a_wrong_derivative_is_none_that_was_derived() -> None:
    found = one_sided(lambda step: ((2 + step) ** 2 - 4) / step, 2.0, 4.0, 4.01)
    assert found.smooth
    assert not found.as_derived

"""What a false bracket guards is never read, and kinks have the derivatives that are said where they are used."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from chainrule.verify.verification import Verification
from support import assert_close

UNDEFINED = {
    "an index divided by": ("param x[i]\ncost C = sum(i) [i > 0]*x[i]/i", {"x": [5.0, 1.0, 2.0]}, {"x": [0, 1, 1 / 2]}),
    "log 0": (
        "param y[i], w\ncost C = sum(i) [y[i] > 0]*log(y[i])*w",
        {"y": [0.0, 1.0, 2.0], "w": 2.0},
        {"y": [0.0, 2.0, 1.0], "w": np.log(2)},
    ),
    "a guard that has a name": (
        "param z[k], w[k]\nh[k] = [z[k] > 0]*z[k]\ncost C = (sum(k) [z[k] > 0]*z[k]*log(z[k])*w[k]) + (sum(k) h[k]^2)",
        {"z": [-1.0, 2.0], "w": [1.0, 2.0]},
        {"z": [0.0, 2 * np.log(2) + 2 + 4], "w": [0.0, 2 * np.log(2)]},
    ),
    "a guard beside relu": (
        "param z[k], w[k]\ncost C = sum(k) [z[k] > 0]*relu(z[k])*log(z[k])*w[k]",
        {"z": [-1.0, 2.0], "w": [1.0, 2.0]},
        {"z": [0.0, 2 * np.log(2) + 2], "w": [0.0, 2 * np.log(2)]},
    ),
    "a bracket by itself": (
        "param z[k], w[k]\ncost C = sum(k) [z[k] > 0]*w[k]/[z[k] > 0]",
        {"z": [-1.0, 2.0], "w": [1.0, 2.0]},
        {"z": [0.0, 0.0], "w": [0.0, 1.0]},
    ),
    "a guard inside a sum": (
        "param x[s], w[t]\nq[t] = x[t]\nm[t] = sum(s) [s < t]*x[s]/w[t]\ncost C = sum(t) m[t]*(1 + q[t])",
        {"x": [1.0, 2.0, 3.0], "w": [0.0, 2.0, 3.0]},
        {"x": [3 / 2 + 4 / 3, 4 / 3 + 1 / 2, 1.0], "w": [0.0, -3 / 4, -4 / 3]},
    ),
    "a logarithm behind a guard of another letter": (
        "param x[s], y[t], v\nq[t] = x[t]\ncost C = (sum(t,s) [s < t]*x[s]*log(y[t])*v) + (sum(t) q[t])",
        {"x": [1.0, 2.0], "y": [0.0, 3.0], "v": 2.0},
        {"x": [1 + 2 * np.log(3), 1.0], "y": [0.0, 2 / 3], "v": np.log(3)},
    ),
    "two guards of one logarithm": (
        "param y[i], w\ncost C = sum(i) ([y[i] > 0]*log(y[i])*w + [y[i] > 1]*w*log(y[i]))",
        {"y": [-1.0, 2.0], "w": 2.0},
        {"y": [0.0, 2.0], "w": 2 * np.log(2)},
    ),
    "a choice": (
        "param x[i], w\ncost C = sum(i) where(x[i] > 0, w*log(x[i]), w*x[i])",
        {"x": [-1.0, 2.0], "w": 2.0},
        {"x": [2.0, 1.0], "w": np.log(2) - 1},
    ),
    "a product with a zero": ("param x[i]\ncost C = prod(i) x[i]", {"x": [0.0, 2.0, 3.0]}, {"x": [6.0, 0.0, 0.0]}),
    "a product with two": ("param x[i]\ncost C = prod(i) x[i]", {"x": [0.0, 2.0, 0.0]}, {"x": [0.0, 0.0, 0.0]}),
}
"""What a false bracket keeps from being read has no value, and must not be read in the derivative either."""


@pytest.mark.parametrize(("text", "inputs", "expected"), UNDEFINED.values(), ids=UNDEFINED)
def test_what_a_false_bracket_guards_is_never_read(
    text: str, inputs: dict[str, object], expected: dict[str, object]
) -> None:
    _, gradients = value_and_grad(parse(text), inputs)  # type: ignore[arg-type]
    for tensor, value in expected.items():
        assert_close(gradients[tensor], value)  # type: ignore[arg-type]


def test_a_guard_by_the_index_itself_is_verified() -> None:
    text = """
        index t = 4
        param x[s], w
        q[t] = x[t]
        m[t] = sum(s) [s < t]*w*x[s]/t
        cost C = sum(t) (m[t] - q[t])^2
    """
    back = backprop(parse(text))
    for param in back.wrt:
        report = back.derivation(param).verify()
        assert isinstance(report, Verification)
        assert not report.unverified


KINKS = {
    "relu at 0": ("relu(x[i])", [-1.0, 0.0, 1.0], [0.0, 0.0, 1.0]),
    "abs at 0": ("abs(x[i])", [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
    "sign": ("sign(x[i])", [-2.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "clip at its bounds": ("clip(x[i], -1, 1)", [-2.0, -1.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 1.0, 0.0]),
    "maximum of equals": ("maximum(x[i], 1)", [0.0, 1.0, 2.0], [0.0, 0.5, 1.0]),
    "minimum of equals": ("minimum(x[i], 1)", [0.0, 1.0, 2.0], [1.0, 0.5, 0.0]),
    "maximum of the same": ("maximum(x[i], x[i])", [0.0, 1.0], [1.0, 1.0]),
    "a bracket": ("[x[i] > 0]*x[i]", [-1.0, 0.0, 1.0], [0.0, 0.0, 1.0]),
}


@pytest.mark.parametrize(("value", "at", "expected"), KINKS.values(), ids=KINKS)
def test_kinks_have_their_conventions(value: str, at: list[float], expected: list[float]) -> None:
    _, gradients = value_and_grad(parse(f"param x[i]\ncost C = sum(i) {value}"), {"x": at})
    assert_close(gradients["x"], expected)


@pytest.mark.parametrize(
    ("op", "at", "expected"),
    [
        ("max", [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], [[0.0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]]),
        ("min", [[1.0, 3.0, 1.0], [2.0, 4.0, 5.0]], [[0.5, 0.0, 0.5], [1.0, 0.0, 0.0]]),
    ],
)
def test_tied_extrema_share_equally(op: str, at: list[list[float]], expected: list[list[float]]) -> None:
    _, gradients = value_and_grad(parse(f"param x[i,j]\ncost C = sum(i) ({op}(j) x[i,j])"), {"x": at})
    assert_close(gradients["x"], expected)


def test_the_conventions_are_said_where_the_step_is() -> None:
    text = "param x[i]\na[i] = relu(x[i])\ncost C = (sum(i) a[i]^2)*(max(i) x[i])*(sum(i) abs(x[i])*clip(x[i], 0, 1))"
    derivation = backprop(parse(text)).derivation("x")
    said = " ".join(
        inner.statement for step in derivation.steps for inner in (step, *(step.detail.steps if step.detail else ()))
    )
    assert "relu'(0) = 0 by convention" in said
    assert "sign(0) = 0 by convention" in said
    assert "ties share it equally by convention" in said
    assert "the derivative passes between the bounds, and at both of them by convention" in said

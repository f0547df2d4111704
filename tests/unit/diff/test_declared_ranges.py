"""What is derived keeps every range: of tensors that only meet shifted, of bounded extrema, of what is guarded."""

import numpy as np
import pytest

from chainrule.checking.gradients import gradient_check
from chainrule.errors import InputError
from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from support import assert_close

SYSTEMS = {
    "two that meet shifted": (
        "param w[t], b[u]\nz[t] = w[t+1]*b[t+1]\ncost C = sum(t) z[t]^2",
        {"w": (4,), "b": (3,)},
    ),
    "three through two layers": (
        "param w[t], b[u], x[p]\nz[t] = sin(w[t+1]*b[t+1])\ny[s] = z[s+1]*x[s+2]\ncost C = sum(t) y[t]",
        {"w": (5,), "b": (7,), "x": (4,)},
    ),
    "one marked": (
        "param w[t], b[u]\nz[t] = w?[t]*b[t]\ncost C = sum(t) z[t]^2",
        {"w": (2,), "b": (4,)},
    ),
    "other strides": (
        "param w[t], b[u]\nz[t] = w[t+1]*b[2*t+1]\ncost C = sum(t) z[t]^2",
        {"w": (4,), "b": (5,)},
    ),
    "the least on a diagonal": (
        "param E[v,d]\nindex v = 2, d = 3\ncost C = min(o<1) E[o+1,o+1]",
        {"E": (2, 3)},
    ),
    "the largest on two diagonals": (
        "param E[v,d]\nindex v = 3, d = 4\ncost C = max(o<2) (E[o+1,o+2]^2*E[o,o])",
        {"E": (3, 4)},
    ),
    "the largest of products": (
        "param w[t], b[u]\ncost C = max(t<2) (w[t]*b[t])",
        {"w": (3,), "b": (4,)},
    ),
    "the least of products with marks": (
        "param w[t], b[u], x[p]\ncost C = min(t<3) (w[t]*b[t]*x?[t-1] + x[t+1])",
        {"w": (3,), "b": (5,), "x": (4,)},
    ),
    "a number as well": (
        "param w[t], b[u]\ncost C = max(t<2) (w[t]^2*sin(t + b[t]))",
        {"w": (4,), "b": (3,)},
    ),
    "forwards and backwards": (
        "param w[t], b[u]\ncost C = max(t<3) (w[t]*b[2-t] + b[t])",
        {"w": (4,), "b": (5,)},
    ),
    "the largest of the least": (
        "param A[t,k]\ncost C = max(t<2) min(k) A[t,k]",
        {"A": (3, 4)},
    ),
    "a sum of the largest": (
        "param y[k], w[j]\ncost C = sum(o<2) max(k) (y[k]*w?[o-1])",
        {"y": (4,), "w": (3,)},
    ),
    "a sum of the largest, forwards and backwards": (
        "param y[k], w[j]\ncost C = sum(t<2) max(g<2) (y?[t]*w[1-t] + w[t]*w[g])",
        {"y": (2,), "w": (3,)},
    ),
    "looked up": (
        "data tok[s] : int(k)\nparam E[k], b[u]\ncost C = max(t<2) (E[tok[t]]*b[t])",
        {"E": (3,), "b": (4,), "tok": (5,)},
    ),
    "a label of that size": (
        "index t = 2\nparam w[t], b[t]\ncost C = max(s<2) (w[s]*b[s])",
        {"w": (2,), "b": (2,)},
    ),
    "of a layer": (
        "param A[t,k], b[u]\nh[s] = max(t<2) (A[t+s,0]*b[t])\ncost C = max(s<2) h[s+1]^2",
        {"A": (5, 2), "b": (3,)},
    ),
    "under a bracket that guards it": (
        "param A[t,k]\ncost C = sum(a) [a > 0]*(max(k) A[a-1,k])^2*A[a,0]",
        {"A": (3, 4)},
    ),
    "under a choice that guards it": (
        "param A[t,k]\ncost C = sum(a) where(a < 1, A[a,0], (min(k) (A[a-1,k]*A[a,k])))",
        {"A": (3, 4)},
    ),
}


def inputs_for(shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {
        name: draw.integers(0, 3, size=shape) if name == "tok" else draw.normal(size=shape)
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize(("text", "shapes"), SYSTEMS.values(), ids=SYSTEMS)
def test_a_gradient_is_right_for_tensors_of_unequal_lengths(text: str, shapes: dict[str, tuple[int, ...]]) -> None:
    report = gradient_check(parse(text), inputs_for(shapes, 0))
    assert report, report


@pytest.mark.parametrize("text", [text for text, _ in SYSTEMS.values()], ids=SYSTEMS)
def test_what_is_derived_reads_back(text: str) -> None:
    back = backprop(parse(text))
    assert parse(str(back)) == back.system


@pytest.mark.parametrize("name", ["two that meet shifted", "the least on a diagonal", "the largest of products"])
def test_every_step_is_true(name: str) -> None:
    back = backprop(parse(SYSTEMS[name][0]))
    for tensor in back.wrt:
        assert not back.derivation(tensor).verify().unverified


def test_an_index_on_an_axis_of_another_length_has_a_mark() -> None:
    back = backprop(parse(SYSTEMS["two that meet shifted"][0]))
    assert str(back.derivation("w").equation()) == "∂C/∂w[t] = 2·b?[t]·z?[t-1]"
    assert str(back.derivation("b").equation()) == "∂C/∂b[u] = 2·w?[u]·z?[u-1]"


def test_a_bounded_extremum_still_refuses_a_tensor_that_is_too_short() -> None:
    system = parse("param w[t], b[u]\ncost C = max(t<3) (w[t]*b[t])")
    with pytest.raises(InputError, match="outside"):
        value_and_grad(system, {"w": [1.0, 2.0], "b": [1.0, 2.0, 3.0]})


def test_an_extremum_in_a_guard_is_named_with_it() -> None:
    """Without [x[i] > 0] in the equation of its own, log(x[1]) would be no number, nor would the gradient."""
    system = parse("param x[i], w[k]\ncost C = sum(i) [x[i] > 0]*(max(k) (w[k]*log(x[i])))")
    cost, gradients = value_and_grad(system, {"x": [2.0, -1.0], "w": [1.0, 3.0]})
    assert_close(cost, 3 * np.log(2))
    assert_close(gradients["x"], [1.5, 0])
    assert_close(gradients["w"], [0, np.log(2)])


def test_the_range_of_what_only_marks_tell_is_kept() -> None:
    """Of x?[g] and A?[g,g+1] the first in the text tells how far g runs, and the terms of a sum change places."""
    system = parse("param x[p], A[k,u], c\ncost C = (sum(g) (A?[g,g+1] + x?[g]))*(max(e) (c*x[e]))^2")
    back = backprop(system)
    assert parse(str(back)) == back.system
    assert gradient_check(system, inputs_for({"x": (5,), "A": (3, 4), "c": ()}, 0))

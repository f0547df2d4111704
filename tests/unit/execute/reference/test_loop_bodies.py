"""What may stand in the body of a loop over steps: positions, facts, numbers, sums; and errors that name the step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import TypecheckError
from chainrule.execute.family_inputs import family_inputs
from chainrule.execute.family_values import computed, family_values
from chainrule.execute.reference import step_runs
from chainrule.execute.reference.family_loop import FamilyLoop
from chainrule.expr.shared import memory_of
from chainrule.simplify.stability import stable
from support import assert_close

GENERATOR = np.random.default_rng(0)
STEPS = 6


def drawn(*shape: int) -> Any:
    return GENERATOR.normal(size=shape) * 0.6


def recurrence(head: str, step: str, cost: str = "sum(k) h[T;k]^2") -> str:
    lines = [f"    {line}" for line in step.split("; ")]
    return "\n".join(
        [f"index T = {STEPS}", head, "param h0[k]", "h[0;k] = h0[k]", "for t = 1..T:", *lines, f"cost C = {cost}"]
    )


BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "steps of an axis": (
        recurrence("data x[t,i]\nparam W[k,i]", "h[t;k] = tanh(h[t-1;k] + sum(i) W[k,i]*x[t-1,i])"),
        {"x": drawn(STEPS, 2), "W": drawn(3, 2)},
    ),
    "marked steps of an axis": (
        recurrence("data x[t,i]\nparam W[k,i]", "h[t;k] = tanh(h[t-1;k] + sum(i) W[k,i]*x?[t-3,i])"),
        {"x": drawn(STEPS - 1, 2), "W": drawn(3, 2)},
    ),
    "a step within a position": (
        recurrence("index i = 2\ndata x[m]\nparam w[i]", "h[t;k] = h[t-1;k] + (sum(i) w[i]*x[2*t+i])^2"),
        {"x": drawn(2 * STEPS + 2), "w": drawn(2)},
    ),
    "a looked-up row of each step": (
        recurrence("index V = 4\ndata tok[t;] : int(V)\nparam E[v,k]", "h[t;k] = tanh(h[t-1;k] + E[tok[t;],k])"),
        {"tok": [0, 3, 1, 1, 2, 0], "E": drawn(4, 3)},
    ),
    "a looked-up row along an axis": (
        recurrence("index V = 4\ndata tok[t] : int(V)\nparam E[v,k]", "h[t;k] = tanh(h[t-1;k] + E[tok[t-1],k])"),
        {"tok": np.array([0, 3, 1, 1, 2, 0]), "E": drawn(4, 3)},
    ),
    "the step as a number": (
        recurrence("data x[t;k]", "h[t;k] = where(t > 2, h[t-1;k]*x[t;k]/t, h[t-1;k] + [t >= 2]*T)"),
        {"x": drawn(STEPS, 3)},
    ),
    "what is drawn at each step": (
        recurrence("const seed = 3\ndata x[t;k]", "h[t;k] = h[t-1;k]*[uniform(seed, t, k) >= 0.4] + x[t;k]"),
        {"x": drawn(STEPS, 3)},
    ),
    "an axis that other equations tell": (
        recurrence("param a", "u[t;k] = t*a; h[t;k] = h[t-1;k]*u[t;k]"),
        {"a": 0.3},
    ),
    "a matrix and its inverse": (
        recurrence("data x[t;i,j]", "K[t;i,j] = x[t;i,j] + 5*[i = j]; h[t;i] = sum(j) inv(K[t;])[i,j]*h[t-1;j]"),
        {"x": drawn(STEPS, 3, 3)},
    ),
    "a saturated sigmoid of the last step": (
        recurrence(
            "data x[t;k], y[k]",
            "z[t;k] = h[t-1;k] + 900*x[t;k]; h[t;k] = sigmoid(z[t;k])",
            "-(sum(k) (y[k]*log(h[T;k]) + (1 - y[k])*log(1 - h[T;k])))",
        ),
        {"x": drawn(STEPS, 3), "y": np.array([0.0, 1.0, 0.0])},
    ),
    "a softmax of every step": (
        recurrence(
            "data x[t;k], y[t;k]\ngiven sum(k) y[t;k] = 1",
            "h[t;k] = h[t-1;k] + 400*x[t;k]; p[t;k] = exp(h[t;k])/(sum(m) exp(h[t;m]))",
            "-(sum(t) (sum(k) y[t;k]*log(p[t;k])))",
        ),
        {"x": drawn(STEPS, 3), "y": np.eye(3)[[0, 2, 1, 1, 0, 2]]},
    ),
    "a cost that its derivative reads": (
        recurrence("data x[t;k]", "h[t;k] = tanh(h[t-1;k]) + x[t;k]", "sqrt(sum(t) (sum(k) h[t;k]^2))"),
        {"x": drawn(STEPS, 3)},
    ),
    "a sum over steps within a sum": (
        recurrence("data x[t;k]", "h[t;k] = h[t-1;k]*x[t;k]", "sum(k) (sum(t) h[t;k])^2"),
        {"x": drawn(STEPS, 3)},
    ),
    "a convolution at each step": (
        recurrence("data x[t;p]\nparam w[u]", "z[t;q] = sum(u) w[u]*x[t;q+u]; h[t;k] = h[t-1;k] + (sum(q) z[t;q]^2)"),
        {"x": drawn(STEPS, 6), "w": drawn(3)},
    ),
}


@pytest.mark.parametrize(("text", "inputs"), BODIES.values(), ids=BODIES)
def test_bodies_compute_what_the_system_written_out_does(text: str, inputs: dict[str, Any]) -> None:
    families = cr.parse(text)
    given = family_inputs(families, {**inputs, "h0": np.array([0.3, -0.2, 0.5])})
    found = family_values(given, stable)
    assert found is not None
    expected = cr.evaluate(given.system, given.inputs)
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert_close(found[name], value, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("text", "inputs"), BODIES.values(), ids=BODIES)
def test_gradients_through_bodies_are_those_of_the_system_written_out(text: str, inputs: dict[str, Any]) -> None:
    families = cr.parse(text)
    given = family_inputs(families, {**inputs, "h0": np.array([0.3, -0.2, 0.5])})
    cost, gradients = cr.value_and_grad(families, {**inputs, "h0": np.array([0.3, -0.2, 0.5])})
    expected, written_out = cr.value_and_grad(given.system, given.inputs)
    assert_close(cost, expected)
    for name, gradient in written_out.items():
        assert_close(gradients[name], gradient, rtol=1e-9, atol=1e-11)


def test_a_body_with_numbers_in_its_positions_is_compiled_only_where_it_must_be() -> None:
    compiled = {}
    for name in ("steps of an axis", "marked steps of an axis", "a step within a position"):
        text, inputs = BODIES[name]
        families = cr.parse(text)
        family_values(family_inputs(families, {**inputs, "h0": drawn(3)}), stable)
        loop: FamilyLoop = memory_of(families, "loops")[""]
        compiled[name] = len(loop.compilers[False].compiled)
    # That of h[0;], that of the cost, and that of the loop: at t = 1, where h[t-1;] is computed otherwise, and later.
    # What is outside at t = 1 and t = 2 is a body of its own there.
    assert compiled == {"steps of an axis": 4, "marked steps of an axis": 5, "a step within a position": 2 + STEPS}


LONG = 20
FLAT = np.full((LONG, 3), 1 / 3)


def at_17(array: Any, value: Any) -> Any:
    changed = np.array(array, float)
    changed[16] = value
    return changed


PLAIN = "data x[t;k]\nparam h0[k]\nh[0;k] = h0[k]\nfor t = 1..T:\n    h[t;k] = h[t-1;k] + x[t;k]\n"
INVERSES = """data x[t;i,j]
param w[i]
h[0;i] = w[i]
for t = 1..T:
    K[t;i,j] = x[t;i,j]
    h[t;i] = sum(j) inv(K[t;])[i,j]*h[t-1;j]
cost C = sum(i) h[T;i]^2
"""
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    (
        INVERSES,
        {"x": at_17(np.stack([np.eye(2)] * LONG), 0), "w": np.ones(2)},
        "K[17;] is singular: inv(K[17;]) does not exist",
        "h[17; i] = Σ_j inv(K[17;])[i,j]·h[16; j]",
    ),
    (
        f"given sum(k) x[t;k] = 1\n{PLAIN}cost C = sum(k) h[T;k]",
        {"x": at_17(FLAT, 0.5), "h0": np.ones(3)},
        "the data break the fact given Σ_k x[17; k] = 1",
        "the left side is 1.5, the right side 1",
    ),
    (
        f"{PLAIN}    given h[t;k] > 0\ncost C = sum(k) h[T;k]",
        {"x": at_17(FLAT, -9), "h0": np.ones(3)},
        "the values break the fact given h[17; k] > 0 at k = 0",
        "the left side is -2.66667, the right side 0",
    ),
    (
        f"{PLAIN}cost C = sum(k) h[T;k]",
        {"x": [*FLAT[:16], np.ones(4), *FLAT[17:]], "h0": np.ones(3)},
        "x[17;] axis 0 (k) is 4 but h[16;] axis 0 (k) is 3",
        "h[17; k] = h[16; k] + x[17; k]",
    ),
    (
        f"{PLAIN}cost C = sum(k) h[T;k]",
        {"x": at_17(FLAT, np.nan), "h0": np.ones(3)},
        "x17[0] is nan",
        "data x17[k17]",
    ),
    (
        f"index T = 20\n{PLAIN}cost C = (sum(k) h[T;k]) + z[20]\ndata z[p]",
        {"x": FLAT, "h0": np.ones(3), "z": np.ones(20)},
        "z[20] reads outside its tensor",
        "C = Σ_k h[20; k] + z[20]",
    ),
    (
        f"{PLAIN}abstract f(u)\ncost C = sum(k) f(h[T;k])",
        {"x": FLAT, "h0": np.ones(3)},
        "f is an unknown function: it can be shown but not run until it is given",
        "C = Σ_k f(h[20; k])",
    ),
]


@pytest.mark.parametrize(("text", "inputs", "what", "where"), WRONG, ids=[what for _, _, what, _ in WRONG])
def test_errors_name_the_equation_and_the_step(text: str, inputs: dict[str, Any], what: str, where: str) -> None:
    with pytest.raises(cr.InputError) as caught:
        cr.evaluate(cr.parse(text), inputs)
    assert (caught.value.what, caught.value.where) == (what, where)


def test_a_fact_above_all_blocks_holds_for_each_step_that_it_names() -> None:
    families = cr.parse(f"given sum(k) x[t;k] = 1\n{PLAIN}cost C = sum(k) h[T;k]")
    assert str(families.at(T=2)).splitlines()[:4] == [
        "data x1[k], x2[k]",
        "param h0[k]",
        "given Σ_k x1[k] = 1",
        "given Σ_k x2[k] = 1",
    ]
    assert "h_20" in cr.evaluate(families, {"x": FLAT, "h0": np.ones(3)})


def test_a_run_that_is_interrupted_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    families = cr.parse(f"{PLAIN}cost C = sum(k) h[T;k]^2")
    inputs = {"x": FLAT, "h0": np.ones(3)}
    expected, gradients = cr.value_and_grad(families, inputs)
    evaluate, count = step_runs.evaluate_in, 0

    def interrupted(*given: Any) -> Any:
        nonlocal count
        count += 1
        if count == 30:
            raise KeyboardInterrupt
        return evaluate(*given)

    with monkeypatch.context() as patch:
        patch.setattr(step_runs, "evaluate_in", interrupted)
        with pytest.raises(KeyboardInterrupt):
            cr.value_and_grad(families, inputs)
    again, same = cr.value_and_grad(families, inputs)
    assert again == expected
    assert_close(same["h0"], gradients["h0"])


def test_equations_that_read_derivatives_still_to_be_derived_are_written_out() -> None:
    text = (
        "param w, v\nh[0;] = w\nfor t = 1..T:\n    h[t;] = v*h[t-1;]\ncost C = h[T;]^2\nnorm = (∂C/∂w)^2\nindex T = 2"
    )
    families = cr.parse(text)
    inputs = {"w": 1.0, "v": 2.0}
    assert computed(families, family_inputs(families, inputs), stable) is None
    assert cr.evaluate(families, inputs)["norm"] == 32.0**2


def test_what_no_body_can_be_made_of_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise TypecheckError("no such body")

    monkeypatch.setattr(step_runs, "body_system", refused)
    families = cr.parse(f"{PLAIN}cost C = sum(k) h[T;k]^2")
    inputs = {"x": FLAT[:3], "h0": np.ones(3)}
    assert computed(families, family_inputs(families, inputs), stable) is None
    assert_close(cr.evaluate(families, inputs)["C"], 12)
    assert_close(cr.value_and_grad(families, inputs)[1]["h0"], np.full(3, 4.0))


def test_a_sum_over_the_steps_of_one_of_two_blocks_gives_the_gradients_of_the_system_written_out() -> None:
    steps = "h[t;] = u*h[t-1;] + x[t;]\nfor t = 3..T:\n    h[t;] = v*h[t-1;]^2 + x[t;]"
    text = f"data x[t;]\nparam u, v\nh[0;] = 1\nfor t = 1..2:\n    {steps}\ncost C = h[T;]^2"
    families = cr.parse(text)
    inputs = {"x": drawn(4), "u": 0.4, "v": 0.3}
    given = family_inputs(families, inputs)
    expected, written_out = cr.value_and_grad(given.system, given.inputs)
    cost, gradients = cr.value_and_grad(families, inputs)
    assert_close(cost, expected)
    for name in ("u", "v"):
        assert_close(gradients[name], written_out[name])


def test_a_family_that_few_steps_do_not_read_has_no_gradients() -> None:
    text = "param w, v[t;]\nh[0;] = w\nh[1;] = w\nfor t = 2..T:\n    h[t;] = v[t;]*h[t-1;]\ncost C = h[T;]\nindex T = 1"
    cost, gradients = cr.value_and_grad(cr.parse(text), {"w": 3.0, "v": []})
    assert (cost, gradients["w"], gradients["v"]) == (3, 1, [])

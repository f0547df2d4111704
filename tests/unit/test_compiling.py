"""A system as a function: the values of the pipeline, by any executor, derived and compiled once."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DerivativeError, GivenError, InputError, OptionError
from support import assert_close

TEXT = """data x[i], y
param w[i], b
batch n
h[i] = tanh(w[i]*x[i] + b)
p = sum(i) w[i]*h[i]
cost C = (p - y)^2"""
SYSTEM = cr.parse(TEXT)
DRAW = np.random.default_rng(0)
INPUTS: dict[str, Any] = {
    "x": DRAW.normal(size=(6, 5)),
    "y": DRAW.normal(size=6),
    "w": DRAW.normal(size=5),
    "b": 0.3,
}
WAYS = [("reference", None, 1e-13), ("native", None, 1e-4), ("native", "float64", 1e-12)]


@pytest.mark.parametrize(("executor", "dtype", "near"), WAYS)
def test_values_and_gradients_are_those_of_the_pipeline(executor: str, dtype: str | None, near: float) -> None:
    function = cr.compile(SYSTEM, executor=executor, dtype=dtype)
    values, expected = function(INPUTS), cr.evaluate(SYSTEM, INPUTS)
    assert list(values) == list(expected)
    for name, value in expected.items():
        assert_close(values[name], value, rtol=near, atol=near)
    cost, gradients = function.value_and_grad(INPUTS)
    true_cost, true_gradients = cr.value_and_grad(SYSTEM, INPUTS)
    assert_close(cost, true_cost, rtol=near)
    assert list(gradients) == ["w", "b"]
    for name, value in true_gradients.items():
        assert gradients[name].dtype == function.dtype
        assert_close(gradients[name], value, rtol=near, atol=near)


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_inputs_are_given_by_name_for_one_sample_or_for_many(executor: str) -> None:
    function = cr.compile(SYSTEM, executor=executor)
    whole = function(**INPUTS)["C"]
    assert whole.shape == (6,)
    one = function({"x": INPUTS["x"][2], "y": INPUTS["y"][2]}, w=INPUTS["w"], b=0.3)["C"]
    assert_close(one, whole[2], rtol=1e-5)
    fewer = function({**INPUTS, "x": INPUTS["x"][:3], "y": INPUTS["y"][:3]})["C"]
    assert_close(fewer, whole[:3], rtol=1e-5)


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_derivatives_by_what_is_named_have_the_axis_of_samples_where_it_has(executor: str) -> None:
    function = cr.compile(SYSTEM, ["x", "h", "w"], executor=executor)
    gradients = function.value_and_grad(INPUTS)[1]
    expected = cr.value_and_grad(SYSTEM, INPUTS, ["x", "h", "w"])[1]
    assert {name: value.shape for name, value in gradients.items()} == {"x": (6, 5), "h": (6, 5), "w": (5,)}
    for name, value in expected.items():
        assert_close(gradients[name], value, rtol=1e-4, atol=1e-5)


def test_what_backprop_returned_is_taken_as_it_was_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    back = cr.backprop(cr.parse(TEXT.replace("tanh", "sin")), ["w", "x"])
    monkeypatch.setattr("chainrule.pipeline.backprop", lambda *given: pytest.fail("derived again"))
    cost, gradients = cr.value_and_grad(back, INPUTS)
    assert list(gradients) == ["w", "x"]
    assert list(cr.value_and_grad(back, INPUTS, ["x"])[1]) == ["x"]
    again = cr.compile(back, executor="reference").value_and_grad(INPUTS)
    assert again[0] == cost
    assert np.array_equal(again[1]["x"], gradients["x"])


def test_more_than_was_derived_is_derived_from_the_forward_pass() -> None:
    back = cr.backprop(SYSTEM, ["w"])
    gradients = cr.value_and_grad(back, INPUTS, ["b"])[1]
    assert_close(gradients["b"], cr.value_and_grad(SYSTEM, INPUTS)[1]["b"])


def test_it_is_derived_and_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    function = cr.compile(cr.parse(TEXT))
    first = function.value_and_grad(INPUTS)[0]
    monkeypatch.setattr("chainrule.pipeline.backprop", lambda *given: pytest.fail("derived again"))
    monkeypatch.setattr(
        "chainrule.execute.native.executor.compile_program", lambda *a, **b: pytest.fail("compiled again")
    )
    assert function.value_and_grad(INPUTS)[0] == first


def test_only_what_was_asked_for_has_memory_of_its_own() -> None:
    function = cr.compile(SYSTEM)
    function.value_and_grad(INPUTS)
    program = function._gradients._last.program  # type: ignore[attr-defined]
    assert {b.name for b in program.with_role("output")} == {"C", "∂C/∂w", "∂C/∂b"}


def test_the_plan_says_what_ran_and_why_it_was_the_reference() -> None:
    assert cr.compile(SYSTEM).plan == ""
    function = cr.compile(cr.parse("param X[i,j]\ncost C = log(det(X))"))
    function(X=np.eye(2))
    assert "on the reference: there is no machine code yet for det(X)" in function.plan


def test_equations_that_read_a_gradient_have_values_too() -> None:
    system = cr.parse("param w[i]\ncost C = sum(i) w[i]^2\ng = sqrt(sum(i) ∂C/∂w[i]^2)")
    assert_close(cr.compile(system)(w=[3.0, 4.0])["g"], 10.0)


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_facts_are_checked_in_each_call(executor: str) -> None:
    system = cr.parse("data y[k]\nparam w\ns[k] = 2*y[k]\ngiven sum(k) s[k] = 2\ncost C = w*(sum(k) s[k])")
    function = cr.compile(system, executor=executor)
    assert function.value_and_grad(y=[0.5, 0.5], w=3)[0] == 6.0
    with pytest.raises(GivenError):
        function.value_and_grad(y=[0.5, 0.6], w=3)


def test_a_copy_and_a_pickle_are_the_same_function() -> None:
    function = cr.compile(SYSTEM, ["w"], executor="reference")
    expected = function.value_and_grad(INPUTS)[0]
    for other in (pickle.loads(pickle.dumps(function)), copy.deepcopy(function)):  # noqa: S301
        assert repr(other) == repr(function) == "<CompiledFunction(x, y, w, b) on reference, float64>"
        assert other.value_and_grad(INPUTS)[0] == expected


def test_drawn_numbers_are_counted_by_what_a_call_gives() -> None:
    function = cr.compile(cr.parse("data x[i]\nbatch n\nz[i] = x[i]*uniform(3, step, n, i)"))
    first, second = (function(x=np.ones((4, 2)), step=step)["z"] for step in (0, 1))
    assert (first != second).all()


def test_what_makes_no_sense_is_refused() -> None:
    for given, said in (
        ({"system": TEXT}, "Text becomes a system by cr.parse"),
        ({"wrt": "w"}, r"a list of tensors: \['w'\]"),
        ({"wrt": ["q"]}, "no tensor is named q"),
        ({"executor": "numpy"}, "there is no executor named 'numpy'"),
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"dtype": 7}, "dtype is 7"),
    ):
        with pytest.raises(OptionError, match=said):
            cr.compile(**{"system": SYSTEM, **given})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="x is given twice"):
        cr.compile(SYSTEM)({"x": 1}, x=2)
    with pytest.raises(InputError, match="missing inputs: data y, param w"):
        cr.compile(SYSTEM)(x=[1.0], b=1)
    with pytest.raises(DerivativeError, match="no cost"):
        cr.compile(cr.parse("param w\nz = w^2")).value_and_grad(w=1)

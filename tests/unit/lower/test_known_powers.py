"""An exponent that consts and extents make a number is one in machine code: x^gamma with `const gamma = 2` is x·x."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.execute.registry import executor
from chainrule.pipeline import training_step
from support import assert_close

INPUTS = {"x": np.array([1.0, 2.0, 3.0]), "w": np.array([0.5, -1.0, 2.0])}
NUMBERS = {
    "a const": "const gamma = 2\ncost C = sum(i) (w[i]*x[i])^gamma",
    "a const and a number": "const gamma = 2\ncost C = sum(i) (w[i]*x[i])^(gamma + 1)",
    "a root": "const gamma = 1/2\ncost C = sum(i) (w[i]^2 + 1)^gamma",
    "a const of consts": "const gamma = 2\nconst b = 2*gamma - 1\ncost C = sum(i) (w[i]*x[i])^b",
    "an extent": "index n = 3\ncost C = sum(i) (w[i]*x[i])^extent(n)",
    "in a function": "const gamma = 2\ndef f(t) = t^gamma\ncost C = sum(i) f(w[i]*x[i])",
}


@pytest.mark.parametrize("text", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("given", [{}, {"gamma": 3.0}, {"gamma": 0.0}, {"gamma": -1.0}], ids=str)
def test_such_a_power_has_machine_code(text: str, given: dict[str, float]) -> None:
    system = training_step(cr.parse("data x[i]\nparam w[i]\n" + text))
    native = executor("native").compile(system, dtype=np.float64)
    inputs = INPUTS | (given if "gamma" in text else {})
    expected = executor("reference").compile(system, dtype=np.float64).evaluate(inputs)
    for name, value in native.evaluate(inputs).items():
        assert_close(value, expected[name], rtol=1e-13)
    assert "reference" not in native.plan


def test_another_value_of_the_const_gives_another_program() -> None:
    system = cr.parse("const gamma = 2\ndata x[i]\ncost C = sum(i) x[i]^gamma")
    native = executor("native").compile(system, dtype=np.float64)
    found = [float(native.evaluate({"x": INPUTS["x"], "gamma": g})["C"]) for g in (1.0, 3.0, 1.0, 2.0)]
    assert found == [6.0, 36.0, 6.0, 14.0]
    assert native.evaluate({"x": INPUTS["x"]})["C"] == 14.0


def test_a_training_takes_the_const_that_it_is_given() -> None:
    text = "const gamma = 2\ndata x[n]\nparam w\ncost C = sum(n) (w*x[n])^gamma\nupdate w = w - 0.1*∂C/∂w"
    system = training_step(cr.parse(text))
    for given, expected in (({}, 1 - 0.1 * 2 * 14), ({"gamma": 3.0}, 1 - 0.1 * 3 * 36)):
        values = {"w": np.array(1.0), **{name: np.array(value) for name, value in given.items()}}
        session = executor("native").compile_training(
            system, values, {"x": INPUTS["x"]}, batch_size=3, dtype=np.float64
        )
        session.run_epoch(np.arange(3))
        assert_close(session.params()["w"], expected, rtol=1e-13)


def test_a_power_without_machine_code_is_refused_by_its_exponent() -> None:
    native = executor("native").compile(cr.parse("const gamma = 0.7\ndata x[i]\ncost C = sum(i) x[i]^gamma"))
    native.evaluate({"x": INPUTS["x"]})
    assert native.plan == "on the reference: there is no machine code yet for the power 7/10"
    native.evaluate({"x": INPUTS["x"], "gamma": 0.3})
    assert native.plan == "on the reference: there is no machine code yet for the power 0.3"

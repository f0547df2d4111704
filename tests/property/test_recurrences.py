"""Random recurrences along an index: gradients are finite differences, and both passes read back to what they print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.verify.differences import central_differences
from support import assert_close, examples

FUNCTIONS = ("tanh({})", "sin({})", "1/2*({})", "({})/(1 + ({})^2)")
NAMES = ("u", "v", "w")


@st.composite
def recurrences(draw: st.DrawFn) -> str:
    """Return the text of one to three equations that read one another at the same step and at others."""
    count, sign = draw(st.integers(1, 3)), draw(st.sampled_from("-+"))
    lines, params = [], 0
    for number, name in enumerate(NAMES[:count]):
        terms = ["x[t]"] if draw(st.booleans()) or not number else []
        terms += [f"{NAMES[number - 1]}[t]"] if number else []
        for other in NAMES[:count]:
            if other == name or draw(st.booleans()):
                shift = draw(st.integers(1, 2))
                marked = draw(st.sampled_from((f"{other}?[t{sign}{shift}]", f"stop({other}?[t{sign}{shift}])")))
                params += 1
                terms.append(f"p{params}*{marked if draw(st.booleans()) else f'{other}?[t{sign}{shift}]'}")
        body = " + ".join(terms)
        lines.append(f"{name}[t] = {draw(st.sampled_from(FUNCTIONS)).replace('{}', body)}")
    declared = ", ".join(f"p{number + 1}" for number in range(params))
    return f"data x[t], y[t]\nparam {declared}\n" + "\n".join(lines) + f"\ncost C = sum(t) ({name}[t] - y[t])^2\n"


def inputs_of(system: Any) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    drawn = {param: generator.normal() for param in system.params}
    return {"x": generator.normal(size=4), "y": generator.normal(size=4), **drawn}


@pytest.mark.slow
@examples(100)
@given(recurrences())
def test_gradients_of_many_recurrences_are_finite_differences(text: str) -> None:
    check_gradients(text)


@examples(8)
@given(recurrences())
def test_gradients_of_random_recurrences_are_finite_differences(text: str) -> None:
    check_gradients(text)


def check_gradients(text: str) -> None:
    system = cr.parse(text)
    inputs = inputs_of(system)
    gradients = cr.value_and_grad(system, inputs)[1]
    if "stop" not in text:
        for param, gradient in gradients.items():

            def cost(value: Any, param: str = param) -> Any:
                return cr.evaluate(system, {**inputs, param: value})["C"]

            assert_close(gradient, central_differences(cost, inputs[param]).values, rtol=1e-7, atol=1e-7)
    printed = str(cr.backprop(system))
    read = cr.parse(printed)
    assert str(read) == printed
    values = cr.evaluate(read, inputs)
    for param, gradient in gradients.items():
        assert_close(values[f"∂C/∂{param}"], gradient, rtol=1e-11, atol=1e-12)

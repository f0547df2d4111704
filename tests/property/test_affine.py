"""Systems with affine indices: gradients beside central differences, every step true, text that reads back the same.

Forward mode, and what is read back of it, beside the gradient.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.checking.gradients import gradient_check
from chainrule.jacobians import hvp, jvp
from chainrule.notation import parse
from chainrule.pipeline import backprop, evaluate, value_and_grad
from chainrule.system.printing import system_latex, system_text
from chainrule.verify.sampling import random_inputs
from property.random_affine import affine_systems
from support import assert_close, examples


@examples(25)
@given(text=affine_systems())
def test_gradients_agree_with_central_differences(text: str) -> None:
    report = gradient_check(parse(text))
    assert report, f"{text}\n{report}"


@examples(25)
@given(text=affine_systems())
def test_derived_systems_read_back_the_same(text: str) -> None:
    system = backprop(parse(text)).system
    for unicode in (True, False):
        assert parse(system_text(system, unicode=unicode)) == system, system_text(system)
    assert system_latex(system)


@examples(10)
@given(text=affine_systems())
def test_every_step_is_true(text: str) -> None:
    back = backprop(parse(text))
    for tensor in back.wrt:
        back.derivation(tensor).verify()


@examples(25)
@given(text=affine_systems(), seed=st.integers(0, 100))
def test_the_change_of_the_cost_is_the_gradient_times_the_change(text: str, seed: int) -> None:
    system = parse(text)
    forward = jvp(system)
    inputs = random_inputs(forward, seed)
    change = float(evaluate(forward, inputs)["dC"])
    _, gradients = value_and_grad(system, {name: inputs[name] for name in system.params})
    shares = [gradients[name] * inputs[f"d{name}"] for name in system.params]
    scale = max(1.0, *(float(np.abs(share).sum()) for share in shares))
    assert_close(change / scale, sum(float(share.sum()) for share in shares) / scale, rtol=0, atol=1e-10)
    assert_close(float(evaluate(parse(str(forward)), inputs)["dC"]), change)


@examples(10)
@given(text=affine_systems(), seed=st.integers(0, 100))
def test_what_is_read_back_of_second_derivatives_has_the_same_numbers(text: str, seed: int) -> None:
    product = hvp(parse(text)).system
    inputs = random_inputs(product, seed)
    again = evaluate(parse(str(product)), inputs)
    for name, value in evaluate(product, inputs).items():
        assert_close(again[name], value, rtol=1e-9, atol=1e-12)

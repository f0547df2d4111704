"""Functions defined in the notation keep every index where it belongs when their bodies are put in."""

from __future__ import annotations

import chainrule as cr
from chainrule.checking import gradient_check
from chainrule.verify.sampling import random_inputs
from support import assert_close

NESTED = """def swish(t) = t*sigmoid(t)
index i = 3
param x[i], A[i,k]
cost C = sum(i) x[i]*(sum(k) x[k]*swish(A[i,k]))
"""


def test_nested_sums_of_one_extent_do_not_capture() -> None:
    system = cr.parse(NESTED.replace("A[i,k]\n", "A[i,k]\n", 1))
    written_out = cr.parse(
        NESTED.replace("def swish(t) = t*sigmoid(t)\n", "").replace("swish(A[i,k])", "A[i,k]*sigmoid(A[i,k])")
    )
    inputs = random_inputs(system, 0)
    (cost, gradients), (same, expected) = (cr.value_and_grad(s, inputs) for s in (system, written_out))
    assert_close(cost, same)
    for name, gradient in gradients.items():
        assert_close(gradient, expected[name])
    assert gradient_check(system)


def test_a_function_of_a_function() -> None:
    text = """def half(t) = t/2
def hat(t) = half(t)*half(1 - t)
param z[k]
cost C = sum(k) hat(half(z[k]))*hat(z[k])
"""
    assert gradient_check(cr.parse(text))

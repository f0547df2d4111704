"""Forward and backward mode of random systems agree: ⟨u, J·v⟩ = ⟨Jᵀ·u, v⟩; and Hessian times vector, both ways."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.verify.sampling import random_inputs
from property.random_systems import PARAMS, systems
from support import assert_close, examples


@examples(15)
@given(text=systems(), seed=st.integers(0, 100))
def test_the_change_of_the_cost_is_the_gradient_times_the_change(text: str, seed: int) -> None:
    system = cr.parse(text)
    forward = cr.jvp(system)
    inputs = random_inputs(forward, seed)
    change = float(cr.evaluate(forward, inputs)["dC"])
    plain = {d.tensor: inputs[d.tensor] for d in system.declarations if d.tensor in inputs}
    _, gradients = cr.value_and_grad(system, plain)
    shares = [gradients[p] * inputs[f"d{p}"] for p in PARAMS]
    scale = max(1.0, *(float(np.abs(share).sum()) for share in shares))
    assert_close(change / scale, sum(float(share.sum()) for share in shares) / scale, rtol=0, atol=1e-10)


@examples(12)
@given(text=systems(most=2), seed=st.integers(0, 100))
def test_a_jacobian_times_a_vector_is_the_same_both_ways(text: str, seed: int) -> None:
    body, _, _ = text.partition("cost C")
    system = cr.parse(body)
    axes = system.axes("h1")
    moving = [p for p in PARAMS if p in reached(system)]
    if not moving:
        return
    letters = f"[{','.join(i.preferred for i in axes)}]" if axes else ""
    total = f"sum({letters[1:-1]}) u{letters}*h1{letters}" if axes else "u*h1"
    backward = cr.parse(f"{body}data u{letters}\ncost C = {total}\n")
    forward = cr.jvp(backward, of="h1", wrt=moving)
    inputs = random_inputs(forward, seed)
    u, values = inputs["u"], cr.evaluate(forward, inputs)
    plain = {d.tensor: inputs[d.tensor] for d in backward.declarations if d.tensor in inputs}
    _, gradients = cr.value_and_grad(backward, plain)
    shares = [gradients[p] * inputs[f"d{p}"] for p in moving]
    scale = max(1.0, *(float(np.abs(share).sum()) for share in shares), float(np.abs(u * values["dh1"]).sum()))
    assert_close(float((u * values["dh1"]).sum()) / scale, sum(map(np.sum, shares)) / scale, rtol=0, atol=1e-10)


def reached(system: cr.System) -> set[str]:
    """Return the tensors that h1 depends on."""
    from chainrule.diff.graph import graph_of

    return set(graph_of(system).leading_to("h1"))


@examples(8)
@given(text=systems(most=2), wrt=st.sampled_from(PARAMS), seed=st.integers(0, 100))
def test_a_hessian_times_a_vector_is_the_same_both_ways(text: str, wrt: str, seed: int) -> None:
    system = cr.parse(text)
    product, hessian = cr.hvp(system, wrt).system, cr.hessian(system, wrt)
    inputs = random_inputs(product, seed)
    plain = {d.tensor: inputs[d.tensor] for d in system.declarations if d.tensor in inputs}
    found = cr.evaluate(product, inputs)[f"∂dC/∂{wrt}"]
    matrix = cr.evaluate(hessian, plain)[f"∂²C/∂{wrt}∂{wrt}"]
    expected = np.tensordot(matrix, inputs[f"d{wrt}"], inputs[wrt].ndim)
    scale = max(1.0, float(np.abs(matrix).max(initial=0.0)))
    assert_close(found / scale, expected / scale, rtol=0, atol=1e-9)

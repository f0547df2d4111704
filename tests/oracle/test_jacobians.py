"""Jacobians, Hessians and products with them against torch.autograd.functional and double backward, in float64."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from support import assert_close

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch: Any = pytest.importorskip("torch")

pytestmark = pytest.mark.oracle
NETWORK = """data x[i], y[k]
param W1[j,i], b1[j], W2[k,j]
z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = tanh(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j]
a2[k] = exp(z2[k])/(sum(m) exp(z2[m]))
cost C = -sum(k) y[k]*log(a2[k])
"""
PARAMS = ("W1", "b1", "W2")
DRAW = np.random.default_rng(4)
SHAPES = {"x": (3,), "y": (4,), "W1": (5, 3), "b1": (5,), "W2": (4, 5)}
VALUES = {name: DRAW.normal(size=shape) for name, shape in SHAPES.items()}
CHANGES = {name: DRAW.normal(size=SHAPES[name]) for name in PARAMS}


def tensors() -> dict[str, Any]:
    return {name: torch.tensor(value) for name, value in VALUES.items()}


def output(w1: Any, b1: Any, w2: Any) -> Any:
    given = tensors()
    return torch.softmax(w2 @ torch.tanh(w1 @ given["x"] + b1), 0)


def cost(w1: Any, b1: Any, w2: Any) -> Any:
    return -(tensors()["y"] * torch.log(output(w1, b1, w2))).sum()


def arguments() -> tuple[Any, ...]:
    return tuple(tensors()[name] for name in PARAMS)


def test_jacobians() -> None:
    theirs = torch.autograd.functional.jacobian(output, arguments())
    for name, expected in zip(PARAMS, theirs, strict=True):
        found = cr.evaluate(cr.jacobian(cr.parse(NETWORK), of="a2", wrt=name), VALUES)[f"∂a2/∂{name}"]
        assert_close(found, expected.numpy(), rtol=1e-10, atol=1e-12)


def test_hessians() -> None:
    theirs = torch.autograd.functional.hessian(cost, arguments())
    found = cr.evaluate(cr.hessian(cr.parse(NETWORK), wrt=PARAMS), VALUES)
    for n, first in enumerate(PARAMS):
        for m, second in enumerate(PARAMS[n:], n):
            assert_close(found[f"∂²C/∂{first}∂{second}"], theirs[n][m].numpy(), rtol=1e-9, atol=1e-11)


def test_changes() -> None:
    along = tuple(torch.tensor(CHANGES[name]) for name in PARAMS)
    _, theirs = torch.autograd.functional.jvp(output, arguments(), along)
    inputs = VALUES | {f"d{name}": change for name, change in CHANGES.items()}
    found = cr.evaluate(cr.jvp(cr.parse(NETWORK), of="a2"), inputs)
    assert_close(found["da2"], theirs.numpy(), rtol=1e-10, atol=1e-12)


def test_a_hessian_times_a_vector_by_double_backward() -> None:
    leaves = tuple(a.requires_grad_() for a in arguments())
    gradients = torch.autograd.grad(cost(*leaves), leaves, create_graph=True)
    pairs = zip(PARAMS, gradients, strict=True)
    theirs = torch.autograd.grad(sum((g * torch.tensor(CHANGES[name])).sum() for name, g in pairs), leaves)
    inputs = VALUES | {f"d{name}": change for name, change in CHANGES.items()}
    found = cr.evaluate(cr.hvp(cr.parse(NETWORK)).system, inputs)
    for name, expected in zip(PARAMS, theirs, strict=True):
        assert_close(found[f"∂dC/∂{name}"], expected.numpy(), rtol=1e-9, atol=1e-11)


def test_the_derivative_of_a_penalty_on_a_gradient() -> None:
    inner = str(cr.backprop(cr.parse(NETWORK), ["x"]))
    outer = cr.parse(inner.replace("cost C =", "C =") + "\ncost P = C + 3*(sum(i) ∂C/∂x[i]^2)\n")
    _, found = cr.value_and_grad(outer, VALUES)
    given = tensors()
    x = given["x"].requires_grad_()
    leaves = tuple(given[name].requires_grad_() for name in PARAMS)
    a = torch.softmax(leaves[2] @ torch.tanh(leaves[0] @ x + leaves[1]), 0)
    c = -(given["y"] * torch.log(a)).sum()
    (gradient,) = torch.autograd.grad(c, (x,), create_graph=True)
    theirs = torch.autograd.grad(c + 3 * (gradient**2).sum(), leaves)
    for name, expected in zip(PARAMS, theirs, strict=True):
        assert_close(found[name], expected.numpy(), rtol=1e-9, atol=1e-11)


def test_the_marginal_likelihood_of_a_gaussian_process() -> None:
    system = cr.parse(
        "data x[i], y[i]\nparam l, s\nK[i,j] = exp(-(x[i] - x[j])^2/(2*l^2)) + s*[i = j]\n"
        "cost C = 1/2*(sum(i,j) y[i]*inv(K)[i,j]*y[j]) + 1/2*log(det(K))\n"
    )
    values = {"x": DRAW.normal(size=6), "y": DRAW.normal(size=6), "l": 0.7, "s": 0.1}
    found, gradients = cr.value_and_grad(system, values)
    x, y = torch.tensor(values["x"]), torch.tensor(values["y"])
    leaves = [torch.tensor(values[name], dtype=torch.float64, requires_grad=True) for name in ("l", "s")]
    k = torch.exp(-((x[:, None] - x) ** 2) / (2 * leaves[0] ** 2)) + leaves[1] * torch.eye(6, dtype=torch.float64)
    expected = 0.5 * y @ torch.linalg.solve(k, y) + 0.5 * torch.logdet(k)
    expected.backward()
    assert_close(found, float(expected.detach()), rtol=1e-10)
    for name, leaf in zip(("l", "s"), leaves, strict=True):
        assert_close(gradients[name], float(leaf.grad), rtol=1e-9)


def test_det_and_inv() -> None:
    matrix = DRAW.normal(size=(4, 4)) + 2 * np.eye(4)
    system = cr.parse("param X[i,j]\nV[i,j] = inv(X)[i,j]\nd = det(X)\ncost C = (sum(i,j) V[i,j]^3) + log(d^2)\n")
    _, found = cr.value_and_grad(system, {"X": matrix})
    x = torch.tensor(matrix, requires_grad=True)
    ((torch.linalg.inv(x) ** 3).sum() + torch.log(torch.linalg.det(x) ** 2)).backward()
    assert_close(found["X"], x.grad.numpy(), rtol=1e-9, atol=1e-11)

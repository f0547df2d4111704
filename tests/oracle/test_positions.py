"""Convolutions, pooling, shifts and look-ups against PyTorch: costs and gradients, in float64."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.notation import parse
from chainrule.pipeline import value_and_grad
from support import assert_close

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch: Any = pytest.importorskip("torch")

pytestmark = pytest.mark.oracle
F = torch.nn.functional
Cost = Callable[[dict[str, Any]], Any]

SMOOTH = "cost C = sum(o,i,j) sin(z[o,i,j])"
CASES: dict[str, tuple[str, dict[str, tuple[int, ...]], Cost]] = {
    "convolution": (
        "param x[p], w[u]\nz[q] = sum(u) w[u]*x[q+u]\ncost C = sum(q) sin(z[q])",
        {"x": (9,), "w": (3,)},
        lambda t: torch.sin(F.conv1d(t["x"][None, None], t["w"][None, None])).sum(),
    ),
    "strided": (
        "param x[p], w[u]\nz[q] = sum(u) w[u]*x[3*q+2*u]\ncost C = sum(q) sin(z[q])",
        {"x": (12,), "w": (3,)},
        lambda t: torch.sin(F.conv1d(t["x"][None, None], t["w"][None, None], stride=3, dilation=2)).sum(),
    ),
    "channels": (
        f"param x[c,p,r], w[o,c,u,v], b[o]\nz[o,i,j] = b[o] + (sum(c,u,v) w[o,c,u,v]*x[c,i+u,2*j+v])\n{SMOOTH}",
        {"x": (2, 5, 8), "w": (3, 2, 2, 3), "b": (3,)},
        lambda t: torch.sin(F.conv2d(t["x"][None], t["w"], t["b"], stride=(1, 2))).sum(),
    ),
    "padded": (
        f"index i = 5, j = 6\nparam x[c,p,r], w[o,c,u,v]\nz[o,i,j] = sum(c,u,v) w[o,c,u,v]*x?[c,i+u-1,j+v-1]\n{SMOOTH}",
        {"x": (2, 5, 6), "w": (2, 2, 3, 3)},
        lambda t: torch.sin(F.conv2d(t["x"][None], t["w"], padding=1)).sum(),
    ),
    "pooling": (
        "param x[p,r]\nz[i,j] = max(u<2, v<2) x[2*i+u, 2*j+v]\ncost C = sum(i,j) z[i,j]^3",
        {"x": (6, 7)},
        lambda t: (F.max_pool2d(t["x"][None], 2)[0] ** 3).sum(),
    ),
    "overlapping pooling": (
        "param x[p,r]\nz[i,j] = max(u<3, v<2) x[2*i+u, j+v]\ncost C = sum(i,j) z[i,j]^3",
        {"x": (7, 5)},
        lambda t: (F.max_pool2d(t["x"][None], (3, 2), stride=(2, 1))[0] ** 3).sum(),
    ),
    "pooling of what is computed": (
        "param x[p]\nz[i] = max(u<3) (sin(x[2*i+u]))\ncost C = sum(i) z[i]^3",
        {"x": (9,)},
        lambda t: (F.max_pool1d(torch.sin(t["x"])[None], 3, stride=2)[0] ** 3).sum(),
    ),
    "autocorrelation": (
        "param x[i]\ncost C = sum(i) x[i]*x?[i-1] + (sum(i) x[i]^2*x?[2*i])",
        {"x": (6,)},
        lambda t: (t["x"][1:] * t["x"][:-1]).sum() + (t["x"][:3] ** 2 * t["x"][::2]).sum(),
    ),
    "mirror": (
        "index i = 6\nparam x[i]\ncost C = sum(i) x[i]^2*x[5-i]",
        {"x": (6,)},
        lambda t: (t["x"] ** 2 * t["x"].flip(0)).sum(),
    ),
    "attention to the left": (
        "param x[i], w[k]\ny[i] = sum(k<2) w[k]*x?[i-k]\ncost C = sum(i) tanh(y[i])",
        {"x": (6,), "w": (2,)},
        lambda t: torch.tanh(t["w"][0] * t["x"] + t["w"][1] * F.pad(t["x"], (1, 0))[:-1]).sum(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_gradients_agree(name: str) -> None:
    text, shapes, cost = CASES[name]
    draw = np.random.default_rng(3)
    inputs = {tensor: draw.normal(size=shape) for tensor, shape in shapes.items()}
    leaves = {tensor: torch.tensor(array, requires_grad=True) for tensor, array in inputs.items()}
    expected = cost(leaves)
    expected.backward()
    value, gradients = value_and_grad(parse(text), inputs)
    assert_close(value, expected.item(), rtol=1e-12)
    for tensor, leaf in leaves.items():
        assert_close(gradients[tensor], leaf.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_embeddings_and_labels() -> None:
    text = """
    data tok[t] : int(v), label : int(k)
    param E[v,d], W[k,d]
    batch n
    h[d] = sum(t) E[tok[t],d]
    z[k] = sum(d) W[k,d]*h[d]
    a[k] = exp(z[k])/(sum(m) exp(z[m]))
    cost C = -log(a[label])
    """
    draw = np.random.default_rng(5)
    inputs = {
        "tok": draw.integers(0, 7, size=(4, 3)),
        "label": draw.integers(0, 5, size=4),
        "E": draw.normal(size=(7, 2)),
        "W": draw.normal(size=(5, 2)),
    }
    leaves = {name: torch.tensor(inputs[name], requires_grad=True) for name in ("E", "W")}
    hidden = F.embedding(torch.tensor(inputs["tok"]), leaves["E"]).sum(1)
    expected = F.cross_entropy(hidden @ leaves["W"].T, torch.tensor(inputs["label"]))
    expected.backward()
    value, gradients = value_and_grad(parse(text), inputs)
    assert_close(value, expected.item(), rtol=1e-12)
    for tensor, leaf in leaves.items():
        assert_close(gradients[tensor], leaf.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_matrix_factorisation() -> None:
    text = """
    data u[e] : int(i), v[e] : int(j), r[e]
    param P[i,f], Q[j,f]
    cost C = sum(e) (r[e] - (sum(f) P[u[e],f]*Q[v[e],f]))^2
    """
    draw = np.random.default_rng(6)
    inputs: dict[str, Any] = {"u": draw.integers(0, 4, 9), "v": draw.integers(0, 3, 9), "r": draw.normal(size=9)}
    inputs |= {"P": draw.normal(size=(4, 2)), "Q": draw.normal(size=(3, 2))}
    leaves = {name: torch.tensor(inputs[name], requires_grad=True) for name in ("P", "Q")}
    products = (leaves["P"][inputs["u"]] * leaves["Q"][inputs["v"]]).sum(1)
    ((torch.tensor(inputs["r"]) - products) ** 2).sum().backward()
    _, gradients = value_and_grad(parse(text), inputs)
    for tensor, leaf in leaves.items():
        assert_close(gradients[tensor], leaf.grad.numpy(), rtol=1e-10, atol=1e-12)

"""What is multiplied out, and what is better left a product."""

from __future__ import annotations

import pytest

import chainrule as cr

TRIPLET = """data a[i], p[i], q[i]
param W[j,i]
u[j] = sum(i) W[j,i]*a[i]
v[j] = sum(i) W[j,i]*p[i]
w[j] = sum(i) W[j,i]*q[i]
gap = (sum(j) (u[j] - v[j])^2) - (sum(j) (u[j] - w[j])^2) + 1
cost C = relu(gap)"""
DIFFERENCES = """data a[i], p[i], q[i]
param W[j,i]
u[j] = sum(i) W[j,i]*(a[i] - p[i])
v[j] = sum(i) W[j,i]*(a[i] - q[i])
"""
KEPT = {
    "a product that has a name": ("param o, c\nh = o*tanh(c)\ncost C = h^2", "c", "2·o·h·(1 − tanh(c)^2)"),
    "the same of names": ("param o, c\nt = tanh(c)\nh = o*t\ncost C = sin(h)", "c", "o·∂C/∂h·(1 − t^2)"),
    "the same by entries": (
        "data y[j]\nparam o[j], c[j]\nh[j] = o[j]*tanh(c[j])\ncost C = 1/2*(sum(j) (h[j] - y[j])^2)",
        "c",
        "o[j]·∂C/∂h[j]·(1 − tanh(c[j])^2)",
    ),
    "products that share a factor": (
        TRIPLET,
        "W",
        "2·∂C/∂gap·(a[i]·(w[j] − v[j]) + q[i]·(u[j] − w[j]) − p[i]·(u[j] − v[j]))",
    ),
    "differences of data": (
        DIFFERENCES + "cost C = (sum(j) u[j]^2) - (sum(j) v[j]^2)",
        "W",
        "2·(u[j]·(a[i] − p[i]) − v[j]·(a[i] − q[i]))",
    ),
}
MULTIPLIED_OUT = {
    "what a name takes the place of": ("param beta, z\na = z*sigmoid(beta*z)\ncost C = a", "beta", "a·(z − a)"),
    "what cancels": ("param a, b\ncost C = a*(b - a) + a^2 + b*a", "a", "2·b"),
    "what nested sums hide": ("param z\na = z*sigmoid(z)\ncost C = a", "z", "a + sigmoid(z)·(1 − a)"),
}


@pytest.mark.parametrize(("text", "tensor", "expected"), (KEPT | MULTIPLIED_OUT).values(), ids=KEPT | MULTIPLIED_OUT)
def test_a_product_is_split_for_a_reason_only(text: str, tensor: str, expected: str) -> None:
    derivation = cr.backprop(cr.parse(text)).derivation(tensor)
    assert str(derivation).partition(" = ")[2] == expected
    derivation.verify()

"""Systems and inputs that the tests of explanations share."""

from __future__ import annotations

import numpy as np

from chainrule.notation import parse
from chainrule.system.model import System

NETWORK = """data x[i], y[k]
param W1[j,i], b1[j], W2[k,j], b2[k]
{given}{batch}
z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = {hidden}(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
a2[k] = exp(z2[k])/(sum(m) exp(z2[m]))
cost C = -sum(k) y[k]*log(a2[k])
"""
RESIDUAL = """data y[i]
param W[j,i], z[i]
u[j] = sum(i) W[j,i]*z[i]
h[i] = z[i] + sum(j) W[j,i]*tanh(u[j])
cost C = 1/2*(sum(i) (h[i] - y[i])^2)
"""
REGRESSION = """data x[n,i], y[n]
param W[i]
const lambda = 0.1
p[n] = sum(i) W[i]*x[n,i]
cost C = mean(n) (p[n] - y[n])^2 + lambda*(sum(i) W[i]^2)
"""


def network(hidden: str = "sigmoid", *, batch: bool = False, given: bool = True) -> System:
    fact = "given sum(k) y[k] = 1\n" if given else ""
    return parse(NETWORK.format(hidden=hidden, batch="batch n\n" if batch else "", given=fact))


def network_inputs(samples: int = 0, seed: int = 0) -> dict[str, np.ndarray]:
    """Return inputs of a 5-7-4 network, of one sample or of several."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(4, size=max(1, samples))
    x, y = draw.normal(size=(max(1, samples), 5)), np.eye(4)[labels]
    params = {"W1": (7, 5), "b1": (7,), "W2": (4, 7), "b2": (4,)}
    values = {name: draw.normal(size=shape) for name, shape in params.items()}
    return values | ({"x": x, "y": y} if samples else {"x": x[0], "y": y[0]})


def residual_inputs(seed: int = 0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {"y": draw.normal(size=6), "z": draw.normal(size=6), "W": draw.normal(size=(20, 6))}

"""Recurrences that tests go through: texts, and the extents that their letters have."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.system.model import System

RNN = """data x[t,i], y[j]
param W[j,i], U[j,m]
h[t,j] = tanh((sum(i) W[j,i]*x[t,i]) + (sum(m) U[j,m]*h?[t-1,m]))
cost C = 1/2*(sum(t,j) (h[t,j] - y[j])^2)
"""
LSTM = """data x[t,i], y[j]
param A[j,i], B[j,m], D[j,i], E[j,m], F[j,i], G[j,m]
f[t,j] = sigmoid((sum(i) A[j,i]*x[t,i]) + (sum(m) B[j,m]*h?[t-1,m]))
g[t,j] = tanh((sum(i) D[j,i]*x[t,i]) + (sum(m) E[j,m]*h?[t-1,m]))
o[t,j] = sigmoid((sum(i) F[j,i]*x[t,i]) + (sum(m) G[j,m]*h?[t-1,m]))
c[t,j] = f[t,j]*c?[t-1,j] + (1 - f[t,j])*g[t,j]
h[t,j] = o[t,j]*tanh(c[t,j])
cost C = 1/2*(sum(t,j) (h[t,j] - y[j])^2)
"""
TWO_BACK = """data x[t], y[t]
param a, b
h[t] = tanh(a*h?[t-1] + b*h?[t-2] + x[t])
cost C = sum(t) (h[t] - y[t])^2*(t + 1)
"""
BEGUN = """data x[t], y[t]
param h0[k], U[k,m]
h[t,k] = tanh(x[t] + (sum(m) U[k,m]*(h?[t-1,m] + [t = 0]*h0[m])))
cost C = sum(t,k) (h[t,k] - y[t])^2
"""
CHOSEN = """data x[t], y[t]
param a, h0
h[t] = where(t > 0, tanh(a*h[t-1] + x[t]), h0)
cost C = sum(t) (h[t] - y[t])^2
"""
CROSSED = """data x[t], y[t]
param a, b
u[t] = tanh(a*v?[t-1] + x[t])
s[t] = u[t]*x[t]
r = sum(t) s[t]
v[t] = sin(b*u[t] + s[t] + u?[t-2])
q = sum(t) v[t]^2
cost C = q + r + (sum(t) (u[t] - y[t])^2)
"""
BOTH_WAYS = """data x[t,i], y[j]
param W[j,i], U[j,m], V[j,i], R[j,m]
f[t,j] = tanh((sum(i) W[j,i]*x[t,i]) + (sum(m) U[j,m]*f?[t-1,m]))
b[t,j] = tanh((sum(i) V[j,i]*x[t,i]) + (sum(m) R[j,m]*b?[t+1,m]))
cost C = sum(t,j) (f[t,j]*b[t,j] - y[j])^2
"""
STACKED = """data x[t,i], y[j]
param W[j,i], U[j,m], V[j,p], R[j,m]
f[t,j] = tanh((sum(i) W[j,i]*x[t,i]) + (sum(m) U[j,m]*f?[t-1,m]))
g[t,j] = tanh((sum(p) V[j,p]*f[t,p]) + (sum(m) R[j,m]*g?[t-1,m]))
cost C = sum(t,j) (g[t,j] - y[j])^2
"""
RUNNING_SUMS = """data x[t]
param w
s[t] = s?[t-1] + w*x[t]
p[t] = exp(-s?[t-1])*p?[t-1] + [t = 0]
cost C = sum(t) p[t]^2
"""
SECOND_AXIS = """data x[i,t], y[i]
param w[i]
h[i,t] = x[i,t]*w[i] + 1/2*h?[i,t-1]^2
cost C = sum(i,t) (h[i,t] - y[i])^2
"""
SYSTEMS = {
    "rnn": RNN,
    "downwards": RNN.replace("h?[t-1,m]", "h?[t+1,m]"),
    "lstm": LSTM,
    "two steps back": TWO_BACK,
    "begun by a param": BEGUN,
    "chosen": CHOSEN,
    "two that read one another": CROSSED,
    "both ways": BOTH_WAYS,
    "stacked": STACKED,
    "running sums": RUNNING_SUMS,
    "along the second axis": SECOND_AXIS,
}
SIZES = {"t": 4, "i": 3, "j": 2, "m": 2, "k": 2, "p": 2}


def drawn(system: System, seed: int = 0) -> dict[str, Any]:
    """Return random inputs of a system in these letters."""
    generator = np.random.default_rng(seed)
    inputs = (d for d in system.declarations if d.value is None)
    return {d.tensor: generator.normal(size=[SIZES[i.preferred] for i in d.indices]) for d in inputs}

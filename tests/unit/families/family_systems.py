"""Families that tests go through: layers of several kinds, and recurrences."""

from __future__ import annotations

MLP = """data x[i], y[k]
param W[l; k,j], b[l; k]
abstract sigma(t)
a[0; i] = x[i]
for l = 1..L:
    z[l; k] = sum(j) W[l; k,j]*a[l-1; j] + b[l; k]
    a[l; k] = sigma(z[l; k])
cost C(a[L; k])
"""
SIGMOID = """data x[i], y[k]
param W[l; k,j], b[l; k]
a[0; i] = x[i]
for l = 1..L:
    z[l; k] = sum(j) W[l; k,j]*a[l-1; j] + b[l; k]
    a[l; k] = sigmoid(z[l; k])
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""
RESIDUAL = """data x[i], y[k]
param W[l; m,j], V[l; k,m], b[l; m]
a[0; i] = x[i]
for l = 1..L:
    z[l; m] = sum(j) W[l; m,j]*a[l-1; j] + b[l; m]
    s[l; m] = relu(z[l; m])
    a[l; k] = a[l-1; k] + sum(m) V[l; k,m]*s[l; m]
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""
SKIP = """data x[i], y[k]
param W[l; k,j], V[l; k,j], A[k,i]
a[0; i] = x[i]
a[1; k] = tanh(sum(i) A[k,i]*x[i])
for l = 2..L:
    z[l; k] = sum(j) W[l; k,j]*a[l-1; j] + sum(m) V[l; k,m]*a[l-2; m]
    a[l; k] = tanh(z[l; k])
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""
UNKNOWN = """param z0[i]
z[0; i] = z0[i]
for l = 1..L:
    abstract z[l; k](z[l-1; j])
cost C(z[L; k])
"""
RNN = """data x[t; i], y[t; m]
param U[k,j], V[k,i], b[k], h0[k], R[m,k]
h[0; k] = h0[k]
for t = 1..T:
    z[t; k] = sum(j) U[k,j]*h[t-1; j] + sum(i) V[k,i]*x[t; i] + b[k]
    h[t; k] = tanh(z[t; k])
    o[t; m] = sum(k) R[m,k]*h[t; k]
cost C = 1/2*sum(t) (sum(m) (o[t; m] - y[t; m])^2)
"""
PLAIN_AXIS = """data x[t,i], y[k]
param U[k,j], V[k,i], h0[k]
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + (sum(i) V[k,i]*x[t-1,i]))
cost C = 1/2*(sum(k) (h[T; k] - y[k])^2)
"""
BOTH_WAYS = """data x[t; i], y[t; m]
param U[k,j], V[k,i], P[k,j], Q[k,i], R[m,k], S[m,k], h0[k], g0[k]
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + (sum(i) V[k,i]*x[t; i]))
g[T+1; k] = g0[k]
for t = T..1:
    g[t; k] = tanh((sum(j) P[k,j]*g[t+1; j]) + (sum(i) Q[k,i]*x[t; i]))
for t = 1..T:
    o[t; m] = sum(k) R[m,k]*h[t; k] + sum(k) S[m,k]*g[t; k]
cost C = 1/2*sum(t) (sum(m) (o[t; m] - y[t; m])^2)
"""
TWO_FAMILIES = """data x[t; i], y[s; m]
param U[k,j], V[k,i], P[k,j], Q[k,j], R[m,k], h0[k]
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + (sum(i) V[k,i]*x[t; i]))
d[0; k] = h[T; k]
for s = 1..S:
    d[s; k] = tanh((sum(j) P[k,j]*d[s-1; j]) + (sum(j) Q[k,j]*h[T; j]))
    o[s; m] = sum(k) R[m,k]*d[s; k]
cost C = 1/2*sum(s) (sum(m) (o[s; m] - y[s; m])^2)
"""
STACKED = """data x[t; i], y[t; k]
param W[l; k,j], U[l; k,j], h0[l; k]
for l = 1..L:
    h[0,l; k] = h0[l; k]
for t = 1..T:
    h[t,0; i] = x[t; i]
    for l = 1..L:
        z[t,l; k] = sum(j) W[l; k,j]*h[t,l-1; j] + sum(m) U[l; k,m]*h[t-1,l; m]
        h[t,l; k] = tanh(z[t,l; k])
cost C = 1/2*sum(t) (sum(k) (h[t,L; k] - y[t; k])^2)
"""
DESCENT = """data X[n,i], y[n]
param w0[i], eta
w[0; i] = w0[i]
for s = 1..S:
    r[s; n] = sum(i) X[n,i]*w[s-1; i] - y[n]
    w[s; i] = w[s-1; i] - eta/s*(sum(n) X[n,i]*r[s; n])
cost C = sum(i) w[S; i]^2
"""

FAMILIES = {
    "layers of an unknown function": MLP,
    "layers of sigmoids": SIGMOID,
    "residual": RESIDUAL,
    "skip of two": SKIP,
    "unknown layers": UNKNOWN,
    "recurrence with a cost at every step": RNN,
    "steps along an ordinary axis": PLAIN_AXIS,
    "both ways": BOTH_WAYS,
    "encoder and decoder": TWO_FAMILIES,
    "stacked": STACKED,
    "steps as numbers": DESCENT,
}

SEQUENCES = """data  x[t; i], y[k]
param W[j,i], U[j,m], V[k,j]
batch n
index T = 3, j = 4, k = 2
h[0; j] = 0*(sum(i) W[j,i])
for t = 1..T:
    h[t; j] = tanh((sum(i) W[j,i]*x[t; i]) + (sum(m) U[j,m]*h[t-1; m]))
z[k] = sum(j) V[k,j]*h[T; j]
p[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -(sum(k) y[k]*log(p[k]))
"""
"""A label for a whole sequence: a recurrent network of three steps, for samples."""

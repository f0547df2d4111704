"""Further families: gates, probabilities, sums over steps that are read again, attention, normalised layers."""

from __future__ import annotations

GRU = """data x[t; i], y[k]
param Wu[k,j], Wr[k,j], Wn[k,j], Vu[k,i], Vn[k,i], h0[k]
h[0; k] = h0[k]
for t = 1..T:
    u[t; k] = sigmoid((sum(j) Wu[k,j]*h[t-1; j]) + (sum(i) Vu[k,i]*x[t; i]))
    r[t; k] = sigmoid(sum(j) Wr[k,j]*h[t-1; j])
    n[t; k] = tanh((sum(j) Wn[k,j]*r[t; j]*h[t-1; j]) + (sum(i) Vn[k,i]*x[t; i]))
    h[t; k] = (1 - u[t; k])*n[t; k] + u[t; k]*h[t-1; k]
cost C = 1/2*(sum(k) (h[T; k] - y[k])^2)
"""
PEEPHOLE = """data x[t; k], y[t; k]
param A[k,j], P[k], Q[k], c0[k]
c[0; k] = c0[k]
for t = 1..T:
    f[t; k] = sigmoid(P[k]*c[t-1; k] + x[t; k])
    c[t; k] = f[t; k]*c[t-1; k] + (1 - f[t; k])*tanh(sum(j) A[k,j]*x[t; j])
    o[t; k] = sigmoid(Q[k]*c[t; k])
    h[t; k] = o[t; k]*tanh(c[t; k])
cost C = 1/2*sum(t) (sum(k) (h[t; k] - y[t; k])^2)
"""
CONDITIONAL_FIELD = """data x[t; i]
param E[k,i], A[j,k], s[k]
f[0; k] = s[k]
for t = 1..T:
    e[t; k] = sum(i) E[k,i]*x[t; i]
    f[t; k] = e[t; k] + log(sum(j) exp(f[t-1; j] + A[j,k]))
cost C = log(sum(k) exp(f[T; k]))
"""
ATTENTION = """data x[t; i], y[k]
param U[k,j], V[k,i], h0[k], w[k]
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + (sum(i) V[k,i]*x[t; i]))
    e[t;] = exp(sum(k) w[k]*h[t; k])
S = sum(t) e[t;]
for t = 1..T:
    p[t;] = e[t;]/S
    g[t; k] = p[t;]*h[t; k]
c[k] = sum(t) g[t; k]
cost C = 1/2*(sum(k) (c[k] - y[k])^2)
"""
WEIGHT_DECAY = """data x[i], y[k]
param W[l; k,j], lam
a[0; i] = x[i]
for l = 1..L:
    a[l; k] = tanh(sum(j) W[l; k,j]*a[l-1; j])
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2) + lam*(sum(l) (sum(k,j) W[l; k,j]^2))
"""
LAYER_NORM = """data x[i], y[k]
param W[l; k,j], g[l; k]
const eps = 1/100
a[0; i] = x[i]
for l = 1..L:
    z[l; k] = sum(j) W[l; k,j]*a[l-1; j]
    mu[l;] = mean(k) z[l; k]
    v[l;] = mean(k) (z[l; k] - mu[l;])^2
    n[l; k] = (z[l; k] - mu[l;])/sqrt(v[l;] + eps)
    a[l; k] = g[l; k]*n[l; k]
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""
HEADS = """data x[i], y[k]
param W[l; k,j], V[k,j], U[k,j]
a[0; i] = x[i]
for l = 1..L:
    a[l; k] = tanh(sum(j) W[l; k,j]*a[l-1; j])
cost C = (sum(k) (a[L; k] - y[k])^2) + (sum(k) (sum(j) V[k,j]*a[2; j])^2) + (sum(k) (sum(j) U[k,j]*a[L-1; j])^2)
"""
INPUT_EVERYWHERE = """data x[m], y[k]
param W[l; k,j], V[l; k,i], E[i,m]
a[0; i] = sum(m) E[i,m]*x[m]
for l = 1..L:
    a[l; k] = tanh((sum(j) W[l; k,j]*a[l-1; j]) + (sum(i) V[l; k,i]*a[0; i]))
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""
TIED = """data x[i], y[k]
param W[l; k,j]
a[0; i] = x[i]
for l = 1..L:
    a[l; k] = tanh(sum(j) (W[l; k,j] + W[l+1; k,j])*a[l-1; j])
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""
SMOOTH = """data y[t; k]
param A[k,j], h0[k]
const mu = 1/10
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh(sum(j) A[k,j]*h[t-1; j])
for t = 1..T:
    s[t; k] = h[t; k] - h[t-1; k]
cost C = (sum(t) (sum(k) (h[t; k] - y[t; k])^2)) + mu*(sum(t) (sum(k) s[t; k]^2))
"""
SAME_ENTRY = """data y[k]
param w0[k], P[k,j]
h[0; k] = w0[k]
for t = 1..T:
    h[t; k] = tanh(sum(j) P[k,j]*h[t-1; j]) + h[t-1; k]
for s = 1..T:
    o[s; k] = tanh(h[s; k]*h[T; k])
cost C = sum(s) (sum(k) o[s; k]*y[k])
"""
MEAN_OVER_STEPS = """data x[t; k], y[k]
param U[k,j]
h[0; k] = y[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + x[t; k])
q[k] = (sum(t) h[t; k])/T
cost C = 1/2*(sum(k) (q[k]^2 - y[k])^2)
"""

RECURRENCES = {
    "gru": GRU,
    "peephole": PEEPHOLE,
    "conditional field": CONDITIONAL_FIELD,
    "attention over steps": ATTENTION,
    "weight decay": WEIGHT_DECAY,
    "layer norm": LAYER_NORM,
    "heads": HEADS,
    "input to every layer": INPUT_EVERYWHERE,
    "tied to the next layer": TIED,
    "smoothness": SMOOTH,
    "one entry read twice at the last step": SAME_ENTRY,
    "mean over steps": MEAN_OVER_STEPS,
}

"""Families of models as in books: a transformer, a filter, an equation solved in steps, a chain of labels."""

from __future__ import annotations

TRANSFORMER = """data x[s,d], y[s,d]
param Q[l; h,c,d], K[l; h,c,d], V[l; h,e,d], O[l; d,h,e], g[l; d], M[l; f,d], N[l; d,f]
const eps = 1/100
r[0; s,d] = x[s,d]
for l = 1..L:
    mu[l; s] = mean(d) r[l-1; s,d]
    v[l; s] = mean(d) (r[l-1; s,d] - mu[l; s])^2
    n[l; s,d] = g[l; d]*(r[l-1; s,d] - mu[l; s])/sqrt(v[l; s] + eps)
    q[l; h,s,c] = sum(d) Q[l; h,c,d]*n[l; s,d]
    k[l; h,s,c] = sum(d) K[l; h,c,d]*n[l; s,d]
    w[l; h,s,u] = sum(c) q[l; h,s,c]*k[l; h,u,c]
    p[l; h,s,u] = exp(w[l; h,s,u])/(sum(m) exp(w[l; h,s,m]))
    o[l; h,s,e] = sum(u) p[l; h,s,u]*(sum(d) V[l; h,e,d]*n[l; u,d])
    a[l; s,d] = r[l-1; s,d] + (sum(h,e) O[l; d,h,e]*o[l; h,s,e])
    b[l; s,f] = relu(sum(d) M[l; f,d]*a[l; s,d])
    r[l; s,d] = a[l; s,d] + (sum(f) N[l; d,f]*b[l; s,f])
cost C = 1/2*(sum(s,d) (r[L; s,d] - y[s,d])^2)
"""
STATE_SPACE = """data x[t; i], y[t; m]
param A[k,j], B[k,i], D[m,k], s0[k]
h[0; k] = s0[k]
for t = 1..T:
    h[t; k] = (sum(j) A[k,j]*h[t-1; j]) + (sum(i) B[k,i]*x[t; i])
    o[t; m] = sum(k) D[m,k]*h[t; k]
cost C = 1/2*sum(t) (sum(m) (o[t; m] - y[t; m])^2)
"""
EULER = """data y[k]
param W[m,j], V[k,m], u0[k]
const eta = 1/10
u[0; k] = u0[k]
for t = 1..T:
    g[t; m] = tanh(sum(j) W[m,j]*u[t-1; j])
    u[t; k] = u[t-1; k] + eta*(sum(m) V[k,m]*g[t; m])
cost C = 1/2*(sum(k) (u[T; k] - y[k])^2)
"""
LABELS = """data x[t; i], y[t; k]
param E[k,i], A[j,k], s[k]
for t = 1..T:
    e[t; k] = sum(i) E[k,i]*x[t; i]
f[1; k] = s[k] + e[1; k]
for t = 2..T:
    f[t; k] = e[t; k] + log(sum(j) exp(f[t-1; j] + A[j,k]))
for t = 1..T:
    p[t;] = sum(k) y[t; k]*e[t; k]
for t = 2..T:
    q[t;] = sum(j,k) y[t-1; j]*A[j,k]*y[t; k]
cost C = log(sum(k) exp(f[T; k])) - (sum(k) y[1; k]*s[k]) - (sum(t) p[t;]) - (sum(t) q[t;])
"""
LEARNED_RATE = """data X[n,i], y[n], Xv[m,i], yv[m]
param w0[i], eta
w[0; i] = w0[i]
for s = 1..S:
    r[s; n] = sum(i) X[n,i]*w[s-1; i] - y[n]
    w[s; i] = w[s-1; i] - eta*(sum(n) X[n,i]*r[s; n])
cost C = 1/2*(sum(m) ((sum(i) Xv[m,i]*w[S; i]) - yv[m])^2)
"""

ONE_LETTER = """data x[t; i], y[k]
param U[k,j], V[k,i], h0[k]
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + (sum(i) V[k,i]*x[t; i]))
for t = 1..T:
    o[t; k] = tanh(h[t; k]*h[T; k] + h[1; k])
d[0; k] = h[T; k]
for t = 1..S:
    d[t; k] = tanh(sum(j) U[k,j]*d[t-1; j]*h[T; j])
cost C = (sum(t) (sum(k) o[t; k]*y[k])) + (sum(k) d[S; k]^2)
"""
TABLE = """data y[k]
param E[t,k], V[k,j], u[k], q[t,j]
e[t,k] = E[t,k] + (sum(j) V[k,j]*q[t,j]^2)
h[0; k] = u[k]
for t = 1..T:
    h[t; k] = tanh(h[t-1; k]*e[t-1,k] + E[t-1,k]*E[0,k])
cost C = 1/2*(sum(k) (h[T; k] - y[k])^2)
"""

ROWS = """data y[k]
param E[t,k], u[k]
h[0; k] = u[k]
for t = 1..T:
    h[t; k] = tanh(h[t-1; k]*E[t-1,k])
cost C = 1/2*(sum(k) (h[T; k] - y[k])^2)
"""

FURTHER = {
    "transformer": TRANSFORMER,
    "state space": STATE_SPACE,
    "euler steps": EULER,
    "chain of labels": LABELS,
    "learned rate": LEARNED_RATE,
    "one letter for all steps": ONE_LETTER,
    "a table with a row for each step": TABLE,
}

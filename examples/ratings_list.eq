# ratings as a list: user u[n] gave item v[n] the rating r[n]
data  u[n] : int(U), v[n] : int(M), r[n]
param P[U,k], Q[M,k]
const ridge = 0.01

e[n] = sum(k) P[u[n],k]*Q[v[n],k] - r[n]
cost C = 1/2*(sum(n) e[n]^2) + ridge/2*(sum(U,k) P[U,k]^2) + ridge/2*(sum(M,k) Q[M,k]^2)

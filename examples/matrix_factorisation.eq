# ratings R of items m by users u, of which those with M = 1 are known
data  R[u,m], M[u,m]
param P[u,k], Q[m,k]
const ridge = 0.01

e[u,m] = M[u,m]*(sum(k) P[u,k]*Q[m,k] - R[u,m])
cost C = 1/2*(sum(u,m) e[u,m]^2) + ridge/2*(sum(u,k) P[u,k]^2) + ridge/2*(sum(m,k) Q[m,k]^2)

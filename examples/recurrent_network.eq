# A recurrent network with a cost at every step: backpropagation through time.
data  x[t; i], y[t; m]
param U[k,j], V[k,i], b[k], R[m,k], h0[k]
h[0; k] = h0[k]
for t = 1..T:
    z[t; k] = sum(j) U[k,j]*h[t-1; j] + sum(i) V[k,i]*x[t; i] + b[k]
    h[t; k] = tanh(z[t; k])
    o[t; m] = sum(k) R[m,k]*h[t; k]
cost C = 1/2*sum(t) (sum(m) (o[t; m] - y[t; m])^2)

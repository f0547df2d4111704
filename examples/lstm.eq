# Long short-term memory: four gates, a state c that is added to, and an output h.
data  x[t; i], y[k]
param Wf[k,j], Wi[k,j], Wg[k,j], Wo[k,j]
param Vf[k,i], Vi[k,i], Vg[k,i], Vo[k,i], bf[k], bi[k], bg[k], bo[k], h0[k], c0[k]
h[0; k] = h0[k]
c[0; k] = c0[k]
for t = 1..T:
    f[t; k] = sigmoid((sum(j) Wf[k,j]*h[t-1; j]) + (sum(i) Vf[k,i]*x[t; i]) + bf[k])
    u[t; k] = sigmoid((sum(j) Wi[k,j]*h[t-1; j]) + (sum(i) Vi[k,i]*x[t; i]) + bi[k])
    g[t; k] = tanh((sum(j) Wg[k,j]*h[t-1; j]) + (sum(i) Vg[k,i]*x[t; i]) + bg[k])
    o[t; k] = sigmoid((sum(j) Wo[k,j]*h[t-1; j]) + (sum(i) Vo[k,i]*x[t; i]) + bo[k])
    c[t; k] = f[t; k]*c[t-1; k] + u[t; k]*g[t; k]
    h[t; k] = o[t; k]*tanh(c[t; k])
cost C = 1/2*(sum(k) (h[T; k] - y[k])^2)

# L blocks that add to what goes through them: what comes back is handed on as it is, and added to.
data  x[k], y[k]
param W[l; m,j], V[l; k,m], b[l; m]
a[0; k] = x[k]
for l = 1..L:
    z[l; m] = sum(j) W[l; m,j]*a[l-1; j] + b[l; m]
    s[l; m] = relu(z[l; m])
    a[l; k] = a[l-1; k] + sum(m) V[l; k,m]*s[l; m]
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)

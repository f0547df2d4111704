# A network of L layers: the four equations of backpropagation, for every L at once.
# chainrule derive layers.eq
data  x[i], y[k]
param W[l; k,j], b[l; k]
abstract sigma(t)
a[0; i] = x[i]
for l = 1..L:
    z[l; k] = sum(j) W[l; k,j]*a[l-1; j] + b[l; k]
    a[l; k] = sigma(z[l; k])
cost C(a[L; k])

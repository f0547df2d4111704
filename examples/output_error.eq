# the error of the last layer, for any activation that acts entry by entry and any cost
data  x[i]
param W[j,i], b[j]
abstract sigma(t)

z[j] = sum(i) W[j,i]*x[i] + b[j]
a[j] = sigma(z[j])
cost C(a[j])

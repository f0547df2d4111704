# a cost of one's own: log cosh of the error, quadratic for small errors and linear for large ones
data  x[i], y[k]
param W[k,i], b[k]

z[k] = sum(i) W[k,i]*x[i] + b[k]
a[k] = sigmoid(z[k])
cost C = sum(k) log(cosh(a[k] - y[k]))

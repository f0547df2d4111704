# the cost of a whole training set is the mean of the costs of its samples
data  x[i], y[k]
param W[k,i], b[k]
batch n                                    # below, everything is about one sample

z[k] = sum(i) W[k,i]*x[i] + b[k]
a[k] = sigmoid(z[k])
cost C = 1/2*(sum(k) (a[k] - y[k])^2)

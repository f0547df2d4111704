# one neuron of the hidden layer, number 0, has an activation of its own
data  x[i], y[k]
param W1[j,i], b1[j], W2[k,j], b2[k]
abstract f(t)

z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = where(j = 0, f(z1[j]), sigmoid(z1[j]))
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
a2[k] = sigmoid(z2[k])
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)

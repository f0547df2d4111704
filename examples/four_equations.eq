# a network of L layers with the weights w[l; j,k] from neuron k of layer l-1 to neuron j of layer l
data  a[0; k], y[j]
param w[l; j,k], b[l; j]
abstract sigma(t)
for l = 1..L:
    z[l; j] = sum(k) w[l; j,k]*a[l-1; k] + b[l; j]
    a[l; j] = sigma(z[l; j])
cost C = 1/2*(sum(j) (a[L; j] - y[j])^2)

# sigma(z) = z everywhere: what becomes of the four equations
data  x[i], y[k]
param W1[j,i], b1[j], W2[k,j], b2[k]

z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = z1[j]
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
a2[k] = z2[k]
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)

# a Gaussian process: how smooth, l, and how noisy, s, must a function be to explain the values y at the places x
data  x[i], y[i]
param l, s

k[i,j] = exp(-(x[i] - x[j])^2/(2*l^2))                  # how alike the values at two places are
K[i,j] = k[i,j] + s^2*[i = j]
given K[i,j] = K[j,i]
a[i] = sum(j) inv(K)[i,j]*y[j]
cost C = 1/2*(sum(i) y[i]*a[i]) + 1/2*log(det(K))       # minus the logarithm of the likelihood, up to a constant

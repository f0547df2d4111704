# points x[n] from several round clouds, each with a centre mu[k], a width s[k] and a weight
data  x[n,d]
param mu[k,d], s[k], w[k]
given s[k] > 0

D[n,k] = sum(d) (x[n,d] - mu[k,d])^2
l[n,k] = w[k] - D[n,k]/(2*s[k]^2) - extent(d)*log(s[k])   # logarithm of weight and density, up to a constant
r[n,k] = exp(l[n,k])/(sum(m) exp(l[n,m]))                 # how likely point n is from cloud k
p[k] = exp(w[k])/(sum(m) exp(w[m]))
cost C = extent(n)*log(sum(k) exp(w[k])) - sum(n) log(sum(k) exp(l[n,k]))

# turn u towards v; how long they are does not matter
data  v[i]
param u[i]

U = sqrt(sum(i) u[i]^2)
V = sqrt(sum(i) v[i]^2)
s = (sum(i) u[i]*v[i])/(U*V)
cost C = 1 - s

# a straight line, or plane, through points
data  x[n,i], y[n]
param w[i], b

p[n] = sum(i) w[i]*x[n,i] + b
cost C = mean(n) (p[n] - y[n])^2

# the probability of yes
data  x[i], y
param w[i], b
batch n

z = sum(i) w[i]*x[i] + b
p = sigmoid(z)
cost C = -y*log(p) - (1 - y)*log(1 - p)

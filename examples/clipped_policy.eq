# the action y was better than expected by A: make it more likely, but change the policy by little
data  y[k], A, old
param z[k]
const eps = 0.2
given onehot(k) y[k]
given old > 0

p[k] = exp(z[k])/(sum(m) exp(z[m]))
L = sum(k) y[k]*log(p[k])                  # the logarithm of the probability of the action
r = exp(L)/old                             # how much more likely the action is than it was
cost C = -A*where(A > 0, where(r < 1 + eps, r, 1 + eps), where(r > 1 - eps, r, 1 - eps))

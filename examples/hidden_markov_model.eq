# The forward algorithm of a hidden Markov model: q[t; k] is how likely state k makes what is seen at step t;
# transitions are a softmax of A. The derivative of the log-likelihood is the backward algorithm.
data  q[t; k]
param A[j,k], s[k]
P[j,k] = exp(A[j,k])/(sum(m) exp(A[j,m]))
p[k] = exp(s[k])/(sum(m) exp(s[m]))
f[0; k] = p[k]
for t = 1..T:
    f[t; k] = q[t; k]*(sum(j) f[t-1; j]*P[j,k])
cost C = -log(sum(k) f[T; k])

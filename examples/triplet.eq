# an anchor a shall be nearer to p, which is of its kind, than to q, which is not, by a margin
param a[i], p[i], q[i]
const margin = 1

P = sum(i) (a[i] - p[i])^2
Q = sum(i) (a[i] - q[i])^2
cost C = relu(P - Q + margin)

# words as whole numbers: w is seen beside c, and N[k] are drawn at random from V words
data  w : int(V), c : int(V), N[k] : int(V)
param A[V,d], B[V,d]
batch n

s = sum(d) A[w,d]*B[c,d]
t[k] = sum(d) A[w,d]*B[N[k],d]
cost C = -log(sigmoid(s)) - sum(k) log(sigmoid(-t[k]))

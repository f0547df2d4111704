# a word v, a word c seen beside it, and words N[k] drawn at random
param v[d], c[d], N[k,d]

s = sum(d) c[d]*v[d]
t[k] = sum(d) N[k,d]*v[d]
cost C = -log(sigmoid(s)) - sum(k) log(sigmoid(-t[k]))

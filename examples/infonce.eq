# each u[n] belongs to the v[n] of the same number, and to no other
param u[n,d], v[n,d]
const temperature = 0.1

s[n,m] = (sum(d) u[n,d]*v[m,d])/temperature
p[n,m] = exp(s[n,m])/(sum(k) exp(s[n,k]))
cost C = -mean(n) log(p[n,n])

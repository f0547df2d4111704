"""Systems that the tests of checking share."""

from __future__ import annotations

from cases import QUADRATIC, SEED, SOFTMAX, SOFTMAX_GIVEN, two_layers
from chainrule.notation import parse

SOFTMAX_SYSTEM = parse(SOFTMAX.text)
GIVEN_SYSTEM = parse(SOFTMAX_GIVEN.text)
SIGMOID_SYSTEM = parse(QUADRATIC.text)
UNKNOWN_SYSTEM = parse(SEED.text)
NETWORK = parse(two_layers("cross-entropy"))
QUADRATIC_NETWORK = parse(two_layers("quadratic"))
REGRESSION = parse(
    "data x[n,i], y[n]\nparam W[i]\nconst lambda = 0.1\np[n] = sum(i) W[i]*x[n,i]\n"
    "cost C = mean(n) (p[n] - y[n])^2 + lambda*(sum(i) W[i]^2)"
)
QUADRATIC_FORM = parse("index i = 3\nparam x[i]\ndata A[i,j]\ncost C = sum(i) x[i]*(sum(j) A[i,j]*x[j])")
RESIDUAL = parse(
    "data y[i]\nparam W[j,i], z[i]\nu[j] = sum(i) W[j,i]*z[i]\nh[i] = z[i] + sum(j) W[j,i]*tanh(u[j])\n"
    "cost C = 1/2*(sum(i) (h[i] - y[i])^2)"
)
SQUARE = parse(
    "index i = 4\nindex j = 4\nparam W[j,i]\ndata x[i], y[j]\nz[j] = sum(i) W[j,i]*x[i]\ncost C = sum(j) y[j]*exp(z[j])"
)

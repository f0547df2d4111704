"""The systems that golden, property and planted-fault tests share, each with the lines that must be derived from it.

An expected line is compared up to the order of terms and factors and the letters of bound indices, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A system, and what its derivatives must read like, by tensor."""

    name: str
    text: str
    results: dict[str, str]


COSTS = {
    "unknown": "cost C(a2[k])",
    "quadratic": "cost C = 1/2*(sum(k) (a2[k] - y[k])^2)",
    "cross-entropy": "cost C = -sum(k) y[k]*log(a2[k])",
    "binary-cross-entropy": "cost C = -sum(k) (y[k]*log(a2[k]) + (1 - y[k])*log(1 - a2[k]))",
}
OUTPUTS = {
    "unknown": "a2[k] = sigmoid(z2[k])",
    "quadratic": "a2[k] = sigmoid(z2[k])",
    "cross-entropy": "a2[k] = exp(z2[k])/(sum(m) exp(z2[m]))",
    "binary-cross-entropy": "a2[k] = sigmoid(z2[k])",
}
DELTAS = {
    "unknown": "a2[k]*(1 - a2[k])*∂C/∂a2[k]",
    "quadratic": "(a2[k] - y[k])*a2[k]*(1 - a2[k])",
    "cross-entropy": "a2[k]*(sum(m) y[m]) - y[k]",
    "binary-cross-entropy": "a2[k] - y[k]",
}
"""∂C/∂z2[k] for each cost."""
ACTIVATIONS = {
    "sigmoid": ("sigmoid(z1[j])", "a1[j]*(1 - a1[j])"),
    "tanh": ("tanh(z1[j])", "(1 - a1[j]^2)"),
    "relu": ("relu(z1[j])", "[z1[j] > 0]"),
    "softplus": ("softplus(z1[j])", "sigmoid(z1[j])"),
    "swish": ("z1[j]*sigmoid(z1[j])", "(a1[j] + sigmoid(z1[j])*(1 - a1[j]))"),
    "gelu": (
        "z1[j]/2*(1 + erf(z1[j]/sqrt(2)))",
        "(1/2*(1 + erf(z1[j]/sqrt(2))) + z1[j]*exp(-z1[j]^2/2)/sqrt(2*pi))",
    ),
}


def two_layers(cost: str, activation: str = "sigmoid") -> str:
    """Return a network of two layers as text, with a cost and the activation of its hidden layer."""
    labels = "" if cost == "unknown" else "data y[k]\n"
    return f"""{labels}data x[i]
param W1[j,i], b1[j], W2[k,j], b2[k]
z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = {ACTIVATIONS[activation][0]}
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
{OUTPUTS[cost]}
{COSTS[cost]}
"""


SEED = Case("seed", "param z[j]\nabstract a[k](z[j])\ncost C(a[k])\n", {"z": "sum(k) ∂C/∂a[k]*∂a[k]/∂z[j]"})
SEVERAL_VARIABLES = Case(
    "several-variables", "param x[j]\nabstract g[k](x[j])\ncost h(g[k])\n", {"x": "sum(k) ∂h/∂g[k]*∂g[k]/∂x[j]"}
)
ELEMENTWISE = Case(
    "elementwise",
    "param z[k]\nabstract sigma(t)\na[k] = sigma(z[k])\ncost C(a[k])\n",
    {"z": "∂C/∂a[k]*sigma'(z[k])"},
)
QUADRATIC = Case(
    "quadratic-sigmoid",
    "data y[k]\nparam z[k]\na[k] = sigmoid(z[k])\ncost C = 1/2*(sum(k) (a[k] - y[k])^2)\n",
    {"z": "(a[k] - y[k])*a[k]*(1 - a[k])"},
)
_SOFTMAX = """data y[k]
param z[j]
{given}a[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -sum(k) y[k]*log(a[k])
"""
SOFTMAX = Case("softmax", _SOFTMAX.format(given=""), {"z": "a[j]*(sum(k) y[k]) - y[j]"})
SOFTMAX_GIVEN = Case("softmax-given", _SOFTMAX.format(given="given sum(k) y[k] = 1\n"), {"z": "a[j] - y[j]"})
BINARY = Case(
    "binary-cross-entropy",
    "data y[k]\nparam z[k]\na[k] = sigmoid(z[k])\ncost C = -sum(k) (y[k]*log(a[k]) + (1 - y[k])*log(1 - a[k]))\n",
    {"z": "a[k] - y[k]"},
)
REGRESSION = Case(
    "linear-regression",
    "data x[n,i], y[n]\nparam W[i]\nconst lambda\np[n] = sum(i) W[i]*x[n,i]\n"
    "cost C = mean(n) (p[n] - y[n])^2 + lambda*(sum(i) W[i]^2)\n",
    {"W": "2/extent(n)*(sum(n) (p[n] - y[n])*x[n,i]) + 2*lambda*W[i]"},
)
QUADRATIC_FORM = Case(
    "quadratic-form",
    "param x[i]\ndata A[i,j]\ncost C = sum(i,j) x[i]*A[i,j]*x[j]\n",
    {"x": "sum(j) (A[i,j] + A[j,i])*x[j]"},
)
LAYER_NORM = Case(
    "layer-norm",
    "param x[i], g[i], b[i]\nconst eps = 1e-5\nm = mean(i) x[i]\nv = mean(i) (x[i] - m)^2\n"
    "h[i] = (x[i] - m)/sqrt(v + eps)\no[i] = g[i]*h[i] + b[i]\nabstract s[i](o[i])\ncost C(s[i])\n",
    {"x": "(∂C/∂h[i] - (h[i]*(sum(j) h[j]*∂C/∂h[j]) + (sum(j) ∂C/∂h[j]))/extent(i))/sqrt(eps + v)"},
)
LOG_DET = Case("log-det", "param X[i,j]\ncost C = log(det(X))\n", {"X": "inv(X)[j,i]"})
GAUSSIAN_PROCESS = Case(
    "gaussian-process",
    "data x[i], y[i]\nparam l, s\nK[i,j] = exp(-(x[i] - x[j])^2/(2*l^2)) + s^2*[i = j]\n"
    "cost C = 1/2*(sum(i,j) y[i]*inv(K)[i,j]*y[j]) + 1/2*log(det(K))\n",
    {
        "K": "1/2*(inv(K)[j,i] - (sum(k) y[k]*inv(K)[k,i])*(sum(k) y[k]*inv(K)[j,k]))",
        "l": "1/l^3*(sum(i,j) ∂C/∂K[i,j]*exp(-(x[i] - x[j])^2/(2*l^2))*(x[i] - x[j])^2)",
        "s": "2*s*(sum(i) ∂C/∂K[i,i])",
    },
)
CHOSEN_ENTRY = Case(
    "chosen-entry",
    "param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = a[3]\n",
    {"z": "a[3]*([j = 3] - a[j])", "a": "[k = 3]"},
)
NETWORKS = tuple(
    Case(
        f"network-{cost}",
        two_layers(cost),
        {
            "z1": "a1[j]*(1 - a1[j])*(sum(k) W2[k,j]*∂C/∂z2[k])",
            "W2": "a1[j]*∂C/∂z2[k]",
            "b2": "∂C/∂z2[k]",
            "W1": "x[i]*∂C/∂z1[j]",
            "b1": "∂C/∂z1[j]",
            "z2": DELTAS[cost],
        },
    )
    for cost in COSTS
)
ACTIVATED = tuple(
    Case(
        f"activation-{name}",
        two_layers("quadratic", name),
        {"z1": f"{factor}*(sum(k) W2[k,j]*∂C/∂z2[k])"},
    )
    for name, (_, factor) in ACTIVATIONS.items()
)
CONVOLUTION = Case(
    "convolution",
    """data y[q]
    param x[p], w[u]
    z[q] = sum(u) w[u]*x[q+u]
    cost C = sum(q) y[q]*sin(z[q])
    """,
    {"z": "y[q]*cos(z[q])", "w": "sum(q) x[q+u]*∂C/∂z[q]", "x": "sum(u) w[u]*∂C/∂z?[p-u]"},
)
POOLING = Case(
    "max-pooling",
    """data y[i]
    param x[p]
    a[i] = max(u<2) x[2*i+u]
    cost C = 1/2*(sum(i) (a[i] - y[i])^2)
    """,
    {
        "a": "a[i] - y[i]",
        "x": "sum(i) [0 <= p - 2*i < 2]*[x[p] = a[i]]*(a[i] - y[i])/(sum(u<2) [x[2*i+u] = a[i]])",
    },
)
CASES = (
    SEED,
    SEVERAL_VARIABLES,
    ELEMENTWISE,
    QUADRATIC,
    SOFTMAX,
    SOFTMAX_GIVEN,
    BINARY,
    REGRESSION,
    QUADRATIC_FORM,
    LAYER_NORM,
    LOG_DET,
    GAUSSIAN_PROCESS,
    CHOSEN_ENTRY,
    CONVOLUTION,
    POOLING,
    *NETWORKS,
    *ACTIVATED,
)

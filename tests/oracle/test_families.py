"""Families beside PyTorch's own layers: their gradients, derived case by case and written out, in float64."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.execute.family_inputs import family_inputs
from chainrule.expr.symbols import Derivative
from support import assert_close

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch: Any = pytest.importorskip("torch")

pytestmark = pytest.mark.oracle
F = torch.nn.functional
WORST = 1e-10
"""Largest difference of a gradient from PyTorch's, relative to the largest entry of all; what comes out is 1e-14."""


@dataclass(frozen=True)
class Family:
    """A family as text, the shape of each input ("L" stands for one array for each step), and its cost in PyTorch."""

    text: str
    shapes: dict[str, tuple[Any, ...]]
    cost: Callable[[dict[str, Any]], Any]


def half_square(found: Any, wanted: Any) -> Any:
    return ((found - wanted) ** 2).sum() / 2


def mlp(p: dict[str, Any]) -> Any:
    a = p["x"]
    for weight, bias in zip(p["W"], p["b"], strict=True):
        z = F.linear(a, weight, bias)
        a = torch.tanh(z)
    return F.cross_entropy(z, p["y"])


MLP = """data x[i], y[k]
param W[l; k,j], b[l; k]
a[0; i] = x[i]
for l = 1..L:
    z[l; k] = sum(j) W[l; k,j]*a[l-1; j] + b[l; k]
    a[l; k] = tanh(z[l; k])
p[k] = exp(z[L; k])/(sum(m) exp(z[L; m]))
cost C = -(sum(k) y[k]*log(p[k]))
"""


def residual(p: dict[str, Any]) -> Any:
    a = p["x"]
    for first, second, bias in zip(p["W"], p["V"], p["b"], strict=True):
        a = a + F.linear(F.relu(F.linear(a, first, bias)), second)
    return half_square(a, p["y"])


RESIDUAL = """data x[i], y[k]
param W[l; m,j], V[l; k,m], b[l; m]
a[0; i] = x[i]
for l = 1..L:
    a[l; k] = a[l-1; k] + sum(m) V[l; k,m]*relu(sum(j) W[l; m,j]*a[l-1; j] + b[l; m])
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""


def layer_norm(p: dict[str, Any]) -> Any:
    a = p["x"]
    for weight, gain, offset in zip(p["W"], p["g"], p["c"], strict=True):
        z = F.linear(a, weight)
        a = F.gelu(F.layer_norm(z, z.shape[-1:], gain, offset, 1e-5))
    return half_square(a, p["y"])


LAYER_NORM = """data x[i], y[k]
param W[l; k,j], g[l; k], c[l; k]
a[0; i] = x[i]
for l = 1..L:
    z[l; k] = sum(j) W[l; k,j]*a[l-1; j]
    mu[l;] = mean(k) z[l; k]
    v[l;] = mean(k) (z[l; k] - mu[l;])^2
    n[l; k] = g[l; k]*(z[l; k] - mu[l;])/sqrt(v[l;] + 1e-5) + c[l; k]
    a[l; k] = n[l; k]*(1 + erf(n[l; k]/sqrt(2)))/2
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""


def transformer(p: dict[str, Any]) -> Any:
    x = p["x"]
    blocks = zip(*(p[name] for name in "QKVOgcAaBb"), strict=True)
    for query, key, value, out, gain, offset, up, up_bias, down, down_bias in blocks:
        n = F.layer_norm(x, x.shape[-1:], gain, offset, 1e-5)
        heads = (torch.einsum("hkd,sd->hsk", matrix, n) for matrix in (query, key, value))
        x = x + torch.einsum("dhk,hsk->sd", out, F.scaled_dot_product_attention(*heads))
        x = x + F.linear(F.relu(F.linear(x, up, up_bias)), down, down_bias)
    return half_square(x, p["y"])


TRANSFORMER = """data x[s,d], y[s,d]
param Q[l; h,k,d], K[l; h,k,d], V[l; h,k,d], O[l; d,h,k], g[l; d], c[l; d], A[l; m,d], a[l; m], B[l; d,m], b[l; d]
X[0; s,d] = x[s,d]
for l = 1..L:
    mu[l; s] = mean(d) X[l-1; s,d]
    v[l; s] = mean(d) (X[l-1; s,d] - mu[l; s])^2
    N[l; s,d] = g[l; d]*(X[l-1; s,d] - mu[l; s])/sqrt(v[l; s] + 1e-5) + c[l; d]
    q[l; h,s,k] = sum(d) Q[l; h,k,d]*N[l; s,d]
    r[l; h,s,k] = sum(d) K[l; h,k,d]*N[l; s,d]
    u[l; h,s,k] = sum(d) V[l; h,k,d]*N[l; s,d]
    e[l; h,s,t] = (sum(k) q[l; h,s,k]*r[l; h,t,k])/sqrt(extent(k))
    w[l; h,s,t] = exp(e[l; h,s,t])/(sum(p) exp(e[l; h,s,p]))
    o[l; s,d] = X[l-1; s,d] + (sum(h,k,t) O[l; d,h,k]*w[l; h,s,t]*u[l; h,t,k])
    f[l; s,m] = relu((sum(d) A[l; m,d]*o[l; s,d]) + a[l; m])
    X[l; s,d] = o[l; s,d] + (sum(m) B[l; d,m]*f[l; s,m]) + b[l; d]
cost C = 1/2*(sum(s,d) (X[L; s,d] - y[s,d])^2)
"""


def recurrent(kind: str, gates: int) -> Callable[[dict[str, Any]], Any]:
    """Return the cost of a recurrent layer of PyTorch, with a cost at every step."""

    def cost(p: dict[str, Any]) -> Any:
        module = getattr(torch.nn, kind)(p["x"].shape[1], p["h0"].shape[0], dtype=torch.float64)
        names = [f"{letter}{gate}" for letter in "VUab" for gate in range(gates)]
        stacked = {n: torch.cat([p[f"{n}{gate}"] for gate in range(gates)]) for n in "VUab"}
        weights = dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), stacked.values(), strict=True))
        assert set(names) <= set(p)
        start: Any = p["h0"][None] if kind != "LSTM" else (p["h0"][None], p["c0"][None])
        h, _ = torch.func.functional_call(module, weights, (p["x"], start))
        return half_square(F.linear(h, p["R"]), p["y"])

    return cost


def gate(n: int, function: str) -> str:
    return f"{function}((sum(i) V{n}[k,i]*x[t; i]) + a{n}[k] + (sum(j) U{n}[k,j]*h[t-1; j]) + b{n}[k])"


def steps(equations: str, gates: int, states: str = "") -> str:
    params = ", ".join(f"V{n}[k,i], U{n}[k,j], a{n}[k], b{n}[k]" for n in range(gates))
    begin = "c[0; k] = c0[k]\n" if states else ""
    return (
        f"data x[t; i], y[t; m]\nparam {params}, h0[k], R[m,k]{states}\nh[0; k] = h0[k]\n{begin}"
        f"for t = 1..T:\n{equations}"
        "    o[t; m] = sum(k) R[m,k]*h[t; k]\ncost C = 1/2*sum(t) (sum(m) (o[t; m] - y[t; m])^2)\n"
    )


RNN = steps(f"    h[t; k] = {gate(0, 'tanh')}\n", 1)
LSTM = steps(
    f"    i[t; k] = {gate(0, 'sigmoid')}\n    f[t; k] = {gate(1, 'sigmoid')}\n    g[t; k] = {gate(2, 'tanh')}\n"
    f"    u[t; k] = {gate(3, 'sigmoid')}\n    c[t; k] = f[t; k]*c[t-1; k] + i[t; k]*g[t; k]\n"
    "    h[t; k] = u[t; k]*tanh(c[t; k])\n",
    4,
    ", c0[k]",
)
GRU = steps(
    f"    r[t; k] = {gate(0, 'sigmoid')}\n    u[t; k] = {gate(1, 'sigmoid')}\n"
    "    n[t; k] = tanh((sum(i) V2[k,i]*x[t; i]) + a2[k] + r[t; k]*((sum(j) U2[k,j]*h[t-1; j]) + b2[k]))\n"
    "    h[t; k] = (1 - u[t; k])*n[t; k] + u[t; k]*h[t-1; k]\n",
    3,
)


def attention(p: dict[str, Any]) -> Any:
    h, found = p["h0"], []
    for x in p["x"]:
        h = torch.tanh(p["U"] @ h + p["V"] @ x)
        found.append(h)
    states = torch.stack(found)
    return half_square(torch.softmax(states @ p["w"], 0) @ states, p["y"])


ATTENTION = """data x[t; i], y[k]
param U[k,j], V[k,i], h0[k], w[k]
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + (sum(i) V[k,i]*x[t; i]))
    e[t;] = exp(sum(k) w[k]*h[t; k])
S = sum(t) e[t;]
c[k] = sum(t) e[t;]*h[t; k]/S
cost C = 1/2*(sum(k) (c[k] - y[k])^2)
"""


def hidden_markov(p: dict[str, Any]) -> Any:
    """Minus the logarithm of the probability of what was seen: the forward algorithm, in logarithms."""
    moves, emissions = torch.log_softmax(p["A"], 1), torch.log_softmax(p["B"], 1)
    seen = [emissions @ x for x in p["x"]]
    f = torch.log_softmax(p["s"], 0)
    for one in seen:
        f = one + torch.logsumexp(f[:, None] + moves, 0)
    return -torch.logsumexp(f, 0)


HIDDEN_MARKOV = """data x[t; o]
param A[k,j], B[k,o], s[k]
T0[k,j] = exp(A[k,j])/(sum(m) exp(A[k,m]))
E[k,o] = exp(B[k,o])/(sum(m) exp(B[k,m]))
f[0; k] = exp(s[k])/(sum(m) exp(s[m]))
for t = 1..T:
    f[t; j] = (sum(o) E[j,o]*x[t; o])*(sum(k) f[t-1; k]*T0[k,j])
cost C = -log(sum(k) f[T; k])
"""

STEP: dict[str, tuple[Any, ...]] = {"x": ("L", 3), "y": ("L", 2), "h0": (4,), "R": (2, 4)}


def gates(count: int) -> dict[str, tuple[Any, ...]]:
    kinds = {"V": (4, 3), "U": (4, 4), "a": (4,), "b": (4,)}
    return {f"{name}{n}": shape for name, shape in kinds.items() for n in range(count)}


WIDE: dict[str, tuple[Any, ...]] = {"g": ("L", 4), "c": ("L", 4), "A": ("L", 5, 4), "a": ("L", 5)}
HEAD: dict[str, tuple[Any, ...]] = dict.fromkeys("QKV", ("L", 2, 3, 4))
FAMILIES = {
    "mlp": Family(MLP, {"x": (4,), "y": (4,), "W": ("L", 4, 4), "b": ("L", 4)}, mlp),
    "residual": Family(RESIDUAL, {"x": (3,), "y": (3,), "W": ("L", 4, 3), "V": ("L", 3, 4), "b": ("L", 4)}, residual),
    "layer norm": Family(
        LAYER_NORM, {"x": (4,), "y": (4,), "W": ("L", 4, 4), "g": ("L", 4), "c": ("L", 4)}, layer_norm
    ),
    "transformer": Family(
        TRANSFORMER,
        {"x": (3, 4), "y": (3, 4), **HEAD, "O": ("L", 4, 2, 3), **WIDE, "B": ("L", 4, 5), "b": ("L", 4)},
        transformer,
    ),
    "rnn": Family(RNN, {**STEP, **gates(1)}, recurrent("RNN", 1)),
    "lstm": Family(LSTM, {**STEP, **gates(4), "c0": (4,)}, recurrent("LSTM", 4)),
    "gru": Family(GRU, {**STEP, **gates(3)}, recurrent("GRU", 3)),
    "attention over steps": Family(
        ATTENTION, {"x": ("L", 3), "y": (4,), "U": (4, 4), "V": (4, 3), "h0": (4,), "w": (4,)}, attention
    ),
    "hidden Markov model": Family(HIDDEN_MARKOV, {"x": ("L", 3), "A": (4, 4), "B": (4, 3), "s": (4,)}, hidden_markov),
}


def drawn(family: Family, count: int) -> dict[str, Any]:
    """Return random inputs, those of each step stacked; targets of probabilities are probabilities, sights one-hot."""
    generator = np.random.default_rng(count)
    found = {
        name: generator.normal(size=tuple(count if n == "L" else n for n in shape))
        for name, shape in family.shapes.items()
    }
    if family.cost is mlp:
        found["y"] = np.exp(found["y"]) / np.exp(found["y"]).sum()
    if family.cost is hidden_markov:
        found["x"] = np.eye(3)[generator.integers(0, 3, count)]
    return found


CASES = [
    pytest.param(name, count, marks=pytest.mark.slow if name == "transformer" else (), id=f"{name}, {count}")
    for name in FAMILIES
    for count in (1, 4)
]


def assert_alike(found: dict[str, Any], expected: dict[str, Any]) -> None:
    largest = max(float(np.abs(value).max()) for value in expected.values())
    for param, value in expected.items():
        assert_close(found[param], value, rtol=0, atol=WORST * largest)


@pytest.mark.parametrize(("name", "count"), CASES)
def test_gradients_of_families_are_those_of_torch(name: str, count: int) -> None:
    family = FAMILIES[name]
    families, inputs = cr.parse(family.text), drawn(family, count)
    leaves = {n: torch.tensor(value, requires_grad=n in families.params) for n, value in inputs.items()}
    cost = family.cost(leaves)
    cost.backward()
    expected = {param: leaves[param].grad.numpy() for param in families.params}
    found, gradients = cr.value_and_grad(families, inputs)
    assert_close(found, cost.item(), rtol=WORST)
    assert_alike(gradients, expected)
    back = cr.backprop(families)
    if all(count >= least for least in back.least.values()):
        made = family_inputs(families, inputs)
        values = cr.evaluate(back.at(**made.numbers), made.inputs)
        by_member = {str(name.wrt[0]): value for name, value in values.items() if isinstance(name, Derivative)}
        found = {param: made.gathered(param, [by_member[m] for m in made.named(param)]) for param in expected}
        assert_alike(found, expected)

"""All paths: what is counted, added up and found without listing is what listing every path gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.explanation.paths import paths
from chainrule.notation import parse
from chainrule.pipeline import backprop, value_and_grad
from chainrule.system.model import System
from chainrule.verify.sampling import random_inputs
from property.random_systems import PARAMS, systems
from property.walks import all_walks
from support import assert_close, examples

DIFFERENCES = 1e-6
"""How far central differences are off, relative to the largest product."""
SYSTEMS = {
    "a classifier": """data x[i], y[k]
param W[j,i], b[j], V[k,j]
z[j] = sum(i) W[j,i]*x[i] + b[j]
a[j] = relu(z[j])
s[k] = sum(j) V[k,j]*a[j]
p[k] = exp(s[k])/(sum(m) exp(s[m]))
cost C = -sum(k) y[k]*log(p[k])
""",
    "a tied autoencoder with weight decay": """data x[i]
param W[j,i], b[j]
z[j] = sum(i) W[j,i]*x[i] + b[j]
a[j] = tanh(z[j])
r[i] = sum(j) W[j,i]*a[j]
cost C = sum(i) (r[i] - x[i])^2 + 0.1*(sum(j,i) W[j,i]^2)
""",
    "a recurrent network": """data x[t,i], y[j]
param W[j,i], U[j,m]
h[j] = tanh(sum(i) W[j,i]*x[0,i])
g[j] = tanh(sum(i) W[j,i]*x[1,i] + sum(m) U[j,m]*h[m])
f[j] = h[j] + sum(m) U[j,m]*g[m]
cost C = sum(j) (f[j] - y[j])^2
""",
    "a diagonal and a maximum": """data x[i]
param X[i,m]
u[i] = X[i,i]*x[i] + sum(m) X[i,m]*x[m]
t[i] = u[i]^2
top = max(i) t[i]
cost C = top*(sum(i) u[i])
""",
    "a mask and a transposition": """data x[i], A[i,m]
param W[j,i], v[m]
z[j,m] = sum(i) [i <= j]*W[j,i]*x[i]*v[m]
q[m,j] = [m != j]*tanh(z[j,m])
cost C = (sum(m,j) q[m,j]) + sum(j) q[0,j]*z[j,1]
""",
    "samples that share weights": """data x[n,i], y[n]
param w[i], c
p[n] = sigmoid(sum(i) w[i]*x[n,i] + c)
e[n] = (p[n] - y[n])^2
cost C = mean(n) e[n]
""",
    "a sum of means and products": """param w[i], s
m = mean(i) w[i]
d[i] = w[i] - m
v = mean(i) d[i]^2
h[i] = d[i]/sqrt(v + s^2)
k = prod(i) h[i]
cost C = k + sum(i) h[i]*w[i]
""",
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_count_total_and_largest_are_those_of_all_paths_listed(name: str) -> None:
    system = parse(SYSTEMS[name])

    @examples(8)
    @given(seed=st.integers(0, 1000))
    def check(seed: int) -> None:
        inputs = _moderate(system, seed)
        evaluation = evaluate_all(backprop(system).cotangents.system, inputs)
        draw = np.random.default_rng(seed)
        tensors = [t for t in evaluation.values if t != system.cost]
        tensor = tensors[draw.integers(len(tensors))]
        place = tuple(int(draw.integers(n)) for n in np.shape(evaluation.values[tensor]))
        walks = all_walks(evaluation, (tensor, place), seed)
        found = paths(system, inputs, of=tensor, at=place, top=7)
        scale = float(np.abs(walks.products).max(initial=1e-3))
        assert found.count == len(walks.paths)
        assert found.nonzero == np.count_nonzero(walks.products)
        assert_close(found.total / scale, walks.products.sum() / scale, rtol=DIFFERENCES, atol=DIFFERENCES)
        assert_close(found.magnitude / scale, np.abs(walks.products).sum() / scale, rtol=DIFFERENCES, atol=DIFFERENCES)
        products = np.asarray([path.product for path in found.top])
        assert_close(np.abs(products) / scale, np.abs(walks.largest(7)) / scale, rtol=DIFFERENCES, atol=DIFFERENCES)
        listed = {tuple(map(_text, path)) for path in walks.paths}
        assert {path.entries for path in found.top} <= listed
        assert len({path.entries for path in found.top}) == len(found.top)

    check()


@examples(15)
@given(text=systems(), seed=st.integers(0, 100), tensor=st.sampled_from(PARAMS))
def test_the_total_of_all_paths_of_a_random_system_is_its_gradient(text: str, seed: int, tensor: str) -> None:
    system = parse(text)
    inputs = random_inputs(system, seed)
    gradient = value_and_grad(system, inputs)[1][tensor]
    place = tuple(n - 1 for n in gradient.shape)
    found = paths(system, inputs, of=tensor, at=place)
    assert found.value == gradient[place] or not np.isfinite(found.value)
    assert_close(found.total, gradient[place], rtol=1e-8, atol=1e-12 * max(1.0, found.magnitude))
    assert found.nonzero <= found.count


def _moderate(system: System, seed: int) -> dict[str, np.ndarray]:
    """Return random inputs at which no function is so flat that differences see nothing."""
    inputs = random_inputs(system, seed)
    return {name: value / 2 if name in system.params else value for name, value in inputs.items()}


def _text(node: tuple[str, tuple[int, ...]]) -> str:
    tensor, place = node
    return f"{tensor}[{','.join(map(str, place))}]" if place else tensor

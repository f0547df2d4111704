"""The systems beyond dense layers that are timed: equations, data to learn from, weights to begin with.

Each is plain stochastic gradient descent on the mean cost of a batch. Data are random numbers: what a step takes does
not depend on them. Every peer gets the same float32 arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

CNN = """
data  x[c,p,q], y : int(k)
param W1[a,c,u,v], b1[a], W2[o,a,u,v], b2[o], V[k,o,r,s], b3[k]
batch n
z1[a,p,q] = (sum(c,u,v) W1[a,c,u,v]*x[c,p+u,q+v]) + b1[a]
a1[a,p,q] = relu(z1[a,p,q])
h1[a,p,q] = max(u<2,v<2) a1[a,2*p+u,2*q+v]
z2[o,p,q] = (sum(a,u,v) W2[o,a,u,v]*h1[a,p+u,q+v]) + b2[o]
a2[o,p,q] = relu(z2[o,p,q])
h2[o,r,s] = max(u<2,v<2) a2[o,2*r+u,2*s+v]
z[k] = (sum(o,r,s) V[k,o,r,s]*h2[o,r,s]) + b3[k]
f[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -log(f[y])
"""
STRIDED = """
data  x[c,p,q], y : int(k)
param W1[a,c,u,v], W2[o,a,u,v], W3[m,o,u,v], V[k,m]
index p1 = 16, q1 = 16, p2 = 8, q2 = 8, p3 = 4, q3 = 4
batch n
z1[a,p1,q1] = sum(c,u,v) W1[a,c,u,v]*x?[c,2*p1+u-1,2*q1+v-1]
a1[a,p1,q1] = relu(z1[a,p1,q1])
z2[o,p2,q2] = sum(a,u,v) W2[o,a,u,v]*a1?[a,2*p2+u-1,2*q2+v-1]
a2[o,p2,q2] = relu(z2[o,p2,q2])
z3[m,p3,q3] = sum(o,u,v) W3[m,o,u,v]*a2?[o,2*p3+u-1,2*q3+v-1]
a3[m,p3,q3] = relu(z3[m,p3,q3])
g[m] = mean(p3,q3) a3[m,p3,q3]
z[k] = sum(m) V[k,m]*g[m]
f[k] = exp(z[k])/(sum(m) exp(z[m]))
cost C = -log(f[y])
"""
_MASKS = {
    "where": """
s[h,t,u] = where(u <= t, (sum(c) q[h,t,c]*k[h,u,c])/sqrt(extent(c)), -10^30)
p[h,t,u] = exp(s[h,t,u])/(sum(m) exp(s[h,t,m]))""",
    "bracket": """
s[h,t,u] = (sum(c) q[h,t,c]*k[h,u,c])/sqrt(extent(c))
p[h,t,u] = [u <= t]*exp(s[h,t,u])/(sum(m) [m <= t]*exp(s[h,t,m]))""",
}


def _block(mask: str) -> str:
    return f"""
data x[t,d], y[t,d]
param g1[d], c1[d], Wq[h,c,d], bq[h,c], Wk[h,c,d], bk[h,c], Wv[h,c,d], bv[h,c]
param Wo[d,h,c], bo[d], g2[d], c2[d], W1[f,d], b1[f], W2[d,f], b2[d]
const eps = 1e-5
batch n
mu1[t] = mean(d) x[t,d]
var1[t] = mean(d) (x[t,d] - mu1[t])^2
n1[t,d] = (x[t,d] - mu1[t])/sqrt(var1[t] + eps)
l1[t,d] = g1[d]*n1[t,d] + c1[d]
q[h,t,c] = (sum(d) Wq[h,c,d]*l1[t,d]) + bq[h,c]
k[h,t,c] = (sum(d) Wk[h,c,d]*l1[t,d]) + bk[h,c]
v[h,t,c] = (sum(d) Wv[h,c,d]*l1[t,d]) + bv[h,c]{_MASKS[mask]}
o[h,t,c] = sum(u) p[h,t,u]*v[h,u,c]
r[t,d] = x[t,d] + (sum(h,c) Wo[d,h,c]*o[h,t,c]) + bo[d]
mu2[t] = mean(d) r[t,d]
var2[t] = mean(d) (r[t,d] - mu2[t])^2
n2[t,d] = (r[t,d] - mu2[t])/sqrt(var2[t] + eps)
l2[t,d] = g2[d]*n2[t,d] + c2[d]
z[t,f] = (sum(d) W1[f,d]*l2[t,d]) + b1[f]
a[t,f] = 1/2*z[t,f]*(1 + erf(z[t,f]/sqrt(2)))
h[t,d] = r[t,d] + (sum(f) W2[d,f]*a[t,f]) + b2[d]
cost C = mean(t,d) (h[t,d] - y[t,d])^2
"""


Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Workload:
    """A system with the shapes of its params and of a sample of its data; `kind` says which function a peer has for it.

    Weights of more than one axis begin with a spread of 1/√(values summed over), all others small; those in `ones`
    around 1. `products` are the multiplications and additions of a sample's forward pass, product by product, and
    whether its gradient goes on to what it multiplies.
    """

    key: str
    kind: str
    title: str
    text: str
    params: Shapes
    data: Shapes
    products: tuple[tuple[int, bool], ...]
    batch: int
    rate: float
    steps: int
    against_best: float
    against_eager: float
    ones: tuple[str, ...] = ()
    compared: int = 20
    agree: float = 1e-5

    @property
    def useful_flops(self) -> int:
        """The multiplications and additions of the products that a step cannot do without."""
        return sum(self.batch * count * (3 if back else 2) for count, back in self.products)

    @property
    def weight_bytes(self) -> int:
        """The bytes of all params."""
        return sum(4 * prod(shape) for shape in self.params.values())

    @property
    def least_bytes(self) -> int:
        """The bytes that a step moves at least: weights read forward, then read and written anew; the batch once."""
        return 3 * self.weight_bytes + 4 * self.batch * sum(prod(shape) for shape in self.data.values())


def _cnn() -> Workload:
    params = {"W1": (8, 1, 5, 5), "b1": (8,), "W2": (16, 8, 5, 5), "b2": (16,), "V": (10, 16, 4, 4), "b3": (10,)}
    products = ((2 * 8 * 25 * 576, False), (2 * 16 * 200 * 64, True), (2 * 10 * 256, True))
    title = "CNN, 8 and 16 channels of 5×5, max pools, 28×28, batch 32"
    return Workload(
        "cnn", "cnn", title, CNN, params, {"x": (1, 28, 28), "y": ()}, products, 32, 0.05, 60, 3.5, 4
    )  # fmt: skip


def _strided() -> Workload:
    params = {"W1": (16, 3, 3, 3), "W2": (32, 16, 3, 3), "W3": (64, 32, 3, 3), "V": (10, 64)}
    products = (
        (2 * 16 * 27 * 256, False), (2 * 32 * 144 * 64, True), (2 * 64 * 288 * 16, True), (2 * 10 * 64, True)
    )  # fmt: skip
    title = "three 3×3 convolutions of stride 2, 16, 32 and 64 channels, 32×32, batch 32"
    return Workload(
        "strided", "strided", title, STRIDED, params, {"x": (3, 32, 32), "y": ()}, products, 32, 0.05, 40, 1, 1
    )


def _gpt(mask: str) -> Workload:
    t, d, h, c, f = 64, 64, 4, 16, 256
    params = {
        "g1": (d,), "c1": (d,), "Wq": (h, c, d), "bq": (h, c), "Wk": (h, c, d), "bk": (h, c), "Wv": (h, c, d),
        "bv": (h, c), "Wo": (d, h, c), "bo": (d,), "g2": (d,), "c2": (d,), "W1": (f, d), "b1": (f,), "W2": (d, f),
        "b2": (d,),
    }  # fmt: skip
    projection, attention, wide = 2 * t * d * h * c, 2 * h * t * t * c, 2 * t * d * f
    products = (*[(projection, True)] * 4, *[(attention, True)] * 2, *[(wide, True)] * 2)
    title, data = f"GPT block, 64 wide, 4 heads, 64 tokens, batch 8, mask as a {mask}", {"x": (t, d), "y": (t, d)}
    return Workload(
        f"gpt-{mask}", "gpt", title, _block(mask), params, data, products, 8, 0.1, 40, 1.9, 1.9, ("g1", "g2")
    )


WORKLOADS = (_cnn(), _strided(), _gpt("where"), _gpt("bracket"))
SAMPLES = 1280


@dataclass(frozen=True)
class Problem:
    """A workload with its data and its first weights."""

    workload: Workload
    data: Mapping[str, npt.NDArray[np.float32] | npt.NDArray[np.int64]]
    first: Mapping[str, npt.NDArray[np.float32]]
    source: str = "random numbers"

    def order(self, seed: int, steps: int) -> npt.NDArray[np.int64]:
        """Return the samples of that many batches: permutations of all samples, one after the other."""
        generator, wanted = np.random.default_rng(seed), steps * self.workload.batch
        return np.concatenate([generator.permutation(SAMPLES) for _ in range(-(-wanted // SAMPLES))])[:wanted]


def problem(workload: Workload) -> Problem:
    """Return the workload's data and first weights."""
    generator = np.random.default_rng(2)
    first = {}
    for name, shape in workload.params.items():
        spread = 0.1 if len(shape) == 1 or name.startswith("b") else float(np.sqrt(shape[0] / prod(shape)))
        first[name] = (generator.normal(0, spread, shape) + (name in workload.ones)).astype(np.float32)
    data = {
        name: generator.normal(0, 1, (SAMPLES, *shape)).astype(np.float32)
        if shape
        else generator.integers(0, 10, SAMPLES)
        for name, shape in workload.data.items()
    }
    return Problem(workload, data, first)

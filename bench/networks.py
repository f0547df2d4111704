"""The systems whose derivation is measured, in the notation: dense networks, transformers, recurrent networks."""

from __future__ import annotations

from collections.abc import Iterator


def dense(layers: int) -> str:
    """Return a sigmoid network of that many layers, with quadratic cost."""
    letters = ["i", "j"]
    lines = ["data x[i], y[k]"]
    before = "x"
    for layer in range(1, layers + 1):
        inner, outer = letters[(layer + 1) % 2], "k" if layer == layers else letters[layer % 2]
        lines += [
            f"param W{layer}[{outer},{inner}], b{layer}[{outer}]",
            f"z{layer}[{outer}] = sum({inner}) W{layer}[{outer},{inner}]*{before}[{inner}] + b{layer}[{outer}]",
            f"a{layer}[{outer}] = sigmoid(z{layer}[{outer}])",
        ]
        before = f"a{layer}"
    return "\n".join([*lines, f"cost C = 1/2*(sum(k) ({before}[k] - y[k])^2)", ""])


_BLOCK = """\
param g1_{n}[d], c1_{n}[d], Wq{n}[h,c,d], bq{n}[h,c], Wk{n}[h,c,d], bk{n}[h,c], Wv{n}[h,c,d], bv{n}[h,c]
param Wo{n}[d,h,c], bo{n}[d], g2_{n}[d], c2_{n}[d], W1_{n}[f,d], b1_{n}[f], W2_{n}[d,f], b2_{n}[d]
mu1_{n}[t] = mean(d) {x}[t,d]
var1_{n}[t] = mean(d) ({x}[t,d] - mu1_{n}[t])^2
n1_{n}[t,d] = ({x}[t,d] - mu1_{n}[t])/sqrt(var1_{n}[t] + eps)
l1_{n}[t,d] = g1_{n}[d]*n1_{n}[t,d] + c1_{n}[d]
q{n}[h,t,c] = (sum(d) Wq{n}[h,c,d]*l1_{n}[t,d]) + bq{n}[h,c]
k{n}[h,t,c] = (sum(d) Wk{n}[h,c,d]*l1_{n}[t,d]) + bk{n}[h,c]
v{n}[h,t,c] = (sum(d) Wv{n}[h,c,d]*l1_{n}[t,d]) + bv{n}[h,c]
s{n}[h,t,u] = where(u <= t, (sum(c) q{n}[h,t,c]*k{n}[h,u,c])/sqrt(extent(c)), -10^30)
p{n}[h,t,u] = exp(s{n}[h,t,u])/(sum(m) exp(s{n}[h,t,m]))
o{n}[h,t,c] = sum(u) p{n}[h,t,u]*v{n}[h,u,c]
r{n}[t,d] = {x}[t,d] + (sum(h,c) Wo{n}[d,h,c]*o{n}[h,t,c]) + bo{n}[d]
mu2_{n}[t] = mean(d) r{n}[t,d]
var2_{n}[t] = mean(d) (r{n}[t,d] - mu2_{n}[t])^2
n2_{n}[t,d] = (r{n}[t,d] - mu2_{n}[t])/sqrt(var2_{n}[t] + eps)
l2_{n}[t,d] = g2_{n}[d]*n2_{n}[t,d] + c2_{n}[d]
z{n}[t,f] = (sum(d) W1_{n}[f,d]*l2_{n}[t,d]) + b1_{n}[f]
a{n}[t,f] = 1/2*z{n}[t,f]*(1 + erf(z{n}[t,f]/sqrt(2)))
x{n}[t,d] = r{n}[t,d] + (sum(f) W2_{n}[d,f]*a{n}[t,f]) + b2_{n}[d]"""


def transformer(blocks: int) -> str:
    """Return blocks as in GPT, normalised before attention and before the two dense layers, with quadratic cost."""
    lines = ["data x0[t,d], y[t,d]", "const eps = 1e-5"]
    lines += [_BLOCK.format(n=n, x=f"x{n - 1}") for n in range(1, blocks + 1)]
    return "\n".join([*lines, f"cost C = mean(t,d) (x{blocks}[t,d] - y[t,d])^2", ""])


def recurrent(steps: int, *, named: bool) -> str:
    """Return an LSTM of that many steps; `named` has an equation for what each of its gates is the sigmoid of."""
    lines = ["data x[t,i], y[k]", "param W[g,j,i], U[g,j,m], b[g,j], V[k,j]", f"index t = {steps}, g = 4", "batch n"]
    for step in range(steps):
        lines += _step(step, named=named)
    return "\n".join([*lines, f"z[k] = sum(j) V[k,j]*h{steps - 1}[j]", "cost C = 1/2*(sum(k) (z[k] - y[k])^2)", ""])


def _step(step: int, *, named: bool) -> Iterator[str]:
    gates = (("i", "sigmoid"), ("f", "sigmoid"), ("o", "sigmoid"), ("u", "tanh"))
    for number, (gate, function) in enumerate(gates):
        before = f" + (sum(m) U[{number},j,m]*h{step - 1}[m])" if step else ""
        inner = f"(sum(i) W[{number},j,i]*x[{step},i]){before} + b[{number},j]"
        if named:
            yield f"s{gate}{step}[j] = {inner}"
            inner = f"s{gate}{step}[j]"
        yield f"{gate}{step}[j] = {function}({inner})"
    kept = f"f{step}[j]*c{step - 1}[j] + " if step else ""
    yield f"c{step}[j] = {kept}i{step}[j]*u{step}[j]"
    yield f"h{step}[j] = o{step}[j]*tanh(c{step}[j])"

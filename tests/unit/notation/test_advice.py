"""What is said to people who write as elsewhere: each piece of advice is text that can stand there, and is read."""

from __future__ import annotations

import math
import re

import pytest

import chainrule as cr
from chainrule.errors import NotationError
from support import assert_close

HEAD = "data x[i], y[k], c\nparam w[i], W[k,i], b[k], A[i,j], z[k], t, s\n"


def said(text: str) -> str:
    with pytest.raises(NotationError) as caught:
        cr.parse(text)
    return caught.value.advice


FUNCTIONS = [
    ("a[k] = softmax(z[k])", "exp(z[k])/(sum(m) exp(z[m]))"),
    ("a[k] = softmax(z)[k]", "exp(z[k])/(sum(m) exp(z[m]))"),
    ("a = softmax(z)", "a[k] = exp(z[k])/(sum(m) exp(z[m]))"),
    ("a[p] = softmax(z)[p]", "exp(z[p])/(sum(m) exp(z[m]))"),
    ("a[k] = F.softmax(z, dim=0)", "exp(z[k])/(sum(m) exp(z[m]))"),
    ("a[k,i] = softmax(W[k,i])", "exp(W[k,i])/(sum(m) exp(W[k,m]))"),
    ("a[k] = log_softmax(z[k])", "z[k] - log(sum(m) exp(z[m]))"),
    ("q = logsumexp(z)", "log(sum(k) exp(z[k]))"),
    ("a[k] = Sigmoid(z[k])", "sigmoid(z[k])"),
    ("a[k] = RELU(z[k])", "relu(z[k])"),
    ("q = norm(x)", "sqrt(sum(i) x[i]^2)"),
    ("q = norm(x - w)^2", "sqrt(sum(i) (x[i] - w[i])^2)", "q = sqrt(sum(i) (x[i] - w[i])^2)^2"),
    ("q = norm(x, 3)", "(sum(i) abs(x[i])^3)^(1/3)"),
    ("q = trace(A)", "sum(j) A[j,j]"),
    ("q = tr(A)", "sum(j) A[j,j]"),
    ("q = tr(A*A)", "sum(i) sum(j) A[i,j]*A[j,i]"),
    ("q = transpose(A)", "q[i,j] = A[j,i]"),
    ("q = diag(A)", "q[j] = A[j,j]"),
    ("q = dot(w, x)", "sum(i) w[i]*x[i]"),
    ("a[k] = matmul(W, x)[k]", "sum(i) W[k,i]*x[i]"),
    ("q = outer(w, x)", "q[i,m] = w[i]*x[m]"),
    ("q = var(x)", "mean(i) (x[i] - (mean(m) x[m]))^2"),
    ("q = var(i)", "mean(i) (x[i] - (mean(m) x[m]))^2"),
    ("q = std(x)", "sqrt(mean(i) (x[i] - (mean(m) x[m]))^2)"),
    ("q = E(x)", "mean(i) x[i]"),
    ("q = E[x]", "mean(i) x[i]"),
    ("a[i] = cumsum(x)", "sum(m) [m <= i]*x[m]"),
    ("a[k] = argmax(z)", "[z[k] = (max(m) z[m])]"),
    ("cost C = mse(y, z)", "mean(k) (y[k] - z[k])^2"),
    ("cost C = MSE(y[k], z[k])", "mean(k) (y[k] - z[k])^2"),
    ("q = KL(x, w)", "sum(i) x[i]*log(x[i]/w[i])"),
    ("a = layernorm(x)", "a[i] = (x[i] - (mean(m) x[m]))/sqrt(mean(m) (x[m] - (mean(i) x[i]))^2 + 1e-5)"),
    ("q = len(x)", "extent(i)", "q = extent(i)*x[0]"),
    ("q = x.mean()", "mean(i) x[i]"),
    ("q = np.sum(x)", "sum(i) x[i]"),
    ("q = np.exp(t)", "exp(t)"),
    ("q = torch.nn.functional.relu(t)", "relu(t)"),
    ("q = conv(x, w)[i]", "sum(m) w[m]*x[i+m]", "q[i] = sum(m) w[m]*x[i+m]"),
    ("q = logdet(A)", "log(abs(det(A)))"),
    ("P[i,j] = delta(i,j)", "[i = j]"),
    ("P[i,j] = δ_ij", "[i = j]"),
    ("P[i,j] = δ_{ij}", "[i = j]"),
    ("P[i,j] = I[i,j]", "[i = j]"),
    ("q = max(0, t)", "maximum(0, t)"),
    ("a[k] = max(z[k], 0)", "maximum(z[k], 0)"),
    ("a[k] = min(b[k],1)", "minimum(b[k], 1)"),
    ("q = max(t, s, 1)", "maximum(t, maximum(s, 1))"),
    ("q = clamp(t, 0, 1)", "clip(t, 0, 1)"),
    ("q = clip(t, min=0, max=1)", "clip(t, 0, 1)"),
    ("q = t(s + 1)", "t*(s + 1)"),
    ("q = sum(i) w(i)*x[i]", "w[i]", "q = sum(i) w[i]*x[i]"),
]

PRODUCTS = [
    ("a[k] = W @ x + b", "sum(i) W[k,i]*x[i]", "a[k] = (sum(i) W[k,i]*x[i]) + b[k]"),
    ("a[k] = W x + b[k]", "sum(i) W[k,i]*x[i]", "a[k] = (sum(i) W[k,i]*x[i]) + b[k]"),
    ("a[k] = Wx", "sum(i) W[k,i]*x[i]"),
    ("a[k] = W*x", "sum(i) W[k,i]*x[i]"),
    ("q = w^T x", "sum(i) w[i]*x[i]"),
    ("q = w^T*x", "sum(i) w[i]*x[i]"),
    ("q = w' * x", "sum(i) w[i]*x[i]"),
    ("q = wᵀx", "sum(i) w[i]*x[i]"),
    ("q = w.T @ x", "sum(i) w[i]*x[i]"),
    ("q = w·x", "sum(i) w[i]*x[i]"),
    ("q = ⟨w, x⟩", "sum(i) w[i]*x[i]"),
    ("q = <w, x>", "sum(i) w[i]*x[i]"),
    ("q = x^T A x", "sum(i,j) x[i]*A[i,j]*x[j]"),
    ("q = xᵀAx", "sum(i,j) x[i]*A[i,j]*x[j]"),
    ("a[i] = w * x", "w[i] * x[i]"),
    ("a[i] = w ⊙ x", "w[i]*x[i]"),
    ("P[i,j] = w ⊗ x", "w[i]*x[j]"),
    ("P[i,j] = A^T", "A[j,i]"),
    ("P[i,j] = A.T", "A[j,i]"),
    ("P[i,j] = A^-1", "inv(A)[i,j]"),
    ("q = ‖x‖", "sqrt(sum(i) x[i]^2)"),
    ("q = s*‖x‖²", "sum(i) x[i]^2", "q = s*(sum(i) x[i]^2)"),
    ("q = ||x - w||^2", "sum(i) (x[i] - w[i])^2"),
    ("q = ||x||_1", "sum(i) abs(x[i])"),
    ("q = |A|", "det(A)"),
    ("q = |w|", "sqrt(sum(i) w[i]^2)"),
]

REDUCTIONS = [
    ("q = sum(x)", "sum(i) x[i]"),
    ("q = sum(w*x)", "sum(i) w[i]*x[i]"),
    ("q = sum(x[i])", "sum(i) x[i]"),
    ("q = sum(i, x[i])", "sum(i) x[i]"),
    ("q = sum(x[i] for i in range(3))", "sum(i) x[i]"),
    ("q = sum_i x[i]", "sum(i) x[i]"),
    ("q = sum_k (z_k - y_k)^2", "sum(k) (z[k] - y[k])^2"),
    ("q = 1/2*mean_k(z[k])", "mean(k) (z[k])", "q = 1/2*(mean(k) z[k])"),
    ("q = sum_i w_i x_i", "sum(i) w[i]*x[i]"),
    ("q = sum_{i=1}^n x[i]", "sum(i) x[i]"),
    ("q = Σ_{i=1}^{n} x_i", "sum(i) x[i]"),
    ("q = sum(i=1..n) x[i]", "sum(i) x[i]"),
    ("q = Σ x[i]", "sum(i) x[i]"),
    ("q = sum i x[i]", "sum(i) x[i]"),
    ("q = sum[i] x[i]", "sum(i) x[i]"),
    ("q = sum(i != 0) x[i]", "sum(i) [i != 0]*x[i]"),
    ("a[k] = sum(m ≠ k) z[m]", "sum(m) [m != k]*z[m]"),
    ("a[k] = sum(m<k) z[m]", "sum(m) [m < k]*z[m]"),
    ("a[k] = Σ_{m<=k} z[m]", "sum(m) [m <= k]*z[m]"),
    ("q = ∏_i x[i]*w[i]", "prod(i) (x[i]*w[i])"),
    ("q = max_i x[i]", "max(i) x[i]"),
    ("q = avg(i) x[i]", "mean(i) x[i]"),
    ("q = var(i) x[i]", "mean(i) (x[i] - (mean(m) x[m]))^2"),
    ("a[i] = argmax(i) x[i]", "[x[i] = (max(m) x[m])]"),
    ("q = count(i) [x[i] > 0]", "sum(i) [x[i] > 0]"),
    ("q = \\sum_{i=1}^n x_i", "sum(i) x[i]"),
    ("given sum y = 1", "sum(k) y[k] = 1", "given sum(k) y[k] = 1"),
]

PIECES = [
    ("q = log10(t)", "log(t)/log(10)"),
    ("q = log(t, 2)", "log(t)/log(2)"),
    ("q = log_2(t)", "log(t)/log(2)"),
    ("q = log_{10}(t)", "log(t)/log(10)"),
    ("q = log_s(t)", "log(t)/log(s)"),
    ("q = log_e(t)", "log(t)"),
    ("q = e^(t)", "exp(t)"),
    ("q = 1/(1 + e^(-t))", "exp(-t)", "q = 1/(1 + exp(-t))"),
    ("a[k] = e^{z_k}", "exp(z[k])"),
    ("q = exp^t", "exp(t)"),
    ("q = t^{-1}", "t^(-1)"),
    ("q = t**2", "t^2"),
    ("q = sin² t", "sin(t)^2"),
    ("q = tanh^2(t)", "tanh(t)^2"),
    ("q = sqrt t", "sqrt(t)"),
    ("q = √t", "sqrt(t)"),
    ("q = log|t|", "log(abs(t))"),
    ("q = -sum(k) y[k] log z[k]", "log(z[k])", "q = -sum(k) y[k]*log(z[k])"),
    ("q = 2t", "2*t"),
    ("q = (t + 1)(s + 1)", "(t + 1)*(s + 1)"),
    ("q = ts", "t*s"),
    ("q = sum(i) w[i]x_i", "w[i]*x[i]", "q = sum(i) w[i]*x[i]"),
    ("a[k] = Σ_i W_{ki} x_i", "W[k,i]*x[i]", "a[k] = Σ_i W[k,i]*x[i]"),
    ("q = w_1 + t", "w[0]", "q = w[0] + t"),
    ("q = w_0 + w_1", "w[0]", "q = w[0] + w[1]"),
    ("q = x₁", "x[0]"),
    ("q = x1*t", "x[0]", "q = x[0]*t"),
    ("q = sum(i) wi*x[i]", "w[i]", "q = sum(i) w[i]*x[i]"),
    ("a[i] = x_{i+1}", "x[i+1]"),
    ("a_{k} = b[k]", "a[k]", "a[k] = b[k]"),
    ("a_k = b_k + z_k", "a[k]", "a[k] = b[k] + z[k]"),
    ("a^{(1)}[k] = b[k]", "a1[k]", "a1[k] = b[k]"),
    ("a[k] = W[k][0]", "W[k,0]"),
    ("q[k,i] = W[k,:]", "W[k,i]"),
    ("q = t if t > 0 else 0", "where(t > 0, t, 0)"),
    ("q = if t > 0 then t else 0", "where(t > 0, t, 0)"),
    ("q = t > 0 ? t : 0", "where(t > 0, t, 0)"),
    ("q = piecewise(t > 0, t, 0)", "where(t > 0, t, 0)"),
    ("q = 1{t > 0}", "[t > 0]"),
    ("a[k] = 𝟙[z[k] > 0]", "[z[k] > 0]"),
    ("a[k] = I(z[k] > 0)", "[z[k] > 0]"),
    ("q = t > 0", "[t > 0]"),
    ("a[i] = [x[i] > 0 && x[i] < 1]", "[x[i] > 0 and x[i] < 1]"),
    ("a[i] = [x[i] > 0 | x[i] < -1]", "[x[i] > 0 or x[i] < -1]"),
    ("q = \\frac{t}{1 + s}", "t/(1 + s)"),
    ("q = \\sigma(t)", "sigmoid(t)"),
    ("q = \\log t", "log(t)"),
    ("q = t \\cdot s", "t*s"),
    ("q = t÷s", "t/s"),
    ("q = t–s", "t - s"),
    ("q = {t + s}", "(t + s)"),
    ("q = [t + s]*2", "(t + s)", "q = (t + s)*2"),
    ("q = 3,5*t", "3.5", "q = 3.5*t"),
    ("q := t^2", "q = t^2"),
    ("q = 1/n*sum(i) x[i]", "extent(i)", "q = 1/extent(i)*(sum(i) x[i])"),
]

LINES = [
    ("cost J(w) = sum(i) w[i]^2", "cost J = sum(i) w[i]^2"),
    ("cost: t^2", "cost C = t^2"),
    ("cost = t^2", "cost C = t^2"),
    ("loss: t^2", "cost C = t^2"),
    ("minimize sum(i) w[i]^2", "cost C = sum(i) w[i]^2"),
    ("minimize (t - 1)^2", "cost C = (t - 1)^2"),
    ("objective |t|", "cost C = |t|"),
    ("minimise L = t^2", "cost L = t^2"),
    ("min_w L = sum(i) w[i]^2", "cost L = sum(i) w[i]^2"),
    ("maximize L = t", "cost C = -(t)"),
    ("Loss L = t^2", "cost L = t^2"),
    ("error E = t^2", "cost E = t^2"),
    ("f(t) = t^2", "f = t^2"),
    ("f(r) = r^2", "def f(r) = r^2"),
    ("def f(r): return r^2", "def f(r) = r^2"),
    ("inputs u[i]", "data u[i]"),
    ("weights v[i]", "param v[i]"),
    ("params v[i]", "param v[i]"),
    ("constant eta = 0.1", "const eta = 0.1"),
    ("let q = t^2", "q = t^2"),
    ("param v[3]", "param v[i]", "param v[i]\nindex i = 3"),
    ("param v ∈ R^3", "param v[i]"),
    ("param v(i)", "param v[i]"),
    ("param v = 0", "const v = 0"),
    ("param v[i] = 0", "param v[i]"),
    ("batch n = 32", "batch n"),
    ("index r = 1..10", "index r = 10"),
    ("assume t > 0", "given t > 0"),
    ("given y one-hot", "given onehot(k) y[k]"),
    ("cost C = t^2\nupdate t -= 0.1*∂C/∂t", "update t = t - 0.1*∂C/∂t", "cost C = t^2\nupdate t = t - 0.1*∂C/∂t"),
    ("cost C = t^2\nt := t - 0.1*∂C/∂t", "update t = t - 0.1*∂C/∂t", "cost C = t^2\nupdate t = t - 0.1*∂C/∂t"),
    ("cost C = t^2\nupdate t ← t - 0.1*∂C/∂t", "update t = t - 0.1*∂C/∂t", "cost C = t^2\nupdate t = t - 0.1*∂C/∂t"),
    ("cost C = t^2\ng = grad(t)", "∂C/∂t", "cost C = t^2\ng = ∂C/∂t"),
    ("cost C = t^2\ng = dC/dt", "∂C/∂t", "cost C = t^2\ng = ∂C/∂t"),
    (
        "h[i] = tanh(s*h[i-1] + t*x[i])",
        "h?[i-1] + [i = 0]*h0",
        "const h0\nh[i] = tanh(s*(h?[i-1] + [i = 0]*h0) + t*x[i])",
    ),
    (
        "data u[r,i]\nh[r,k] = tanh((sum(m) W[k,m]*u[r,m]) + h[r+2,k])",
        "h?[r+2,k] + [r >= extent(r) - 2]*h0[k]",
        "data u[r,i]\nconst h0[k]\nh[r,k] = tanh((sum(m) W[k,m]*u[r,m]) + h?[r+2,k] + [r >= extent(r) - 2]*h0[k])",
    ),
]

MORE = [
    ("a[k] = softmax_k(z)", "exp(z[k])/(sum(m) exp(z[m]))"),
    ("a[k] = softmax(z)_k", "exp(z[k])/(sum(m) exp(z[m]))"),
    ("q = tr(A^T A)", "sum(j) sum(i) A[i,j]*A[i,j]"),
    ("q = ‖A‖_F²", "sum(i,j) A[i,j]^2"),
    ("a[i] = A^T x", "sum(m) A[m,i]*x[m]"),
    ("P[i,j] = x x^T", "x[i]*x[j]"),
    ("P[p] = W x", "sum(i) W[p,i]*x[i]"),
    ("P[i,j] = A⁻¹", "inv(A)[i,j]"),
    ("q = max{0, t}", "maximum(0, t)"),
    ("q = exp{t}", "exp(t)"),
    ("q = exp[-t]", "exp(-t)"),
    ("a[k] = \\mathbb{1}[z[k] > 0]", "[z[k] > 0]"),
    ("q = [[t > 0]]", "[t > 0]"),
    ("q = mean(x, axis=0)", "mean(i) x[i]"),
    ("q = np.mean((x - w)**2)", "mean(i) (x[i] - w[i])^2"),
    ("q = sum over k y[k]", "sum(k) y[k]"),
    ("q = sum(y[k]*b[k], k)", "sum(k) y[k]*b[k]"),
    ("q = Sum(k) y[k]", "sum(k) y[k]"),
    ("q = ∑ₖ yₖ", "sum(k) y[k]"),
    ("q = sum(x - w)", "sum(i) (x[i] - w[i])"),
    ("q = Σ(x - w)²", "sum(i) (x[i] - w[i])²"),
    ("q = Σ_i (x_i - w_i)² 2", "(x[i] - w[i])²*2", "q = sum(i) (x[i] - w[i])²*2"),
    ("q = exp -t", "exp(-t)"),
    ("q = 1/2 Σ_i (x_i - w_i)²", "1/2*sum(i) (x[i] - w[i])²"),
    ("q = (1/2) sum(i) x_i", "(1/2)*sum(i) x[i]"),
    ("q = 1/2t", "/2*t, or /(2*t)", "q = (1/2*t)+1/(2*t) # /2*t, or /(2*t)"),
    ("q = t.^2", "t^2"),
    ("a[i] = x.*w", "x[i]*w[i]"),
    ("q = t where t > 0", "where(t > 0, t, 0)"),
    ("h^{(2)}_k = z[k]", "h2[k]", "h2[k] = z[k]"),
    ("a[k] = W_k,i", "W[k,i]", "a[k] = sum(i) W[k,i]"),
    ("q = E[x - w]", "mean(i) (x[i] - w[i])"),
    ("cost function C = t^2", "cost C = t^2"),
    ("minimize over w: t^2", "cost C = t^2"),
    ("Data u[i]", "data u[i]"),
    ("data u[i] v[k]", "data u[i], v[k]"),
    ("param v and u", "param v, u"),
    ("const eta 0.1", "const eta = 0.1"),
    ("index r: 3", "index r = 3"),
    ("regularizer R = t^2", "R = t^2"),
]

ALL = [*MORE, *FUNCTIONS, *PRODUCTS, *REDUCTIONS, *PIECES, *LINES]


@pytest.mark.parametrize("row", ALL, ids=[row[0] for row in ALL])
def test_what_is_advised_stands_in_the_message_and_is_read(row: tuple[str, ...]) -> None:
    written, advised, *followed = row
    assert advised in said(HEAD + written)
    if not followed:
        statement = re.match(
            r"(?:[a-z]+ )?\w+(?:\[[^]]*\])? = |(?:data|param|const|given|batch|index|def|cost) ", advised
        )
        followed = [advised if statement else f"{written.partition('=')[0]}= {advised}"]
    cr.parse(HEAD + followed[0])


VALUES = [
    ("log2(t)", math.log2(0.3)),
    ("pow(t, 3)", 0.3**3),
    ("cbrt(t)", 0.3 ** (1 / 3)),
    ("arctan(t)", math.atan(0.3)),
    ("arcsin(t)", math.asin(0.3)),
    ("acos(t)", math.acos(0.3)),
    ("atanh(t)", math.atanh(0.3)),
    ("asinh(t)", math.asinh(0.3)),
    ("cot(t)", 1 / math.tan(0.3)),
    ("erfc(t)", math.erfc(0.3)),
    ("logistic(t)", 1 / (1 + math.exp(-0.3))),
    ("logit(t)", math.log(0.3 / 0.7)),
    ("logsigmoid(t)", -math.log1p(math.exp(-0.3))),
    ("silu(t)", 0.3 / (1 + math.exp(-0.3))),
    ("gelu(t)", 0.15 * (1 + math.erf(0.3 / math.sqrt(2)))),
    ("mish(t)", 0.3 * math.tanh(math.log1p(math.exp(0.3)))),
    ("elu(-t)", math.exp(-0.3) - 1),
    ("leaky_relu(-t, 0.2)", -0.06),
    ("relu6(20*t)", 6.0),
    ("hardtanh(-9*t)", -1.0),
    ("softsign(-t)", -0.3 / 1.3),
    ("heaviside(t)", 1.0),
    ("sgn(-t)", -1.0),
]


@pytest.mark.parametrize(("call", "value"), VALUES, ids=[call for call, _ in VALUES])
def test_a_function_written_out_has_its_value(call: str, value: float) -> None:
    advice = said(f"data t\nq = {call}")
    code = re.sub(r"^(?:.*: |.* it is |.* is written |Write )", "", advice)
    assert_close(cr.evaluate(cr.parse(f"data t\nq = {code}"), {"t": 0.3})["q"], value)


ANSWERS = [
    ("∂C/∂z[k] = softmax(z[k]) - y[k]", "exp(z[k])/(sum(m) exp(z[m]))"),
    ("∂C/∂z[k] = softmax(z)[k] - y[k]", "exp(z[k])/(sum(m) exp(z[m]))"),
    ("∂C/∂z[k] = e^z[k]", "exp(z[k])"),
    ("∂C/∂z[k] = q[k] - y[k]", "expected is one of the system: y, z, a, C"),
    ("∂C/∂z[k] = q - y[k]", "expected is one of the system: y, z, a, C"),
    ("∂C/∂z[k] = n*y[k]", "extent(k)"),
    ("∂C/∂z[k] = foo(z[k])", "Known are exp, log"),
    ("∂C/∂z[k] = sum(m) m", "index m has no extent"),
    ("∂C/∂z[k] = sum*y[k]", "'*' cannot stand here"),
    ("∂C/∂z[k] = 2 a_k", "2*a[k]"),
    ("∂C/∂z[k] = a_k·1{k = 0}", "[k = 0]"),
    ("∂C/∂z[k] = a^T y", "sum(k) a[k]*y[k]"),
    ("∂C/∂q = 1", "no tensor is named q"),
    ("∂C/∂z[k] = inf", "There is no infinity among the numbers."),
]


@pytest.mark.parametrize(("answer", "advised"), ANSWERS, ids=[answer for answer, _ in ANSWERS])
def test_an_answer_is_never_told_to_declare_or_rename(answer: str, advised: str) -> None:
    system = cr.parse("data y[k]\nparam z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = -sum(k) y[k]*log(a[k])")
    with pytest.raises(NotationError) as caught:
        cr.check(system, answer)
    message = str(caught.value)
    assert advised in message
    assert not re.search(r"[Dd]eclare|[Dd]efine|[Rr]ename|another name|has a line|const |data |param ", message)


def test_a_scalar_named_like_an_entry_is_told_apart() -> None:
    advice = said("data x_i\nparam w_i\ncost C = sum(i) w_i*x_i")
    assert advice == "Indices stand in brackets where a tensor is declared and defined: w[i], x[i]"
    cr.parse("data x[i]\nparam w[i]\ncost C = sum(i) w_i*x_i")


def test_a_step_is_an_update_of_a_param() -> None:
    assert (
        said("param t\ncost C = t^2\nt = t - 0.1*∂C/∂t")
        == "What an optimizer does to a param is an update: update t = …"
    )

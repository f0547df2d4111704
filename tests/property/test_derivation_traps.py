"""Systems that lead astray: each came out wrong in some trial, here or elsewhere. Right is what differences say."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import DerivativeError
from chainrule.notation import parse
from chainrule.notation.parser import parse_expression
from chainrule.pipeline import backprop, evaluate, value_and_grad
from chainrule.verify.sampling import random_inputs
from chainrule.verify.verification import Verification
from property.witness import Tally, compare
from same_form import assert_same_form
from support import assert_close

TRAPS = {
    "nested sums of one letter": """
        param x[i]
        data y[i]
        cost C = sum(i) (x[i]*(sum(i) x[i]*y[i]*(sum(i) x[i]^2)))
    """,
    "a sum of the same letter inside an entry's sum": """
        param x[i], V[i,m]
        u[i] = (sum(i) x[i]) + (sum(m) V[i,m]*(sum(i) V[i,m]*x[i]))
        cost C = sum(i) u[i]^2*(sum(i) u[i])
    """,
    "an equation put in under a sum of the same letter": """
        param x[i]
        data A[i,j]
        z[i] = sum(j) A[i,j]*x[j]
        s = sum(i) z[i]*(sum(i) z[i]^2)
        cost C = sum(i) z[i]*s*x[i]
    """,
    "a function put in under a sum of its own letter": """
        def f(i, t) = i*t^2
        param x[i], t
        cost C = sum(i) f(x[i], (sum(i) f(t, x[i])))
    """,
    "parameters that are called like tensors, swapped": """
        def mix(s, t) = s^2*t
        param s, t, x[i]
        cost C = sum(i) mix(t*x[i], s)
    """,
    "the trace looks like a row": """
        param x[i], w
        data A[k,i]
        u[k] = sum(i) A[k,i]*x[i]
        d = w*(sum(i) A[i,i]*x[i])
        cost C = d^2 + (sum(k) u[k]^2)
    """,
    "a tensor twice in a product": """
        param x[i]
        cost C = (sum(i) x[i]*x[i]*x[i]) + (sum(i,m) x[i]*x[m]*x[i])
    """,
    "a diagonal": """
        param X[i,m]
        data v[i]
        cost C = (sum(i) X[i,i]^2*v[i]) + (sum(i,m) X[i,m]*X[m,i]) + X[0,0]*X[0,1]
    """,
    "a cyclic product": """
        param A[i,j]
        cost C = sum(i,j,k) A[i,j]*A[j,k]*A[k,i]
    """,
    "a broadcast on the left": """
        param b[j], c[i]
        data x[i,j]
        z[i,j] = b[j] + c[i]*x[i,j]
        cost C = sum(i,j) z[i,j]^2
    """,
    "an index that the right side does not have": """
        param s
        index k = 3
        z[k] = s
        cost C = sum(k) (z[k]*k - s)^2
    """,
    "a sum over an index that its body does not have": """
        param s, w[i]
        cost C = (sum(i) s^2)*(mean(i) s) + (sum(i) w[i])
    """,
    "a mean inside a sum inside a mean": """
        param x[i,j]
        cost C = mean(i) (sum(j) (x[i,j] - (mean(j) x[i,j]))^2)^2
    """,
    "a delta in the forward pass": """
        param x[i], w[i]
        data A[i,m]
        z[i,m] = [i = m]*x[i] + A[i,m]*w[m]
        cost C = sum(i,m) z[i,m]^2*(1 + [i = m])*(2 - [i <= m])
    """,
    "matrices that are diagonal, multiplied": """
        param x[i]
        data A[i,m]
        z[i,m] = [i = m]*x[i]
        u[i,m] = sum(k) z[i,k]*A[k,m]
        v[i,m] = sum(k) u[i,k]*z[k,m]
        cost C = sum(i,m) v[i,m]^2
    """,
    "what is not read by the cost": """
        param x[i], w
        data y[i]
        u[i] = x[i]*y[i]
        q = sum(i) u[i]*w
        cost C = sum(i) u[i]^2
        r = C*w
    """,
    "letters that are tensors": """
        param k[j], m[j], l
        data n[j], i
        z[j] = k[j]*l + m[j]*n[j]
        a[j] = exp(z[j])/(sum(q) exp(z[q]))*i
        cost C = sum(j) a[j]^2
    """,
    "letters that are functions": """
        def k(t) = t^2
        def m(t) = t^3
        param x[j]
        z[j] = k(x[j]) + m(x[j])
        a[j] = exp(-z[j])/(sum(q) exp(-z[q]))
        cost C = sum(j) a[j]^2
    """,
    "letters that are declared with an extent": """
        index m = 2, k = 3, l = 5, i = 7
        param x[j], s
        u[k,m] = s*k*m
        a[j] = exp(x[j])/(sum(q) exp(x[q]))
        cost C = (sum(j) a[j]^3) + (sum(k,m) u[k,m]^2)
    """,
    "names that extrema would like": """
        param x[i], C_max, C_inner[i]
        cost C = C_max*(max(i) (C_inner[i]*x[i]))
    """,
    "a maximum of maxima": """
        param x[i,j], w[i]
        cost C = (min(i) (w[i] + (max(j) (x[i,j]*w[i]))))*(max(i) w[i])*(max(i) w[i])
    """,
    "a product over an index": """
        param x[i,j], w[i]
        cost C = sum(i) w[i]*(prod(j) (x[i,j]*w[i]))
    """,
    "exponents that are no numbers": """
        param x[i], p, c[m]
        cost C = (sum(i) (1 + x[i]^2)^(p*x[i])) + (sum(m) c[m]*(1 + p^2)^m)
    """,
    "fractional exponents": """
        param x[i], y
        given x[i] > 0
        given y > 0
        cost C = (sum(i) x[i]^(-3/2)*y^(1/3))*sqrt(sum(i) x[i]^2)^3
    """,
    "a choice": """
        param x[i], w
        u[i] = where(x[i] > 1/3 and x[i] < 4, w*x[i]^2, x[i]/w)
        cost C = sum(i) where(u[i] > w, u[i]*x[i], u[i]^2)
    """,
    "equal sums in two orders of their indices": """
        param x[i], v
        data w[i], B[i,j]
        cost C = v*(sum(i,j) x[i]*x[j]*w[i]*B[i,j]) - v^2*(sum(j,i) x[i]*x[j]*w[i]*B[i,j]) + v
    """,
    "a quantity used by itself": """
        param x[i]
        n = sqrt(sum(i) x[i]^2)
        h[i] = x[i]/n
        cost C = (sum(i) h[i]^3)*n^3 + sqrt(n^2)
    """,
    "a batch": """
        batch n
        data x[i], y[k]
        param W[k,i], b[k]
        z[k] = sum(i) W[k,i]*x[i] + b[k]
        a[k] = exp(z[k])/(sum(m) exp(z[m]))
        cost C = 1/2*(sum(k) (a[k] - y[k])^2)*(sum(i) x[i]^2)
    """,
}


@pytest.mark.parametrize("text", TRAPS.values(), ids=TRAPS)
def test_gradients_are_right_and_every_step_is_verified(text: str) -> None:
    system = parse(text)
    back = backprop(system)
    tally = Tally()
    for seed in (1, 2):
        inputs = random_inputs(system, seed)
        compare(system, inputs, value_and_grad(system, inputs)[1], tally)
    tally.assert_mostly_compared(share=0.5)
    for param in back.wrt:
        report = back.derivation(param).verify()
        assert isinstance(report, Verification)
        assert not report.unverified
    inputs = random_inputs(system, seed=3)
    for name, value in evaluate(parse(str(back)), inputs).items():
        assert_close(value, evaluate(back.system, inputs)[name], rtol=1e-11)


FORMS = {
    "cancelled": ("param x[i], w\ncost C = sum(i) (x[i] - x[i])*w + 0*w", {"x": "0", "w": "0"}),
    "times zero": ("param x[i], w\ncost C = 0*(sum(i) x[i]*w)", {"x": "0", "w": "0"}),
    "a constant cost": ("param x[i]\ncost C = 3", {"x": "0"}),
    "cubed": ("param x[i]\ncost C = sum(i) x[i]*x[i]*x[i]", {"x": "3*x[i]^2"}),
    "transposed and back": (
        "param x[i], v\ndata A[i,j]\ncost C = v*(sum(i,j) x[i]*A[i,j]*x[j]) - v*(sum(i,j) x[j]*A[j,i]*x[i]) + v",
        {"x": "0", "v": "1"},
    ),
    "in two orders": (
        (
            "param x[i], v\ndata w[i], B[i,j]\n"
            "cost C = v*(sum(i,j) x[i]*x[j]*w[i]*B[i,j]) - v*(sum(j,i) x[i]*x[j]*w[i]*B[i,j]) + v"
        ),
        {"x": "0", "v": "1"},
    ),
    "counted": ("param s, w[i]\ncost C = (sum(i) s) + (sum(i) w[i])", {"s": "extent(i)", "w": "1"}),
    "softmax by parts": (
        "data y[k]\nparam z[j]\ne[k] = exp(z[k])\na[k] = e[k]/(sum(m) e[m])\ncost C = -sum(k) y[k]*log(a[k])",
        {"z": "a[j]*(sum(k) y[k]) - y[j]"},
    ),
    "guarded": ("param x[i]\ncost C = sum(i) [i > 0]*x[i]^2/i", {"x": "2*[i > 0]*x[i]/i"}),
    "a bias shared over time": (
        (
            "data x[j], y[j]\nparam b[j], U[j,k]\nh1[j] = tanh(x[j] + b[j])\n"
            "h2[j] = tanh((sum(k) U[j,k]*h1[k]) + b[j])\ncost C = 1/2*(sum(j) (h2[j] - y[j])^2)"
        ),
        {
            "b": "∂C/∂h2[j]*(1 - h2[j]^2) + (1 - h1[j]^2)*(sum(k) U[k,j]*∂C/∂h2[k]*(1 - h2[k]^2))",
            "U": "∂C/∂h2[j]*(1 - h2[j]^2)*h1[k]",
        },
    ),
}


@pytest.mark.parametrize(("text", "lines"), FORMS.values(), ids=FORMS)
def test_the_line_is_just_this(text: str, lines: dict[str, str]) -> None:
    system = parse(text)
    for tensor, equation in backprop(system).result().items():
        assert_same_form(equation.value, parse_expression(lines[tensor], system, system.axes(tensor)))


def test_a_param_that_the_cost_does_not_depend_on_is_said_so() -> None:
    back = backprop(parse("param x[i], w[i]\nu[i] = w[i]*x[i]\ncost C = sum(i) x[i]^2"))
    derivation = back.derivation("w")
    assert derivation.equation() == "∂C/∂w[i] = 0"
    assert "no path leads from w[i] to C" in derivation.steps[0].statement
    _, gradients = value_and_grad(back.forward, {"x": [1.0, 2.0], "w": [3.0, 4.0]})
    assert_close(gradients["w"], [0.0, 0.0])


BATCH = """
    batch n
    data x[i], y[k]
    param W[k,i], b[k]
    given sum(k) y[k] = 1
    z[k] = sum(i) W[k,i]*x[i] + b[k]
    a[k] = exp(z[k])/(sum(m) exp(z[m]))
    cost C = -(sum(k) y[k]*log(a[k])) + 1/100*(sum(k,i) W[k,i]^2)
"""


def test_the_gradient_of_a_batch_is_the_mean_over_its_samples() -> None:
    system = parse(BATCH)
    draw = np.random.default_rng(4)
    x, y = draw.normal(size=(5, 3)), draw.dirichlet(np.ones(4), size=5)
    params = {"W": draw.normal(size=(4, 3)), "b": draw.normal(size=4)}
    cost, gradients = value_and_grad(system, {**params, "x": x, "y": y})
    single = [value_and_grad(system, {**params, "x": x[n], "y": y[n]}) for n in range(5)]
    assert_close(cost, np.mean([c for c, _ in single]))
    for tensor, gradient in gradients.items():
        assert gradient.shape == params[tensor].shape
        assert_close(gradient, np.mean([g[tensor] for _, g in single], axis=0))


def test_an_unknown_cost_that_reads_what_others_read_is_refused() -> None:
    text = "param z[j], w\nabstract a[k](z[j])\nb[k] = w*a[k]\ncost C(b[k], a[k])"
    with pytest.raises(DerivativeError, match="∂C/∂a would mean two things"):
        backprop(parse(text))

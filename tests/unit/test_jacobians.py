"""Jacobians and Hessians: what they read like, that they are systems like any other, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from cases import two_layers
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.expr.binding import tensors_in
from chainrule.notation.parser import parse_expression
from chainrule.system.model import Equation
from chainrule.verify.differences import numeric_derivative
from chainrule.verify.sampling import random_inputs
from chainrule.verify.verification import Verification
from same_form import assert_same_form
from support import assert_close

SOFTMAX = "param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
CROSS_ENTROPY = f"data y[k]\ngiven sum(k) y[k] = 1\n{SOFTMAX}cost C = -sum(k) y[k]*log(a[k])\n"
CHAIN = "param z[j]\ne[j] = exp(z[j])\ns = sum(j) e[j]\na[k] = e[k]/s\n"
GRAM = "param X[i,j]\ndata B[i,k]\nS[k,l] = sum(i,m) X[i,k]*B[i,m]*X[m,l]\n"
UNKNOWN = "param z[j]\nabstract a[k](z[j])\ncost C(a[k])\n"
LINEAR = """data x[i], y[k]
param W[k,i], b[k]
a[k] = sum(i) W[k,i]*x[i] + b[k]
cost C = 1/2*(sum(k) (a[k] - y[k])^2)
"""


def assert_reads(found: cr.Jacobian, equation: Equation, expected: str) -> None:
    """Raise AssertionError unless an equation's value is the expected text, in the letters of its target."""
    wanted = parse_expression(expected, found.walks[0].system, equation.indices)
    assert_same_form(equation.value, wanted)


JACOBIANS = {
    "softmax": (SOFTMAX, "a", "z", "a[k]*([k = j] - a[j])"),
    "softmax in three equations": (CHAIN, "a", "z", "a[k]*([k = j] - a[j])"),
    "sigmoid": ("param z[k]\na[k] = sigmoid(z[k])\n", "a", "z", "[k = m]*a[k]*(1 - a[k])"),
    "quadratic form": (
        GRAM,
        "S",
        "X",
        "[k = j]*(sum(m) X[m,l]*B[i,m]) + [l = j]*(sum(m) X[m,k]*B[m,i])",
    ),
    "layer norm": (
        "param x[i]\nconst eps\nm = mean(i) x[i]\nv = mean(i) (x[i] - m)^2\nh[i] = (x[i] - m)/sqrt(v + eps)\n",
        "h",
        "x",
        "([i = j] - (1 + h[i]*h[j])/extent(i))/sqrt(eps + v)",
    ),
    "unit vector": (
        "param x[i]\nr = sqrt(sum(i) x[i]^2)\nu[i] = x[i]/r\n",
        "u",
        "x",
        "([i = j] - u[i]*u[j])/r",
    ),
    "attention by its keys": (
        (
            "param Q[t,d], K[s,d], V[s,e]\nS[t,s] = sum(d) Q[t,d]*K[s,d]\nP[t,s] = exp(S[t,s])/(sum(r) exp(S[t,r]))\n"
            "O[t,e] = sum(s) P[t,s]*V[s,e]\n"
        ),
        "O",
        "K",
        "Q[t,d]*P[t,s]*(V[s,e] - O[t,e])",
    ),
    "of itself": (SOFTMAX, "z", "z", "[j = k]"),
    "of what it does not depend on": ("param z[j], w\na[k] = z[k]^2\n", "a", "w", "0"),
    "of a cost": (LINEAR, "C", "b", "a[k] - y[k]"),
    "an unknown function": ("param z[j]\nabstract a[k](z[j])\n", "a", "z", "∂a[k]/∂z[j]"),
    "through an unknown function": (
        "param v[j]\nz[j] = v[j]^2\nabstract a[k](z[j])\n",
        "a",
        "v",
        "2*v[j]*∂a[k]/∂z[j]",
    ),
    "a path and the tensor itself": (
        "param z[j]\ns = sum(j) z[j]\na[j] = s*z[j]\n",
        "a",
        "z",
        "[j = k]*s + z[j]",
    ),
}


@pytest.mark.parametrize("case", JACOBIANS, ids=JACOBIANS)
def test_a_jacobian_reads_like_the_textbooks(case: str) -> None:
    text, of, wrt, expected = JACOBIANS[case]
    found = cr.jacobian(cr.parse(text), of=of, wrt=wrt)
    assert found.result.name == f"∂{of}/∂{wrt}"
    assert_reads(found, found.result, expected)
    report = found.derivation().verify()
    assert isinstance(report, Verification)
    assert report.unverified == ()


def test_the_axes_are_those_of_what_is_derived_then_those_of_what_it_is_derived_by() -> None:
    found = cr.jacobian(cr.parse(GRAM), of="S", wrt="X")
    draw = np.random.default_rng(0)
    values = cr.evaluate(found, {"X": draw.normal(size=(3, 2)), "B": draw.normal(size=(3, 3))})
    assert values["∂S/∂X"].shape == (2, 2, 3, 2)


HESSIANS = {
    "logistic regression": (
        (
            "data x[n,i], y[n]\nparam w[i]\np[n] = sigmoid(sum(i) w[i]*x[n,i])\n"
            "cost C = -sum(n) (y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]))\n"
        ),
        "w",
        "sum(n) p[n]*x[n,i]*x[n,j]*(1 - p[n])",
    ),
    "least squares": (
        "data A[i,j], b[i]\nparam x[j]\ncost C = 1/2*(sum(i) (sum(j) A[i,j]*x[j] - b[i])^2)\n",
        "x",
        "sum(i) A[i,j]*A[i,k]",
    ),
    "softmax and cross-entropy": (CROSS_ENTROPY, "z", "a[j]*([j = k] - a[k])"),
    "linear, by the weights": (LINEAR, "W", "[k = m]*x[i]*x[j]"),
    "linear, by the bias": (LINEAR, "b", "[k = m]"),
    "linear, by what stands between": (LINEAR, "a", "[k = m]"),
    "a quadratic form": ("param x[i]\ndata A[i,j]\ncost C = sum(i,j) x[i]*A[i,j]*x[j]\n", "x", "A[i,j] + A[j,i]"),
    "a product": (
        "param x[i]\ncost C = prod(i) x[i]\n",
        "x",
        "[i != j]*(prod(k) where(k = j, 1, where(k = i, 1, x[k])))",
    ),
    "an unknown cost": ("param z[j]\ncost C(z[j])\n", "z", "∂²C/∂z∂z[j,k]"),
    "unknown functions": (
        UNKNOWN,
        "z",
        "sum(m,p) ∂²C/∂a∂a[m,p]*∂a[m]/∂z[j]*∂a[p]/∂z[k] + (sum(m) ∂C/∂a[m]*∂²a/∂z∂z[m,j,k])",
    ),
}


@pytest.mark.parametrize("case", HESSIANS, ids=HESSIANS)
def test_a_hessian_reads_like_the_textbooks(case: str) -> None:
    text, wrt, expected = HESSIANS[case]
    found = cr.hessian(cr.parse(text), wrt=wrt)
    assert found.result.name == f"∂²C/∂{wrt}∂{wrt}"
    assert_reads(found, found.result, expected)
    report = found.derivation().verify()
    assert isinstance(report, Verification)
    assert report.unverified == ()


def test_third_derivatives_are_the_jacobian_of_a_hessian() -> None:
    quartic = cr.hessian(cr.parse("param w[i]\ncost C = sum(i) w[i]^4\n"), wrt="w")
    third = cr.jacobian(quartic, of="∂²C/∂w∂w", wrt="w")
    assert repr(third) == "∂³C/∂w[i]∂w[j]∂w[k] = 24·[i = j]·[i = k]·w[i]"
    for found in (third, cr.jacobian(cr.hessian(cr.parse(UNKNOWN), wrt="z"), of="∂²C/∂z∂z", wrt="z")):
        assert cr.parse(str(found)) == found
        report = found.derivation().verify()
        assert isinstance(report, Verification)
        assert report.unverified == ()


def test_several_tensors_give_the_blocks_on_and_above_the_diagonal() -> None:
    found = cr.hessian(cr.parse(LINEAR), wrt=("W", "b"))
    assert tuple(found.results) == ("∂²C/∂W∂W", "∂²C/∂W∂b", "∂²C/∂b∂b")
    assert_reads(found, found.results["∂²C/∂W∂b"], "[k = m]*x[i]")
    assert found.derivation("∂²C/∂W∂b").result == found.results["∂²C/∂W∂b"].value
    assert cr.hessian(cr.parse(LINEAR)).asked == found.asked


@pytest.mark.parametrize(
    "found",
    [
        cr.jacobian(cr.parse(CHAIN), of="a", wrt="z"),
        cr.jacobian(cr.parse(GRAM), of="S", wrt="X"),
        cr.hessian(cr.parse(CROSS_ENTROPY), wrt="z"),
        cr.hessian(cr.parse(UNKNOWN), wrt="z"),
        cr.hessian(cr.parse(two_layers("quadratic")), wrt=("W1", "b1", "b2")),
        cr.jacobian(cr.parse(two_layers("cross-entropy")), of="a2", wrt="W1"),
    ],
    ids=lambda found: found.result.name,
)
def test_what_is_printed_is_read_back_to_an_equal_system(found: cr.Jacobian) -> None:
    again = cr.parse(str(found))
    assert again == found
    assert found == again
    assert hash(again) == hash(found)
    assert str(again) == str(found)
    assert found != cr.parse("param z")


@pytest.mark.parametrize(
    "text",
    [
        "data v[i]\nparam u[i]\ncost c = (sum(i) u[i]*v[i])/(sqrt(sum(i) u[i]^2)*sqrt(sum(i) v[i]^2))",
        "data A[i,j]\nparam x[i]\ncost r = (sum(i,j) x[i]*A[i,j]*x[j])/(sum(i) x[i]^2)",
        "data c[k,i]\nparam x[i]\ncost C = min(k) (sum(i) (x[i] - c[k,i])^2)",
        "data r[k]\nparam z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost J = sum(k) a[k]*r[k]",
    ],
    ids=["cosine", "Rayleigh quotient", "minimum", "expected reward"],
)
def test_a_gradient_with_its_cost_written_out_is_simplified_and_read_back(text: str) -> None:
    found = cr.hessian(cr.parse(text))
    assert cr.parse(str(found)) == found
    gradient = found.defined[f"∂{found.cost}/∂{found.params[0]}"].value
    assert found.cost not in tensors_in(gradient)


def test_it_displays_itself_as_the_equations_that_were_added() -> None:
    found = cr.jacobian(cr.parse(SOFTMAX), of="a", wrt="z")
    assert repr(found) == "∂a[k]/∂z[j] = a[k]·([k = j] − a[j])"
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"] == repr(found)
    assert r"\frac{\partial a_{k}}{\partial z_{j}} &= a_{k}" in bundle["text/latex"]
    assert r"\sum" not in bundle["text/latex"]


def test_every_derivative_on_the_way_has_its_derivation() -> None:
    found = cr.jacobian(cr.parse(two_layers("quadratic")), of="a2", wrt="W1")
    assert repr(found).count("\n") == 1
    assert found.derivation("∂z2/∂W1").equation() == "∂z2[k]/∂W1[j,i] = x[i]·a1[j]·W2[k,j]·(1 − a1[j])"
    with pytest.raises(cr.DerivativeError, match="∂C/∂W1 was not derived here") as caught:
        found.derivation("∂C/∂W1")
    assert "known are ∂z1/∂W1, ∂a1/∂W1, ∂z2/∂W1, ∂a2/∂W1" in str(caught.value)


def test_a_jacobian_of_a_batch_is_one_for_each_sample_and_the_hessian_their_mean() -> None:
    text = "batch n\n" + LINEAR.replace("1/2*(sum(k) (a[k] - y[k])^2)", "sum(k) exp(a[k] - y[k])")
    system = cr.parse(text)
    draw = np.random.default_rng(1)
    inputs = {"W": draw.normal(size=(2, 3)), "b": draw.normal(size=2)}
    x, y = draw.normal(size=(4, 3)), draw.normal(size=(4, 2))
    jac, hess = cr.jacobian(system, of="a", wrt="W"), cr.hessian(system, wrt="W")
    single = [
        (cr.evaluate(jac, inputs | sample)["∂a/∂W"], cr.evaluate(hess, inputs | sample)["∂²C/∂W∂W"])
        for sample in ({"x": x[n], "y": y[n]} for n in range(4))
    ]
    together = cr.evaluate(jac, inputs | {"x": x, "y": y})["∂a/∂W"]
    assert_close(together, np.stack([jacobian for jacobian, _ in single]))
    mean = cr.evaluate(hess, inputs | {"x": x, "y": y})["∂²C/∂W∂W"]
    assert_close(mean, np.mean([hessian for _, hessian in single], axis=0))


def test_the_second_derivatives_of_a_network_are_those_of_differences_of_the_gradient() -> None:
    found = cr.hessian(cr.parse(two_layers("cross-entropy", "tanh")), wrt=("W1", "b1", "W2"))
    evaluation = evaluate_all(found, random_inputs(found, 0))
    for name in found.results:
        _, first, second = name.replace("²", "").replace("/", "").split("∂")[1:]
        expected = numeric_derivative(evaluation, f"∂C/∂{first}", second)
        assert_close(evaluation.values[name], expected.values, rtol=1e-7, atol=1e-8)


REFUSED = [
    (SOFTMAX, "b", "z", "no tensor named 'b'", "known are z, a"),
    (SOFTMAX, "a", "w", "no tensor named 'w'", "known are z, a"),
    (SOFTMAX, "z", "a", "z does not depend on a: a is computed from z", "Did you mean of='a', wrt='z'?"),
    (f"{SOFTMAX}∂a[k]/∂z[j] = [k = j]\n", "a", "z", "the system defines ∂a/∂z itself", "without that equation"),
    (
        "param z[j]\nh[j] = z[j]^2\nabstract a[k](z[j], h[j])\n",
        "a",
        "z",
        "∂a/∂z would mean two things: the unknown a is a function of z itself, and of h",
        "Give a a copy of z",
    ),
    (
        "param z[j]\nabstract f(p, q)\na[j] = f(z[j], 2)\n",
        "a",
        "z",
        "the unknown function 'f' of several arguments",
        "abstract a[k](z[j], w[i])",
    ),
]


@pytest.mark.parametrize(("text", "of", "wrt", "what", "more"), REFUSED)
def test_what_has_no_jacobian_is_refused(text: str, of: str, wrt: str, what: str, more: str) -> None:
    with pytest.raises(cr.DerivativeError) as caught:
        cr.jacobian(cr.parse(text), of=of, wrt=wrt)
    assert what in str(caught.value)
    assert more in str(caught.value)


def test_what_has_no_hessian_is_refused() -> None:
    with pytest.raises(cr.DerivativeError, match="the system has no cost"):
        cr.hessian(cr.parse(SOFTMAX), wrt="z")
    with pytest.raises(cr.DerivativeError, match="no tensor named 'q'"):
        cr.hessian(cr.parse(LINEAR), wrt="q")
    with pytest.raises(cr.DerivativeError, match="no tensor to derive by") as caught:
        cr.hessian(cr.parse(LINEAR), wrt=())
    assert 'wrt="W"' in str(caught.value)


def test_deltas_stand_the_same_way_in_the_last_step_and_in_the_result() -> None:
    text = "data h[d]\nparam W[k,d], b[k]\nz[k] = sum(d) W[k,d]*h[d] + b[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
    for system in (cr.parse(text), cr.parse(text + "batch n")):
        found = cr.jacobian(system, "a", "W")
        assert_reads(found, found.result, "h[d]*a[k]*([k = m] - a[m])")
        assert found.derivation().verify()


AFFINE = "data w[u]\nparam x[p]\n{}\ncost C = sum(i) a[i]^3"
READABLE = {
    "a shift, along a direction": (AFFINE.format("a[i] = x[i+1]"), cr.jvp, "da[i] = dx[i+1]"),
    "a bounded window": (AFFINE.format("a[i] = mean(u<3) x[i+u]"), cr.jvp, "da[i] = 1/3·Σ_{u<3} dx[i+u]"),
    "a convolution": (AFFINE.format("a[i] = sum(u) w[u]*x[i+u]"), cr.jvp, "da[i] = Σ_u w[u]·dx[i+u]"),
    "a convolution, twice": (
        AFFINE.format("a[i] = sum(u) w[u]*x[i+u]"),
        lambda system: cr.hvp(system).system,
        "∂dC/∂x[p] = 6·Σ_i a[i]·da[i]·w?[p-i]",
    ),
    "an index that is declared": (
        """data x[c,h]
param K[o,c,u]
index i = 3
z[o,i] = sum(c,u) K[o,c,u]*x?[c,2*i+2*u-1]
cost C = sum(o,i) z[o,i]^2
""",
        cr.hessian,
        "∂²C/∂K[o,c,u]∂K[p,j,v] = 2·[o = p]·Σ_i x?[c,2*i+2*u-1]·x?[j,2*i+2*v-1]",
    ),
    "an extent whose letter the result would take": (
        "param x[i], y[j]\ncost C = sum(i,j) x[i]^2 + (sum(j) y[j])",
        lambda system: cr.hessian(system, "x"),
        "∂²C/∂x[i]∂x[j] = 2·extent(y)·[i = j]",
    ),
    "such an extent in a Jacobian": (
        "param w[i]\ndata y[j]\nz[i] = w[i]^2*extent(j)*y[0]",
        lambda system: cr.jacobian(system, "z", "w"),
        "∂z[i]/∂w[j] = 2·extent(y)·[i = j]·w[i]·y[0]",
    ),
    "such an extent in a gradient": (
        "data y[j]\nparam w[i]\nz[j] = w[j]^2\ncost C = (sum(j) z[j])*(sum(j) y[0]^2)",
        lambda system: cr.backprop(system).system,
        "∂C/∂w[i] = 2·extent(j)·w[i]·y[0]^2",
    ),
}


@pytest.mark.parametrize(("text", "derive", "line"), READABLE.values(), ids=READABLE)
def test_ranges_and_extents_are_not_lost_in_the_text(
    text: str, derive: Callable[[cr.System], cr.System], line: str
) -> None:
    found = derive(cr.parse(text))
    assert line in str(found).splitlines()
    assert cr.parse(str(found)) == found

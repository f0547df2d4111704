"""Answers that are right, in every algebraic form that comes to mind."""

from __future__ import annotations

import pytest

from cases import CASES, Case
from chainrule.checking import check
from chainrule.errors import DerivativeError, NotationError
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.system.model import System
from unit.checking.systems import (
    GIVEN_SYSTEM,
    NETWORK,
    QUADRATIC_NETWORK,
    REGRESSION,
    RESIDUAL,
    SIGMOID_SYSTEM,
    SOFTMAX_SYSTEM,
    UNKNOWN_SYSTEM,
)

SOFTMAX_FORMS = [
    "a[j]*(sum(k) y[k]) - y[j]",
    "-(y[j] - a[j]*(sum(k) y[k]))",
    "sum(k) y[k]*(a[j] - [k = j])",
    "sum(k) (y[k]*a[j] - [j = k]*y[k])",
    "exp(z[j])/(sum(m) exp(z[m]))*(sum(k) y[k]) - y[j]",
    "exp(z[j] - log(sum(m) exp(z[m])))*(sum(k) y[k]) - y[j]",
    "sum(k) -y[k]/a[k]*a[k]*([k = j] - a[j])",
    "sum(k) ∂C/∂a[k]*a[k]*([k = j] - a[j])",
    "Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]",
    "a[q]*(sum(k) y[k]) - y[q]",
]
GIVEN_FORMS = ["a[j] - y[j]", "-(y[j] - a[j])", "exp(z[j])/(sum(m) exp(z[m])) - y[j]", "a[p] - y[p]"]
SIGMOID_FORMS = [
    "a[k]*(1 - a[k])*(a[k] - y[k])",
    "a[k]^2 - a[k]^3 - y[k]*a[k] + y[k]*a[k]^2",
    "(a[k] - y[k])*sigmoid(z[k])*sigmoid(-z[k])",
    "(a[k] - y[k])*exp(-z[k])/(1 + exp(-z[k]))^2",
    "(a[m] - y[m])*a[m]*(1 - a[m])",
    "∂C/∂a[k]*∂a[k]/∂z[k]",
    "sum(m) ∂C/∂a[m]*∂a[m]/∂z[k]",
    "(sigmoid(z[k]) - y[k])*(1/4 - (a[k] - 1/2)^2)",
]


@pytest.mark.parametrize("answer", SOFTMAX_FORMS)
@pytest.mark.parametrize("system", [SOFTMAX_SYSTEM, GIVEN_SYSTEM], ids=["bare", "given"])
def test_forms_of_softmax_are_right_with_and_without_the_given(system: System, answer: str) -> None:
    verdict = check(system, answer, wrt="z")
    assert verdict, str(verdict)
    assert verdict.givens == ()


@pytest.mark.parametrize("answer", GIVEN_FORMS)
def test_an_answer_that_rests_on_a_given_is_right_and_says_so(answer: str) -> None:
    verdict = check(GIVEN_SYSTEM, answer, wrt="z")
    assert verdict
    assert verdict.givens == ("Σ_k y[k] = 1",)
    assert str(verdict) == "Right: ∂C/∂z[j] = a[j] − y[j]\nThis uses what is given: Σ_k y[k] = 1"


@pytest.mark.parametrize("answer", SIGMOID_FORMS)
def test_forms_of_a_product_are_right(answer: str) -> None:
    verdict = check(SIGMOID_SYSTEM, answer, wrt="z")
    assert verdict, str(verdict)


@pytest.mark.parametrize(
    "answer",
    [
        "∂C/∂z1[j] = a1[j]*(1 - a1[j])*(sum(k) W2[k,j]*∂C/∂z2[k])",
        "∂C/∂z1[p] = (sum(q) ∂C/∂z2[q]*W2[q,p])*(a1[p] - a1[p]^2)",
        "∂C/∂z1[j] = sum(k) a1[j]*(1 - a1[j])*W2[k,j]*(a2[k]*(sum(m) y[m]) - y[k])",
        "∂C/∂z1[j] = ∂C/∂a1[j]*a1[j]*(1 - a1[j])",
        "∂C/∂z1[j] = sum(i) ∂C/∂a1[i]*∂a1[i]/∂z1[j]",
        "∂C/∂W2[k,j] = ∂C/∂z2[k]*a1[j]",
        "∂C/∂W2[r,s] = a1[s]*∂C/∂z2[r]",
        "∂C/∂W2[j,k] = ∂C/∂z2[j]*a1[k]",
        "∂C/∂W1[j,i] = x[i]*a1[j]*(1 - a1[j])*(sum(k) W2[k,j]*∂C/∂z2[k])",
        "∂C/∂b1[j] = ∂C/∂z1[j]",
    ],
)
def test_a_whole_equation_may_choose_its_letters_and_name_other_derivatives(answer: str) -> None:
    verdict = check(NETWORK, answer)
    assert verdict, str(verdict)


@pytest.mark.parametrize(
    ("system", "wrt", "answer"),
    [
        (QUADRATIC_NETWORK, "W2", "(a2[q] - y[q])*a2[q]*(1 - a2[q])*a1[r]"),
        (QUADRATIC_NETWORK, "∂C/∂b2", "∂C/∂z2[k]"),
        (REGRESSION, "W", "mean(n) 2*(p[n] - y[n])*x[n,i] + lambda*2*W[i]"),
        (REGRESSION, None, "2/extent(n)*(sum(n) (sum(m) W[m]*x[n,m] - y[n])*x[n,i]) + 2*lambda*W[i]"),
        (RESIDUAL, "z", "(sum(j) W[j,i]*∂C/∂u[j]) + h[i] - y[i]"),
        (UNKNOWN_SYSTEM, None, "sum(m) ∂a[m]/∂z[p]*∂C/∂a[m]"),
        (UNKNOWN_SYSTEM, "a", "∂C/∂a[k]"),
    ],
)
def test_a_right_side_alone_is_matched_to_the_axes(system: System, wrt: str | None, answer: str) -> None:
    verdict = check(system, answer, wrt=wrt)
    assert verdict, str(verdict)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_is_derived_is_right_when_it_is_read_back(case: Case) -> None:
    system = parse(case.text)
    for tensor in case.results:
        derivation = backprop(system, [tensor]).derivation(tensor)
        assert check(system, derivation.equation())
        assert check(system, case.results[tensor], wrt=tensor)


@pytest.mark.parametrize(
    "text",
    [
        "param w[t], b[t]\ncost C = max(t) (w[t]*b[t])",
        "data x[i]\nparam W[j,i], v[j]\nh[j] = v[j]*tanh(sum(i) W[j,i]*x[i])\ncost C = sum(j) h[j]^2",
    ],
)
def test_what_a_derivation_names_may_be_named(text: str) -> None:
    system = parse(text)
    back = backprop(system)
    lines = [line for line in str(back).splitlines() if line.startswith("∂C/∂")]
    assert any(f"∂C/∂{name}[" in line for line in lines for name in ("C_inner", "h_argument"))
    for line in lines:
        assert check(system, line)
        assert not check(system, line.replace(" = ", " = 2·"))


def test_a_constant_derivative_may_be_written_as_a_number() -> None:
    assert check(parse("param x\ncost C = 3*x"), "∂C/∂x = 6/2")


def test_a_system_without_a_cost_is_refused() -> None:
    with pytest.raises(DerivativeError, match="the system has no cost, so there is nothing to check"):
        check(parse("param w\nv = 2*w"), "∂C/∂w = 2")


def test_the_derivative_by_the_cost_is_refused() -> None:
    with pytest.raises(DerivativeError, match="C is the cost itself"):
        check(parse("param w\ncost C = 2*w"), "1", wrt="C")


RELUS = (
    "data x[i], y\nparam A[j,i], B[k,j], c[k]\nh[j] = relu(sum(i) A[j,i]*x[i])\ng[k] = relu(sum(j) B[k,j]*h[j])\n"
    "z = sum(k) c[k]*g[k]\ncost C = maximum(0, 1 - y*z)"
)


def test_the_derivatives_by_what_was_named_for_the_derivation_are_graded() -> None:
    system = parse(RELUS)
    lines = [line for line in str(backprop(system)).splitlines() if line.startswith("∂")]
    assert any(line.startswith("∂C/∂g_argument[k] = ") for line in lines)
    for line in lines:
        assert check(system, line), line
    assert not check(system, "∂C/∂g_argument[k] = c[k]*∂C/∂z")


def test_a_name_that_nothing_has_is_refused_as_before() -> None:
    with pytest.raises(NotationError, match="no tensor is named g_argumen") as caught:
        check(parse(RELUS), "∂C/∂g_argumen[k] = 0")
    assert "g_argument" not in (caught.value.expected or "")

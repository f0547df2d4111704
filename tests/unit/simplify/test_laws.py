"""Each law of simplification on an example: what it makes of it, what the step is called, and that the value stays."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.execute.reference.expressions import evaluate_expression
from chainrule.notation import parse
from chainrule.notation.parser import parse_expression
from chainrule.pipeline import backprop
from chainrule.render.text import expression_text
from chainrule.simplify.simplifier import Simplifier, simplifier_of
from chainrule.verify.sampling import random_inputs
from same_form import assert_same_form, same_form
from support import assert_close

SYSTEM = parse(
    """
    data x[i], y[i], u[k], v[k], A[i,k], B[i,m], s, t, r
    given sum(k) v[k] = 1
    given r > 0
    h[i] = exp(x[i])/(sum(j) exp(x[j]))
    q[k] = sum(i) A[i,k]*x[i]
    n = sqrt(sum(i) y[i]^2)
    d[i] = x[i] - y[i]
    z[i,j] = sin(x[i]) + cos(y[j])
    cost C = s
    """
)
FREE = (*SYSTEM.axes("z"), *SYSTEM.axes("u"))
"""i and j of one range, k of another."""
SIMPLIFIER: Simplifier = simplifier_of(SYSTEM)

ARITHMETIC = {
    "s/s": "1",
    "s^2/s": "s",
    "sqrt(s)^2": "s",
    "sqrt(s^2)": "abs(s)",
    "s^(1/2)*s^(1/2)": "s",
    "2*s + 3*s - 5*s": "0",
    "0.5*s + 1/2*s": "s",
    "s*0": "0",
    "s^0": "1",
    "s^1": "s",
    "-(-s)": "s",
    "1/(1/s)": "s",
    "(s/t)^(-1)": "t/s",
    "x[i]*y[i]/(y[i]*x[i])": "1",
    "(s - t)*(t - s)": "-(s - t)^2",
    "(s - t)/(t - s)": "-1",
    "(2*s - 2*t)^2/4": "(s - t)^2",
    "1/sqrt(2)*sqrt(2)": "1",
    "sqrt(2*pi)/sqrt(pi)": "sqrt(2)",
    "log(1) + exp(0) + cos(0) + sin(0)": "2",
    "sigmoid(0)*s + cosh(0)*t + relu(0) + abs(0) + sign(0) + tan(0) + atan(0)": "1/2*s + t",
    "1 - 2*(1 - s)": "2*s - 1",
    "[1 < 2]*s": "s",
    "[i = i]*s": "s",
    "[i != i]*s": "0",
    "[s > 0]*[s > 0]*t": "[s > 0]*t",
    "[s > 0]/[s > 0]": "[s > 0]",
    "[s > 0 and t > 0]": "[s > 0]*[t > 0]",
    "[not not s > 0]": "[s > 0]",
    "where(s > 0, t, t)": "t",
    "where(1 > 0, s, t)": "s",
    "mean(i) s": "s",
    "sum(i) 2*x[i]": "2*(sum(i) x[i])",
}
"""What needs no step to explain it."""

LAWS = {
    "sum(j) [j = i]*x[j]*z[i,j]": ("x[i]*z[i,i]", "one term remains"),
    "sum(j) [j = i]*s": ("s", "one term remains"),
    "[i = j]*x[j]*y[i]": ("[i = j]*x[i]*y[i]", "equal indices"),
    "sum(j) u[k]*x[j]*([j = i] - y[j])": ("u[k]*(x[i] - (sum(j) x[j]*y[j]))", "split the sum"),
    "sum(j) where(s > 0, [j = i]*s, [j = i]*x[j])": ("where(s > 0, s, x[i])", "out of the choice"),
    "sum(k) s*u[k]": ("s*(sum(k) u[k])", "constant out of the sum"),
    "sum(k) s": ("extent(k)*s", "constant out of the sum"),
    "sum(i,k) x[i]*u[k]": ("(sum(i) x[i])*(sum(k) u[k])", "independent sums"),
    "sum(j) y[j]*(sum(k) A[j,k]*u[k])": ("sum(j,k) y[j]*A[j,k]*u[k]", "one sum"),
    "(sum(i) x[i]*y[i]) + (sum(j) x[j]^2)": ("sum(j) x[j]*(x[j] + y[j])", "sums over the same range"),
    "s*t + s*x[i]": ("s*(t + x[i])", "common factor"),
    "s*t*x[i] + s*r + t^2*r + y[i]": ("s*t*x[i] + r*(s + t^2) + y[i]", "common factor"),
    "(1/s + 1/(1 - s))*s*(1 - s)": ("1", "multiply out"),
    "where(s > 0, t, 0)*r": ("[s > 0]*t*r", "a branch that is 0"),
    "[s > 0]*maximum(0, s)": ("maximum(0, s)", "relu where it is positive"),
    "r*s*s^(t - 1)": ("r*s^t", "powers of one base"),
    "[t != 0]*t*r^t": ("t*r^t", "needless bracket"),
    "sum(i) h[i]*s": ("s", "the sum is 1"),
    "exp(log(s)) + log(exp(t))": ("s + t", "inverse functions"),
    "exp(s)/(1 + exp(s))": ("sigmoid(s)", "the logistic function"),
    "1/(1 + exp(-s))": ("sigmoid(s)", "the logistic function"),
    "1/(1 + exp(s))": ("1 - sigmoid(s)", "symmetry of the sigmoid"),
    "exp(-s)*sigmoid(s)": ("1 - sigmoid(s)", "the logistic function"),
    "[s > 0]*relu(s)": ("relu(s)", "relu where it is positive"),
    "t*s*sign(s)": ("t*abs(s)", "size and sign"),
    "abs(s)*sign(s)*t": ("s*t", "size and sign"),
    "s*sinh(t)^2/cosh(t)^3": ("s*tanh(t)^2/cosh(t)", "tangents"),
    "sin(x[i])/cos(x[i])": ("tan(x[i])", "tangents"),
    "s*where(s > 0, 1, 0)": ("s*[s > 0]", "branches 1 and 0"),
    "where(s > 0, 0, 1)*t": ("t*[not s > 0]", "branches 1 and 0"),
    "exp(x[i])*u[k]/(sum(j) exp(x[j]))": ("u[k]*h[i]", "definition"),
    "s*(y[i] - x[i])": ("-s*d[i]", "definition"),
    "s*(sum(i) y[i]^2)^(-3/2)": ("s/n^3", "definition"),
    "s*(sum(i) A[i,k]*x[i])": ("s*q[k]", "definition"),
    "sum(k) v[k]*s": ("s", "given"),
}
KEPT = [
    "(s + t)*(s - t)",
    "[t != 0]*t*s^(t - 1)",
    "s*t^s",
    "where(s > 0, t, 1)",
    "[s > 0]*maximum(1, s)",
    "sum(i) d[i]*x[i]",
    "exp(s)*exp(t)",
    "[s > 0]*relu(s)*log(t)",
    "[t > 0]*(log(t) + s)",
    "sum(j) [j < i]*y[j]*log(x[i])",
    "[s > 0]*log(s) + [t > 0]*log(s)",
    "sum(j) [j < i]*x[j]/x[i]",
    "sqrt(s)*sqrt(s + t)",
    "sum(i) B[i,0]*x[i]",
    "max(i) (s*x[i])",
    "sin(s)/cos(t)",
    "where(s > 0, 1, 2)",
    "prod(i) (s*x[i])",
    "(s^2)^t",
    "sum(i) x[i]*x[i]*z[i,i]",
]
"""What must stay as it is: no law applies, or one only seems to."""


@pytest.mark.parametrize(("before", "after"), ARITHMETIC.items(), ids=ARITHMETIC)
def test_arithmetic_needs_no_step(before: str, after: str) -> None:
    expr = parse_expression(before, SYSTEM, FREE)
    expected = parse_expression(after, SYSTEM, FREE)
    assert_same_form(SIMPLIFIER.present(SIMPLIFIER.simplify(expr, FREE)), SIMPLIFIER.arranged(expected, FREE))
    assert all(step.rule == "constant out of the sum" for step in SIMPLIFIER.steps(expr, FREE))


@pytest.mark.parametrize(("before", "after", "rule"), [(b, *a) for b, a in LAWS.items()], ids=LAWS)
def test_a_law_makes_its_step(before: str, after: str, rule: str) -> None:
    expr = parse_expression(before, SYSTEM, FREE)
    expected = parse_expression(after, SYSTEM, FREE)
    assert_same_form(SIMPLIFIER.simplify(expr, FREE), SIMPLIFIER.simplify(expected, FREE))
    assert_same_form(SIMPLIFIER.present(SIMPLIFIER.simplify(expr, FREE)), SIMPLIFIER.arranged(expected, FREE))
    steps = SIMPLIFIER.steps(expr, FREE)
    assert rule in [step.rule for step in steps]
    assert all(step.statement for step in steps)


@pytest.mark.parametrize("text", KEPT)
def test_what_no_law_shortens_stays(text: str) -> None:
    expr = parse_expression(text, SYSTEM, FREE)
    assert not SIMPLIFIER.steps(expr, FREE)
    assert_same_form(SIMPLIFIER.simplify(expr, FREE), Simplifier().simplify(expr, FREE))


@pytest.mark.parametrize("text", [*ARITHMETIC, *LAWS, *KEPT])
def test_the_value_stays_in_every_form(text: str) -> None:
    expr = parse_expression(text, SYSTEM, FREE)
    simple = SIMPLIFIER.simplify(expr, FREE)
    steps = SIMPLIFIER.steps(expr, FREE)
    compared = 0
    for seed in range(6):
        evaluation = evaluate_all(SYSTEM, random_inputs(SYSTEM, seed))
        with np.errstate(all="ignore"):
            expected = evaluation.value_of(expr, FREE)
            forms = (simple, SIMPLIFIER.present(simple), SIMPLIFIER.arranged(expr, FREE), *(s.after for s in steps))
            if not np.isfinite(expected).all():
                continue
            compared += 1
            for form in forms:
                assert_close(evaluation.value_of(form, FREE), expected, rtol=1e-9, atol=1e-9)
    assert compared > 0


@pytest.mark.parametrize("text", [*ARITHMETIC, *LAWS, *KEPT])
def test_the_simple_form_is_left_alone(text: str) -> None:
    simple = SIMPLIFIER.simplify(parse_expression(text, SYSTEM, FREE), FREE)
    assert SIMPLIFIER.simplify(simple, FREE) == simple
    assert SIMPLIFIER.simplify(SIMPLIFIER.present(simple), FREE) == simple


def test_steps_lead_to_the_simple_form() -> None:
    for text in LAWS:
        expr = parse_expression(text, SYSTEM, FREE)
        steps = SIMPLIFIER.steps(expr, FREE)
        assert steps[0].before == SIMPLIFIER.arranged(expr, FREE)
        assert steps[-1].after == SIMPLIFIER.present(SIMPLIFIER.simplify(expr, FREE))
        for one, other in itertools.pairwise(steps):
            assert one.after == other.before


def test_a_given_is_named_where_it_is_used_and_only_there() -> None:
    (step,) = [s for s in SIMPLIFIER.steps(parse_expression("sum(k) v[k]*s", SYSTEM, FREE), FREE) if s.rule == "given"]
    assert step.assumption == "Σ_k v[k] = 1"
    assert not any(s.assumption for s in SIMPLIFIER.steps(parse_expression("sum(k) u[k]*s", SYSTEM, FREE), FREE))


def test_of_two_equal_indices_the_first_in_the_order_is_kept() -> None:
    i, j, _ = FREE
    expr = parse_expression("[i = j]*x[i]*y[j]", SYSTEM, FREE)
    assert same_form(SIMPLIFIER.simplify(expr, (i, j)), parse_expression("[i = j]*x[i]*y[i]", SYSTEM, FREE))
    assert same_form(SIMPLIFIER.simplify(expr, (j, i)), parse_expression("[i = j]*x[j]*y[j]", SYSTEM, FREE))


def test_a_delta_of_unequal_ranges_leaves_a_marked_entry() -> None:
    system = parse("index i = 2, k = 3\ndata x[i], u[k]\ncost C = sum(i,k) [i = k]*x[i]*u[k]")
    value = system.equations[0].value
    simple = simplifier_of(system.with_equations(())).simplify(value)
    assert expression_text(simple) in ("Σ_k x?[k]·u[k]", "Σ_k u[k]·x?[k]", "Σ_i x[i]·u?[i]", "Σ_i u?[i]·x[i]")
    scope = {"x": np.array([2.0, 3.0]), "u": np.array([5.0, 7.0, 11.0])}
    assert_close(evaluate_expression(simple, scope, dict(system.sizes)), 31.0)


def test_equal_shapes_are_one_problem_and_get_their_own_names() -> None:
    simplifier = Simplifier()
    system = parse("data x[i], y[i], u[k], v[k]\ncost C = 0")
    first = simplifier.simplify(parse_expression("sum(i) x[i]*y[i] + (sum(i) x[i]^2)", system))
    known = len(simplifier._known)
    second = simplifier.simplify(parse_expression("sum(k) u[k]*v[k] + (sum(k) u[k]^2)", system))
    assert len(simplifier._known) == known
    assert_same_form(first, parse_expression("sum(i) x[i]*(x[i] + y[i])", system))
    assert_same_form(second, parse_expression("sum(k) u[k]*(u[k] + v[k])", system))


def test_a_minus_stands_before_a_product_not_at_every_term_of_it() -> None:
    system = parse("data y[n]\nparam f[n]\ncost C = mean(n) maximum(2 - y[n]*f[n], 0.5)")
    derivation = backprop(system).derivation("f")
    bracket = "[2 − y[n]·f[n] {} 1/2]"
    either = f"(1/2·{bracket.format('=')} + {bracket.format('>')})"
    assert derivation.equation() == f"∂C/∂f[n] = −y[n]·{either}/extent(n)"


def test_a_determinant_is_called_by_its_name() -> None:
    derivation = backprop(parse("param A[i,j]\nd = det(A)\ncost C = log(d^2 + 1)")).derivation("A")
    assert derivation.equation() == "∂C/∂A[i,j] = 2·inv(A)[j,i]·d^2/(1 + d^2)"

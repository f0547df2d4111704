"""Wrong answers: each kind of mistake is caught, however small, and named."""

from __future__ import annotations

import math

import pytest

from cases import CASES, Case
from chainrule.checking import Verdict, check
from chainrule.checking.edits import (
    lacking_factor,
    lacking_sign,
    lacking_sum,
    lacking_term,
    lacking_transpose,
)
from chainrule.checking.sites import everywhere
from chainrule.notation import parse, parse_expression
from chainrule.pipeline import backprop
from chainrule.render.text import expression_text
from chainrule.system.model import System
from unit.checking.systems import (
    GIVEN_SYSTEM,
    NETWORK,
    QUADRATIC_FORM,
    QUADRATIC_NETWORK,
    REGRESSION,
    RESIDUAL,
    SIGMOID_SYSTEM,
    SOFTMAX_SYSTEM,
    SQUARE,
    UNKNOWN_SYSTEM,
)

HIDDEN = "a1[j]*(1 - a1[j])*"


def wrong(system: System, answer: str, wrt: str | None = None) -> Verdict:
    verdict = check(system, answer, wrt=wrt)
    assert not verdict, f"{answer} was taken for right"
    assert verdict.message.startswith("Wrong: ")
    return verdict


FACTORS = [
    ("y[j] - a[j]", "the sign is wrong: it is −1 times what it should be"),
    ("2*(a[j] - y[j])", "an extra factor of 2"),
    ("1/2*(a[j] - y[j])", "a factor of 2 is missing"),
    ("2/3*(a[j] - y[j])", "a factor of 3/2 is missing"),
    ("1.0005*(a[j] - y[j])", "it is 1.0005 times what it should be"),
    ("0.9995*(a[j] - y[j])", "it is 0.9995 times what it should be"),
    ("1.00000001*(a[j] - y[j])", "it is 1.00000001 times what it should be"),
    ("0.99999999*(a[j] - y[j])", "it is 0.99999999 times what it should be"),
]


@pytest.mark.parametrize(("answer", "change"), FACTORS)
def test_a_constant_factor_is_named(answer: str, change: str) -> None:
    assert wrong(GIVEN_SYSTEM, answer, "z").change == change


TERMS = [
    (GIVEN_SYSTEM, "z", "a[j]", "the term −y[j] is missing"),
    (GIVEN_SYSTEM, "z", "a[j] - y[j] - a[j]*y[j]", "the term −a[j]·y[j] is superfluous"),
    (GIVEN_SYSTEM, "z", "a[j] + y[j]", "the sign of the term y[j] is wrong"),
    (GIVEN_SYSTEM, "z", "1.0005*a[j] - y[j]", "the factor 1.0005 of 1.0005·a[j] is superfluous"),
    (SIGMOID_SYSTEM, "z", "(a[k] - y[k])*a[k]*(1 + a[k])", "the sign of the term a[k] is wrong"),
    (SIGMOID_SYSTEM, "z", "a[k]^2 - a[k]^3 - y[k]*a[k]", "the term y[k]·a[k]^2 is missing"),
    (RESIDUAL, "z", "sum(j) W[j,i]*∂C/∂u[j]", "the term ∂C/∂h[i] is missing"),
    (RESIDUAL, "z", "∂C/∂h[i]", "the term Σ_j W[j,i]·∂C/∂u[j] is missing"),
    (REGRESSION, "W", "2/extent(n)*(sum(n) (p[n] - y[n])*x[n,i])", "the term 2·lambda·W[i] is missing"),
    (QUADRATIC_FORM, "x", "sum(j) A[i,j]*x[j]", "the term A[j,i] is missing next to A[i,j]"),
    (QUADRATIC_FORM, "x", "sum(j) (A[i,j] - A[j,i])*x[j]", "the sign of the term −A[j,i] is wrong"),
]


@pytest.mark.parametrize(("system", "wrt", "answer", "change"), TERMS)
def test_a_term_is_named(system: System, wrt: str, answer: str, change: str) -> None:
    assert wrong(system, answer, wrt).change == change


PRODUCTS = [
    (SIGMOID_SYSTEM, "z", "a[k] - y[k]", "the factor a[k]·(1 − a[k]) is missing: it is ∂a[k]/∂z[k]"),
    (SIGMOID_SYSTEM, "z", "(a[k] - y[k])*a[k]", "the factor (1 − a[k]) is missing"),
    (SIGMOID_SYSTEM, "z", "y[k]*(a[k] - y[k])*a[k]*(1 - a[k])", "the factor y[k] is superfluous"),
    (NETWORK, "z1", "sum(k) W2[k,j]*∂C/∂z2[k]", "the factor a1[j]·(1 − a1[j]) is missing: it is ∂a1[j]/∂z1[j]"),
    (NETWORK, "z1", HIDDEN + "(sum(k) ∂C/∂z2[k])", "the factor W2[k,j] of W2[k,j]·∂C/∂z2[k] is missing"),
    (NETWORK, "W2", "∂C/∂z2[k]", "the factor a1[j] is missing: it is ∂z2[k]/∂W2[k,j]"),
    (QUADRATIC_NETWORK, "z1", HIDDEN + "(sum(k) W2[k,j]*(a2[k] - y[k]))", "the factor a2[k]·(1 − a2[k]) of"),
    (REGRESSION, "W", "mean(n) 2*(p[n] - y[n])*x[n,i] + lambda*W[i]", "the factor 2 of 2·lambda·W[i] is missing"),
    (
        REGRESSION,
        "W",
        "2*(sum(n) (p[n] - y[n])*x[n,i]) + 2*lambda*W[i]",
        "the factor 1/extent(n) of 2/extent(n)·Σ_n x[n,i]·(p[n] − y[n]) is missing",
    ),
    (
        SOFTMAX_SYSTEM,
        "z",
        "a[j] - y[j]",
        "the factor Σ_k y[k] of a[j]·Σ_k y[k] is missing; if it is always 1, the system can say so: given Σ_k y[k] = 1",
    ),
]


@pytest.mark.parametrize(("system", "wrt", "answer", "change"), PRODUCTS)
def test_a_factor_is_named(system: System, wrt: str, answer: str, change: str) -> None:
    assert wrong(system, answer, wrt).change.startswith(change)


def test_a_lost_mean_is_named() -> None:
    system = parse("data x[n,i], y[n]\nparam W[i]\np[n] = sum(i) W[i]*x[n,i]\ncost C = mean(n) (p[n] - y[n])^2")
    change = wrong(system, "2*(sum(n) (p[n] - y[n])*x[n,i])", "W").change
    assert change == "it is extent(n) times what it should be: a factor of 1/extent(n) is missing"
    change = wrong(system, "2/extent(n)^2*(sum(n) (p[n] - y[n])*x[n,i])", "W").change
    assert change == "it is 1/extent(n) times what it should be: a factor of extent(n) is missing"
    change = wrong(system, "sum(n) (p[n] - y[n])*x[n,i]", "W").change
    assert change == "it is extent(n) times 1/2 times what it should be: a factor of 1/extent(n) is missing"


SUMS = [
    (
        NETWORK,
        "z1",
        HIDDEN + "W2[k,j]*∂C/∂z2[k]",
        "k is not summed over: there is no sum over k; it should be Σ_k a1[j]·(1 − a1[j])·W2[k,j]·∂C/∂z2[k]",
    ),
    (UNKNOWN_SYSTEM, "z", "∂C/∂a[k]*∂a[k]/∂z[j]", "k is not summed over: there is no sum over k"),
    (UNKNOWN_SYSTEM, "z", "∂C/∂a[j]*∂a[j]/∂z[j]", "the sum over k is missing: every entry of a may depend on z[j]"),
    (SOFTMAX_SYSTEM, "z", "∂C/∂a[j]*∂a[j]/∂z[j]", "the sum over k is missing: only its term k = j is there"),
    (SOFTMAX_SYSTEM, "z", "∂C/∂a[j]*a[j]*(1 - a[j])", "the sum over k is missing: only its term k = j is there"),
    (GIVEN_SYSTEM, "z", "sum(j) (a[j] - y[j])", "the sum over j is superfluous: not Σ_j (a[j] − y[j]) but a[j] − y[j]"),
    (GIVEN_SYSTEM, "z", "a[k] - y[j]", "a[k] has the wrong index: it should be a[j]"),
    (GIVEN_SYSTEM, "z", "a[k]*y[m] - y[j]", "k, m stand free on the right but not on the left"),
]


@pytest.mark.parametrize(("system", "wrt", "answer", "change"), SUMS)
def test_a_sum_that_is_missing_or_too_much_is_named(system: System, wrt: str, answer: str, change: str) -> None:
    assert wrong(system, answer, wrt).change.startswith(change)


TRANSPOSES = [
    (NETWORK, "z1", HIDDEN + "(sum(k) W2[j,k]*∂C/∂z2[k])", "W2[j,k] is transposed: it should be W2[k,j]"),
    (NETWORK, "W2", "∂C/∂z2[j]*a1[k]", "k and j are exchanged: it should be ∂C/∂z2[k]·a1[j]"),
    (NETWORK, None, "∂C/∂W2[j,k] = ∂C/∂z2[k]*a1[j]", "j and k are exchanged: it should be ∂C/∂z2[j]·a1[k]"),
    (SQUARE, "W", "x[j]*∂C/∂z[i]", "j and i are exchanged: it should be x[i]·∂C/∂z[j]"),
    (SQUARE, "x", "sum(j) W[i,j]*∂C/∂z[j]", "W[i,j] is transposed: it should be W[j,i]"),
    (UNKNOWN_SYSTEM, "z", "sum(k) ∂C/∂a[k]*∂a[j]/∂z[k]", "∂a[j]/∂z[k] is transposed: it should be ∂a[k]/∂z[j]"),
    (SQUARE, "W", "x[i]*∂C/∂z[i]", "∂C/∂z[i] has the wrong index: it should be ∂C/∂z[j]"),
    (NETWORK, "z1", "a1[j]*(sum(k) W2[k,j])*a2[j]", "index j would run over axis j of ∂C/∂z1 and axis k of a2"),
]


@pytest.mark.parametrize(("system", "wrt", "answer", "change"), TRANSPOSES)
def test_indices_in_the_wrong_place_are_named(system: System, wrt: str | None, answer: str, change: str) -> None:
    assert wrong(system, answer, wrt).change.startswith(change)


def test_a_factor_that_stands_nowhere_in_the_answer_is_found_by_its_numbers() -> None:
    answer = "a[k]^2 - y[k]*a[k]"
    assert wrong(SIGMOID_SYSTEM, answer, "z").change == "the factor (1 − a[k]) is missing"
    assert wrong(SIGMOID_SYSTEM, "a[k]*(" + answer + ")*(1 - a[k])", "z").change == "the factor a[k] is superfluous"


def test_what_no_small_change_explains_is_still_wrong_with_numbers() -> None:
    verdict = wrong(GIVEN_SYSTEM, "tanh(a[j])", "z")
    assert verdict.change == ""
    assert "no common mistake explains the difference" in str(verdict)
    assert verdict.where == "∂C/∂z[0]"
    assert math.isclose(math.tanh(math.atanh(verdict.found)), verdict.found)


def test_the_verdict_has_the_first_entry_both_values_and_the_terms() -> None:
    verdict = wrong(GIVEN_SYSTEM, "a[j] + y[j]", "z")
    lines = str(verdict).splitlines()
    assert lines[0] == "Wrong: the sign of the term y[j] is wrong."
    assert lines[1] == "Correct: ∂C/∂z[j] = a[j] − y[j]"
    assert lines[2].startswith(f"  at a random point {verdict.where} is ")
    assert lines[3].startswith("  right:  a[0] = 0.")
    assert ", −y[0] = " in lines[3]
    assert lines[4].startswith("  answer: a[0] = 0.")
    assert ", y[0] = " in lines[4]
    assert verdict.expected != verdict.found


def test_two_values_are_shown_with_the_digits_in_which_they_differ() -> None:
    line = wrong(GIVEN_SYSTEM, "1.00000001*(a[j] - y[j])", "z").numbers[0]
    right, answer = line.split(" is ")[1].split(", the answer gives ")
    assert right != answer


def test_an_answer_that_is_defined_nowhere_is_wrong() -> None:
    assert "no value at any point" in wrong(SIGMOID_SYSTEM, "log(-a[k])", "z").message


def test_an_answer_that_reads_outside_a_tensor_is_wrong() -> None:
    assert "reads outside" in wrong(SIGMOID_SYSTEM, "a[k]*y[9]", "z").message


@pytest.mark.parametrize("answer", ["0", "a[k] - a[k]", "sum(m) 0*y[m]"])
def test_an_answer_that_is_zero_is_said_to_be(answer: str) -> None:
    assert wrong(SIGMOID_SYSTEM, answer, "z").change == "it is 0 everywhere, and the derivative is not"


def test_where_the_truth_is_zero_nothing_is_made_up() -> None:
    verdict = wrong(parse("param w, u\ncost C = w^2"), "2*u", "u")
    assert verdict.change == ""
    assert "Correct: ∂C/∂u = 0" in verdict.message


QUICK = ("seed", "elementwise", "softmax", "quadratic-sigmoid", "network-unknown")


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c.name, marks=[] if c.name in QUICK else pytest.mark.slow) for c in CASES]
)
def test_every_answer_that_lacks_something_is_caught_and_explained(case: Case) -> None:
    """Leave out or turn around one thing of a right answer, at every place: each time there are words for it."""
    system = parse(case.text)
    tensor, answer = next(iter(case.results.items()))
    value = parse_expression(answer, system)
    indices = backprop(system, [tensor]).cotangents.of(tensor).indices
    # The matrix of a Gaussian process is symmetric: with its indices exchanged an answer is still right.
    turned = () if case.name == "gaussian-process" else (lacking_transpose,)
    for local in (lacking_sign, *turned, lacking_factor(value), lacking_term, lacking_sum):
        for edit in everywhere(value, local, indices):
            text = expression_text(edit.expr, unicode=False)
            assert wrong(system, text, tensor).change, f"{text}: {edit.words}"

"""Answers in the letters of a family: the wrong step, other names of the right thing, sums over steps."""

from __future__ import annotations

import pytest

import chainrule as cr
from unit.families.family_systems import DESCENT, MLP, PLAIN_AXIS, RESIDUAL, RNN, SIGMOID, SKIP, UNKNOWN
from unit.families.recurrences import SAME_ENTRY

STEP = "is of the wrong step: it should be"
HMM = """data q[t; k]
param A[j,k], s[k]
P[j,k] = exp(A[j,k])/(sum(m) exp(A[j,m]))
f[0; k] = exp(s[k])
for t = 1..T:
    f[t; k] = q[t; k]*(sum(j) f[t-1; j]*P[j,k])
cost C = -log(sum(k) f[T; k])
"""
SHARED = """data x[t; i], y[k]
param U[k,j], V[k,i], h0[k]
h[0; k] = h0[k]
for t = 1..T:
    h[t; k] = tanh((sum(j) U[k,j]*h[t-1; j]) + (sum(i) V[k,i]*x[t; i]))
cost C = 1/2*(sum(k) (h[T; k] - y[k])^2) + sum(k) U[k,k]^2
"""

# The right answer, and the same with one step wrong: each beside the other.
PAIRS = [
    (MLP, "∂C/∂W[l; k,j] = {}*∂C/∂z[l; k]", "a[l-1; j]", "a[l; j]"),
    (MLP, "∂C/∂W[l; k,j] = a[l-1; j]*{}", "∂C/∂z[l; k]", "∂C/∂z[l+1; k]"),
    (MLP, "∂C/∂W[l; k,j] = a[l-1; j]*sigma'({})*∂C/∂a[l; k]", "z[l; k]", "z[l-1; k]"),
    (MLP, "∂C/∂b[l; k] = {}", "∂C/∂z[l; k]", "∂C/∂z[l-1; k]"),
    (MLP, "∂C/∂z[l; k] = sigma'({})*(sum(m) W[l+1; m,k]*∂C/∂z[l+1; m])", "z[l; k]", "z[l+1; k]"),
    (MLP, "∂C/∂z[l; k] = sigma'(z[l; k])*(sum(m) {}*∂C/∂z[l+1; m])", "W[l+1; m,k]", "W[l; m,k]"),
    (MLP, "∂C/∂z[l; k] = sigma'(z[l; k])*(sum(m) W[l+1; m,k]*{})", "∂C/∂z[l+1; m]", "∂C/∂z[l; m]"),
    (MLP, "∂C/∂z[L; k] = sigma'(z[L; k])*{}", "∂C/∂a[L; k]", "∂C/∂a[L-1; k]"),
    (SIGMOID, "∂C/∂z[L; k] = a[L; k]*(1 - a[L; k])*({} - y[k])", "a[L; k]", "a[L-1; k]"),
    (SIGMOID, "∂C/∂W[1; k,j] = {}*∂C/∂z[1; k]", "a[0; j]", "a[1; j]"),
    (SIGMOID, "∂C/∂W[L; k,j] = {}*∂C/∂z[L; k]", "a[L-1; j]", "a[L; j]"),
    (RESIDUAL, "∂C/∂V[l; k,m] = s[l; m]*{}", "∂C/∂a[l; k]", "∂C/∂a[l-1; k]"),
    (RNN, "∂C/∂h[T; k] = sum(m) R[m,k]*(o[T; m] - {})", "y[T; m]", "y[T-1; m]"),
    (RNN, "∂C/∂o[T; m] = {} - y[T; m]", "o[T; m]", "o[T-1; m]"),
    (RNN, "∂C/∂h[t; k] = (sum(m) R[m,k]*∂C/∂o[t; m]) + sum(m) U[m,k]*{}", "∂C/∂z[t+1; m]", "∂C/∂z[t; m]"),
    (RNN, "∂C/∂U[k,j] = sum(t) {}*∂C/∂z[t; k]", "h[t-1; j]", "h[t; j]"),
    (RNN, "∂C/∂U[k,j] = Σ_{{t=1..T}} h[t-1; j]·{}", "∂C/∂z[t; k]", "∂C/∂z[t-1; k]"),
    (UNKNOWN, "∂C/∂z[l; k] = sum(m) {}*∂z[l+1; m]/∂z[l; k]", "∂C/∂z[l+1; m]", "∂C/∂z[l; m]"),
    (HMM, "∂C/∂f[t; k] = sum(m) {}*P[k,m]*∂C/∂f[t+1; m]", "q[t+1; m]", "q[t; m]"),
    (HMM, "∂C/∂P[j,k] = sum(t) q[t; k]*f[t-1; j]*{}", "∂C/∂f[t; k]", "∂C/∂f[t-1; k]"),
    (SKIP, "∂C/∂a[1; k] = (sum(m) W[2; m,k]*∂C/∂z[2; m]) + sum(m) V[3; m,k]*{}", "∂C/∂z[3; m]", "∂C/∂z[2; m]"),
]


@pytest.mark.parametrize(("text", "answer", "right", "wrong"), PAIRS, ids=[p[1].format(p[3]) for p in PAIRS])
def test_a_wrong_step_is_named_with_the_right_one(text: str, answer: str, right: str, wrong: str) -> None:
    families = cr.parse(text)
    assert cr.check(families, answer.format(right))
    verdict = cr.check(families, answer.format(wrong))
    assert not verdict
    assert verdict.change == f"{wrong} {STEP} {right}"


def test_two_entries_of_one_step_too_low_are_named_together() -> None:
    verdict = cr.check(cr.parse(RESIDUAL), "∂C/∂a[l; k] = ∂C/∂a[l+1; k] + sum(m) W[l; m,k]*∂C/∂z[l; m]")
    assert verdict.change == f"Σ_m W[l; m,k]·∂C/∂z[l; m] {STEP} Σ_m W[l+1; m,k]·∂C/∂z[l+1; m]"


RIGHT = [
    (MLP, "∂C/∂W[l; k,j] = sigma(z[l-1; j])*∂C/∂z[l; k]"),
    (MLP, "∂C/∂z[l; k] = sigma'(z[l; k])*∂C/∂a[l; k]"),
    (MLP, "∂C/∂z[2; k] = sigma'(z[2; k])*(sum(m) W[3; m,k]*∂C/∂z[3; m])"),
    (MLP, "∂C/∂z[l+1; k] = sigma'(z[l+1; k])*∂C/∂a[l+1; k]"),
    (MLP, "∂C/∂z[l; k] = sigma'(z[l; k])*(sum(m) W[l+1; m,k]*δ[l+1; m])"),
    (MLP, "δ[l; k] = sigma'(z[l; k])*(sum(m) W[l+1; m,k]*δ[l+1; m])"),
    (RNN, "∂C/∂b[k] = sum(t) ∂C/∂h[t; k]*(1 - h[t; k]^2)"),
    (RNN, "∂C/∂R[m,k] = sum(t) h[t; k]*(o[t; m] - y[t; m])"),
    (SHARED, "∂C/∂U[k,j] = 2*[k = j]*U[k,k] + sum(t) h[t-1; j]*∂C/∂h[t; k]*(1 - h[t; k]^2)"),
    (PLAIN_AXIS, "∂C/∂V[k,i] = Σ_{t=1..T} x[t-1,i]·∂C/∂h[t; k]·(1 − h[t; k]^2)"),
    (DESCENT, "∂C/∂eta = sum(s) -1/s*(sum(n,i) r[s; n]*X[n,i]*∂C/∂w[s; i])"),
]


@pytest.mark.parametrize(("text", "answer"), RIGHT, ids=[answer for _, answer in RIGHT])
def test_right_answers_in_other_names_are_right(text: str, answer: str) -> None:
    assert cr.check(cr.parse(text), answer)


def test_a_step_that_an_answer_cannot_be_of_is_told() -> None:
    verdict = cr.check(cr.parse(MLP), "∂C/∂W[l; k,j] = sigma(z[l-1; j])*∂C/∂z[l; k]")
    assert verdict.message.splitlines()[1:] == ["It says nothing for l = 1, where there is no z[l-1;]"]


def test_a_wrong_position_of_a_step_is_no_right_answer() -> None:
    answer = "∂C/∂V[k,i] = sum(t) x[t-1,i]*∂C/∂h[t; k]*(1 - h[t-1; k]^2)"
    assert not cr.check(cr.parse(PLAIN_AXIS), answer)


def test_one_share_is_not_the_sum() -> None:
    verdict = cr.check(cr.parse(RNN), "∂C/∂U[k,j] = h[t-1; j]*∂C/∂z[t; k]")
    assert verdict.change == "the sum over t is missing: the shares of all steps add up"
    assert str(verdict).splitlines()[1] == "Correct: ∂C/∂U[k,j] = Σ_{t=1..T} h[t-1; j]·∂C/∂z[t; k]"
    both = cr.check(cr.parse(RNN), "∂C/∂U[k,j] = h[t; j]*∂C/∂z[t; k]")
    assert both.change.endswith(f"; in one share h[t; j] {STEP} h[t-1; j]")
    last = cr.check(cr.parse(RNN), "∂C/∂U[k,j] = h[T-1; j]*∂C/∂z[T; k]")
    assert last.change == "the sum over t is missing: the shares of all steps add up"
    few = cr.check(cr.parse(RNN), "∂C/∂U[k,j] = h[0; j]*∂C/∂z[1; k] + h[T-1; j]*∂C/∂z[T; k]")
    assert not few


def test_a_share_that_ends_too_late_is_wrong() -> None:
    share = "(1 - h[t; k]^2)*((sum(m) R[m,k]*∂C/∂o[t; m]) + sum(m) U[m,k]*∂C/∂z[t+1; m])"
    verdict = cr.check(cr.parse(RNN), f"∂C/∂b[k] = sum(t) {share}")
    assert verdict.change == "for t = T there is no z[t+1;]"


def test_what_is_missing_beside_a_sum_over_steps_is_told() -> None:
    verdict = cr.check(cr.parse(SHARED), "∂C/∂U[k,j] = sum(t) h[t-1; j]*∂C/∂h[t; k]*(1 - h[t; k]^2)")
    assert verdict.change == "the term 2·[k = j]·U[k,k] is missing"
    verdict = cr.check(cr.parse(SHARED), "∂C/∂U[k,j] = 2*[k = j]*U[k,k] + sum(t) h[t; j]*∂C/∂h[t; k]*(1 - h[t; k]^2)")
    assert not verdict


def test_no_derivative_is_taken_from_a_window_that_does_not_hold_all_of_it() -> None:
    answer = "∂C/∂eta = sum(s) -1/s*(sum(n,i) r[s; n]*X[n,i]*∂C/∂w[s-1; i])"
    with pytest.raises(cr.DerivativeError, match="known number of steps"):
        cr.check(cr.parse(DESCENT), answer)


def test_the_rest_of_the_cost_is_the_cost_in_a_verdict() -> None:
    verdict = cr.check(cr.parse(RNN), "∂C/∂h[t; k] = sum(m) R[m,k]*(o[t; m] - y[t; m])")
    assert verdict.change == "the term Σ_m U[m,k]·∂C/∂z[t+1; m] is missing"
    assert "∂R" not in str(verdict)


def test_a_step_that_is_not_there_is_a_verdict_and_a_name_that_is_not_an_error() -> None:
    families = cr.parse(SIGMOID)
    verdict = cr.check(families, "∂C/∂z[L; k] = a[L; k]*(1 - a[L; k])*(sum(m) W[L+1; m,k]*∂C/∂z[L+1; m])")
    assert verdict.change == "there is no W[L+1;] at this step"
    with pytest.raises(cr.NotationError, match="no tensor is named q"):
        cr.check(families, "∂C/∂z[L; k] = q[L; k]")
    with pytest.raises(cr.NotationError, match=r"a step in front of the semicolon: a\["):
        cr.check(families, "∂C/∂z[L; k] = a[k]")


def test_a_member_that_another_letter_would_name_is_not_said_to_be_missing() -> None:
    families = cr.parse(SAME_ENTRY)
    line = next(one for one in cr.backprop(families).lines() if one.startswith("∂C/∂h[t;"))
    with pytest.raises(cr.NotationError, match=r"no tensor is named o\[t;\]"):
        cr.check(families, line.partition("   for ")[0])
    assert "there is no h[t+9;]" in str(cr.check(families, "∂C/∂h[t; k] = ∂C/∂h[t+9; k]*h[t+9; k]"))


def test_what_goes_round_in_a_circle_and_is_right_at_no_other_step_is_an_error() -> None:
    with pytest.raises(cr.NotationError, match="itself on the right"):
        cr.check(cr.parse(MLP), "∂C/∂z[l; k] = ∂C/∂z[l; k] + W[l; k,k]")


BLOCKS = """
data x[k], y[k]
param W[l; m,j], V[l; k,m]
a[0; k] = x[k]
for l = 1..L:
    z[l; m] = sum(j) W[l; m,j]*a[l-1; j]
    s[l; m] = tanh(z[l; m])
    a[l; k] = a[l-1; k] + sum(m) V[l; k,m]*s[l; m]
cost C = 1/2*(sum(k) (a[L; k] - y[k])^2)
"""


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        ("[k=m] + (sum(p) V[l+1; k,p]*(1 - s[l+1; p]^2)*W[l+1; p,m])", True, "is read as the total derivative"),
        ("[k=m]", True, "is read with s[l+1] held fixed"),
        ("2*[k=m]", False, "with s[l+1] held fixed, the answer is wrong too"),
        (
            "(sum(p) V[l+1; k,p]*(1 - s[l+1; p]^2)*W[l+1; p,m])",
            False,
            "with s[l+1] held fixed, the answer is wrong too",
        ),
    ],
)
def test_a_derivative_between_layers_may_be_the_total_one_or_the_direct_one(
    answer: str, right: bool, said: str
) -> None:
    verdict = cr.check(cr.parse(BLOCKS), f"∂a[l+1; k]/∂a[l; m] = {answer}")
    assert verdict.right == right
    assert said in verdict.message


def test_what_is_two_layers_on_is_not_taken_for_the_last_layer() -> None:
    answer = "∂C/∂a[l; k] = (a[L; k] - y[k]) + (sum(m) W[l+1; m,k]*∂C/∂z[l+1; m])"
    verdict = cr.check(cr.parse(BLOCKS), answer)
    assert not verdict.right
    assert "[L; m,k]" not in verdict.message
    whole = "∂C/∂a[l; k] = ∂C/∂a[l+1; k] + (sum(m) W[l+1; m,k]*∂C/∂z[l+1; m])"
    assert cr.check(cr.parse(BLOCKS), whole).right


GATED = """
data x[t;]
param w[k], u[k,j], h0[k]
c[0; k] = h0[k]
for t = 1..T:
    f[t; k] = sigmoid(w[k]*x[t;] + sum(j) u[k,j]*c[t-1; j])
    c[t; k] = f[t; k]*c[t-1; k] + x[t;]
    h[t; k] = tanh(c[t; k])
cost C = sum(t) sum(k) h[t; k]^2
"""


def test_no_verdict_speaks_of_copies_or_of_lengths_that_cannot_differ() -> None:
    for answer in ("f[t+1; k]*∂C/∂c[t+1; k]", "-f[t+1; k]*∂C/∂c[t+1; k]", "∂C/∂h[t; k]"):
        verdict = cr.check(cr.parse(GATED), f"∂C/∂c[t; k] = {answer}")
        assert not verdict.right
        assert "other" not in verdict.message
        assert "may differ in extent" not in verdict.message

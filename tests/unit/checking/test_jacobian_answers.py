"""Answers for a derivative between two tensors, ∂z2[k]/∂z1[j] = …, right and wrong, and why."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import DerivativeError, NotationError

NETWORK = """
data x[i], y[k]
param W1[j,i], W2[k,j]
z1[j] = sum(i) W1[j,i]*x[i]
a1[j] = sigmoid(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j]
a2[k] = sigmoid(z2[k])
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)
"""
SOFTMAX = "param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))"
CHAIN = "data x1, x2, y\nparam W\ns1 = W*x1\ns2 = W*s1 + x2\ncost C = (s2 - y)^2"
ANYTHING = "param x[j]\nabstract g[k](x[j])\nabstract f(g[k])\ncost h = f"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (NETWORK, "∂z2[k]/∂z1[j] = W2[k,j]*a1[j]*(1 - a1[j])"),
        (NETWORK, "∂z2[m]/∂z1[n] = W2[m,n]*a1[n]*(1 - a1[n])"),
        (NETWORK, "∂a2[k]/∂z1[j] = Σ_m ∂a2[k]/∂z2[m]*∂z2[m]/∂z1[j]"),
        (NETWORK, "∂a1[k]/∂z1[j] = [k = j]*a1[j]*(1 - a1[k])"),
        (SOFTMAX, "∂a[k]/∂z[j] = a[k]*([k = j] - a[j])"),
        (ANYTHING, "∂f/∂x[j] = Σ_k ∂f/∂g[k]*∂g[k]/∂x[j]"),
    ],
)
def test_a_right_line_is_right(text: str, answer: str) -> None:
    verdict = cr.check(cr.parse(text), answer)
    assert verdict
    assert verdict.message.startswith(f"Right: {answer.partition(' =')[0]} = ")
    assert len(verdict.message.splitlines()) == 1


@pytest.mark.parametrize(
    ("answer", "change"),
    [
        ("∂z2[k]/∂z1[j] = W2[j,k]*a1[j]*(1 - a1[j])", "W2[j,k] is transposed: it should be W2[k,j]"),
        (
            "∂z2[k]/∂z1[j] = W2[k,j]",
            "the factor a1[j]·(1 − a1[j]) is missing: it is ∂a1[j]/∂z1[j]",
        ),
        ("∂z2[k]/∂z1[j] = W2[k,j]*a1[j]*(a1[j] - 1)", "the sign is wrong: it is −1 times what it should be"),
        ("∂z2[k]/∂z1[j] = 2*W2[k,j]*a1[j]*(1 - a1[j])", "an extra factor of 2"),
        ("∂a1[k]/∂z1[j] = a1[j]*(1 - a1[j])", ""),
        ("∂z2[k]/∂z1[j] = sum(k) W2[k,j]*a1[j]*(1 - a1[j])", ""),
    ],
)
def test_a_wrong_line_is_wrong_and_says_why(answer: str, change: str) -> None:
    verdict = cr.check(cr.parse(NETWORK), answer)
    assert not verdict
    assert verdict.change == change
    assert "g[" not in str(verdict)
    assert "Q" not in str(verdict)
    assert "Correct: ∂" in verdict.message


def test_the_softmax_is_not_p_times_one_minus_p_off_the_diagonal() -> None:
    verdict = cr.check(cr.parse(SOFTMAX), "∂a[k]/∂z[j] = a[k]*(1 - a[k])")
    assert not verdict
    assert "at a random point ∂a[0]/∂z[1] is −0." in str(verdict)


def test_two_readings_of_a_target_are_both_right() -> None:
    system = cr.parse(CHAIN)
    direct, total = (cr.check(system, f"∂s2/∂W = {value}") for value in ("s1", "2*s1"))
    assert (direct.message.splitlines()[-1], total.message.splitlines()[-1]) == (
        "∂s2/∂W is read with s1 held fixed",
        "∂s2/∂W is read as the total derivative",
    )
    assert "with s1 held fixed, the answer is wrong too" in cr.check(system, "∂s2/∂W = 3*s1").message


def test_no_cost_is_needed_and_a_cost_may_have_the_name_of_the_seed() -> None:
    assert cr.check(cr.parse(SOFTMAX.replace("a[", "g[")), "∂g[k]/∂z[j] = g[k]*([k = j] - g[j])")
    text = "param z[j]\ng[k] = exp(z[k])\nQ = sum(k) g[k]\ncost C = Q^2"
    assert cr.check(cr.parse(text), "∂Q/∂z[j] = exp(z[j])")
    assert not cr.check(cr.parse(text), "∂Q/∂z[j] = exp(z[j]) + 1")


def test_what_cannot_be_meant_is_refused() -> None:
    system = cr.parse(NETWORK)
    with pytest.raises(DerivativeError, match="z1 does not depend on z2"):
        cr.check(system, "∂z1[k]/∂z2[j] = 0")
    with pytest.raises(NotationError, match="distinct letters"):
        cr.check(system, "∂z2[k]/∂z1[k] = 0")
    with pytest.raises(NotationError, match="names ∂z2/∂z1 itself"):
        cr.check(system, "∂z2[k]/∂z1[j] = ∂z2[k]/∂z1[j]")
    verdict = cr.check(system, "∂z2[k]/∂z1[j] = W2[k,m]*a1[j]*(1 - a1[j])")
    assert not verdict

"""∂u/∂v in answers: as it is derived along all ways, and where it may mean two things, in both readings."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.checking.between import between
from chainrule.errors import NotationError
from chainrule.expr.symbols import Derivative
from chainrule.pipeline import cotangents_for

CHAIN = "data x1, x2, y\nparam W\ns1 = W*x1\ns2 = W*s1 + x2\ncost C = (s2 - y)^2"
RECURRENT = """
data x[i], y[j]
param W[j,k], U[j,i]
h1[j] = tanh(sum(i) U[j,i]*x[i])
h2[j] = tanh((sum(k) W[j,k]*h1[k]) + (sum(i) U[j,i]*x[i]))
h3[j] = tanh((sum(k) W[j,k]*h2[k]) + (sum(i) U[j,i]*x[i]))
cost C = 1/2*(sum(j) (h3[j] - y[j])^2)
"""
NETWORK = """
data x[i], y[k]
param W1[j,i], W2[k,j]
z1[j] = sum(i) W1[j,i]*x[i]
a1[j] = sigmoid(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j]
a2[k] = sigmoid(z2[k])
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)
"""


@pytest.mark.parametrize(
    ("text", "wrt", "answer"),
    [
        (CHAIN, "W", "∂C/∂s2*∂s2/∂W"),
        (RECURRENT, "W", "sum(m) ∂C/∂h3[m]*∂h3[m]/∂W[j,k]"),
        (RECURRENT, "U", "sum(m) ∂C/∂h3[m]*∂h3[m]/∂U[j,i]"),
    ],
)
def test_the_total_derivative_alone_is_right(text: str, wrt: str, answer: str) -> None:
    verdict = cr.check(cr.parse(text), answer, wrt=wrt)
    assert verdict
    assert verdict.message.splitlines()[-1].endswith("is read as the total derivative")


@pytest.mark.parametrize(
    ("text", "wrt", "answer", "held"),
    [
        (CHAIN, "W", "∂C/∂s1*∂s1/∂W + ∂C/∂s2*∂s2/∂W", "∂s2/∂W is read with s1 held fixed"),
        (
            RECURRENT,
            "W",
            "(sum(m) ∂C/∂h3[m]*∂h3[m]/∂W[j,k]) + (sum(m) ∂C/∂h2[m]*∂h2[m]/∂W[j,k])",
            "∂h3/∂W is read with h2 held fixed",
        ),
    ],
)
def test_the_contributions_of_all_steps_are_right_with_the_others_held_fixed(
    text: str, wrt: str, answer: str, held: str
) -> None:
    verdict = cr.check(cr.parse(text), answer, wrt=wrt)
    assert verdict
    assert verdict.message.splitlines()[-1] == held


@pytest.mark.parametrize("answer", ["-∂C/∂s2*∂s2/∂W", "3*∂C/∂s2*∂s2/∂W", "∂C/∂s1*∂s1/∂W + 2*∂C/∂s2*∂s2/∂W"])
def test_wrong_in_either_reading_is_wrong_and_says_what_it_is_in_both(answer: str) -> None:
    verdict = cr.check(cr.parse(CHAIN), answer, wrt="W")
    assert not verdict
    assert "∂s2/∂W is read with s1 held fixed; as the total derivative, the answer is wrong too" in verdict.message


def test_what_has_one_reading_gets_no_remark() -> None:
    system = cr.parse(CHAIN)
    for answer in ("2*s1*∂C/∂s2", "2*∂C/∂s2*∂s2/∂s1*∂s1/∂W"):
        assert cr.check(system, answer, wrt="W").message == "Right: ∂C/∂W = 2·s1·∂C/∂s2"


@pytest.mark.parametrize(
    "answer",
    [
        "∂C/∂z1[j] = sum(k) ∂C/∂z2[k]*∂z2[k]/∂z1[j]",
        "∂C/∂z1[j] = sum(k) ∂C/∂a2[k]*∂a2[k]/∂z1[j]",
        "∂C/∂W1[j,i] = sum(k) ∂C/∂z2[k]*∂z2[k]/∂W1[j,i]",
        "∂C/∂W1[j,i] = sum(k,m) ∂C/∂z2[k]*∂z2[k]/∂z1[m]*∂z1[m]/∂W1[j,i]",
    ],
)
def test_a_derivative_through_several_equations_is_read(answer: str) -> None:
    assert cr.check(cr.parse(NETWORK), answer)


def test_a_derivative_through_several_equations_does_not_make_a_wrong_answer_right() -> None:
    system = cr.parse(NETWORK)
    assert not cr.check(system, "∂C/∂z1[j] = sum(k) ∂C/∂a2[k]*∂z2[k]/∂z1[j]")
    assert not cr.check(system, "∂C/∂z1[j] = 2*(sum(k) ∂C/∂z2[k]*∂z2[k]/∂z1[j])")
    wrong = cr.check(system, "∂C/∂z1[j] = ∂C/∂z2[k]*∂z2[k]/∂z1[j]")
    assert "k is not summed over" in wrong.message


def test_what_does_not_depend_on_the_other_is_refused() -> None:
    with pytest.raises(NotationError, match="∂z1/∂z2 is not derived here"):
        cr.check(cr.parse(NETWORK), "∂C/∂z1[j] = sum(k) ∂C/∂z2[k]*∂z1[j]/∂z2[k]")


def test_a_given_that_an_answer_needs_is_found_in_its_own_reading() -> None:
    text = "data p[k], y\nparam W\ngiven (sum(k) p[k]) = 1\ns1 = W^2\ns2 = W*s1*(sum(k) p[k])\ncost C = (s2 - y)^2"
    verdict = cr.check(cr.parse(text), "∂C/∂s2*∂s2/∂W", wrt="W")
    assert verdict
    assert verdict.givens == ()


def test_what_two_readings_hold_and_move_is_known() -> None:
    cotangents = cotangents_for(cr.parse(RECURRENT), "W")
    found = between(Derivative("h3", "W"), cotangents)
    assert found is not None
    assert (found.two_ways, found.held) == (True, "with h2 held fixed")
    once = between(Derivative("h2", "W"), cotangents)
    assert once is not None
    assert not once.two_ways

"""Answers about recurrences along an index: what is right, what is wrong, and what goes round in a circle."""

from __future__ import annotations

import pytest

import chainrule as cr
from unit.recurrences_along_an_index import LSTM, RNN

RIGHT = [
    "∂C/∂h[t,j] = h[t,j] - y[j] + (sum(k) U[k,j]*∂C/∂h?[t+1,k]*(1 - h?[t+1,k]^2))",
    "∂C/∂h[t,j] = h[t,j] - y[j] + [t+1 < extent(t)]*(sum(k) U[k,j]*∂C/∂h[t+1,k]*(1 - h[t+1,k]^2))",
    "∂C/∂U[j,m] = sum(t) h?[t-1,m]*∂C/∂h[t,j]*(1 - h[t,j]^2)",
    "∂C/∂W[j,i] = sum(t) x[t,i]*∂C/∂h[t,j]*(1 - h[t,j]^2)",
]
WRONG = [
    ("∂C/∂h[t,j] = h[t,j] - y[j]", "is missing"),
    ("∂C/∂h[t,j] = h[t,j] - y[j] + (sum(k) U[j,k]*∂C/∂h?[t+1,k]*(1 - h?[t+1,k]^2))", "U[j,k] is transposed"),
    ("∂C/∂h[t,j] = h[t,j] - y[j] + (sum(k) U[k,j]*∂C/∂h?[t+1,k])", "the factor (1 − h[t+1,k]^2)"),
    ("∂C/∂U[j,m] = h?[t-1,m]*∂C/∂h[t,j]*(1 - h[t,j]^2)", "t is not summed over"),
    ("∂C/∂W[j,i] = sum(t) x[t,i]*(h[t,j] - y[j])*(1 - h[t,j]^2)", "is missing"),
]
CIRCULAR = [
    "∂C/∂h[t,j] = h[t,j] - y[j] + (sum(k) U[k,j]*∂C/∂h?[t-1,k])",
    "∂C/∂h[t,j] = ∂C/∂h[t,j]",
    "∂C/∂h[t,j] = sum(k) U[k,j]*∂C/∂h[0,k]",
]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers_may_name_the_derivative_at_later_steps(answer: str) -> None:
    assert cr.check(cr.parse(RNN), answer)
    assert cr.check(cr.parse(RNN + "batch n\n"), answer)


@pytest.mark.parametrize(("answer", "reason"), WRONG)
def test_wrong_answers_are_told_why(answer: str, reason: str) -> None:
    verdict = cr.check(cr.parse(RNN), answer)
    assert not verdict
    assert reason in str(verdict)


@pytest.mark.parametrize("answer", CIRCULAR)
def test_steps_before_go_round_in_a_circle(answer: str) -> None:
    with pytest.raises(cr.NotationError, match="names ∂C/∂h itself on the right, of steps that are computed from"):
        cr.check(cr.parse(RNN), answer)


def test_downwards_it_is_the_step_before_that_may_be_named() -> None:
    down = cr.parse(RNN.replace("t-1", "t+1"))
    assert cr.check(down, RIGHT[0].replace("t+1", "t-1"))
    with pytest.raises(cr.NotationError, match="∂C/∂h at steps before its own"):
        cr.check(down, RIGHT[0])


def test_others_of_the_same_recurrence_may_be_named_at_their_steps() -> None:
    system = cr.parse(LSTM)
    assert cr.check(system, "∂C/∂c[t,j] = f?[t+1,j]*∂C/∂c?[t+1,j] + ∂C/∂h[t,j]*o[t,j]*(1 - tanh(c[t,j])^2)")
    assert cr.check(system, "∂C/∂f[t,j] = ∂C/∂c[t,j]*(c?[t-1,j] - g[t,j])")
    with pytest.raises(cr.NotationError, match="names ∂C/∂c, which is itself computed from ∂C/∂h"):
        cr.check(system, "∂C/∂h[t,j] = h[t,j] - y[j] + ∂C/∂c[t,j]")

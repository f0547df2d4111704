"""Differences keep the side on which they were written."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.expr.binding import Fresh
from chainrule.simplify.arithmetic import normal
from chainrule.simplify.presentation import present
from chainrule.simplify.simplifier import simplifier_of

GAUSS = "data x[n]\nparam mu, s\ncost C = sum(n) (({0})^2/(2*s^2) + log(s))"
CASES = {
    "a power of it": (GAUSS.format("x[n] - mu"), "s", "1/s·Σ_n (1 − (x[n] − mu)^2/s^2)"),
    "the same turned round": (GAUSS.format("mu - x[n]"), "s", "1/s·Σ_n (1 − (mu − x[n])^2/s^2)"),
    "a minus before the sum": (GAUSS.format("x[n] - mu"), "mu", "−1/s^2·Σ_n (x[n] − mu)"),
    "no minus": (GAUSS.format("mu - x[n]"), "mu", "1/s^2·Σ_n (mu − x[n])"),
    "a minus before a quotient": ("data x\nparam mu, v\ncost C = (x - mu)^2/(2*v)", "mu", "−(x − mu)/v"),
    "a sum in it": (
        "data x[n], y[n]\nparam w, b\ncost C = 1/2*(mean(n) (y[n] - (w*x[n] + b))^2)",
        "b",
        "−1/extent(n)·Σ_n (y[n] − b − w·x[n])",
    ),
    "indices by other letters": (
        "data x[i,d]\nparam mu[k,d]\nD[i,k] = sum(d) (x[i,d] - mu[k,d])^2\ncost C = sum(i,k) exp(D[i,k])",
        "mu",
        "−2·Σ_i exp(D[i,k])·(x[i,d] − mu[k,d])",
    ),
    "two of them": ("param a, b, c\ncost C = (a - b)*(c - b)", "b", "2·b − a − c"),
    "one that is written both ways": ("param a, b\ncost C = (a - b)^3 + (b - a)^2", "a", "2·a + 3·(a − b)^2 − 2·b"),
    "what is left of 1": ("param z\na = sigmoid(z)\ncost C = (a - 1)^2", "z", "−2·a·(1 − a)^2"),
    "one that nobody wrote": ("param a, b\ncost C = a*b^2 - b*a^2", "b", "a·(2·b − a)"),
}


@pytest.mark.parametrize(("text", "tensor", "expected"), CASES.values(), ids=CASES)
def test_a_difference_reads_as_it_was_written(text: str, tensor: str, expected: str) -> None:
    derivation = cr.backprop(cr.parse(text)).derivation(tensor)
    assert str(derivation).partition(" = ")[2] == expected
    derivation.verify()


@pytest.mark.parametrize("text", [case[0] for case in CASES.values()])
def test_what_is_shown_is_what_was_found(text: str) -> None:
    system = cr.parse(text)
    simplifier = simplifier_of(system)
    for equation in system.equations:
        found = simplifier.simplify(equation.value, tuple(equation.indices))
        shown = simplifier.present(found)
        assert normal(shown, Fresh()) == normal(found, Fresh())
        assert simplifier.present(normal(shown, Fresh())) == shown
        assert normal(present(found), Fresh()) == normal(found, Fresh())

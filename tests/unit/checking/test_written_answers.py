"""Answers as people write them: primes on known functions, words that name nothing, factors side by side."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import NotationError

NETWORK = """
data x[i], y[k]
param W1[j,i], W2[k,j]
z1[j] = sum(i) W1[j,i]*x[i]
a1[j] = tanh(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j]
a2[k] = sigmoid(z2[k])
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)
"""


@pytest.mark.parametrize(
    ("wrt", "answer"),
    [
        ("z2", "(a2[k] - y[k])*sigmoid'(z2[k])"),
        ("z2", "(a2[k] - y[k])*σ′(z2[k])"),
        ("z1", "tanh'(z1[j])*(sum(k) W2[k,j]*(a2[k] - y[k])*σ'(z2[k]))"),
        ("W2", "(a2[k] - y[k])*σ'(sum(m) W2[k,m]*a1[m])*a1[j]"),
    ],
)
def test_a_prime_on_a_known_function_is_its_derivative(wrt: str, answer: str) -> None:
    assert cr.check(cr.parse(NETWORK), answer, wrt=wrt)


@pytest.mark.parametrize("answer", ["(a2[k] - y[k])*σ'(a2[k])", "(a2[k] - y[k])*tanh'(z2[k])"])
def test_a_prime_on_the_wrong_function_or_at_the_wrong_place_is_wrong(answer: str) -> None:
    assert not cr.check(cr.parse(NETWORK), answer, wrt="z2")


def test_a_prime_on_an_unknown_function_stays() -> None:
    text = "data y[k]\nparam z[k]\nabstract f(t)\na[k] = f(z[k])\ncost C = 1/2*(sum(k) (a[k] - y[k])^2)"
    assert cr.check(cr.parse(text), "(a[k] - y[k])*f'(z[k])", wrt="z")


def test_second_primes_on_known_functions_are_refused() -> None:
    with pytest.raises(NotationError, match="sigmoid''"):
        cr.check(cr.parse(NETWORK), "sigmoid''(z2[k])", wrt="z2")


@pytest.mark.parametrize("word", ["foo", "banana", "sigma", "2*foo", "foo - bar"])
def test_a_word_that_names_nothing_is_no_number(word: str) -> None:
    with pytest.raises(NotationError, match="nothing is named"):
        cr.check(cr.parse(NETWORK), word, wrt="z1")


def test_a_tensor_without_its_indices_is_no_number() -> None:
    with pytest.raises(NotationError, match="W2 has 2 indices, not 0"):
        cr.check(cr.parse(NETWORK), "W2", wrt="z1")


def test_a_letter_of_ones_own_is_one_still() -> None:
    system = cr.parse("data t : int(5)\nparam z[k]\ncost C = sum(k) k*z[k] + z[t]")
    for answer in ("k + [k = t]", "m + [m = t]", "m + [t = m]"):
        assert cr.check(system, answer, wrt="z")


@pytest.mark.parametrize("gap", [" ", ""])
def test_two_derivatives_side_by_side_lack_a_sign(gap: str) -> None:
    system = cr.parse("param x[j]\nabstract g[k](x[j])\nabstract f(g[k])\ncost h = f")
    answer = f"∂h/∂x[j] = Σ_k ∂f/∂g[k]{gap}∂g[k]/∂x[j]"
    with pytest.raises(NotationError) as caught:
        cr.check(system, answer)
    assert caught.value.what == "'∂' cannot stand here"
    assert caught.value.advice == "Between factors stands a *: ∂f/∂g[k]*∂g[k]/∂x[j]"
    assert caught.value.column == answer.rindex("∂g") + 1

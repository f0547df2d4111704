"""A false reason is worse than none: what is said is true, and nothing is said where nothing true is known."""

from __future__ import annotations

import re

import pytest

from cases import two_layers
from chainrule.checking import check
from chainrule.checking.search import MOST_CANDIDATES, Search
from chainrule.notation import parse
from chainrule.system.model import System
from unit.checking.systems import GIVEN_SYSTEM, NETWORK, QUADRATIC_FORM, QUADRATIC_NETWORK, SQUARE

RNN = parse(
    "data x0[i], x1[i], x2[i], y[k]\nparam U[k,i], W[k,j]\nh1[k] = tanh(sum(i) U[k,i]*x0[i])\n"
    "h2[k] = tanh((sum(i) U[k,i]*x1[i]) + (sum(j) W[k,j]*h1[j]))\n"
    "h3[k] = tanh((sum(i) U[k,i]*x2[i]) + (sum(j) W[k,j]*h2[j]))\ncost C = 1/2*(sum(k) (h3[k]-y[k])^2)"
)
GAUSS = parse(
    "index i = 3\ndata x[n,i]\nparam S[i,j], mu[i]\ncost L = 1/2*(sum(n,i,j) (x[n,i]-mu[i])*inv(S)[i,j]*(x[n,j]-mu[j]))"
)
TANH_BINARY = parse(
    "data y, x[i]\nparam w[i], b\nz = (sum(i) w[i]*x[i]) + b\na = tanh(z)\ncost C = -(y*log(a) + (1-y)*log(1-a))"
)
GIVEN_NETWORK = parse("given sum(k) y[k] = 1\n" + two_layers("cross-entropy"))
STEP1, STEP2, STEP3 = "(1-h1[k]^2)*∂C/∂h1[k]", "(1-h2[k]^2)*∂C/∂h2[k]", "(1-h3[k]^2)*∂C/∂h3[k]"


def change(system: System, answer: str, wrt: str) -> str:
    verdict = check(system, answer, wrt=wrt)
    assert not verdict
    return verdict.change


@pytest.mark.parametrize(
    ("system", "wrt", "answer", "said"),
    [
        (QUADRATIC_FORM, "x", "2*(sum(j) {}*x[j])", ("A[i,j]", "A[j,i]")),
        (QUADRATIC_FORM, "x", "sum(j) x[j]*2*{}", ("A[i,j]", "A[j,i]")),
        (GAUSS, "mu", "sum(n,j) {}*(mu[j]-x[n,j])", ("inv(S)[i,j]", "inv(S)[j,i]")),
    ],
)
def test_a_term_that_stands_twice_is_not_told_to_be_transposed(
    system: System, wrt: str, answer: str, said: tuple[str, str]
) -> None:
    for mine, other in (said, said[::-1]):
        expected = f"the term {other} is missing and the term {mine} is 2 times what it should be"
        assert change(system, answer.format(mine), wrt) == expected


@pytest.mark.parametrize(
    ("system", "wrt", "answer"),
    [
        (SQUARE, "x", "sum(j) W[i,j]*∂C/∂z[j]"),
        (SQUARE, "W", "x[j]*∂C/∂z[i]"),
        (SQUARE, "W", "x[i]*∂C/∂z[i]"),
        (NETWORK, "z1", "a1[j]*(1-a1[j])*(sum(k) W2[j,k]*∂C/∂z2[k])"),
        (QUADRATIC_FORM, "x", "sum(j) (A[i,j] + A[i,j])*x[j]"),
        (RNN, "h1", f"sum(m) W[k,m]*{STEP2.replace('k', 'm')}"),
        (GAUSS, "mu", "1/2*(sum(n,j) (inv(S)[i,j]+inv(S)[i,j])*(mu[j]-x[n,j]))"),
    ],
)
def test_what_is_told_to_be_exchanged_makes_the_answer_right(system: System, wrt: str, answer: str) -> None:
    words = change(system, answer, wrt)
    found = re.fullmatch(r"(?:(.*) (?:is transposed|has the wrong index)|.* are exchanged): it should be (.*)", words)
    assert found is not None, words
    mine, other = found.groups()
    # Where several entries look alike, one of them is meant.
    mended = (
        [other]
        if mine is None
        else [answer[: at.start()] + other + answer[at.end() :] for at in re.finditer(re.escape(mine), answer)]
    )
    assert any(check(system, text, wrt=wrt) for text in mended), words


@pytest.mark.parametrize(
    ("wrt", "answer", "expected"),
    [
        ("W", f"{STEP3}*h2[j]", "the term h1[j]·∂C/∂h2[k]·(1 − h2[k]^2) is missing"),
        ("W", f"{STEP2}*h1[j]", "the term h2[j]·∂C/∂h3[k]·(1 − h3[k]^2) is missing"),
        ("U", f"{STEP3}*x2[i] + {STEP2}*x1[i]", "the term x0[i]·"),
        ("U", f"{STEP3}*x2[i] + {STEP1}*x0[i]", "the term x1[i]·∂C/∂h2[k]·(1 − h2[k]^2) is missing"),
    ],
)
def test_a_step_that_was_forgotten_is_a_missing_term(wrt: str, answer: str, expected: str) -> None:
    words = change(RNN, answer, wrt)
    assert words.startswith(expected)
    assert words.endswith(" is missing")


def test_a_factor_that_only_derivatives_adding_up_to_0_make_right_is_not_named() -> None:
    answer = "a1[j]*(1-a1[j])*(sum(k) (W2[k,j] - 0.5*∂C/∂W2[k,j])*∂C/∂z2[k])"
    assert change(GIVEN_NETWORK, answer, "z1") == "the term −1/2·∂C/∂W2[k,j] is superfluous"
    assert change(GIVEN_NETWORK, "a1[j]*(1-a1[j])*(sum(k) ∂C/∂z2[k])", "z1").startswith("the factor W2[k,j] of")


def test_several_factors_of_a_term_that_nobody_wrote_are_not_named() -> None:
    assert change(TANH_BINARY, "(a-y)*x[i]", "w") == ""


@pytest.mark.parametrize(
    ("wrt", "answer"),
    [
        ("W2", "(a2[k]-y[k])*a1[j]"),
        ("z1", "a1[j]*(1-a1[j])*(sum(k) W2[k,j]*(a2[k]-y[k]))"),
        ("W1", "x[i]*a1[j]*(1-a1[j])*(sum(k) W2[k,j]*(a2[k]-y[k]))"),
        ("x", "sum(j) W1[j,i]*a1[j]*(1-a1[j])*(sum(k) W2[k,j]*(a2[k]-y[k]))"),
    ],
)
def test_a_fact_that_the_system_does_not_state_is_not_blamed_on_the_answer(wrt: str, answer: str) -> None:
    fact = "Σ_m y[m] = 1"
    said = f"it is right where {fact}, which the system does not say; if it is always so, it can: given {fact}"
    assert change(NETWORK, answer, wrt) == said
    assert change(NETWORK, "2*" + answer, wrt) == ""
    assert check(GIVEN_NETWORK, answer, wrt=wrt)


@pytest.mark.parametrize(
    ("wrt", "answer", "expected"),
    [
        ("W2", "∂C/∂z2[k]*z1[j]", "z1[j] stands where a1[j] belongs"),
        ("z1", "a1[j]*(1-a1[j])*(sum(k) W2[k,j]*∂C/∂a2[k])", "∂C/∂a2[k] stands where ∂C/∂z2[k] belongs"),
    ],
)
def test_another_tensor_in_its_place_is_named(wrt: str, answer: str, expected: str) -> None:
    assert change(NETWORK, answer, wrt) == expected


def test_where_nothing_is_found_nothing_is_claimed() -> None:
    verdict = check(GIVEN_SYSTEM, "sin(a[j])", wrt="z")
    assert verdict.message.startswith("Wrong: no common mistake explains the difference.\n")


def test_the_search_ends_after_so_many_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    holds = Search.holds
    monkeypatch.setattr(Search, "holds", lambda *arguments: bool(tried.append(arguments)) or holds(*arguments))
    long = "x[i]*(a1[j]-a1[j]^2)*(sum(k) (W2[k,j]+b2[k]-b1[j])*(a2[k]-y[k])*a2[k]*(1-a2[k])*sin(a1[j])*cos(z1[j]))"
    assert change(QUADRATIC_NETWORK, long, "W1") == ""
    assert 100 < len(tried) <= MOST_CANDIDATES

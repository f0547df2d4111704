"""The question that the project answers: why ∂C/∂z[j] is a sum over k, and neither one of its terms nor k times it."""

from __future__ import annotations

import pytest

from chainrule.checking import check
from chainrule.notation import parse
from unit.checking.systems import NETWORK

QUESTION = "param z[j]\nabstract a[k](z[j])\ncost C(a[k])"
BELOW = (
    "data x[i]\nparam W[j,i], V[m,k]\nz[j] = sum(i) W[j,i]*x[i]\nabstract a[k](z[j])\n"
    "u[m] = sum(k) V[m,k]*a[k]\ncost C(u[m])"
)
SOFTMAX = (
    "data y[k]\nparam W[k,j], x[j]\nz[k] = sum(j) W[k,j]*x[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
    "cost C = sum(k) (a[k] - y[k])^2"
)
SUM = "Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]"
CANCELLED = (
    "it says that ∂C/∂z[j] is {} times itself, but the ∂a[k] do not cancel as in a fraction, because ∂C/∂a[k] holds "
    "the other entries of a fixed: each product ∂C/∂a[k]·∂a[k]/∂z[j] is the contribution through one of "
    "them; the contributions differ, and each is added once"
)
COUNTED = (
    "it is extent(k) times the contribution through one entry of a, k = {}: the contributions differ, so each is added "
    "once, " + SUM
)
TWO = (
    "only the terms k = 0 and k = 1 of the sum over k are there: every entry of a may depend on z[j], and the "
    "contributions of all of them add up, " + SUM
)
ONE = (
    "the sum over k is missing: every entry of a may depend on z[j], and ∂C/∂a[{0}]·∂a[{0}]/∂z[j] is the contribution "
    "of one alone; the contributions of all of them add up, " + SUM
)
ANSWERS = [
    ("extent(k)*∂C/∂z[j]", CANCELLED.format("extent(k)")),
    ("sum(k) ∂C/∂z[j]", CANCELLED.format("extent(k)")),
    ("k*∂C/∂z[j]", CANCELLED.format("k")),
    ("extent(k)*∂C/∂a[j]*∂a[j]/∂z[j]", COUNTED.format("j")),
    ("extent(k)*∂C/∂a[0]*∂a[0]/∂z[j]", COUNTED.format("0")),
    ("∂C/∂a[0]*∂a[0]/∂z[j] + ∂C/∂a[1]*∂a[1]/∂z[j]", TWO),
    ("∂C/∂a[j]*∂a[j]/∂z[j]", ONE.format("j")),
    ("∂C/∂a[0]*∂a[0]/∂z[j]", ONE.format("0")),
]


@pytest.mark.parametrize("declared", ["", "index k = 3\n", "index k = 3, j = 3\n"])
@pytest.mark.parametrize("system", [QUESTION, BELOW], ids=["last", "below"])
@pytest.mark.parametrize(("answer", "change"), ANSWERS)
def test_one_path_or_several_times_one_gets_its_own_sentence(
    system: str, declared: str, answer: str, change: str
) -> None:
    verdict = check(parse(declared + system), answer, wrt="z")
    assert not verdict
    assert verdict.change == change


def test_a_number_that_is_the_extent_is_understood() -> None:
    assert check(parse("index k = 2\n" + QUESTION), "2*∂C/∂z[j]").change == CANCELLED.format("2")
    assert check(parse(QUESTION), "2*∂C/∂z[j]").change == "it says that ∂C/∂z[j] is 2 times itself"


def test_all_paths_written_out_are_right_where_there_are_so_many() -> None:
    assert check(parse("index k = 2\n" + QUESTION), "∂C/∂a[0]*∂a[0]/∂z[j] + ∂C/∂a[1]*∂a[1]/∂z[j]")
    assert check(parse(QUESTION), "sum(k) ∂C/∂a[k]*∂a[k]/∂z[j]")


@pytest.mark.parametrize(
    ("wrt", "answer", "change"),
    [
        ("z", "extent(k)*∂C/∂z[k]", "it says that ∂C/∂z[k] is extent(k) times itself, but the ∂a[m] do not cancel"),
        ("z", "∂C/∂a[k]*∂a[k]/∂z[k]", "the sum over m is missing: only its term m = k is there, the contribution"),
        (
            "z",
            "extent(k)*∂C/∂a[k]*∂a[k]/∂z[k]",
            "it is extent(m) times the contribution through one entry of a, m = k: the contributions",
        ),
        ("z", "∂C/∂a[0]*∂a[0]/∂z[k] + ∂C/∂a[1]*∂a[1]/∂z[k]", "only the terms m = 0 and m = 1 of the sum over m are"),
        ("x", "extent(k)*∂C/∂x[j]", "it says that ∂C/∂x[j] is extent(k) times itself, but the ∂z[k] do not cancel"),
        ("x", "W[j,j]*∂C/∂z[j]", "the sum over k is missing: only its term k = j is there, the contribution"),
        (
            "x",
            "extent(k)*W[j,j]*∂C/∂z[j]",
            "it is extent(k) times the contribution through one entry of z, k = j: the contributions",
        ),
        ("x", "W[0,j]*∂C/∂z[0] + W[1,j]*∂C/∂z[1]", "only the terms k = 0 and k = 1 of the sum over k are there: the"),
        ("x", "W[2,j]*∂C/∂z[2]", "the sum over k is missing: only its term k = 2 is there, the contribution"),
    ],
)
def test_it_is_the_same_for_softmax_and_for_weights(wrt: str, answer: str, change: str) -> None:
    verdict = check(parse("index k = 4\n" + SOFTMAX), answer, wrt=wrt)
    assert not verdict
    assert verdict.change.startswith(change)


def test_the_sum_may_stand_behind_an_activation() -> None:
    assert check(NETWORK, "extent(k)*∂C/∂z1[j]", wrt="z1").change.startswith(
        "it says that ∂C/∂z1[j] is extent(k) times itself, but the ∂z2[k] do not cancel"
    )
    change = check(NETWORK, "a1[j]*(1 - a1[j])*W2[0,j]*∂C/∂z2[0]", wrt="z1").change
    assert change == "the sum over k is missing: only its term k = 0 is there, the contribution through one entry of z2"


def test_shares_that_are_equal_are_not_said_to_differ() -> None:
    system = parse("index k = 3\nparam z\ndata b[k]\na[k] = z + b[k]\ncost C = sum(k) a[k]")
    assert check(system, "3*∂C/∂z").change == "it says that ∂C/∂z is 3 times itself"
    assert check(system, "extent(k)*∂C/∂a[0]", wrt="z")


def test_what_has_one_path_for_each_entry_is_a_multiple_and_no_more() -> None:
    assert check(NETWORK, "extent(k)*∂C/∂b2[k]", wrt="b2").change == "it says that ∂C/∂b2[k] is extent(k) times itself"


@pytest.mark.parametrize("factor", ["", "extent(k)*"])
def test_a_path_whose_letter_stands_free_is_not_summed_over(factor: str) -> None:
    change = check(parse(QUESTION), f"{factor}∂C/∂a[k]*∂a[k]/∂z[j]").change
    if factor:
        assert change.endswith("with it, it is extent(k) times what it should be: a factor of 1/extent(k) is missing")
    else:
        assert change == f"k is not summed over: there is no sum over k; it should be {SUM}"

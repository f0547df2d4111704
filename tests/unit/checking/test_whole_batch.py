"""Answers about all samples, in a system that is written for one."""

from __future__ import annotations

import pytest

from chainrule.checking import check
from chainrule.errors import NotationError
from chainrule.notation import parse

BATCH = parse(
    "data x[i], y[k]\nparam W1[j,i], b1[j], W2[k,j], b2[k]\ngiven sum(k) y[k] = 1\n"
    "z1[j] = sum(i) W1[j,i]*x[i] + b1[j]\n"
    "a1[j] = sigmoid(z1[j])\nz2[k] = sum(j) W2[k,j]*a1[j] + b2[k]\na2[k] = exp(z2[k]) / (sum(m) exp(z2[m]))\nbatch n\n"
    "cost C = -sum(k) y[k]*log(a2[k])"
)
RIDGE = parse("data x, y\nparam w\nconst lambda\nbatch n\ncost C = (w*x - y)^2 + lambda/2*w^2")


@pytest.mark.parametrize(
    "answer",
    [
        "∂C/∂W2[k,j] = mean(n) a1[j]*∂C/∂z2[k]",
        "∂C/∂W2[k,j] = mean(n) a1[j]*(a2[k] - y[k])",
        "∂C/∂W2[p,q] = mean(n) a1[n,q]*∂C/∂z2[n,p]",
        "∂C/∂W2[k,j] = 1/extent(n)*(sum(n) a1[n,j]*(a2[n,k] - y[n,k]))",
        "∂C/∂W2[k,j] = (sum(n) a1[j]*δ2[k])/extent(n)",
        "∂C/∂b1[j] = mean(n) a1[j]*(1 - a1[j])*(sum(k) W2[k,j]*∂C/∂z2[k])",
    ],
)
def test_the_mean_over_the_samples_is_right_for_the_whole_batch(answer: str) -> None:
    assert check(BATCH, answer).message.startswith("Right, for the whole batch: ∂C/∂")


@pytest.mark.parametrize("answer", ["∂C/∂W2[k,j] = a1[j]*∂C/∂z2[k]", "∂C/∂z2[n,k] = a2[n,k] - y[n,k]"])
def test_the_derivative_of_one_sample_is_right(answer: str) -> None:
    assert check(BATCH, answer).message.startswith("Right: ∂C/∂")


@pytest.mark.parametrize(
    "answer",
    [
        "∂C/∂W2[k,j] = sum(n) a1[j]*∂C/∂z2[k]",
        "∂C/∂W2[k,j] = sum(n) a1[n,j]*∂C/∂z2[n,k]",
        "∂C/∂W2[k,j] = sum(n) a1[j]*(a2[k] - y[k])",
    ],
)
def test_the_sum_over_the_samples_is_their_number_times_too_much(answer: str) -> None:
    verdict = check(BATCH, answer)
    assert verdict.change == (
        "the sum over the samples n stands where their mean belongs: it is extent(n) times the mean"
    )
    assert not verdict
    assert "Correct: ∂C/∂W2[k,j] = mean(n) a1[n,j]·∂C/∂z2[n,k]" in verdict.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("∂C/∂W2[k,j] = mean(n) a1[j]*(y[k] - a2[k])", "the sign is wrong: it is −1 times what it should be"),
        ("∂C/∂W2[k,j] = mean(n) a1[j]*a2[k]", "the term −y[k] is missing"),
        ("∂C/∂W2[k,j] = a1[n,j]*∂C/∂z2[n,k]", "n stands free on the right but not on the left"),
        ("∂C/∂W2[k,j] = mean(n) a1[n,m]*∂C/∂z2[n,p]", "m, p stand free on the right but not on the left"),
        ("∂C/∂W2[k,j] = (mean(n) a1[j])*(mean(n) ∂C/∂z2[k])", ""),
        ("∂C/∂z2[k] = (a2[k] - y[k])/extent(n)", "it is 1/extent(n) times what it should be"),
        ("∂C/∂z2[k] = mean(n) (a2[k] - y[k])", ""),
    ],
)
def test_what_is_wrong_with_a_mean_is_said_of_one_sample(answer: str, words: str) -> None:
    verdict = check(BATCH, answer)
    assert not verdict
    assert verdict.change.startswith(words)
    assert bool(verdict.change) == bool(words)


def test_a_regulariser_is_the_same_for_all_samples() -> None:
    assert check(RIDGE, "∂C/∂w = mean(n) 2*x*(w*x - y) + lambda*w")
    assert check(RIDGE, "∂C/∂w = 1/extent(n)*(sum(n) 2*x[n]*(w*x[n] - y[n])) + lambda*w")
    assert check(RIDGE, "∂C/∂w = (sum(n) 2*x*(w*x - y) + lambda*w)/extent(n)").change == ""
    assert check(RIDGE, "∂C/∂w = sum(n) 2*x*(w*x - y) + lambda*w").change.startswith("the sum over the samples n")
    assert check(RIDGE, "∂C/∂w = mean(n) x*(w*x - y) + lambda*w").change == "the factor 2 of 2·x·(x·w − y) is missing"


def test_a_right_side_alone_is_of_the_only_param() -> None:
    assert check(RIDGE, "mean(n) 2*x[n]*(w*x[n] - y[n]) + lambda*w")


def test_what_cannot_be_read_with_the_sample_is_refused_for_that() -> None:
    with pytest.raises(NotationError) as caught:
        check(BATCH, "∂C/∂W2[k,j] = mean(n) a1[n,j]*q[n,k]")
    assert caught.value.what == "no tensor is named q"


FAR = (
    "data a[d], p[d], n[d]\nparam W[e,d]\nconst margin = 300\nbatch s\nu[e] = sum(d) W[e,d]*a[d]\n"
    "v[e] = sum(d) W[e,d]*p[d]\nw[e] = sum(d) W[e,d]*n[d]\n"
    "gap = (sum(e) (u[e]-v[e])^2) - (sum(e) (u[e]-w[e])^2) + margin\ncost C = maximum(0, gap)"
)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("∂C/∂u[s,e] = 2*{}(w[s,e] - v[s,e])", "[gap[s] > 0]*"),
        ("∂C/∂W[e,d] = mean(s) 2*{}((u[e]-v[e])*(a[d]-p[d]) - (u[e]-w[e])*(a[d]-n[d]))", "[gap > 0]*"),
    ],
)
def test_half_a_cost_is_wrong_for_the_whole_batch_too(answer: str, kept: str) -> None:
    assert not check(parse(FAR), answer.format(""))
    assert check(parse(FAR), answer.format(kept))


def test_a_wrong_sign_of_a_mean_is_named() -> None:
    system = parse("data x, y\nparam w\nbatch n\nz = w*x\ncost C = (z - y)^2")
    assert "the sign is wrong" in check(system, "∂C/∂w = mean(n) 2*(y[n] - z[n])*x[n]").change


def test_a_side_that_no_sample_reaches_is_said() -> None:
    system = parse("data x\nparam w\nbatch n\nz = w*x\ncost C = maximum(sin(z), 0 - 5)")
    verdict = check(system, "∂C/∂w = mean(n) cos(z)*x")
    assert verdict
    assert verdict.untried == ("sin(z[n]) < −5",)
    assert str(verdict).endswith("\nNot compared where sin(z[n]) < −5: no such point was found")


@pytest.mark.parametrize(
    "answer",
    [
        "∂C[n]/∂z2[n,k] = a2[n,k] - y[n,k]",
        "∂C[n]/∂z2[n,p] = a2[n,p] - y[n,p]",
        "∂C[n]/∂z1[n,j] = a1[n,j]*(1 - a1[n,j])*(sum(k) W2[k,j]*∂C[n]/∂z2[n,k])",
    ],
)
def test_the_derivative_of_the_cost_of_a_sample_may_name_it_twice(answer: str) -> None:
    assert check(BATCH, answer).message.startswith("Right: ∂C/∂z")


def test_it_may_stand_on_the_right_and_be_by_a_number() -> None:
    assert check(BATCH, "∂C/∂W2[k,j] = mean(n) a1[n,j]*∂C[n]/∂z2[n,k]")
    line = parse("data x[i], y\nparam w[i]\nbatch n\np = sum(i) w[i]*x[i]\ncost C = (p - y)^2")
    assert check(line, "∂C[n]/∂p[n] = 2*(p[n] - y[n])")
    assert check(line, "∂C/∂w[i] = mean(n) ∂C[n]/∂p[n]*x[n,i]")


def test_a_wrong_one_that_names_its_sample_twice_is_found() -> None:
    assert check(BATCH, "∂C[n]/∂z2[n,k] = y[n,k] - a2[n,k]").change.startswith("the sign is wrong")
    wrong = check(BATCH, "∂C/∂W2[k,j] = sum(n) a1[n,j]*∂C[n]/∂z2[n,k]")
    assert wrong.change.startswith("the sum over the samples n stands where their mean belongs")


NO_SAMPLES = {
    "∂C[n]/∂z2[m,k] = a2[n,k]": ("by the z2 of that sample, by no other", "as in ∂C[n]/∂z2[n,…]"),
    "∂C[n]/∂z2[k] = a2[n,k]": ("by the z2 of that sample, by no other", "as in ∂C[n]/∂z2[n,…]"),
    "∂C[n,k]/∂z2[n,k] = a2[n,k]": ("by the z2 of that sample, by no other", "as in ∂C[n]/∂z2[n,…]"),
    "∂C[n]/∂b2[k] = a2[n,k]": ("∂C[n]/∂b2, one for each sample, is not derived", "∂C/∂b2 without [n]"),
    "∂C[n]/∂b2[n,k] = a2[n,k]": ("∂C[n]/∂b2, one for each sample, is not derived", "∂C/∂b2 without [n]"),
}


@pytest.mark.parametrize("answer", NO_SAMPLES)
def test_one_that_is_no_derivative_for_each_sample_says_what_is(answer: str) -> None:
    with pytest.raises(NotationError) as caught:
        check(BATCH, answer)
    what, expected = NO_SAMPLES[answer]
    assert what in caught.value.what
    assert expected in caught.value.expected
    assert caught.value.column == answer.index("z2" if "z2" in answer else "C") + 1

"""The words for a mistake name it as a reader of the answer would, and what shows no difference is not shown."""

from __future__ import annotations

import pytest

from cases import two_layers
from chainrule.checking import check
from chainrule.notation import parse

NETWORK = two_layers("cross-entropy")
TRIPLET = "param p[j], q[j], a[j]\ngap = (sum(j) (a[j]-p[j])^2) - (sum(j) (a[j]-q[j])^2)\ncost C = relu(gap)"
SCALAR = "param a, d\ndata y\ngap = a*d - y\ncost C = relu(gap)^2"
SVM = (
    "data x[i], y : int(k)\nparam W[k,i]\nconst delta = 1\ns[k] = sum(i) W[k,i]*x[i]\n"
    "cost C = (sum(k) maximum(0, s[k] - s[y] + delta)) - delta"
)
HUBER = "const d\ngiven d > 0\nparam w[i]\ncost C = sum(i) where(abs(w[i]) <= d, 1/2*w[i]^2, d*(abs(w[i]) - d/2))"
CORRELATION = (
    "data y[i]\nparam x[i]\nmx = mean(i) x[i]\nmy = mean(i) y[i]\nu[i] = x[i]-mx\nv[i] = y[i]-my\n"
    "cost r = (sum(i) u[i]*v[i])/sqrt((sum(i) u[i]^2)*(sum(i) v[i]^2))"
)

WORDS = [
    (TRIPLET, "∂C/∂p[j] = 2*[gap > 0]*(a[j]-p[j])", "the sign is wrong: it is −1 times what it should be"),
    (SCALAR, "∂C/∂a = -2*relu(gap)*d", "the sign is wrong: it is −1 times what it should be"),
    (SCALAR, "∂C/∂a = relu(gap)*d", "a factor of 2 is missing"),
    (SVM, "∂C/∂s[k] = [s[k]-s[y]+1 > 0] - [k = y]", "the sum over m is missing: only its term m = k is there"),
    (HUBER, "∂C/∂w[i] = where(abs(w[i]) <= d, -w[i], d*sign(w[i]))", "the sign of −w[i] is wrong"),
    (
        "data y[i]\nparam p[i]\nu = sum(i) p[i]*y[i]\nd = sum(i) (y[i] + p[i])\ncost C = u/d",
        "∂C/∂p[i] = y[i]/d",
        "the term −u/d is missing next to y[i]",
    ),
    (
        "data x, y\nparam v\ncost C = (x - y)/sqrt(v + 2)",
        "∂C/∂v = -(x - y)/(2*v^(3/2))",
        "the term 2 is missing next to v",
    ),
    (NETWORK, "∂C/∂b1[j] = sum(j) ∂C/∂z1[j]", "the sum over j is superfluous: not Σ_j ∂C/∂z1[j] but ∂C/∂z1[j]"),
]


@pytest.mark.parametrize(("text", "answer", "words"), WORDS)
def test_a_mistake_is_named_in_the_letters_of_the_answer(text: str, answer: str, words: str) -> None:
    assert check(parse(text), answer).change == words


def test_a_number_for_a_sum_of_brackets_is_not_told_as_one_term_many_times() -> None:
    system = parse("data m[k]\nparam z[k]\ncost C = (sum(k) [m[k] > 0]*z[k]^2)/(sum(k) [m[k] > 0])")
    verdict = check(system, "∂C/∂z[k] = 2*[m[k] > 0]*z[k]/extent(k)")
    assert not verdict
    assert "term" not in verdict.change


def test_terms_that_cancel_in_the_truth_explain_nothing() -> None:
    verdict = check(parse(CORRELATION), "∂r/∂x[i] = v[i]/sqrt((sum(j) u[j]^2)*(sum(j) v[j]^2))")
    assert not verdict
    assert "extent(i) times" not in verdict.change


@pytest.mark.parametrize(
    ("text", "answer", "end"),
    [
        (TRIPLET, "∂C/∂q[j] = 2*[gap > 0]*(a[j]-q[j]) + 1e-6", "is 0, the answer gives 1e−06"),
        ("param x[i]\nm = mean(i) x[i]\ncost C = mean(i) (x[i]-m)^2", "∂C/∂x[i] = mean(j) (x[j]-m)", "gives 0"),
    ],
)
def test_rounding_and_a_negative_zero_are_shown_as_0(text: str, answer: str, end: str) -> None:
    assert check(parse(text), answer).numbers[0].endswith(end)

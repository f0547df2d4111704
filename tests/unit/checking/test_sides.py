"""Half of a domain, half of a cost: an answer is compared on both sides of whatever bends, breaks off or ends."""

from __future__ import annotations

import pytest

from chainrule.checking import check
from chainrule.notation import parse

LOGARITHM = "param x[i]\ncost L = sum(i) x[i]^2*log(x[i]^2)"
ALONE = "param x\ncost L = x^2*log(x^2)"
TRIPLET = (
    "data a[d], p[d], n[d]\nparam W[e,d]\nconst margin{0}\nu[e] = sum(d) W[e,d]*a[d]\nv[e] = sum(d) W[e,d]*p[d]\n"
    "w[e] = sum(d) W[e,d]*n[d]\ngap = (sum(e) (u[e]-v[e])^2) - (sum(e) (u[e]-w[e])^2) + margin\n"
    "cost C = maximum(0, gap)"
)
FAR = TRIPLET.format(" = 300")
HINGE = "data y\nparam z\ncost L = maximum(0, 1 - y*z)"
KNEE = "param x[i]\ncost C = maximum(9 - (sum(i) x[i]^2), 0)"
LEAKY = "param w[i], x[i]\nh[i] = where(x[i] > 5, x[i], x[i]/10)\ncost C = sum(i) w[i]*h[i]"
SQUARES = "param x[i]\ncost C = sum(i) x[i]^2/2"
MASK = "const m[i]\nparam x[i]\ncost f = log(sum(i) [m[i] = 1]*exp(x[i]))"
CHOICE = "const n[i]\nparam x[i]\ncost f = sum(i) where(n[i] = 0, 0, x[i]/n[i])"
FUNCTION = "def bend(t) = where(t > 4, t^2, t)\nparam x\ncost C = bend(x)"
THREE = "param a, b, c\ncost C = relu(a)*relu(b)*relu(c)"
LARGEST = "param a, b, c\ncost C = maximum(a, maximum(b, c))^2"
CLIPPED = "data A\nparam r\nconst e = 0.2\ncost C = minimum(r*A, clip(r, 1 - e, 1 + e)*A)"
SVM = (
    "data x[i], y : int(k)\nparam W[k,i]\nconst delta\ns[k] = sum(i) W[k,i]*x[i]\n"
    "cost C = sum(k) [k != y]*maximum(0, s[k] - s[y] + delta)"
)
POOL = "param z[i]\na[i] = relu(z[i] - 3)\nm = max(i) a[i]\ncost C = m"

WRONG = [
    (LOGARITHM, "∂L/∂x[i] = 4*x[i]*log(x[i]) + 2*x[i]", "it has no value at points where the derivative has one"),
    (ALONE, "∂L/∂x = 4*x*log(x) + 2*x", "it has no value at points where the derivative has one"),
    ("param x\ncost C = x^2/2", "∂C/∂x = sqrt(x^2)", ""),
    (SQUARES, "∂C/∂x[i] = x[i]*log1p(x[i]/5)/log1p(x[i]/5)", "it has no value at points where"),
    ("param x\ncost C = x^2/2", "∂C/∂x = x*sqrt(x)/sqrt(x)", "it has no value at points where"),
    (TRIPLET.format(""), "∂C/∂u[e] = 2*(w[e] - v[e])", ""),
    (FAR, "∂C/∂u[e] = 2*(w[e] - v[e])", ""),
    (HINGE, "∂L/∂z = -y", ""),
    (KNEE, "∂C/∂x[i] = -2*x[i]", ""),
    (LEAKY, "∂C/∂w[i] = x[i]/10", ""),
    (MASK, "∂f/∂x[i] = exp(x[i])/(sum(k) [m[k] = 1]*exp(x[k]))", ""),
    (CHOICE, "∂f/∂x[i] = 1/n[i]", ""),
    (FUNCTION, "∂C/∂x = 1", ""),
]


@pytest.mark.parametrize(("text", "answer", "words"), WRONG)
def test_an_answer_for_one_side_is_wrong(text: str, answer: str, words: str) -> None:
    verdict = check(parse(text), answer)
    assert not verdict
    assert verdict.message.startswith(f"Wrong: {words}")


RIGHT = [
    (LOGARITHM, "∂L/∂x[i] = 4*x[i]*log(abs(x[i])) + 2*x[i]"),
    (ALONE, "∂L/∂x = 2*x*(1 + log(x^2))"),
    ("given x[i] > 0\n" + LOGARITHM, "∂L/∂x[i] = 4*x[i]*log(x[i]) + 2*x[i]"),
    (TRIPLET.format(""), "∂C/∂u[e] = [gap > 0]*2*(w[e] - v[e])"),
    (FAR, "∂C/∂u[e] = where(gap <= 0, 0, 2*(w[e] - v[e]))"),
    (HINGE, "∂L/∂z = -y*[y*z < 1]"),
    (KNEE, "∂C/∂x[i] = -2*x[i]*[sum(k) x[k]^2 <= 9]"),
    (LEAKY, "∂C/∂w[i] = maximum(x[i]/10, x[i]*[x[i] > 5])*[x[i] > 0] + x[i]/10*[x[i] <= 0]"),
    (MASK, "∂f/∂x[i] = [m[i] = 1]*exp(x[i] - f)"),
    (CHOICE, "∂f/∂x[i] = where(n[i] != 0, 1/n[i], 0)"),
    (FUNCTION, "∂C/∂x = where(x > 4, 2*x, 1)"),
    ("data y\nparam z\nh = relu(z)\ncost C = sqrt(h)*y", "∂C/∂z = [z > 0]*y/(2*sqrt(z))"),
    ("param x[i]\ncost C = sum(i) exp(9*x[i]^2)", "∂C/∂x[i] = 18*x[i]*exp(9*x[i]^2)*exp(999*x[i]^2)/exp(999*x[i]^2)"),
    (POOL, "∂C/∂a[i] = [a[i] = m]"),
    (THREE, "∂C/∂a = relu(b)*relu(c)*[a > 0]"),
    (LARGEST, "∂C/∂b = 2*b*[b > a and b > c]"),
    (CLIPPED, "∂C/∂r = where(A > 0, A*[r < 1 + e], A*[r > 1 - e])"),
]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (THREE, "∂C/∂a = relu(b)*relu(c)"),
        (THREE, "∂C/∂a = [a > 0]*[b > 0]*b*c"),
        (THREE, "∂C/∂a = [a > 0]*relu(b)*relu(c) + [a < 0]*[b < 0]*[c < 0]"),
        (LARGEST, "∂C/∂a = 2*a*[a > c]"),
        (LARGEST, "∂C/∂b = 2*abs(b)*[b > a]*[b > c]"),
        (CLIPPED, "∂C/∂r = A*[not (A < 0 and r < 1 - e)]"),
        (CLIPPED, "∂C/∂r = A*[not (A > 0 and r > 1 + e)]"),
        ("param a, b, c, d\ncost C = relu(a)*d^2*b*c", "∂C/∂d = 2*relu(a)*abs(d)*b*c"),
    ],
)
def test_an_answer_that_is_wrong_only_where_two_sides_meet_is_wrong(text: str, answer: str) -> None:
    assert not check(parse(text), answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("∂C/∂W[k,i] = [s[k] - s[y] + delta > 0]*x[i]", "is missing"),
        ("∂C/∂s[k] = [k != y]*[s[k]-s[y]+delta > 0] - [k = y]*((sum(m) [s[m]-s[y]+delta > 0]) - 1)", "is missing"),
    ],
)
def test_a_change_that_explains_an_answer_on_one_side_alone_is_not_named(answer: str, words: str) -> None:
    verdict = check(parse(SVM), answer)
    assert not verdict
    assert words not in verdict.change


@pytest.mark.parametrize(("text", "answer"), RIGHT)
def test_an_answer_for_both_sides_is_right(text: str, answer: str) -> None:
    verdict = check(parse(text), answer)
    assert verdict, str(verdict)
    assert verdict.untried == ()


@pytest.mark.parametrize(
    ("text", "answer", "side"),
    [
        ("param x\ncost C = maximum(sin(x), 0 - 5)", "∂C/∂x = cos(x)", "sin(x) < −5"),
        ("param x, w\ncost C = where(tanh(x) > 2, x, w)", "∂C/∂w = 1", "tanh(x) > 2"),
    ],
)
def test_a_side_that_no_point_reaches_is_said(text: str, answer: str, side: str) -> None:
    verdict = check(parse(text), answer)
    assert verdict
    assert verdict.untried == (side,)
    assert str(verdict).endswith(f"\nNot compared where {side}: no such point was found")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("param x[i]\ns = sum(i) x[i]^2\ncost C = maximum(s, 0)", "∂C/∂x[i] = 2*x[i]"),
        ("param x[i]\ncost C = sum(i) [i > 1]*abs(x[i]^2)", "∂C/∂x[i] = [i > 1]*2*x[i]"),
        ("param x[i]\ncost C = sum(i) relu(exp(x[i]))", "∂C/∂x[i] = exp(x[i])"),
    ],
)
def test_a_side_that_is_plainly_empty_is_not_mentioned(text: str, answer: str) -> None:
    verdict = check(parse(text), answer)
    assert verdict
    assert verdict.untried == ()


def test_an_answer_without_a_value_shows_the_term_that_has_none() -> None:
    verdict = check(parse(LOGARITHM), "∂L/∂x[i] = 4*x[i]*log(x[i]) + 2*x[i]")
    assert verdict.numbers[0].endswith("the answer has no value there")
    assert "log(x[" in verdict.numbers[2]
    assert "nan" in verdict.numbers[2]

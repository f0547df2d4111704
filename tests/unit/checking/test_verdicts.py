"""Verdicts on answers that a grader gets wrong easily: sums side by side, terms that cancel, two entries, labels."""

from __future__ import annotations

import numpy as np
import pytest

from cases import two_layers
from chainrule.checking import check, grading
from chainrule.checking.answer import read_answer
from chainrule.checking.points import differing, drawn_points
from chainrule.errors import NotationError
from chainrule.notation import parse
from chainrule.pipeline import backprop, cotangents_for
from chainrule.render.document import Line
from chainrule.render.document_latex import document_latex
from chainrule.render.document_text import document_text
from chainrule.system.model import System
from chainrule.verify.unequal import MOST_ENTRIES, unequal_extents
from unit.checking.systems import NETWORK
from unit.network.builders import classifier

SUMS = "data x[i], y[k]\nparam s\ncost C = s*(sum(i) x[i])*(sum(k) y[k])"
THREE = "param x[i], y[k], z[m]\ncost C = (sum(i) x[i]^2)*(sum(k) y[k]^2)*(mean(m) z[m]^2)"
MARKED = "param w[i], U[i,j]\ncost C = sum(i) w[i]*U?[i+1,i]"
EMBEDDED = "data tok[t] : int(v)\nparam E[v,d], g[t]\ncost C = (sum(t,d) g[t]*E[tok[t],d])*(sum(d,v) E[v,d])"

NORMALISED = (
    "data x[n,i]\nparam W[j,i], b[j]\nconst eps\nh[n,j] = (sum(i) W[j,i]*x[n,i]) + b[j]\nmu[j] = mean(n) h[n,j]\n"
    "v[j] = mean(n) (h[n,j]-mu[j])^2\nz[n,j] = (h[n,j]-mu[j])/sqrt(v[j]+eps)\ncost L(z[n,j])"
)
SHIFTED = (
    "data u[k], y[k]\nparam c\ngiven sum(k) y[k] = 1\nz[k] = u[k] + c\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
    "cost C = -sum(k) y[k]*log(a[k])"
)
KEYS = (
    "data q[s,d], k[t,d], v[t,e], y[s,e]\nparam b[d]\nz[s,t] = sum(d) q[s,d]*(k[t,d] + b[d])\n"
    "p[s,t] = exp(z[s,t])/(sum(r) exp(z[s,r]))\no[s,e] = sum(t) p[s,t]*v[t,e]\ncost C = sum(s,e) (o[s,e] - y[s,e])^2"
)
COSINE = (
    "data y[i]\nparam x[i], s\nu[i] = s*x[i]\nr = sqrt(sum(i) u[i]^2)\nl = sqrt(sum(i) y[i]^2)\n"
    "cost C = (sum(i) u[i]*y[i])/(r*l)"
)
CENTRED = "data x[n]\nparam w\nmu = mean(n) x[n]\nd[n] = x[n] - mu\ns = sum(n) d[n]\ncost C = s*w"
STANDARD = "param u[n]\nmu = mean(n) u[n]\ns = sqrt(mean(n) (u[n]-mu)^2)\nz[n] = (u[n]-mu)/s\ncost L(z[n])"
CORRELATION = (
    "param a[n]\ndata b[n]\np[n] = a[n] - (mean(m) a[m])\nq[n] = b[n] - (mean(m) b[m])\nr = sum(n) p[n]^2\n"
    "cost C = (sum(n) p[n]*q[n])/sqrt(r*(sum(n) q[n]^2))"
)
PICKED = "data x[j], y : int(j)\nparam w[j]\ncost C = w[y]*x[y]"
SVM = (
    "data x[d], y : int(j)\nparam W[d,j]\ns[j] = sum(d) W[d,j]*x[d]\n"
    "cost L = sum(j) [j != y]*maximum(0, s[j] - s[y] + 1)"
)
FILTER = "data x[p]\nparam w[u]\nz[p] = sum(u) w[u]*x?[p+u-2]\ncost L(z[p])"
TRACE = "index i = 3, j = 3\nparam a[i,j]\ncost h = sum(i,j) a[i,j]^2"

RIGHT = [
    (SUMS, "∂C/∂s = (sum(i) x[i])*(sum(k) y[k])"),
    (SUMS, "∂C/∂s = (sum(a) x[a])*(sum(a) y[a])"),
    (SUMS, "∂C/∂x[i] = s*(sum(k) y[k])"),
    (THREE, "∂C/∂x[a] = 2*x[a]*(sum(k) y[k]^2)*(mean(k) z[k]^2)"),
    (MARKED, "∂C/∂w[i] = U?[i+1,i]"),
    (EMBEDDED, "∂C/∂g[t] = (sum(d) E[tok[t],d])*(sum(d,v) E[v,d])"),
    (NORMALISED, "∂L/∂b[j] = 0"),
    (SHIFTED, "∂C/∂c = 0"),
    (SHIFTED, "∂C/∂c = 2*(sum(k) (a[k] - y[k])) + (sum(k) y[k])*(1 - (sum(k) a[k]))"),
    (KEYS, "∂C/∂b[d] = 0"),
    (COSINE, "∂C/∂s = 0"),
    (CENTRED, "∂C/∂w = 0"),
    (CENTRED, "∂C/∂w = s"),
    (STANDARD, "∂L/∂u[n] = (∂L/∂z[n] - (mean(m) ∂L/∂z[m]) - z[n]*(mean(m) ∂L/∂z[m]*z[m]))/s"),
    (CORRELATION, "∂C/∂a[n] = (q[n]/sqrt(sum(m) q[m]^2) - C*p[n]/sqrt(r))/sqrt(r)"),
    (PICKED, "∂C/∂w[j] = [y = j]*x[y]"),
    (SVM, "∂L/∂W[d,j] = x[d]*([j != y]*[s[j]-s[y]+1 > 0] - [j = y]*(sum(k) [k != y]*[s[k]-s[y]+1 > 0]))"),
    (FILTER, "∂L/∂x[r] = sum(u) w[u]*∂L/∂z?[r-u+2]"),
    (FILTER, "sum(u) w[u]*∂L/∂z?[r-u+2]"),
]


@pytest.mark.parametrize(("text", "answer"), RIGHT)
def test_a_right_answer_is_graded_right(text: str, answer: str) -> None:
    verdict = check(parse(text), answer, wrt=None if "=" in answer else "x")
    assert verdict, str(verdict)


WRONG = [
    (SUMS, "∂C/∂s = (sum(i) x[i])*(sum(k) x[k])"),
    (SUMS, "∂C/∂s = sum(i) x[i]*y[i]"),
    (MARKED, "∂C/∂w[i] = U?[i,i+1]"),
    (NORMALISED, "∂L/∂b[j] = sum(n) ∂L/∂z[n,j]"),
    (SHIFTED, "∂C/∂c = 1 - y[0]"),
    (SHIFTED, "∂C/∂c = 1/1000000"),
    (COSINE, "∂C/∂s = 1/s"),
    (CENTRED, "∂C/∂w = s + 1/100000000"),
    (STANDARD, "∂L/∂u[n] = (∂L/∂z[n] - z[n]*(mean(m) ∂L/∂z[m]*z[m]))/s"),
    (STANDARD, "∂L/∂u[n] = 0"),
    (PICKED, "∂C/∂w[j] = x[j]"),
    (FILTER, "∂L/∂x[r] = sum(u) w[u]*∂L/∂z?[r-u+1]"),
    (FILTER, "∂L/∂x[r] = sum(u) w[u]*∂L/∂z?[r+u-2]"),
    (TRACE, "∂h/∂a[i,j] = 2*(sum(k) a[k,k])"),
]


@pytest.mark.parametrize(("text", "answer"), WRONG)
def test_a_wrong_answer_near_it_is_graded_wrong(text: str, answer: str) -> None:
    assert not check(parse(text), answer)


@pytest.mark.parametrize("text", [NORMALISED, SHIFTED, KEYS, COSINE, CENTRED])
def test_where_the_terms_cancel_it_is_said(text: str) -> None:
    system = parse(text)
    tensor = system.params[-1]
    verdict = check(system, "0", wrt=tensor)
    assert "\nIt is 0: the terms cancel" in verdict.message
    verdict = check(system, "1/3", wrt=tensor)
    assert verdict.message.startswith("Wrong: the derivative is 0, because its terms cancel.\n")
    assert (verdict.expected, verdict.change) == (0.0, "")
    assert "e−1" not in str(verdict), "rounding is shown"


def test_a_small_derivative_is_not_taken_for_zero() -> None:
    system = parse("param x[i]\ncost C = 1e-15*(sum(i) x[i]^2)")
    assert not check(system, "∂C/∂x[i] = 0")
    assert check(system, "∂C/∂x[i] = 2e-15*x[i]")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("param z\ngiven z > 30\na = sigmoid(z)\ncost C = -log(1 - a)", "∂C/∂z = exp(-z)*a^2/(1 - a)"),
        ("param x[i]\ncost C = sum(i) exp(x[i])", "∂C/∂x[i] = exp(x[i])*exp(999*x[i])/exp(999*x[i])"),
        ("param x\ncost C = x^2", "∂C/∂x = ((1e7 + x)^2 - 1e14 - x^2)/1e7"),
    ],
)
def test_digits_that_are_lost_on_the_way_are_no_difference(text: str, answer: str) -> None:
    verdict = check(parse(text), answer)
    assert verdict, str(verdict)
    assert not check(parse(text), answer + "*1.1")


def test_a_long_chain_does_not_hide_an_error() -> None:
    layers = "\n".join(f"h{n + 1}[j] = tanh(sum(i) W[j,i]*h{n}[i])" for n in range(30))
    system = parse(f"index j = 4, i = 4\nparam W[j,i], h0[j]\n{layers}\ncost C = sum(j) h30[j]")
    line = backprop(system).derivation("h0").equation().split(" = ", 1)[1]
    assert check(system, line, wrt="h0")
    assert not check(system, f"1.00001*({line})", wrt="h0")


def test_a_letter_for_two_extents_is_a_clash() -> None:
    change = check(parse(SUMS), "∂C/∂s = sum(i) x[i]*y[i]").change
    assert change == "index i would run over axis i of x and axis k of y, which may differ in extent"
    sized = parse("index p = 6, u = 3\ndata x[p]\nparam w[u]\nz[q] = sum(u) w[u]*x[q+u]\ncost C = sum(q) z[q]^2")
    change = check(sized, "∂C/∂w[u] = 2*(sum(q) z[q]*x[q])").change
    assert change == "index q would run over axis q of z and axis p of x, which have 4 and 6 entries"


def test_extents_that_are_declared_equal_are_not_said_to_differ() -> None:
    assert "may differ" not in check(parse(TRACE), "∂h/∂a[i,j] = 2*(sum(k) a[k,k])").message


def test_lines_of_a_network_are_graded_right() -> None:
    network = classifier()
    lines = [str(line).strip() for line in str(network.equations()).split("backward pass\n")[1].splitlines()]
    assert lines[0].startswith("δ2[k] = ∂C/∂z2[k] = ")
    for line in lines:
        verdict = check(network.system, line)
        assert verdict, f"{line}\n{verdict}"


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("δ2[k] = ∂C/∂z1[k] = a2[k]", "this is another derivative than ∂C/∂z2"),
        ("∂C/∂z2[k] = a2[k] - y[k] = 0", "there is more than one right side"),
    ],
)
def test_two_sides_that_do_not_fit_are_refused(answer: str, what: str) -> None:
    with pytest.raises(NotationError) as caught:
        check(NETWORK, answer)
    assert caught.value.what == what


@pytest.mark.parametrize("text", [NORMALISED, KEYS, SVM, FILTER, TRACE, EMBEDDED])
def test_points_have_three_entries_and_more(text: str) -> None:
    system: System = parse(text)
    for seed in range(4):
        sizes = unequal_extents(system, seed)
        assert len(set(sizes.values())) == len(sizes)
        for evaluation in drawn_points(cotangents_for(system, system.params[0]).system, [seed]):
            assert min(evaluation.sizes.values()) >= 3
    several = [unequal_extents(system, seed) for seed in range(3)]
    assert all(len({sizes[extent] for sizes in several}) == 3 for extent in several[0])


def test_no_tensor_at_a_point_is_large() -> None:
    system = parse("data x[a,b,c,d,e,f,g]\nparam w\ncost C = w*(sum(a,b,c,d,e,f,g) x[a,b,c,d,e,f,g])")
    for seed in range(4):
        sizes = unequal_extents(system, seed)
        assert min(sizes.values()) == 3
        assert np.prod([sizes[i.extent] for i in system.axes("x")]) <= MOST_ENTRIES


def test_what_is_below_the_rounding_of_its_terms_does_not_differ() -> None:
    left, right = np.asarray([1e-17, 1e-5, np.nan]), np.asarray([0.0, 0.0, 1.0])
    assert differing(left, right).tolist() == [False, True, False]
    assert differing(left[:1], right[:1]).tolist() == [True]
    assert differing(left, right, np.ones(3)).tolist() == [False, True, False]


def test_a_point_at_which_the_terms_happen_to_cancel_is_drawn_again() -> None:
    system = parse("index n = 2\ndata t[n] : int(v)\nparam s, x[v]\ncost C = s*(x[t[0]] - x[t[1]])")
    cotangents = cotangents_for(system, "s")
    case = grading._case(read_answer("∂C/∂s = 1", "s", cotangents), cotangents)
    assert all(np.any(value) for value in case.true_values)
    drawn = drawn_points(cotangents.system, range(len(case.true_values)))
    assert any(evaluation.values["t"][0] == evaluation.values["t"][1] for evaluation in drawn)


def test_the_next_answer_is_compared_at_the_points_that_are_known() -> None:
    """Nothing is drawn, derived or computed twice; another tensor has points of its own."""
    system = parse(two_layers("quadratic"))
    cotangents = cotangents_for(system, "z2")
    first = grading._case(read_answer("∂C/∂z2[k] = a2[k]", "z2", cotangents), cotangents)
    again = grading._case(read_answer("∂C/∂z2[k] = 2*a2[k]*y[k]", "z2", cotangents), cotangents_for(system, "z2"))
    assert [id(point) for point in first.points.points] == [id(point) for point in again.points.points]
    cotangents = cotangents_for(system, "a1")
    other = grading._case(read_answer("∂C/∂a1[j] = sum(k) W2[k,j]*∂C/∂a2[k]", "a1", cotangents), cotangents)
    assert not {id(point) for point in first.points.points} & {id(point) for point in other.points.points}


def test_formulas_of_a_verdict_are_mathematics_whatever_is_in_them() -> None:
    system = parse("param x[i]\ncost C = prod(i) (1 + x[i]^2)")
    verdict = check(system, "∂C/∂x[i] = x[i]*(prod(j) (1 + x[j]^2))/(1 + x[i]^2)")
    latex = document_latex(verdict.document())
    assert r"Correct: $\frac{\partial C}{\partial x_{i}} = 2 \, x_{i} \, \prod_{j} \begin{cases}" in latex
    assert r"answer: $\frac{x_{0} \, \left(\prod_{j} \left(1 + x_{j}^{2}\right)\right)}{1 + x_{0}^{2}} = " in latex
    assert document_text(verdict.document()).splitlines() == [*verdict.message.splitlines(), *verdict.numbers]


def test_layers_and_squares_are_told_apart_in_a_verdict() -> None:
    verdict = check(parse("param W[i], W2[i]\ncost C = 1/2*(sum(i) W2[i]^2*W[i]^2)"), "∂C/∂W2[i] = W2[i]")
    assert r"\frac{\partial C}{\partial W^{(2)}_{i}} = W^{(2)}_{i} \, W_{i}^{2}" in document_latex(verdict.document())


def test_a_right_answer_says_in_formulas_what_it_rests_on() -> None:
    system = parse("data y[k]\nparam z\ngiven sum(k) y[k] = 1\ncost C = sum(k) y[k]*z")
    lines = check(system, "∂C/∂z = 1").document().nodes
    assert [str(piece) for line in lines if isinstance(line, Line) for piece in line.words] == [
        "Right: ",
        "∂C/∂z = 1",
        "This uses what is given: ",
        "Σ_k y[k] = 1",
    ]

"""Spellings of textbooks: those that are read print as the notation writes them, and take no name from anybody."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DerivativeError, NotationError
from support import assert_close

HEAD = "data x[i], y[k]\nparam w[i], W[k,i], z[k], t\n"

READ = [
    ("q = ln(t)", "q = log(t)"),
    ("q = sum(k) y[k]*ln(z[k])", "q = sum(k) y[k]*log(z[k])"),
    ("a[k] = ReLU(z[k])", "a[k] = relu(z[k])"),
    ("q = |t|", "q = abs(t)"),
    ("q = sum(i) |w[i]|", "q = sum(i) abs(w[i])"),
    ("q = |t - |w[0]||*|x[0]|^2", "q = abs(t - abs(w[0]))*abs(x[0])^2"),
    ("q = ||t| - 1|", "q = abs(abs(t) - 1)"),
    ("a[i] = [|w[i]| < 1]", "a[i] = [abs(w[i]) < 1]"),
    ("q = sum_{i} w[i]*x[i]", "q = sum(i) w[i]*x[i]"),
    ("q = sum_{k,i} W[k,i]", "q = sum(k,i) W[k,i]"),
    ("q = max_{i<2} x[i]", "q = max(i<2) x[i]"),
    ("q = mean_{ i } x[i] + prod_{i} w[i]", "q = (mean(i) x[i]) + (prod(i) w[i])"),
    ("q = sum(i) w_i*x_i", "q = sum(i) w[i]*x[i]"),
    ("q = Σ_i w_i·x_i", "q = sum(i) w[i]*x[i]"),
    ("a[k] = sum(i) W_ki*x_i", "a[k] = sum(i) W[k,i]*x[i]"),
    ("a[k] = sum_{i} W_{ki}*x_{i}", "a[k] = sum(i) W[k,i]*x[i]"),
    ("a[k] = sum(i) W_{k,i}*x_{ i }", "a[k] = sum(i) W[k,i]*x[i]"),
    ("a[k] = exp(z_k)/Σ_j exp(z_j)", "a[k] = exp(z[k])/(sum(j) exp(z[j]))"),
    ("q = sum(i) exp(w_i)^2/|x_i|", "q = sum(i) exp(w[i])^2/abs(x[i])"),
    ("given x_i > 0\nq = sum(i) w_i*|x_i|", "given x[i] > 0\nq = sum(i) w[i]*abs(x[i])"),
    ("data c : int(k)\nq = -log(z_c)", "data c : int(k)\nq = -log(z[c])"),
    ("param x_in[i]\nq = sum(i) x_in_i", "param x_in[i]\nq = sum(i) x_in[i]"),
    ("loss L = t^2", "cost L = t^2"),
    ("loss\tL(z[k])", "cost L(z[k])"),
    ("minimize L = t^2", "cost L = t^2"),
    ("minimize cost L = t^2", "cost L = t^2"),
    ("minimize  loss L = t^2", "cost L = t^2"),
    ("minimize f(z[k])", "cost f(z[k])"),
    ("\tq\t=\tsum(i)\tw[i]\t*\tx[i]\t# tabs", "q = sum(i) w[i]*x[i]"),
    ("cost\tC\t=\tt^2", "cost C = t^2"),
    ("const\tc\t=\t2\nq = c*t", "const c = 2\nq = c*t"),
]


@pytest.mark.parametrize(("written", "plain"), READ, ids=[written for written, _ in READ])
def test_a_textbook_spelling_is_read_and_prints_as_the_notation_does(written: str, plain: str) -> None:
    system = cr.parse(HEAD + written)
    assert system == cr.parse(HEAD + plain)
    assert cr.parse(str(system)) == system


FREE = [
    ("data loss[i]\nq = sum(i) loss[i]", "q = Σ_i loss[i]"),
    ("loss = t^2", "loss = t^2"),
    ("cost loss = t^2", "cost loss = t^2"),
    ("loss[k] = z[k]^2", "loss[k] = z[k]^2"),
    ("minimize = t + 1", "minimize = t + 1"),
    ("minimize[k] = z[k]", "minimize[k] = z[k]"),
    ("ln = 2*t\nq = ln + 1", "q = ln + 1"),
    ("def ln(s) = s^2\nq = ln(t)", "q = ln(t)"),
    ("abstract ReLU(s)\nq = ReLU(t)", "q = ReLU(t)"),
    ("param w_i\nq = w_i*t", "q = w_i·t"),
    ("w_i = 2*t\nq = w_i + (sum(i) w[i])", "q = w_i + Σ_i w[i]"),
    ("data T, e, stop\nq = T*e*stop", "q = T·e·stop"),
    ("sum_i = 3*t\nq = sum_i - 1", "q = sum_i − 1"),
    ("param w_\nq = w_*t", "q = w_·t"),
    ("q = sum(w_i) w[w_i]", "q = Σ_{w_i} w[w_i]"),
    ("index in_ = 3\nparam u[in_]\nq = sum(in_) u[in_]", "q = Σ_{in_} u[in_]"),
]


@pytest.mark.parametrize(("text", "last"), FREE, ids=[text for text, _ in FREE])
def test_no_spelling_takes_a_name_from_anybody(text: str, last: str) -> None:
    system = cr.parse(HEAD + text)
    assert str(system).split("\n")[-1] == last
    assert cr.parse(str(system)) == system


REFUSED = [
    ("param w_i\nq = w_{i}*t", "w_{i} could be the entry w[i] or the tensor w_i"),
    ("q = sum(m) w_m*W_mm", "index m would have two extents"),
    ("q = sum(i) w_1*x_i", "nothing is named w_1"),
    ("q = sum(i) w_foo*x_i", "nothing is named w_foo"),
    ("q = sum(i) W_i*x_i", "nothing is named W_i"),
    ("q = W_{i}", "W has 2 indices, not 1"),
    ("q = w_i", "index i is free on the right"),
    ("q = ||t||", "|| stands for no norm"),
    ("q = |w|", "w has 1 index: it is no number"),
    ("ln = 2*t\nq = ln(t)", "ln is a tensor, not a function"),
    ("loss L = t\ncost C = t", "the cost is L already"),
]


@pytest.mark.parametrize(("text", "what"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_could_mean_two_things_is_refused(text: str, what: str) -> None:
    if "index m" in what:
        text = "index i = 3, k = 4\n" + text
    with pytest.raises(NotationError) as caught:
        cr.parse(HEAD + text)
    assert what in caught.value.what


def test_the_caret_stands_at_the_letter_of_a_subscript() -> None:
    with pytest.raises(NotationError) as caught:
        cr.parse(HEAD + "q = 2*w_i")
    assert (caught.value.line, caught.value.column) == (3, 9)


def test_a_text_in_textbook_spelling_has_the_values_and_gradients_of_its_formula() -> None:
    system = cr.parse(
        "data x[i], y[k]\nparam W[k,i]\nz[k] = sum_{i} W_{ki}*x_i\n"
        "a[k] = exp(z_k)/sum_{j} exp(z_j)\nloss L = -sum_{k} y_k*ln(a_k) + Σ_{k,i} |W_ki|"
    )
    weights = np.array([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]])
    inputs, labels = np.array([1.0, -2.0, 0.5]), np.array([0.0, 1.0])
    logits = weights @ inputs
    share = np.exp(logits) / np.exp(logits).sum()
    cost, gradients = cr.value_and_grad(system, {"W": weights, "x": inputs, "y": labels})
    assert_close(cost, -math.log(share[1]) + np.abs(weights).sum())
    assert_close(gradients["W"], np.outer(share - labels, inputs) + np.sign(weights))


ANSWERS = [
    ("∂C/∂w_i = 2*t^2*w_i*|t|", "w"),
    ("∂C/∂w_{i} = 2*t^2*w_{i}*|t|", "w"),
    ("∂C/∂w_p = 2*|t|^3*w_p", "w"),
    ("2*|t|^3*w_p", "w"),
    ("∂C/∂t = 3*t*|t|*(sum_{i} w_i^2)", "t"),
    ("∂C/∂t\t=\t3*t*|t|*Σ_i w_i^2", "t"),
]


@pytest.mark.parametrize(("answer", "wrt"), ANSWERS, ids=[answer for answer, _ in ANSWERS])
def test_answers_are_read_in_the_same_spelling(answer: str, wrt: str) -> None:
    system = cr.parse("param w[i], t\ncost C = t^2*(sum(i) w_i^2)*|t|")
    assert cr.check(system, answer, wrt=wrt)
    assert not cr.check(system, answer.replace("|t|", "t", 1), wrt=wrt)


BARS = ["|" * 3000, "|-" * 3000 + "t", "|1+" * 300 + "t" + "|" * 300]


@pytest.mark.parametrize("text", BARS, ids=["alone", "with signs", "nested"])
def test_bars_that_are_too_many_are_refused(text: str) -> None:
    with pytest.raises(NotationError):
        cr.parse("param t\nq = " + text)


def test_bars_are_read_a_hundred_deep() -> None:
    system = cr.parse("param t\nq = " + "|1+" * 90 + "t" + "|" * 90)
    assert_close(cr.evaluate(system, {"t": -3.0})["q"], 91.0)


def test_an_equation_that_could_be_the_cost_is_named() -> None:
    with pytest.raises(DerivativeError, match="If L is the cost, its line begins so: cost L = …"):
        cr.backprop(cr.parse("param w[i]\nL = sum(i) w[i]^2"))

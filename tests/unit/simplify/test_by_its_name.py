"""The cost is called by its name where a book would, f·(1 − f), and not where its value stands by coincidence."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from printed import assert_lines, assert_right, printed, system_of
from support import assert_close

SOFTMAX = "a[k] = exp(z[k])/(sum(m) exp(z[m])); "
NAMED = {
    "a sigmoid": ("param w; cost f = sigmoid(2*w)", {"w": "2·f·(1 − f)"}),
    "a tanh": ("data x; param w, b; cost f = tanh(w*x + b)", {"w": "x·(1 − f^2)", "b": "1 − f^2"}),
    "an exponential": ("data x[i]; param w[i]; cost f = exp(sum(i) w[i]*x[i])", {"w": "f·x[i]"}),
    "a norm": ("param X[i,j]; cost f = sqrt(sum(i,j) X[i,j]^2)", {"X": "X[i,j]/f"}),
    "a distance": ("data x, y; param u, v; cost r = sqrt((u - x)^2 + (v - y)^2)", {"u": "(u − x)/r", "v": "(v − y)/r"}),
    "a smooth absolute value": ("param w; const e = 1/8; cost f = sqrt(w^2 + e)", {"w": "w/f"}),
    "a standard deviation": (
        "param a[i]; m = mean(i) a[i]; cost f = sqrt(mean(i) (a[i] - m)^2)",
        {"a": "(a[i] − m)/(extent(i)·f)"},
    ),
    "an expected reward": (
        f"data r[k]; param z[k]; {SOFTMAX}cost J = sum(k) a[k]*r[k]",
        {"z": "a[k]·(r[k] − J)"},
    ),
    "a cosine": (
        "data v[i]; param u[i]; cost f = (sum(i) u[i]*v[i])/(sqrt(sum(i) u[i]^2)*sqrt(sum(i) v[i]^2))",
        {"u": "(v[i]/sqrt(Σ_j v[j]^2) − f·u[i]/sqrt(Σ_j u[j]^2))/sqrt(Σ_j u[j]^2)"},
    ),
    "a network of one output": (
        "data x; param w, v; h = sigmoid(w*x); cost O = sigmoid(v*h)",
        {"w": "x·v·h·O·(1 − h)·(1 − O)", "v": "h·O·(1 − O)"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), NAMED.values(), ids=NAMED)
def test_the_cost_is_called_by_its_name(text: str, expected: dict[str, str]) -> None:
    assert_lines(text, expected)


COINCIDENCES = {
    "the square of a tanh": ("data x; param w; z = tanh(w*x); cost C = z^2", "C"),
    "a product with a gate": ("data x; param w, v; o = sigmoid(w*x); g = tanh(v*x); cost C = o*g", "C"),
    "one over a root": ("param w; cost C = 1/sqrt(1 + w^2)", "C"),
    "a sum of two": ("data x; param w; cost C = w + x*w^2", "C"),
    "a product of a function": ("data x; param w, v; o = sigmoid(w*x); cost C = o*tanh(v)", "C"),
    "a determinant": ("param X[i,j]; cost C = det(X)", "C"),
    "a quotient of entries": ("param x, y; given x > 0; given y > 0; cost C = x/(x + y)", "C"),
    "a sum of entries": ("data x[i]; param w[i]; h[i] = w[i]/(sum(j) w[j]); cost C = sum(j) w[j]", "C"),
}


@pytest.mark.parametrize(("text", "cost"), COINCIDENCES.values(), ids=COINCIDENCES)
def test_no_coincidence_is_called_by_the_name_of_the_cost(text: str, cost: str) -> None:
    assert not any(cost in line.replace(f"∂{cost}/", "") for line in printed(text).values())
    assert_right(text)


BATCH = "data x[i]; param w[i]; batch n; cost f = sigmoid(sum(i) w[i]*x[i])"
INPUTS = {"x": [[0.5, 1.0], [-1.0, 2.0], [0.0, -3.0]], "w": [0.3, -0.2]}


def test_in_a_batch_it_is_the_cost_of_each_sample() -> None:
    assert printed(BATCH)["w"] == "f·x[i]·(1 − f)"
    assert cr.gradient_check(system_of(BATCH), INPUTS)


def test_its_name_takes_part_in_second_derivatives() -> None:
    text = "data x[i]; param w[i]; cost f = sigmoid(sum(i) w[i]*x[i])"
    system, inputs = system_of(text), {"x": [0.5, 1.0], "w": [0.3, -0.2]}
    second = cr.evaluate(cr.hessian(system, "w"), inputs)["∂²f/∂w∂w"]
    f = 1 / (1 + np.exp(-(0.3 * 0.5 - 0.2)))
    assert_close(second, f * (1 - f) * (1 - 2 * f) * np.outer([0.5, 1], [0.5, 1]))
    product = cr.evaluate(cr.hvp(system).system, {**inputs, "dw": [1, 0]})
    assert_close(product["∂df/∂w"], second[:, 0])
    read_back = cr.parse(str(cr.backprop(system)))
    assert_close(cr.evaluate(cr.jacobian(read_back, "∂f/∂w", "w"), inputs)["∂²f/∂w∂w"], second)


def test_an_answer_may_name_the_cost() -> None:
    system = system_of("param w; cost f = sigmoid(2*w)")
    assert cr.check(system, "2*f*(1 - f)", wrt="w")
    assert cr.check(system, "2*sigmoid(2*w)*(1 - f)", wrt="w")
    assert not cr.check(system, "f*(1 - f)", wrt="w")

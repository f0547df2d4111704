"""A whole backward pass on one page: each derivative once, weights and biases in two lines, by their form alone."""

from __future__ import annotations

from collections import Counter

import pytest

from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.render.document_text import document_text

NETWORK = """data x[i], y[k]
param W1[j,i], b1[j], W2[k,j], b2[k]
z1[j] = sum(i) W1[j,i]*x[i] + b1[j]
a1[j] = sigmoid(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j] + b2[k]
a2[k] = sigmoid(z2[k])
cost C = 1/2*(sum(k) (a2[k] - y[k])^2)
"""
OTHER_NAMES = NETWORK.replace("W", "theta").replace("b1", "off").replace("z", "net").replace("a1", "hidden")
TANH = NETWORK.replace("a1[j] = sigmoid(z1[j])", "a1[j] = tanh(z1[j])")
NORMED = """param x[i], g[i]
data t[i]
mu = mean(i) x[i]
h[i] = x[i] - mu
o[i] = g[i]*h[i]
cost C = 1/2*(sum(i) (o[i] - t[i])^2)
"""


def page(text: str) -> list[str]:
    return document_text(backprop(parse(text)).steps(), 100).splitlines()


def test_two_layers_take_no_more_than_45_lines() -> None:
    lines = page(NETWORK)
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 100


def test_the_derivatives_that_the_pass_names_come_from_the_cost_backwards_then_the_params() -> None:
    begun = [line.split(" ")[0] for line in page(NETWORK) if line.startswith("∂")]
    assert begun == [f"∂C/∂{t}" for t in ("a2[k]", "z2[k]", "a1[j]", "z1[j]", "W2[k,j]", "b2[k]", "W1[j,i]", "b1[j]")]


@pytest.mark.parametrize("text", [NETWORK, OTHER_NAMES, TANH])
def test_weights_and_biases_take_two_lines_whatever_they_are_called(text: str) -> None:
    lines = page(text)
    params = [n for n, line in enumerate(lines) if ", where ∂" in line][-4:]
    assert [b - a for a, b in zip(params, [*params[1:], len(lines)], strict=True)] == [2, 2, 2, 2]
    assert lines[params[2] + 1].endswith(f"= x[i]·{'∂C/∂net1[j]' if 'net' in text else '∂C/∂z1[j]'}")


def test_a_remark_stands_once_and_what_is_derived_alike_is_derived_once() -> None:
    lines = page(NETWORK)
    assert Counter("in general" in line for line in lines)[True] == 1
    assert "  2  local derivative: as for ∂a2[m]/∂z2[k]" in lines
    assert not any("as for" in line for line in page(TANH)), "a tanh is no sigmoid"


def test_what_needs_more_than_two_lines_is_derived_in_full() -> None:
    lines = page(NORMED)
    start = lines.index("∂C/∂x[i]")
    assert lines[start + 1].startswith("  1  chain rule: C depends on x[i] through mu and every h[j]")
    assert any(line.startswith("∂C/∂g[i] = Σ_j ∂C/∂o[j]·∂o[j]/∂g[i], where ") for line in lines)


def test_every_derivation_of_a_page_is_verified() -> None:
    back = backprop(parse(NETWORK))
    assert list(back.derivations()) == ["a2", "z2", "a1", "z1", "W2", "b2", "W1", "b1"]
    for derivation in back.derivations().values():
        derivation.verify()

"""Powers whose exponent is no plain number: their derivatives are numbers at a base of 0, and print as in a book."""

from __future__ import annotations

import pytest

import chainrule as cr

POLYNOMIAL = "param x, c[k]\ncost C = sum(k) c[k]*x^k"
WHOLE = "param x[i]\ndata e[i] : int(5)\ncost C = sum(i) x[i]^e[i]"


@pytest.mark.parametrize(
    ("text", "inputs", "expected"),
    [
        (POLYNOMIAL, {"x": 0, "c": [1, 2, 3]}, {"x": 2, "c": [1, 0, 0]}),
        (WHOLE, {"x": [0, 0, 0], "e": [0, 1, 2]}, {"x": [0, 1, 0]}),
        ("param x, p\ncost C = x^p", {"x": 0, "p": 2}, {"x": 0, "p": 0}),
        ("param x, p\ncost C = x^p", {"x": 0, "p": 0}, {"x": 0, "p": 0}),
        ("param x[k]\ncost C = sum(k) x[k]^(k + 1)", {"x": [0, 0, 3]}, {"x": [1, 0, 27]}),
    ],
)
def test_a_power_has_derivatives_at_base_zero(
    text: str, inputs: dict[str, object], expected: dict[str, object]
) -> None:
    gradients = cr.value_and_grad(cr.parse(text), inputs)[1]
    assert {name: value.tolist() for name, value in gradients.items()} == expected


def test_so_it_has_second_derivatives() -> None:
    direction = {"dx": 1, "dc": [0, 0, 0]}
    second = cr.hvp(cr.parse(POLYNOMIAL))
    values = cr.evaluate(second.system, {"x": 0, "c": [1, 2, 3], **direction})
    assert values["∂dC/∂x"] == 6
    assert values["∂dC/∂c"].tolist() == [0, 1, 0]
    whole = cr.evaluate(cr.hvp(cr.parse(WHOLE)).system, {"x": [0, 0, 0], "e": [0, 1, 2], "dx": [1, 1, 1]})
    assert whole["∂dC/∂x"].tolist() == [0, 0, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cost C = 2^x", "∂C/∂x = 2^x·log(2)"),
        ("cost C = x^5", "∂C/∂x = 5·x^4"),
        ("cost C = pi^x", "∂C/∂x = pi^x·log(pi)"),
        ("cost C = exp(p)^x", "∂C/∂x = p·exp(p)^x"),
        ("cost C = (1 + x^2)^p", "∂C/∂x = 2·x·p·(1 + x^2)^(p − 1)"),
        ("given x > 0\ncost C = x^p", "∂C/∂x = p·x^(p − 1)"),
        ("given p > 0\ncost C = x^p", "∂C/∂x = p·x^(p − 1)"),
        ("cost C = x^p", "∂C/∂x = [p ≠ 0]·p·x^(p − 1)"),
        ("data c[k]\ncost C = sum(k) c[k]*x^(2*k - 1)", None),
        ("data c[k]\ncost C = sum(k) c[k]*x^(4 - k)", "∂C/∂x = Σ_k [k ≠ 4]·c[k]·x^(3 − k)·(4 − k)"),
        ("data c[k]\ncost C = sum(k) c[k]*x^(4 - 2*k)", "∂C/∂x = 2·Σ_k [k ≠ 2]·c[k]·x^(3 − 2·k)·(2 − k)"),
    ],
)
def test_brackets_stand_only_where_they_say_something(text: str, expected: str | None) -> None:
    derivation = cr.backprop(cr.parse("param x, p\n" + text), ["x"]).derivation("x")
    assert expected is None or derivation.equation() == expected
    assert not derivation.verify().unverified


def test_what_is_printed_is_read_back_as_it_was() -> None:
    bernstein = "param x, c[k]\ncost C = sum(k) c[k]*x^k*(1 - x)^(3 - k)"
    for text in (POLYNOMIAL, bernstein, WHOLE, "param x[i]\ndata e[i] : int(5)\ncost C = sum(i) x[i]^(e[i] - 1)"):
        back = cr.backprop(cr.parse(text))
        assert cr.parse(str(back)) == back.system


def test_a_bracket_that_a_fact_makes_needless_goes_only_where_all_else_is_defined() -> None:
    text = "param x, p, q\ngiven x > 0\ncost C = x^p*log(q)"
    assert "[p ≠ 0]" in cr.backprop(cr.parse(text)).derivation("x").equation()
    assert cr.value_and_grad(cr.parse(text), {"x": 1, "p": 0, "q": 0}, ["x"])[1]["x"] == 0

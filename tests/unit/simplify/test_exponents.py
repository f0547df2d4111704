"""Powers with an exponent that is no number: equal bases are one, and brackets stand only where they say something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from printed import assert_lines, assert_right, system_of
from support import assert_close, examples

LINES = {
    "a power times its base": ("param x; const k; given x > 0; cost f = x^k*x", "x^k·(1 + k)"),
    "the same without a fact": ("param x; const k = 4; cost f = x^k*x", "x^k·(1 + k)"),
    "a power of itself": ("param x; given x > 0; cost f = x^x", "x^x·(1 + log(x))"),
    "a power of itself by its name": ("param x; given x > 0; f = x^x; cost C = 3*f", "3·f·(1 + log(x))"),
    "a power of itself that may be of 0": ("data y; param x; cost f = y*(x^2)^(x^2)", None),
    "two powers of one base": ("param x; const k, m; given x > 0; cost f = x^k*x^m", "x^(k + m − 1)·(k + m)"),
    "a power over its base": ("param x; const k; given x > 0; cost f = log(x)*x^k", None),
    "a const with a value": ("const gamma = 2; param x; cost f = x^gamma", "gamma·x^(gamma − 1)"),
    "a const made of others": (
        "const g = 2; const h = g/4 + 1; param x; given x > 0; cost f = x^(h - 1/2)",
        "x^(h − 3/2)·(h − 1/2)",
    ),
    "a const that is 0": ("const gamma = 0; param x; cost f = x^gamma", "[gamma ≠ 0]·gamma·x^(gamma − 1)"),
    "a const without a value": ("const gamma; param x; cost f = x^gamma", "[gamma ≠ 0]·gamma·x^(gamma − 1)"),
    "a const as the base": ("const c = 2; param x; cost f = c^x", "c^x·log(c)"),
    "unlike bases": ("param x; data y; const k = 2; cost f = y^k*x", "y^k"),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_powers_are_written_as_books_write_them(text: str, expected: str | None) -> None:
    assert_lines(text, {} if expected is None else {"x": expected})


AT_ZERO = {
    "x^k*x at k = 0": ("param x; const k; cost f = x^k*x", {"x": 0, "k": 0}, 1),
    "x^k*x at k = 1": ("param x; const k; cost f = x^k*x", {"x": 0, "k": 1}, 0),
    "x^k at k = 0": ("param x; const k; cost f = x^k", {"x": 0, "k": 0}, 0),
    "what the bracket guards stays": ("param x; const k; cost f = x^k*x*log(k)", {"x": 2, "k": 0}, float("-inf")),
    "x^x": ("param x; cost f = x^x", {"x": 0}, 0),
    "another value of a const": ("param x; const k = 2; cost f = x^k", {"x": 3, "k": 0}, 0),
}


@pytest.mark.parametrize(("text", "inputs", "expected"), AT_ZERO.values(), ids=AT_ZERO)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_at_zero_stay(text: str, inputs: dict[str, float], expected: float) -> None:
    assert_close(cr.value_and_grad(system_of(text), inputs)[1]["x"], expected)


EXPONENTS = st.sampled_from(["k", "k + 1", "2*k", "x", "2 - k", "k - 1", "3", "1/2", "-1"])


@examples(10)
@given(st.lists(EXPONENTS, min_size=2, max_size=3), st.sampled_from(["x", "(1 + x)", "exp(x)"]))
def test_gradients_stay_right_whatever_the_exponents(exponents: list[str], base: str) -> None:
    value = "*".join(f"{base}^({exponent})" for exponent in exponents)
    assert_right(f"param x, k; given x > 0; cost f = {value}")

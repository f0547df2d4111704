"""What is too long or nested too deeply is refused before it is parsed, and what is within the limits is read."""

from __future__ import annotations

import sys

import pytest

from chainrule.errors import NotationError
from chainrule.expr.nodes import Product, Sum
from chainrule.notation import parse

TOO_DEEP = {
    "parentheses": "(" * 201 + "x" + ")" * 201,
    "functions": "exp(" * 201 + "x" + ")" * 201,
    "brackets": "[0 < " * 201 + "x" + "]" * 201,
    "minus": "-" * 1_000_000 + "x",
    "powers": "x^" * 500_000 + "x",
    "powers of powers": "x^-" * 300 + "x",
    "not": "[" + "not " * 400_000 + "x > 0]",
    "reductions": "sum(i) " * 201 + "w[i]",
    "signs between reductions": "-sum(i) " * 150 + "w[i]",
    "sums in products": "(1 + 2*" * 150 + "x" + ")" * 150,
}


@pytest.mark.parametrize("value", TOO_DEEP.values(), ids=TOO_DEEP)
def test_deep_nesting_is_refused_with_advice(value: str) -> None:
    with pytest.raises(NotationError, match="nested deeper than 200") as caught:
        parse(f"data x, w[i]\ny = {value}")
    assert "Name a part of it in an equation of its own." in str(caught.value)
    assert caught.value.line == 2


WITHIN = {
    "parentheses": "(" * 200 + "x" + ")" * 200,
    "functions": "exp(" * 199 + "x" + ")" * 199,
    "minus": "-" * 199 + "x",
    "powers": "x^" * 199 + "x",
    "reductions": "sum(i) " * 199 + "w[i]",
    "sums in products": "(1 + 2*" * 99 + "x" + ")" * 99,
    "conditions": "[0 < " * 60 + "x" + "]" * 60,
}


@pytest.mark.parametrize("value", WITHIN.values(), ids=WITHIN)
def test_nesting_up_to_the_limit_is_read(value: str) -> None:
    assert len(parse(f"data x, w[i]\ny = {value}").equations) == 1


def test_the_recursion_limit_is_left_alone() -> None:
    before = sys.getrecursionlimit()
    parse("data x\ny = " + "exp(" * 199 + "x" + ")" * 199)
    assert sys.getrecursionlimit() == before


def test_long_sums_and_products_are_flat() -> None:
    system = parse("data x\ny = x" + " + x" * 14_000 + "\nz = x" + "*x" * 14_000)
    first, second = (equation.value for equation in system.equations)
    assert isinstance(first, Sum)
    assert isinstance(second, Product)
    assert len(first.terms) == len(second.factors) == 14_001


def test_more_than_two_megabytes_are_refused() -> None:
    for text in ("#" * 2_000_001, "#" + "ä" * 1_000_000):
        with pytest.raises(NotationError, match="the text is longer than 2 MB"):
            parse(text)


def test_more_than_twenty_thousand_equations_are_refused() -> None:
    with pytest.raises(NotationError, match="there are 20001 equations") as caught:
        parse("data x\n" + "\n".join(f"y{n} = x" for n in range(20_001)))
    assert caught.value.line == 20_002


def test_a_thousand_layers_are_read() -> None:
    lines = ["data x[i]"]
    for layer in range(1, 1001):
        below = f"a{layer - 1}[i]" if layer > 1 else "x[i]"
        lines += [f"param W{layer}[j{layer},i{layer}]", f"z{layer}[j] = sum(i) W{layer}[j,i]*{below}"]
        lines += [f"a{layer}[j] = sigmoid(z{layer}[j])"]
    assert len(parse("\n".join(lines)).equations) == 2000


@pytest.mark.parametrize("word", ["a" * 201, "1" * 201, "²" * 201])
def test_long_words_are_refused(word: str) -> None:
    with pytest.raises(NotationError, match="a word is too long"):
        parse(f"data x\ny = x*{word}")


def test_a_long_word_in_a_comment_is_no_word() -> None:
    assert len(parse("data x # " + "-" * 300 + "a" * 300 + "(((").declarations) == 1


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "1e401"])
def test_numbers_beyond_floating_point_are_refused(number: str) -> None:
    with pytest.raises(NotationError, match="too large or too small") as caught:
        parse(f"data x\ny = x*{number}")
    assert caught.value.column == 7

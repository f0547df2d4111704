"""Text of expressions, built by hand: the rules of structure that the parser relies on, one line each."""

from fractions import Fraction

import pytest

from chainrule.expr.nodes import (
    ONE,
    Call,
    Comparison,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    minus,
    over,
    plus,
    times,
)
from chainrule.expr.symbols import Derivative, Tensor
from chainrule.render.text import equation_text, expression_text, lettered_text, numeral_text, position_text
from unit.render.cases import CASES, a, b, entry, j, k, m, n, ratio, reduced, x


@pytest.mark.parametrize(("expr", "text"), CASES, ids=[text for _, text in CASES])
def test_ascii(expr: Expr, text: str) -> None:
    assert expression_text(expr, unicode=False) == text


def test_unicode() -> None:
    hidden = times(
        entry("a1", j),
        plus(ONE, minus(entry("a1", j))),
        reduced(times(entry("W2", k, j), entry(Derivative("C", "z2"), k)), k),
    )
    assert (
        equation_text(entry(Derivative("C", "z1"), j), hidden) == "∂C/∂z1[j] = a1[j]·(1 − a1[j])·Σ_k W2[k,j]·∂C/∂z2[k]"
    )
    assert expression_text(reduced(entry("A", k, m), k, m)) == "Σ_{k,m} A[k,m]"
    assert expression_text(reduced(x, k, op="mean")) == "mean(k) x[k]"
    assert expression_text(Comparison("<=", minus(a), b)) == "−a[j] ≤ b[j]"
    assert expression_text(Comparison("!=", a, b)) == "a[j] ≠ b[j]"
    assert expression_text(over(ExtentValue(n.extent, "n"), b)) == "extent(n)/b[j]"


def test_a_letter_of_two_characters_is_braced() -> None:
    k2 = Index("k2")
    assert expression_text(reduced(entry("x", k2), k2)) == "Σ_{k2} x[k2]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("12", "12"),
        ("0.05", "0.05"),
        ("1.25e-3", "0.00125"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-5"),
        ("1.25e-30", "1.25e-30"),
        ("1e15", "1000000000000000"),
        ("1e16", "1e16"),
        ("1234567890123456789", "1234567890123456789"),
        ("3.0625", "3.0625"),
    ],
)
def test_numerals_are_exact(value: str, text: str) -> None:
    assert numeral_text(Fraction(value)) == text
    assert Fraction(text) == Fraction(value)


def test_small_denominators_and_long_decimals_are_fractions() -> None:
    assert expression_text(ratio(1, 10)) == "1/10"
    assert expression_text(ratio(1, 16)) == "0.0625"
    assert expression_text(ratio(1, 13)) == "1/13"
    assert expression_text(ratio(1, 2**40)) == f"1/{2**40}"


def test_position_of_an_index_is_its_letter() -> None:
    assert position_text(j) == "j"


def test_depth_is_no_limit() -> None:
    deep: Expr = a
    for _ in range(5_000):
        deep = Call("exp", (plus(ONE, deep),))
    # Only layout and printer are meant here: free indices and tensors are looked up by recursion, elsewhere.
    assert lettered_text(deep, {}, unicode=False).count("exp(1 + ") == 5_000


def test_positions_of_a_derivative_stand_where_they_belong_if_that_is_known() -> None:
    jacobian, hessian = entry(Derivative("a", "z"), k, j), entry(Derivative("C", "z", "z"), k, j)
    assert expression_text(jacobian) == "∂a/∂z[k,j]"
    assert equation_text(jacobian, entry("a", k)) == "∂a[k]/∂z[j] = a[k]"
    assert expression_text(jacobian, ranks={"a": 1, "z": 1}) == "∂a[k]/∂z[j]"
    assert expression_text(jacobian, ranks={"a": 0, "z": 2}) == "∂a/∂z[k,j]"
    assert expression_text(hessian) == "∂²C/∂z∂z[k,j]"
    assert expression_text(plus(hessian, entry("C"))) == "∂²C/∂z[k]∂z[j] + C"


def test_a_derivative_per_sample_has_the_sample_index_at_both_of_its_tensors() -> None:
    derivative = Derivative("C", "z", along=("n",))
    assert expression_text(entry(derivative, n, j)) == "∂C[n]/∂z[n,j]"
    assert expression_text(entry(derivative, n, j), ranks={"C": 1, "z": 2}) == "∂C[n]/∂z[n,j]"
    many = entry(Derivative("a", "z", along=("n",)), n, k, j)
    assert expression_text(many, ranks={"a": 2, "z": 2}) == "∂a[n,k]/∂z[n,j]"


def test_a_superscript_stands_before_the_indices() -> None:
    member = Tensor("z", (("l", 1),))
    assert expression_text(entry(member, j)) == "z[l+1; j]"
    assert expression_text(entry(member)) == "z[l+1;]"
    assert expression_text(Indexed(member, (j,), guarded=True)) == "z?[l+1; j]"
    assert expression_text(entry(Derivative("C", member), j), ranks={"C": 0}) == "∂C/∂z[l+1; j]"

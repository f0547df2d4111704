"""What each form of expression means, node by node: the rules that printers follow too."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chainrule.expr.binding import Fresh, free_indices, open_reduce, reduce_over
from chainrule.expr.nodes import (
    MINUS_ONE,
    Affine,
    Bracket,
    Call,
    Comparison,
    Constant,
    Expr,
    ExtentValue,
    Index,
    Indexed,
    IndexValue,
    Logic,
    Number,
    Power,
    Product,
    Reduce,
    Select,
    Sum,
)
from chainrule.expr.sizes import Axis, Declared
from chainrule.notation import parse, parse_expression

SYSTEM = parse("index q = 4\ndata x[i], y[k], a, b, c, d, W[j,i]\nabstract sigma(t)")
a, b, c, d = (Indexed(name) for name in "abcd")
I, J, K = Index("i", Axis("x", 0)), Index("j", Axis("W", 0)), Index("k", Axis("y", 0))


def read(text: str) -> Expr:
    return parse_expression(text, SYSTEM)


def n(value: int | str) -> Number:
    return Number(Fraction(value))


def inverse(expr: Expr) -> Power:
    return Power(expr, MINUS_ONE)


def negative(expr: Expr) -> Product:
    return Product((MINUS_ONE, expr))


ARITHMETIC = {
    "a + b + c": Sum((a, b, c)),
    "a + (b + c)": Sum((a, b, c)),
    "a - b": Sum((a, negative(b))),
    "a - (b + c)": Sum((a, Product((MINUS_ONE, Sum((b, c)))))),
    "a - 2*b": Sum((a, Product((n(-2), b)))),
    "a - 2": Sum((a, n(-2))),
    "a - 1/2*b": Sum((a, Product((n("-1/2"), b)))),
    "a - 2/b": Sum((a, Product((n(-2), inverse(b))))),
    "a - 1/b": Sum((a, negative(inverse(b)))),
    "a - 2^2": Sum((a, negative(Power(n(2), n(2))))),
    "a - -2*b": Sum((a, Product((n(2), b)))),
    "a - b*c": Sum((a, Product((MINUS_ONE, b, c)))),
    "a + -b": Sum((a, negative(b))),
    "-a": negative(a),
    "--a": Product((MINUS_ONE, MINUS_ONE, a)),
    "-a*b": Product((MINUS_ONE, a, b)),
    "a*-b": Product((a, MINUS_ONE, b)),
    "-2": n(-2),
    "-2*a": Product((n(-2), a)),
    "-(2)": Product((MINUS_ONE, n(2))),
    "-2^2": negative(Power(n(2), n(2))),
    "-a^2": negative(Power(a, n(2))),
    "(-a)^2": Power(negative(a), n(2)),
    "a*b*c": Product((a, b, c)),
    "a*(b*c)": Product((a, b, c)),
    "a/b": Product((a, inverse(b))),
    "a/b/c": Product((a, inverse(b), inverse(c))),
    "a/b*c": Product((a, inverse(b), c)),
    "a/(b*c)": Product((a, inverse(b), inverse(c))),
    "a/(2*b)": Product((a, inverse(n(2)), inverse(b))),
    "a/(b/c)": Product((a, inverse(b), inverse(inverse(c)))),
    "a/(b + c)": Product((a, inverse(Sum((b, c))))),
    "a/2": Product((a, inverse(n(2)))),
    "a*1/2": Product((a, n(1), inverse(n(2)))),
    "1/b": inverse(b),
    "1/(b*c)": Product((inverse(b), inverse(c))),
    "1/b*c": Product((inverse(b), c)),
    "-1/b": Product((MINUS_ONE, inverse(b))),
    "2/b": Product((n(2), inverse(b))),
    "1*b": Product((n(1), b)),
    "1/2": n("1/2"),
    "(1/2)*a": Product((n("1/2"), a)),
    "a^(1/2)": Power(a, n("1/2")),
    "-1/2*a": Product((n("-1/2"), a)),
    "1/2/3": Product((n("1/2"), inverse(n(3)))),
    "1/2^2": inverse(Power(n(2), n(2))),
    "3/2^2": Product((n(3), inverse(Power(n(2), n(2))))),
    "1/-2": inverse(n(-2)),
    "1/0": inverse(n(0)),
    "2/0": Product((n(2), inverse(n(0)))),
    "a^b^c": Power(a, Power(b, c)),
    "a^-1": inverse(a),
    "a^-b": Power(a, negative(b)),
    "a/b^2": Product((a, inverse(Power(b, n(2))))),
    "0.1": n("1/10"),
    ".5": n("1/2"),
    "2.": n(2),
    "1.5e-3": n("3/2000"),
    "1E2": n(100),
    "pi": Constant("pi"),
    "sqrt(a)": Call("sqrt", (a,)),
    "maximum(a, b)": Call("maximum", (a, b)),
    "clip(a, 0, 1)": Call("clip", (a, n(0), n(1))),
    "sigma(a)": Call("sigma", (a,)),
    "sigma'(a)": Call("sigma", (a,), order=1),
    "sigma′′(a)": Call("sigma", (a,), order=2),
}


@pytest.mark.parametrize(("text", "expected"), ARITHMETIC.items(), ids=list(ARITHMETIC))
def test_arithmetic_is_read_without_simplifying(text: str, expected: Expr) -> None:
    assert read(text) == expected


def reduction(op: str, index: Index, body: Expr) -> Reduce:
    """The reduction as it is read: one index, named %1."""
    result = reduce_over(op, [index], body)
    assert isinstance(result, Reduce)
    return result


xi, yk = Indexed("x", (I,)), Indexed("y", (K,))
REDUCTIONS = {
    "sum(i) a*x[i]/b": reduction("sum", I, Product((a, xi, inverse(b)))),
    "sum(i) x[i] + a": Sum((reduction("sum", I, xi), a)),
    "sum(i) x[i] - a": Sum((reduction("sum", I, xi), negative(a))),
    "sum(i) (x[i] + a)": reduction("sum", I, Sum((xi, a))),
    "sum(i) (x[i] + a)*b": reduction("sum", I, Product((Sum((xi, a)), b))),
    "sum(i) -x[i]": reduction("sum", I, negative(xi)),
    "a*sum(i) x[i]*b": Product((a, reduction("sum", I, Product((xi, b))))),
    "-sum(i) x[i]": negative(reduction("sum", I, xi)),
    "a - 2*sum(i) x[i]": Sum((a, Product((n(-2), reduction("sum", I, xi))))),
    "a/sum(i) x[i]": Product((a, inverse(reduction("sum", I, xi)))),
    "a/(sum(i) x[i]*b)": Product((a, inverse(reduction("sum", I, Product((xi, b)))))),
    "a/-sum(i) x[i]": Product((a, inverse(MINUS_ONE), inverse(reduction("sum", I, xi)))),
    "1/sum(i) x[i]^2": inverse(reduction("sum", I, Power(xi, n(2)))),
    "a^sum(i) x[i]": Power(a, reduction("sum", I, xi)),
    "max(i) x[i]": reduction("max", I, xi),
    "max(i) -x[i]": reduction("max", I, negative(xi)),
    "min(i) (a*x[i])": reduction("min", I, Product((a, xi))),
    "prod(i) sin(x[i])": reduction("prod", I, Call("sin", (xi,))),
    "mean(i) x[i]*a": reduction("mean", I, Product((xi, a))),
}


@pytest.mark.parametrize(("text", "expected"), REDUCTIONS.items(), ids=list(REDUCTIONS))
def test_the_body_of_a_reduction_is_the_rest_of_its_term(text: str, expected: Expr) -> None:
    assert read(text) == expected


def test_an_inner_index_shadows_an_outer_one_of_the_same_letter() -> None:
    outer = read("sum(i) x[i]*sum(i) x[i]^2")
    assert isinstance(outer, Reduce)
    (index,), body = open_reduce(outer, Fresh())
    assert isinstance(body, Product)
    assert body.factors[0] == Indexed("x", (index,))
    inner = body.factors[1]
    assert isinstance(inner, Reduce)
    assert not free_indices(inner)


def test_a_bound_index_shadows_a_free_one_of_the_same_letter() -> None:
    system = parse("data x[i]\ny[i] = x[i]*sum(i) x[i]")
    value = system.equations[0].value
    assert isinstance(value, Product)
    assert free_indices(value.factors[1]) == frozenset()
    assert free_indices(value) == frozenset(system.equations[0].indices)


def test_several_indices_are_bound_at_once() -> None:
    double = read("sum(j,i) W[j,i]")
    assert isinstance(double, Reduce)
    assert [i.preferred for i in double.indices] == ["j", "i"]
    assert [i.extent for i in double.indices] == [Axis("W", 0), Axis("x", 0)]


def compared(relation: str, left: Expr, right: Expr) -> Bracket:
    return Bracket(Comparison(relation, left, right))


CONDITIONS = {
    "[i = j]*x[i]*W[j,0]": compared("=", IndexValue(I), IndexValue(J)),
    "[i <= 3]*x[i]": compared("<=", IndexValue(I), n(3)),
    "[i = 2*j + 1]*x[i]*W[j,0]": compared("=", IndexValue(I), IndexValue(Affine(((J, 2),), 1))),
    "[i - j < 2]*x[i]*W[j,0]": compared("<", IndexValue(Affine(((I, 1), (J, -1)))), n(2)),
    "[i/2 = j]*x[i]*W[j,0]": compared("=", Product((IndexValue(I), inverse(n(2)))), IndexValue(J)),
    "[i*j = 2]*x[i]*W[j,0]": compared("=", Product((IndexValue(I), IndexValue(J))), n(2)),
    "[i - i = 0]*x[i]": compared("=", Sum((IndexValue(I), negative(IndexValue(I)))), n(0)),
    "[x[i] > 0]*x[i]": compared(">", xi, n(0)),
    "[a != b]*c": compared("!=", a, b),
    "[0 <= i < 3]*x[i]": Bracket(
        Logic("and", (Comparison("<=", n(0), IndexValue(I)), Comparison("<", IndexValue(I), n(3))))
    ),
    "[a > 0 and b > 0 and c > 0]*a": Bracket(Logic("and", tuple(Comparison(">", t, n(0)) for t in (a, b, c)))),
    "[a > 0 or b > 0 and c > 0]*a": Bracket(
        Logic(
            "or",
            (Comparison(">", a, n(0)), Logic("and", (Comparison(">", b, n(0)), Comparison(">", c, n(0))))),
        )
    ),
    "[(a > 0 or b > 0) and not c > 0]*a": Bracket(
        Logic(
            "and",
            (
                Logic("or", (Comparison(">", a, n(0)), Comparison(">", b, n(0)))),
                Logic("not", (Comparison(">", c, n(0)),)),
            ),
        )
    ),
    "[(a) > (0)]*a": compared(">", a, n(0)),
    "where(a > 0, b, c)*d": Select(Comparison(">", a, n(0)), b, c),
    "where(i = 0, x[i], a)*d": Select(Comparison("=", IndexValue(I), n(0)), xi, a),
}


@pytest.mark.parametrize(("text", "expected"), CONDITIONS.items(), ids=list(CONDITIONS))
def test_conditions_compare_combinations_of_indices_as_one_value(text: str, expected: Expr) -> None:
    value = read(text)
    assert isinstance(value, Product)
    assert value.factors[0] == expected


def test_an_index_is_a_number_too() -> None:
    assert read("x[i]*(2*i + 1)") == Product((xi, Sum((Product((n(2), IndexValue(I))), n(1)))))


def test_extent_takes_the_extent_that_the_index_has_in_the_equation() -> None:
    assert read("extent(i)") == ExtentValue(Axis("x", 0))
    assert read("extent(q)*a") == Product((ExtentValue(Declared("q")), a))
    other = parse("data x[i], u[i2]\ny = (sum(i) u[i])/extent(i)").equations[0].value
    assert isinstance(other, Product)
    assert other.factors[1] == inverse(ExtentValue(Axis("u", 0)))


def test_numbers_stand_as_positions() -> None:
    assert read("W[0,i]") == Indexed("W", (Affine((), 0), I))

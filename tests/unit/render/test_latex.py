"""LaTeX of expressions in the style of a textbook, with everything that opens closed again."""

import re

import pytest

from chainrule.expr.nodes import (
    ONE,
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
    MatrixEntry,
    Number,
    Partial,
    Power,
    Select,
    delta,
    minus,
    number,
    over,
    plus,
    times,
)
from chainrule.expr.symbols import Derivative, Tensor
from chainrule.render.latex import equation_latex, expression_latex
from unit.render.cases import CASES, a, b, entry, inverse, j, k, m, n, ratio, reduced, x

W2 = entry("W2", k, j)
LATEX: list[tuple[Expr, str]] = [
    (MatrixEntry("det", "K"), r"\det\left(K\right)"),
    (Power(MatrixEntry("det", "K"), number(2)), r"\left(\det\left(K\right)\right)^{2}"),
    (MatrixEntry("inv", "K", (j, k)), r"\left(K^{-1}\right)_{jk}"),
    (MatrixEntry("inv", "W2", (j, k)), r"\left(\left(W^{2}\right)^{-1}\right)_{jk}"),
    (
        Partial(entry(Derivative("C", "z"), j), (entry("a", k),)),
        r"\frac{\partial \left(\frac{\partial C}{\partial z_{j}}\right)}{\partial a_{k}}",
    ),
    (times(number(-2), a), r"-2 \, a_{j}"),
    (plus(a, minus(b)), r"a_{j} - b_{j}"),
    (times(ratio(1, 2), a), r"\frac{1}{2} \, a_{j}"),
    (times(ratio(1, 2), a, inverse(b)), r"\frac{1}{2} \, \frac{a_{j}}{b_{j}}"),
    (times(ratio(1, 2), inverse(plus(a, b))), r"\frac{1}{2} \, \frac{1}{a_{j} + b_{j}}"),
    (times(ratio(1, 2), a, x, inverse(b)), r"\frac{1}{2} \, \frac{a_{j} \, x_{k}}{b_{j}}"),
    (times(a, ratio(1, 2)), r"a_{j} \, \frac{1}{2}"),
    (times(number(2), number(3), Power(number(2), a)), r"2 \cdot 3 \cdot 2^{a_{j}}"),
    (over(plus(a, b), plus(a, x)), r"\frac{a_{j} + b_{j}}{a_{j} + x_{k}}"),
    (times(a, inverse(b), inverse(x), b), r"\frac{a_{j}}{b_{j} \, x_{k}} \, b_{j}"),
    (Power(entry("z", j), number(2)), r"z_{j}^{2}"),
    (Power(entry("x2"), number(2)), r"x_{2}^{2}"),
    (times(entry("a1", j), Power(entry("a", j), number(2))), r"a^{(1)}_{j} \, a_{j}^{2}"),
    (Power(entry("a1", j), number(2)), r"\left(a^{1}_{j}\right)^{2}"),
    (Power(ratio(1, 2), number(2)), r"\left(\frac{1}{2}\right)^{2}"),
    (Power(number(10**20), a), r"\left(10^{20}\right)^{a_{j}}"),
    (Power(a, ratio(-1, 2)), r"a_{j}^{-\frac{1}{2}}"),
    (Power(Call("exp", (a,)), number(2)), r"\left(\exp\left(a_{j}\right)\right)^{2}"),
    (Call("sqrt", (plus(a, b),)), r"\sqrt{a_{j} + b_{j}}"),
    (Call("abs", (a,)), r"\left|a_{j}\right|"),
    (Call("sigmoid", (a,)), r"\sigma\left(a_{j}\right)"),
    (Call("sigma", (a,), 2), r"\sigma''\left(a_{j}\right)"),
    (Call("softplus", (a,)), r"\operatorname{softplus}\left(a_{j}\right)"),
    (Call("swish", (a,)), r"\mathrm{swish}\left(a_{j}\right)"),
    (Call("maximum", (a, number(0))), r"\max\left(a_{j}, 0\right)"),
    (reduced(times(W2, x), k), r"\sum_{k} W^{2}_{kj} \, x_{k}"),
    (reduced(plus(x, ONE), k), r"\sum_{k} \left(x_{k} + 1\right)"),
    (reduced(entry("A", k, m), k, m, op="max"), r"\max_{km} A_{km}"),
    (reduced(x, k, op="mean"), r"\operatorname*{mean}_{k} x_{k}"),
    (delta(k, j), r"\left[ k = j \right]"),
    (
        times(entry("lambda"), Constant("pi"), entry("eps"), entry("λ2")),
        r"\lambda \, \pi \, \mathrm{eps} \, \lambda_{2}",
    ),
    (entry("x_train", j, Affine((), 0)), r"\mathrm{x\_train}_{j, 0}"),
    (entry("x", Affine(((j, 2), (k, -1)), -1)), r"x_{2j-k-1}"),
    (Indexed("x", (Affine(((j, 1),), -1),), guarded=True), r"x^{?}_{j-1}"),
    (times(IndexValue(Affine(((j, 2),), 1)), IndexValue(k)), r"\left(2j+1\right) \, k"),
    (times(number(2), Number(ratio(1, 10**5).value)), r"2 \cdot 10^{-5}"),
    (Number(ratio(3, 2 * 10**5).value), r"1.5 \cdot 10^{-5}"),
    (
        Bracket(Logic("and", (Comparison("<=", a, b), Logic("not", (Comparison("!=", a, b),))))),
        r"\left[ a_{j} \le b_{j} \land \lnot \left(a_{j} \ne b_{j}\right) \right]",
    ),
    (
        Select(Comparison(">", a, b), a, b),
        r"\begin{cases} a_{j} & \text{if } a_{j} > b_{j} \\ b_{j} & \text{otherwise} \end{cases}",
    ),
]


@pytest.mark.parametrize(("expr", "latex"), LATEX, ids=[latex for _, latex in LATEX])
def test_latex(expr: Expr, latex: str) -> None:
    assert expression_latex(expr) == latex


@pytest.mark.parametrize("expr", [expr for expr, _ in (*CASES, *LATEX)])
def test_what_opens_is_closed(expr: Expr) -> None:
    latex = expression_latex(expr)
    depth = 0
    for character in re.sub(r"\\[{}]", "", latex):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"\\left\b", latex)) == len(re.findall(r"\\right\b", latex))


def test_textbook_line() -> None:
    value = times(
        entry("a1", j), plus(ONE, minus(entry("a1", j))), reduced(times(W2, entry(Derivative("C", "z2"), k)), k)
    )
    assert equation_latex(entry(Derivative("C", "z1"), j), value) == (
        r"\frac{\partial C}{\partial z^{1}_{j}} = a^{1}_{j} \, \left(1 - a^{1}_{j}\right) \, "
        r"\sum_{k} W^{2}_{kj} \, \frac{\partial C}{\partial z^{2}_{k}}"
    )
    assert equation_latex(entry("b"), a, sign="&=") == "b &= a_{j}"


def test_the_extent_is_the_capital_of_its_index_unless_a_tensor_has_that_name() -> None:
    size = ExtentValue(n.extent, "n")
    assert expression_latex(over(number(2), size)) == r"\frac{2}{N}"
    assert expression_latex(over(entry("N"), size)) == r"\frac{N}{|n|}"
    assert expression_latex(size, ranks={"N": 0}) == "|n|"


def test_unknown_derivatives() -> None:
    assert expression_latex(Partial(entry("a", k), (entry("z", j),))) == r"\frac{\partial a_{k}}{\partial z_{j}}"
    twice = Partial(entry("a", k), (entry("z1", j), entry("z1", Index("i"))))
    assert expression_latex(twice) == r"\frac{\partial^{2} a_{k}}{\partial z^{1}_{j} \partial z^{1}_{i}}"


def test_the_indices_of_a_derivative_go_where_they_belong() -> None:
    jacobian = entry(Derivative("a", "z"), k, j)
    assert expression_latex(jacobian, ranks={"a": 1, "z": 1}) == r"\frac{\partial a_{k}}{\partial z_{j}}"
    assert expression_latex(plus(jacobian, entry("a", k))) == r"\frac{\partial a_{k}}{\partial z_{j}} + a_{k}"
    assert expression_latex(entry(Derivative("C", "W"), k, j)) == r"\frac{\partial C}{\partial W_{kj}}"
    assert (
        expression_latex(entry(Derivative("C", "z", "z"), k, j))
        == r"\frac{\partial^{2} C}{\partial z_{k} \partial z_{j}}"
    )
    assert expression_latex(entry(Derivative("C", "z", "w"), k)) == (
        r"\left(\frac{\partial^{2} C}{\partial z \partial w}\right)_{k}"
    )


def test_a_superscript_of_a_tensor_is_one_in_latex() -> None:
    member = Tensor("z", (("l", 1),))
    assert expression_latex(entry(member, j)) == r"z^{l+1}_{j}"
    assert expression_latex(Power(entry(member, j), number(2))) == r"\left(z^{l+1}_{j}\right)^{2}"


def test_a_derivative_per_sample_has_the_sample_index_at_both_of_its_tensors() -> None:
    derivative = entry(Derivative("C", "z", along=("n",)), n, j)
    assert expression_latex(derivative, ranks={"C": 1, "z": 2}) == r"\frac{\partial C_{n}}{\partial z_{nj}}"

"""MathML of expressions: well-formed, every sign in an element, sizes and spaces as in a book."""

from __future__ import annotations

import re

import pytest

from chainrule.expr.nodes import (
    Affine,
    Call,
    Comparison,
    Expr,
    ExtentValue,
    Indexed,
    MatrixEntry,
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
from chainrule.expr.symbols import Change, Derivative, Tensor
from chainrule.render.arrange import arrange
from chainrule.render.document import Line, words
from chainrule.render.document_html import document_html
from chainrule.render.formula import ShownFormula, continued, equal, formula
from chainrule.render.laws import law
from chainrule.render.layout import BigOperator
from chainrule.render.mathml import TIMES
from chainrule.render.mathml_formula import Row, formula_mathml, rows_mathml
from unit.render.cases import CASES, a, b, entry, inverse, j, k, m, ratio, reduced, x
from web import MATH, formulas, signs, tree_of

W2 = entry("W2", k, j)
AJ = "<msub><mi>a</mi><mi>j</mi></msub>"


def elements(expr: Expr, *, display: bool = True) -> str:
    """Return the elements of an expression without those around all of it."""
    page = formula_mathml(formula(expr), display=display)
    tree_of(page)
    return page.partition("<semantics><mrow>")[2].partition("</mrow><annotation")[0]


@pytest.mark.parametrize("display", [True, False])
@pytest.mark.parametrize("expr", [expr for expr, _ in CASES], ids=[text for _, text in CASES])
def test_every_expression_is_well_formed(expr: Expr, display: bool) -> None:
    assert elements(expr, display=display)


@pytest.mark.parametrize(
    ("expr", "written"),
    [
        (x, "<msub><mi>x</mi><mi>k</mi></msub>"),
        (entry("x2"), "<msub><mi>x</mi><mn>2</mn></msub>"),
        (W2, "<msubsup><mi>W</mi><mrow><mi>k</mi><mo>&#x2063;</mo><mi>j</mi></mrow><mn>2</mn></msubsup>"),
        (entry("eps"), "<mi>eps</mi>"),
        (entry("lambda"), "<mi>λ</mi>"),
        (entry("Gamma"), '<mi mathvariant="normal">Γ</mi>'),
        (Indexed(Change(Tensor("z")), (j,)), "<msub><mrow><mi>d</mi><mi>z</mi></mrow><mi>j</mi></msub>"),
        (over(a, entry("c")), f"<mfrac><mrow>{AJ}</mrow><mrow><mi>c</mi></mrow></mfrac>"),
        (number(12), "<mn>12</mn>"),
        (times(ratio(1, 2), a), f"<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>{TIMES}{AJ}"),
    ],
)  # fmt: skip
def test_names_numbers_and_fractions(expr: Expr, written: str) -> None:
    assert elements(expr) == written


@pytest.mark.parametrize(
    ("expr", "seen"),
    [
        (Indexed(Tensor("z", (("l", 1),)), (k,)), "zkl+1"),
        (entry("x", Affine(((j, 2),), -1)), "x2j−1"),
        (Indexed("x", (Affine(((j, 1),), -1),), guarded=True), "xj−1?"),
        (Partial(entry("a", k), (entry("z", j), entry("z", m))), "∂2ak∂zj\u2062∂zm"),
        (MatrixEntry("det", "K"), "det\u2061(K)"),
        (MatrixEntry("inv", "K", (j, k)), "(K−1)j\u2063k"),
        (ExtentValue(j.extent, "j"), "J"),
        (Call("sigma", (entry("t"),), 2), "σ′′\u2061(t)"),
        (Call("sqrt", (plus(a, b),)), "aj+bj"),
        (Call("abs", (a,)), "|aj|"),
        (Call("maximum", (entry("s"), entry("t"))), "max\u2061(s,t)"),
        (times(delta(k, j), a), "[k=j]\u2062aj"),
        (Select(Comparison(">", a, number(0)), a, number(0)), "{ajif\xa0aj>00otherwise"),
        (Power(entry("t"), number(-2)), "t−2"),
        (inverse(Power(number(10), number(2))), "1102"),
    ],
)  # fmt: skip
def test_what_is_seen(expr: Expr, seen: str) -> None:
    (found,) = formulas(tree_of(formula_mathml(formula(expr))))
    assert signs(found) == seen


def test_a_derivative_whose_positions_belong_to_nobody_has_them_behind_it() -> None:
    shown = formula(Indexed(Derivative("a", "z", "w"), (j, k)), ranks={"a": 1})
    (found,) = formulas(tree_of(formula_mathml(shown)))
    assert signs(found) == "(∂2a∂z\u2062∂w)j\u2063k"


def test_brackets_grow_around_what_is_tall_and_nothing_else() -> None:
    assert elements(Power(plus(a, b), number(2))).count('stretchy="false"') == 2
    assert "stretchy" not in elements(Power(over(a, b), number(2)))
    total = Call("exp", (reduced(x, k),))
    assert "stretchy" not in elements(total)
    assert elements(total, display=False).count('stretchy="false"') == 2
    assert "stretchy" not in elements(Power(reduced(x, k), number(2)))
    assert elements(over(a, plus(b, total))).count('stretchy="false"') == 2


def test_within_a_line_the_outermost_fraction_has_the_size_of_text() -> None:
    nested = elements(over(plus(a, over(a, b)), x), display=False)
    assert nested.count('<mfrac displaystyle="true">') == 1
    assert nested.count("<mfrac>") == 1
    assert "displaystyle" not in elements(Power(entry("t"), over(a, b)), display=False)


def test_on_a_line_of_its_own_fractions_in_a_fraction_have_the_size_of_text() -> None:
    deep = elements(over(a, plus(x, over(a, plus(x, over(a, b))))))
    assert re.findall("<mfrac[^>]*>", deep) == ["<mfrac>", '<mfrac displaystyle="true">', "<mfrac>"]


def test_the_power_of_an_entry_stands_above_its_indices() -> None:
    assert elements(Power(a, number(2))) == ("<msubsup><mi>a</mi><mi>j</mi><mrow><mn>2</mn></mrow></msubsup>")
    assert elements(Power(entry("x2"), number(2))).startswith("<msubsup><mi>x</mi><mn>2</mn>")
    assert elements(Power(W2, number(2))).startswith("<msup><mrow><mrow><mo stretchy")
    assert elements(Power(plus(a, b), number(2))).startswith("<msup>")
    assert elements(Power(entry("t"), number(2))) == "<msup><mrow><mi>t</mi></mrow><mrow><mn>2</mn></mrow></msup>"


def test_a_prime_stands_beside_letters_and_is_raised_at_what_is_tall() -> None:
    assert elements(Call("sigma", (entry("t"),), 1)).startswith(
        '<mrow><mrow><mi>σ</mi></mrow><mo lspace="0" rspace="0">′</mo></mrow>'
    )
    (found,) = formulas(tree_of(formula_mathml(law("(u/v)' + (u + v)'"), display=True)))
    assert len(list(found.iter(f"{MATH}msup"))) == 1


def test_a_fraction_needs_no_parentheses() -> None:
    assert "(" not in elements(over(plus(a, b), plus(a, x)))


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'x" onload="f()', "a&b", "z\x1b[2J", "z\x00", "\u202ez"])
def test_no_name_gets_out_of_its_element(name: str) -> None:
    shown = formula(plus(Indexed(name, (j,)), Call(name, (Indexed(name),))))
    page = document_html(Line(words(name, shown, name)))
    assert len(list(tree_of(page).iter())) == len(list(tree_of(page.replace(name, "")).iter()))
    assert not any(mark in page for mark in ("<script", "\x1b", "\x00", "\u202e"))


def test_latex_stands_beside_it_and_words() -> None:
    page = formula_mathml(law("∂C/∂z[k] = a[k] - y[k]"))
    (found,) = formulas(tree_of(page))
    assert found.get("aria-label") == "partial C over partial z of k equals a of k minus y of k"
    assert [note.text for note in found.iter(f"{MATH}annotation")] == [
        r"\frac{\partial C}{\partial z_{k}} = a_{k} - y_{k}"
    ]


def test_equations_below_each_other_have_three_columns_and_one_more_for_what_is_said() -> None:
    one = equal(formula(a), formula(b))
    tree = tree_of(rows_mathml([Row(one), Row(continued(formula(x)))]))
    assert [len(row) for row in tree.iter(f"{MATH}mtr")] == [2, 2]
    assert [signs(row) for row in tree.iter(f"{MATH}mtr")] == ["aj=bj", "=xk"]
    tree = tree_of(rows_mathml([Row(one, "cost "), Row(one, behind=words("for ", formula(x)))]))
    assert [signs(row) for row in tree.iter(f"{MATH}mtr")] == ["cost\xa0aj=bj", "aj=bjfor\xa0xk"]
    (found,) = formulas(tree)
    assert found.get("aria-label") == "cost a of j equals b of j. a of j equals b of j for x of k"


def test_a_long_sum_is_broken_before_its_signs_and_what_is_said_stands_behind_the_last_line() -> None:
    long = equal(formula(a), formula(plus(*(minus(entry(f"W{n}", j, k)) for n in range(60)))))
    rows = [signs(row) for row in tree_of(rows_mathml([Row(long, behind=("   for x",))])).iter(f"{MATH}mtr")]
    assert len(rows) > 2
    assert rows[0].startswith("aj=−Wj\u2063k0−W")
    assert all(row.startswith("−W") for row in rows[1:])
    assert rows[-1].endswith("59for\xa0x")
    assert "".join(rows).count("W") == 60
    alone = [signs(row) for row in tree_of(formula_mathml(long, display=True)).iter(f"{MATH}mtr")]
    assert len(alone) == len(rows)
    assert "mtr" not in formula_mathml(long)


def test_sides_that_are_too_long_together_stand_below_each_other() -> None:
    long = formula(times(*(entry(f"W{n}", j, k) for n in range(20))))
    rows = [signs(row) for row in tree_of(rows_mathml([Row(equal(formula(a), long, long))])).iter(f"{MATH}mtr")]
    assert [row[:5] for row in rows] == ["aj=Wj", "=Wj\u2063k"]


def test_a_sum_over_steps_has_its_ends_below_and_above() -> None:
    shown = ShownFormula((BigOperator("sum", ("t=1..T-1",), arrange(a, {})),))
    (found,) = formulas(tree_of(formula_mathml(shown, display=True)))
    assert [signs(part) for part in next(found.iter(f"{MATH}munderover"))] == ["∑", "t=1", "T−1"]
    assert found.get("aria-label") == "the sum over t from 1 to T minus 1 of a of j"

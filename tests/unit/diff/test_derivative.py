"""The rules of calculus, one by one, before anything is simplified; and what has no rule says so."""

from __future__ import annotations

import pytest

from chainrule.diff.derivative import Differentiator
from chainrule.diff.scalars import scalar_derivative, statement
from chainrule.errors import DerivativeError
from chainrule.expr.nodes import ZERO, Indexed, Partial, Reduce
from chainrule.notation import parse
from chainrule.notation.parser import parse_expression
from chainrule.pipeline import backprop
from chainrule.render.document_text import words_text
from chainrule.render.laws import stated
from same_form import assert_same_form

SYSTEM = parse(
    """
    param x[i], s, t
    data y[i], A[i,j], p
    abstract f(q)
    abstract a[i](x[m])
    z[i,m] = x[i] + x[m]
    cost C = s
    """
)
X = Indexed("x", (SYSTEM.axes("z")[1],))
S = Indexed("s")

RULES = {
    "y[i]": (X, "0", ""),
    "x[i]": (X, "[i = m]", ""),
    "s": (S, "1", ""),
    "s + y[i] + s*y[i]": (S, "1 + y[i]", "sum rule: a sum is differentiated term by term"),
    "s*y[i]*t": (S, "y[i]*t", ""),
    "s*s*y[i]": (S, "s*y[i] + s*y[i]", "product rule: (u·v)' = u'·v + u·v'"),
    "y[i]/s": (S, "y[i]*(-1)/s^2", ""),
    "s/(1 + s)": (S, "1/(1 + s) + s*(-1)/(1 + s)^2", "quotient rule"),
    "s^3": (S, "3*s^2", "power rule"),
    "s^2": (S, "2*s", "power rule"),
    "s^p": (S, "[p != 0]*p*s^(p - 1)", "and 0 where n = 0"),
    "2^s": (S, "2^s*log(2)", "exponential: (c^u)' = c^u·log(c)·u'"),
    "s^s": (S, "[s != 0]*s*s^(s - 1) + [s != 0]*s^s*log(s)", "power rule"),
    "exp(2*s)": (S, "exp(2*s)*2", "derivative of exp: exp'(t) = exp(t)"),
    "tanh(x[i])": (X, "(1 - tanh(x[i])^2)*[i = m]", "tanh'(t) = 1 − tanh(t)^2"),
    "relu(s)": (S, "[s > 0]", "relu'(0) = 0 by convention"),
    "maximum(s, t*s)": (
        S,
        "([s > t*s] + 1/2*[s = t*s]) + ([t*s > s] + 1/2*[s = t*s])*t",
        "equal ones share it by halves, by convention",
    ),
    "f(s*t)": (S, "f'(s*t)*t", "unknown function: f' is the derivative of f"),
    "f'(s)": (S, "f''(s)", ""),
    "sum(i) x[i]*y[i]": (X, "sum(i) [i = m]*y[i]", "a sum is differentiated term by term"),
    "mean(i) x[i]": (X, "mean(i) [i = m]", "a sum is differentiated term by term"),
    "prod(i) x[i]": (
        X,
        "sum(i) (prod(k) where(k = i, 1, x[k]))*[i = m]",
        "product rule: one factor is differentiated at a time",
    ),
    "[s > 0]*s": (S, "[s > 0]", "a bracket is constant but for jumps"),
    "where(s > t, s^2, t*s)": (S, "where(s > t, 2*s, t)", "each branch is differentiated"),
    "extent(i)*s": (S, "extent(i)", ""),
}


@pytest.mark.parametrize(("text", "wrt", "expected", "said"), [(t, *r) for t, r in RULES.items()], ids=RULES)
def test_a_rule_of_calculus(text: str, wrt: Indexed, expected: str, said: str) -> None:
    free = SYSTEM.axes("z")
    calculus = Differentiator(wrt, functions=SYSTEM.function)
    found = calculus.of(parse_expression(text, SYSTEM, free))
    assert_same_form(found, parse_expression(expected, SYSTEM, free))
    noted = ((rule, stated(law) if isinstance(law, str) else law) for rule, law in calculus.notes)
    assert said in "; ".join(f"{rule}: {words_text(law)}" for rule, law in noted)


def test_what_a_delta_is_can_be_said() -> None:
    calculus = Differentiator(X, functions=SYSTEM.function)
    calculus.of(parse_expression("x[i]", SYSTEM, SYSTEM.axes("z")))
    rule, law = calculus.delta_law or ("", ())
    assert rule == "Kronecker delta"
    assert words_text(law) == "∂x[i]/∂x[m] is 1 for the same entry and 0 for any other"


def test_what_does_not_read_the_tensor_is_not_looked_at() -> None:
    calculus = Differentiator(S, functions=SYSTEM.function)
    assert calculus.of(Partial(Indexed("a", (SYSTEM.axes("z")[0],)), (X,))) == ZERO
    assert not calculus.notes


def test_the_derivative_of_a_symbol_whose_function_is_not_declared_is_refused() -> None:
    (i, _) = SYSTEM.axes("z")
    with pytest.raises(DerivativeError, match=r"no rule for the derivative of ∂a\[i\]/∂x\[m\]") as caught:
        Differentiator(X).of(Partial(Indexed("a", (i,)), (X,)))
    assert "or give it an equation" in str(caught.value)


def test_an_unknown_scalar_function_of_several_arguments_is_refused() -> None:
    with pytest.raises(DerivativeError, match="the unknown function 'g' of several arguments") as caught:
        backprop(parse("param s\nabstract g(p, q)\ncost C = g(s, 2)"))
    assert "abstract a[k](z[j], w[i])" in str(caught.value)


def test_a_reduction_without_a_rule_is_refused() -> None:
    index = SYSTEM.axes("z")[0]
    with pytest.raises(DerivativeError, match="no derivative for the reduction 'median'") as caught:
        Differentiator(X).of(Reduce("median", (index,), Indexed("x", (index,))))
    assert "Known: sum, mean, max, min, prod" in str(caught.value)


def test_a_function_without_a_record_is_refused() -> None:
    with pytest.raises(DerivativeError, match="no derivative for 'erfc'") as caught:
        scalar_derivative("erfc", 0)
    assert "known are abs, atan, clip" in str(caught.value)
    assert "one record in expr/functions.py" in str(caught.value)


def test_statements_are_sentences_or_the_line_itself() -> None:
    assert statement("sigmoid") == "`sigmoid'(t) = sigmoid(t)·(1 − sigmoid(t))`"
    assert statement("relu") == "`relu'(t) = [t > 0]`, with `relu'(0) = 0` by convention"

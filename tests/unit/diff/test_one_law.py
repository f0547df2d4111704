"""A derivative worked out law by law: the outermost law first, and the same at the end as all at once."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from chainrule.diff.derivative import Differentiator
from chainrule.diff.one_law import Worked, law_by_law
from chainrule.errors import VerificationError
from chainrule.expr.nodes import RATE, Call, Expr, Indexed, number, rate, times, walk
from chainrule.notation import parse, parse_expression
from chainrule.pipeline import backprop
from chainrule.render.formula import formula
from chainrule.render.text import expression_text
from chainrule.rewrite.rules import Derivation
from chainrule.simplify.simplifier import Simplifier

SYSTEM = parse("data y[i]\nparam x[i], s, t\nabstract f(q)\nz[i,m] = x[i] + x[m]\ncost C = s")
X, S = Indexed("x", (SYSTEM.axes("z")[1],)), Indexed("s")
LAWS: dict[str, tuple[Indexed, list[str]]] = {
    "x[i]": (X, ["Kronecker delta"]),
    "s*t": (S, []),
    "3*s + y[i]*(sum(m) s*y[m])": (S, ["sum rule"]),
    "exp(x[i])/(sum(m) exp(x[m]))": (X, ["quotient rule", "sum rule", "derivative of exp", "Kronecker delta"]),
    "1/(1 + s^2)": (S, ["reciprocal", "sum rule", "power rule"]),
    "s*exp(s)": (S, ["product rule", "derivative of exp"]),
    "tanh(exp(s))": (S, ["derivative of tanh", "derivative of exp"]),
    "(sum(m) (x[m] - y[m])^2)^(1/2)": (X, ["power rule", "sum rule", "power rule", "sum rule", "Kronecker delta"]),
    "f(s*t)": (S, ["unknown function"]),
    "where(s > t, s^2, t*s)": (S, ["choice", "power rule"]),
    "[s > 0]*s": (S, ["product rule", "bracket"]),
    "prod(i) x[i]": (X, ["product rule", "Kronecker delta"]),
    "s^t + t^s": (S, ["sum rule", "power rule", "exponential"]),
    "s/s^2": (S, ["quotient rule", "power rule"]),
    "x[0]*x[i]": (X, ["product rule", "Kronecker delta"]),
}


def worked(text: str, wrt: Indexed) -> tuple[tuple[Worked, ...], Expr]:
    """Return the steps, and the derivative all at once."""
    calculus = Differentiator(wrt, functions=SYSTEM.function)
    expr = parse_expression(text, SYSTEM, SYSTEM.axes("z"))
    raw = calculus.of(expr)
    return law_by_law(expr, calculus), raw


@pytest.mark.parametrize(("text", "wrt", "laws"), [(t, *found) for t, found in LAWS.items()], ids=LAWS)
def test_each_law_has_its_turn_the_outermost_first(text: str, wrt: Indexed, laws: list[str]) -> None:
    steps, _ = worked(text, wrt)
    assert [step.rule for step in steps] == laws
    assert all(step.law for step in steps)


@pytest.mark.parametrize(("text", "wrt"), [(t, wrt) for t, (wrt, laws) in LAWS.items() if laws])
def test_the_last_step_is_the_derivative_as_calculus_makes_it(text: str, wrt: Indexed) -> None:
    steps, raw = worked(text, wrt)
    arranged = Simplifier().arranged
    assert arranged(steps[-1].after, SYSTEM.axes("z")) == arranged(raw, SYSTEM.axes("z"))
    assert not any(isinstance(part, Call) and part.function == RATE for part in walk(steps[-1].after))


def test_what_is_not_worked_out_is_written_as_a_derivative_of_an_expression() -> None:
    one = rate(parse_expression("(s + t)^2", SYSTEM), S)
    assert expression_text(one) == "∂((s + t)^2)/∂s"
    assert formula(one).latex() == r"\frac{\partial \left(\left(s + t\right)^{2}\right)}{\partial s}"
    assert expression_text(rate(parse_expression("exp(s)", SYSTEM), S)) == "∂exp(s)/∂s"
    assert expression_text(rate(S, S)) == "∂s/∂s"


def test_a_step_of_calculus_that_is_wrong_by_a_little_is_noticed() -> None:
    derivation = backprop(parse("param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C(a[k])")).derivation("z")
    (place, local), *_ = [(n, one) for n, one in enumerate(derivation.steps) if one.detail is not None]
    assert isinstance(local.detail, Derivation)
    for n, step in enumerate(local.detail.steps[:3]):
        wrong = replace(step, after=times(number(Fraction("1.0005")), step.after))
        inner = replace(local.detail, steps=(*local.detail.steps[:n], wrong, *local.detail.steps[n + 1 :]))
        steps = list(derivation.steps)
        steps[place] = replace(local, detail=inner)
        with pytest.raises(VerificationError, match=f"is wrong: {step.rule}"):
            replace(derivation, steps=tuple(steps)).verify()


def test_an_equation_that_is_substituted_is_verified_with_its_step() -> None:
    system = parse("data y[k]\nparam z[k]\na[k] = tanh(z[k])\ncost C = sum(k) (a[k] - y[k])^2")
    derivation = backprop(system).derivation("z")
    (place,) = [n for n, step in enumerate(derivation.steps) if step.uses]
    step = derivation.steps[place]
    (left, right), *_ = step.uses
    steps = list(derivation.steps)
    steps[place] = replace(step, uses=((left, times(number(Fraction("1.0005")), right)),))
    with pytest.raises(VerificationError, match="is wrong: substitute"):
        replace(derivation, steps=tuple(steps)).verify()

"""What adds up to 1 by its own equation is used: entropies and averages over a softmax come out as books have them."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.notation.parser import parse_expression
from chainrule.simplify.simplifier import simplifier_of
from printed import assert_lines, assert_right, printed, system_of
from same_form import assert_same_form
from support import assert_close

SOFTMAX = "a[k] = exp(z[k])/(sum(m) exp(z[m])); "
LINES = {
    "an entropy": (f"param z[k]; {SOFTMAX}cost H = -sum(k) a[k]*log(a[k])", "−a[k]·(H + log(a[k]))"),
    "a divergence": (
        f"data q[k]; param z[k]; given q[k] > 0; {SOFTMAX}cost C = sum(k) a[k]*(log(a[k]) - log(q[k]))",
        "a[k]·(log(a[k]) − C − log(q[k]))",
    ),
    "squares": (f"param z[k]; {SOFTMAX}cost C = sum(k) (a[k] - 1/4)^2", "2·a[k]·(a[k] − Σ_m a[m]^2)"),
    "a Brier score": (
        f"data y[k]; param z[k]; {SOFTMAX}cost C = sum(k) (a[k] - y[k])^2",
        "2·a[k]·(a[k] − y[k] − Σ_m a[m]·(a[m] − y[m]))",
    ),
    "a constant beside a reward": (
        f"data r[k]; param z[k]; {SOFTMAX}cost J = sum(k) a[k]*(r[k] + 3)",
        "a[k]·(3 + r[k] − J)",
    ),
    "rows of a softmax": (
        "data v[s]; param z[t,s]; a[t,s] = exp(z[t,s])/(sum(u) exp(z[t,u])); cost C = sum(t,s) a[t,s]*(v[s] + 1)",
        "a[t,s]·(v[s] − Σ_w v[w]·a[t,w])",
    ),
    "a ratio that is no exponential": (
        "param z[k]; p[k] = z[k]^2/(sum(m) z[m]^2); cost C = (sum(k) p[k] - 3)^2*(sum(k) z[k])",
        "4",
    ),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_shares_add_up_to_1(text: str, expected: str) -> None:
    assert_lines(text, {"z": expected})


NUMBERS = {
    "e[k] = exp(z[k]); s = sum(m) e[m]; a[k] = e[k]/s": "1",
    "a[k] = 3*z[k]^2/(sum(m) z[m]^2)": "3",
    "a[k] = z[k]/(mean(m) z[m])": "sum(k) a[k]",
    "s = sum(m) z[m]^2; a[k] = z[k]/s": "sum(k) a[k]",
}


@pytest.mark.parametrize(("equations", "expected"), NUMBERS.items(), ids=NUMBERS)
def test_a_sum_of_shares_is_the_number_it_is(equations: str, expected: str) -> None:
    system = system_of(f"param z[k], t; {equations}; cost C = t*(sum(k) a[k])")
    simplifier = simplifier_of(system)
    found = simplifier.simplify(parse_expression("t*(sum(k) a[k])", system))
    assert_same_form(simplifier.present(found), simplifier.arranged(parse_expression(f"t*({expected})", system)))


OTHERS = {
    "a sum over something else": "param z[k]; data w[k]; a[k] = exp(z[k])/(sum(m) w[m]*exp(z[m])); "
    "cost C = (sum(k) a[k])^2",
    "another axis": "param z[t,s]; a[t,s] = exp(z[t,s])/(sum(u) exp(z[t,u])); cost C = sum(s) (sum(t) a[t,s])^2",
    "a norm": "param z[k]; a[k] = z[k]/sqrt(sum(m) z[m]^2); cost C = (sum(k) a[k])^2",
    "a square": "param z[k]; a[k] = (exp(z[k])/(sum(m) exp(z[m])))^2; cost C = (sum(k) a[k])^2",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_what_does_not_add_up_to_a_number_keeps_its_sum(text: str) -> None:
    assert any("Σ" in line for line in printed(text).values())
    assert_right(text)


def test_a_step_says_why() -> None:
    derivation = cr.backprop(system_of(LINES["an entropy"][0])).derivation("z")
    assert any(step.rule in {"the sum is 1", "split the sum"} for step in derivation.steps)


def test_the_sum_is_not_taken_for_1_where_it_is_differentiated_by_its_terms() -> None:
    text = f"param z[k]; {SOFTMAX}cost C = (sum(k) a[k])^3"
    at = {"z": [0.0, 1.0]}
    assert_close(cr.evaluate(cr.hessian(system_of(text), "a"), at)["∂²C/∂a∂a"], np.full((2, 2), 6.0))
    moved = cr.evaluate(cr.hvp(system_of(text), "a").system, {**at, "da": [1.0, 0.0]})
    assert_close(moved["∂dC/∂a"], [6.0, 6.0])

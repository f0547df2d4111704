"""Simplification keeps the value, arrives at a form that it leaves alone, and does not depend on order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.execute.reference.expressions import evaluate_expression
from chainrule.expr.nodes import Expr
from chainrule.notation import parse
from chainrule.simplify.context import length
from chainrule.simplify.simplifier import Simplifier, simplifier_of
from chainrule.system.user_functions import inline_functions
from chainrule.verify.sampling import random_inputs
from property.random_expressions import FREE, SIZES, expressions, values
from property.random_systems import systems
from property.transformed import reordered
from same_form import assert_same_form
from support import assert_close, examples


@examples(30)
@given(text=systems(most=2), seed=st.integers(0, 100))
def test_simplifying_in_a_system_keeps_the_value(text: str, seed: int) -> None:
    system = parse(text)
    simplifier = simplifier_of(system)
    evaluation = evaluate_all(system, random_inputs(system, seed))
    for equation in system.equations:
        value = inline_functions(equation.value, system.function)
        simple = simplifier.simplify(value, equation.indices)
        for form in (simple, simplifier.present(simple), simplifier.arranged(value, equation.indices)):
            assert_equal_values(
                evaluation.value_of(form, equation.indices), evaluation.value_of(value, equation.indices)
            )


def assert_equal_values(actual: np.ndarray, expected: np.ndarray) -> None:
    scale = max(1e-6, float(np.abs(expected).max(initial=0.0)))
    assert_close(actual / scale, expected / scale, rtol=1e-9, atol=1e-9)


@examples(80)
@given(expr=expressions(), seed=st.integers(0, 1000))
def test_simplifying_keeps_every_value_that_is_defined(expr: Expr, seed: int) -> None:
    """Where the expression has a value its simple form has that value: guards are kept."""
    simple = Simplifier().simplify(expr, FREE)
    tensors = values(seed)
    with np.errstate(all="ignore"):
        expected = evaluate_expression(expr, tensors, SIZES, FREE)
        actual = evaluate_expression(simple, tensors, SIZES, FREE)
    defined = np.isfinite(expected) & (np.abs(expected) < 1e8)
    scale = max(1.0, float(np.abs(expected[defined]).max(initial=0.0)))
    assert_close(actual[defined] / scale, expected[defined] / scale, rtol=1e-7, atol=1e-8)


@examples(25)
@given(text=systems(most=2))
def test_what_is_simple_stays_as_it_is(text: str) -> None:
    system = parse(text)
    simplifier = simplifier_of(system)
    for equation in system.equations:
        simple = simplifier.simplify(inline_functions(equation.value, system.function), equation.indices)
        again = simplifier.simplify(simple, equation.indices)
        assert_same_form(again, simple)
        assert length(again) <= length(simple)


@examples(25)
@given(text=systems(most=2), seed=st.integers(0, 100))
def test_the_simple_form_does_not_depend_on_the_order_of_terms_and_factors(text: str, seed: int) -> None:
    system = parse(text)
    simplifier = simplifier_of(system)
    for one, other in zip(system.equations, reordered(system, seed).equations, strict=True):
        assert_same_form(
            simplifier.simplify(inline_functions(other.value, system.function), other.indices),
            simplifier.simplify(inline_functions(one.value, system.function), one.indices),
        )

"""The table of textbook lines: every one is derived in just this form, and every step on the way is named and true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from cases import (
    BINARY,
    CASES,
    NETWORKS,
    QUADRATIC,
    QUADRATIC_FORM,
    REGRESSION,
    SEED,
    SEVERAL_VARIABLES,
    SOFTMAX,
    SOFTMAX_GIVEN,
    Case,
)
from chainrule.errors import VerificationError
from chainrule.expr.nodes import Bracket, Expr, Index, Indexed, Partial, Reduce, walk
from chainrule.notation import parse
from chainrule.notation.parser import parse_expression
from chainrule.pipeline import Backprop, backprop
from chainrule.rewrite.rules import Derivation, Step
from chainrule.system.cases import special_cases
from chainrule.system.model import System
from chainrule.verify.verification import Verification
from same_form import assert_same_form, same_form

LINES = [pytest.param(case, tensor, id=f"{case.name}-{tensor}") for case in CASES for tensor in case.results]


@cache
def back_of(name: str) -> Backprop:
    (case,) = [case for case in CASES if case.name == name]
    return backprop(parse(case.text))


@cache
def derivation_of(name: str, tensor: str) -> Derivation:
    return back_of(name).derivation(tensor)


def derived(case: Case, tensor: str) -> Derivation:
    return derivation_of(case.name, tensor)


def expected(system: System, tensor: str, text: str) -> Expr:
    """Return the expected line as an expression with the indices of the tensor free in it."""
    return parse_expression(text, system, system.axes(tensor))


def all_steps(derivation: Derivation) -> Iterator[Step]:
    for step in derivation.steps:
        yield step
        if step.detail is not None:
            yield from all_steps(step.detail)


@pytest.mark.parametrize(("case", "tensor"), LINES)
def test_the_line_has_the_textbook_form(case: Case, tensor: str) -> None:
    system = parse(case.text)
    assert_same_form(derived(case, tensor).result, expected(system, tensor, case.results[tensor]))


@pytest.mark.parametrize(("case", "tensor"), LINES)
def test_every_step_is_named_and_verified(case: Case, tensor: str) -> None:
    derivation = derived(case, tensor)
    steps = list(all_steps(derivation))
    assert steps
    assert all(step.rule and step.statement for step in steps)
    report = derivation.verify()
    assert isinstance(report, Verification)
    assert len(report.checks) == len(steps)
    assert not report.unverified
    for title, special in derivation.cases:
        found = special.verify()
        assert isinstance(found, Verification)
        assert not found.unverified, title


def test_softmax_with_the_given_names_the_assumption() -> None:
    used = [step.assumption for step in all_steps(derived(SOFTMAX_GIVEN, "z")) if step.assumption]
    assert used == ["Σ_k y[k] = 1"]
    assert not any(step.assumption for step in all_steps(derived(SOFTMAX, "z")))


def test_the_step_that_uses_the_given_is_false_without_it() -> None:
    """Where labels do not add up to 1 the step is wrong: it does rest on what it says it rests on."""
    derivation = derived(SOFTMAX_GIVEN, "z")
    without = back_of(SOFTMAX.name)
    with pytest.raises(VerificationError, match="is not"):
        without.verify(derivation)


def special(case: Case, word: str) -> tuple[System, Derivation]:
    system = parse(case.text)
    (found,) = [special for title, special in special_cases(system) if word in title]
    (tensor,) = case.results
    return found, backprop(found).derivation(tensor)


def test_the_seed_for_a_function_that_acts_entry_by_entry() -> None:
    system, derivation = special(SEED, "elementwise")
    assert_same_form(derivation.result, expected(system, "z", "∂C/∂a[j]*sigma'(z[j])"))
    (local,) = [step for step in derivation.steps if step.rule == "local derivative"]
    assert local.before == Partial(Indexed("a", (k_of(local),)), (Indexed("z", system.axes("z")),))
    k = k_of(local)
    assert_same_form(local.after, parse_expression("[k = j]*sigma'(z[j])", system, (k, *system.axes("z"))))
    assert "k ≠ j vanish" in local.remark


def k_of(local: Step) -> Index:
    assert isinstance(local.before, Partial)
    (index,) = local.before.of.indices
    assert isinstance(index, Index)
    return index


def test_the_seed_for_softmax_keeps_every_term() -> None:
    system, derivation = special(SEED, "softmax")
    assert_same_form(derivation.result, expected(system, "z", "a[j]*(∂C/∂a[j] - sum(k) a[k]*∂C/∂a[k])"))
    (local,) = [step for step in derivation.steps if step.rule == "local derivative"]
    wanted = parse_expression("a[k]*([k = j] - a[j])", system, (k_of(local), *system.axes("z")))
    assert_same_form(local.after, wanted)
    assert "no term vanishes" in local.remark


def test_both_special_cases_stand_beside_the_seed() -> None:
    derivation = derived(SEED, "z")
    assert [title for title, _ in derivation.cases] == [title for title, _ in special_cases(parse(SEED.text))]
    for word, (title, shown) in zip(("elementwise", "softmax"), derivation.cases, strict=True):
        assert word in title
        assert shown.result == special(SEED, word)[1].result


def test_several_variables_are_shown_as_a_product_of_vectors_too() -> None:
    derivation = derived(SEVERAL_VARIABLES, "x")
    assert any("∇h · ∂g/∂x[j]" in remark for remark in derivation.remarks)


def test_several_unknown_functions_in_a_chain() -> None:
    """Each is replaced by itself: the special cases of n functions are 2·n, not all their combinations."""
    lines = [f"abstract a{n + 1}[k](a{n}[j])" for n in range(6)]
    back = backprop(parse("\n".join(["param a0[j]", *lines, "cost C(a6[k])"])))
    derivation = back.derivation("a0")
    assert derivation.equation() == "∂C/∂a0[j] = Σ_k ∂C/∂a1[k]·∂a1[k]/∂a0[j]"
    assert len(derivation.cases) <= 12
    assert not any(shown.cases for _, shown in derivation.cases)
    for _, shown in derivation.cases[:4]:
        shown.verify()


CHAINED = [pytest.param(case, t, id=f"{case.name}-{t}") for case, t in (p.values for p in LINES) if case in NETWORKS]


@pytest.mark.parametrize(
    ("case", "tensor"),
    [*CHAINED, *(pytest.param(c, "z", id=c.name) for c in (SEED, QUADRATIC, SOFTMAX, SOFTMAX_GIVEN, BINARY))],
)
def test_the_sum_over_paths_comes_first_then_local_derivatives_then_the_collapse(case: Case, tensor: str) -> None:
    derivation = derived(case, tensor)
    first, *rest = derivation.steps
    assert first.rule == "chain rule"
    assert first.before == derivation.target
    assert isinstance(first.after, Reduce), "one path leads on, through all entries of one tensor: a sum"
    assert sum(isinstance(part, Partial) for part in walk(first.after)) >= 1
    assert "the contributions add up" in first.statement
    assert "not extent(" in first.remark
    order = [stage_of(step) for step in rest]
    assert order == sorted(order)
    for step in rest:
        if step.rule == "local derivative":
            assert step.detail is not None
            assert "vanish" in step.remark
            assert any(inner.rule == "Kronecker delta" for inner in step.detail.steps)
            assert any(isinstance(part, Bracket) for inner in step.detail.steps for part in walk(inner.after))


def stage_of(step: Step) -> int:
    """Return 0 for local derivatives, 1 for what is substituted, 2 for the collapse and all that follows."""
    return {"local derivative": 0, "substitute": 1}.get(step.rule, 2)


def test_the_contribution_through_one_entry_is_set_apart_from_the_whole() -> None:
    derivation = derived(SEED, "z")
    assert derivation.steps[0].remark == (
        "∂C/∂a[k]·∂a[k]/∂z[j] is the contribution through one a[k]; in general the contributions differ, so the sum is "
        "not extent(k) times one of them"
    )


@pytest.mark.parametrize(
    "text",
    [
        "data y[k]\nm[k] = y[k]*(sum(s) [s < k]*x[s])\ncost C = sum(k) m[k]^2",
        "u[i,j] = x[i]*x[j]\ncost C = sum(i,j) u[i,j]^3",
        "u[i,j] = [i != j]*x[i]*x[j]\ncost C = sum(i,j) u[i,j]^3",
        "u[i,j] = where(i < j, x[i], x[j])\ncost C = sum(i,j) u[i,j]^3",
    ],
    ids=["causal", "outer", "off-diagonal", "choice"],
)
def test_no_term_is_said_not_to_vanish_that_does(text: str) -> None:
    steps = list(all_steps(backprop(parse(f"param x[k]\n{text}")).derivation("x")))
    assert any(step.rule == "local derivative" for step in steps)
    assert not any("no term vanishes" in step.remark for step in steps)


@pytest.mark.parametrize(("case", "tensor"), LINES)
def test_no_symbol_is_said_to_have_two_values(case: Case, tensor: str) -> None:
    """A line that begins with the target's own symbol ends where the derivation may: at a value of the target."""
    derivation = derived(case, tensor)
    back = back_of(case.name)
    shown = derivation.text(derivation.target)
    for step in all_steps(derivation):
        if derivation.text(step.before) == shown:
            claim = replace(
                derivation, steps=(replace(step, before=derivation.target, detail=None),), result=step.after
            )
            back.verify(claim)


def test_a_note_on_a_delta_names_the_letters_of_its_line() -> None:
    for case, tensor in ((REGRESSION, "W"), (QUADRATIC_FORM, "x")):
        for step in all_steps(derived(case, tensor)):
            assert f"∂{tensor}[i]/∂{tensor}[i]" not in step.statement


def test_a_step_that_takes_a_factor_out_is_not_called_multiplying_out() -> None:
    """½·[k = j]·(1 + …) + [k = j]·z[k]·… = [k = j]·(…), in the derivative of gelu."""
    (gelu,) = [case for case in CASES if case.name == "activation-gelu"]
    assert "multiply out" not in [step.rule for step in all_steps(derived(gelu, "z1"))]


def test_equal_form_is_not_equal_value() -> None:
    """The comparison of this module tells forms apart that have one value."""
    system = parse(QUADRATIC.text)
    expanded = expected(system, "z", "(a[k]^2 - a[k]*y[k])*(1 - a[k])")
    assert not same_form(derived(QUADRATIC, "z").result, expanded)

"""The sentences of a derivation: why a sum, what one term is, which terms vanish, and where a line comes from."""

from __future__ import annotations

import pytest

from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.rewrite.rules import Derivation, Step


def derivation(text: str, tensor: str = "x") -> Derivation:
    return backprop(parse(text), [tensor]).derivation(tensor)


def local_steps(text: str, tensor: str = "x") -> list[Step]:
    return [step for step in derivation(text, tensor).steps if step.rule == "local derivative"]


def test_every_path_is_in_the_first_line_and_in_its_sentence() -> None:
    found = derivation("param x[i]\nu[i] = x[i]^2\nv = sum(i) x[i]\ncost C = v^2 + (sum(i) u[i]*x[i])")
    first = found.steps[0]
    assert first.statement == (
        "C depends on x[i] through every u[j] and v, and reads x[i] itself; the contributions add up"
    )
    assert found.text(first.after) == "Σ_j ∂C/∂u[j]·∂u[j]/∂x[i] + ∂C/∂v·∂v/∂x[i] + u[i]"
    (share,) = [step for step in found.steps if step.rule == "direct contribution"]
    assert share.remark == "C reads x[i] itself, all else held fixed"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("tanh(x[i])", "diagonal: only u[i] depends on x[i], so the terms with j ≠ i vanish"),
        ("exp(x[i])/(sum(m) exp(x[m]))", "not diagonal: every u[j] depends on x[i], so no term vanishes"),
        ("x[i]*(sum(m) x[m]) + (sum(m) x[m]^2)", "not diagonal: every u[j] depends on x[i], so no term vanishes"),
        ("y[i]*(sum(m) y[m]*x[m])", "every u[j] depends on x[i], so no term vanishes"),
        (
            "y[i]*(sum(m) [m < i]*x[m])",
            "where its brackets are false, u[j] does not depend on x[i], and the term vanishes",
        ),
    ],
)
def test_which_terms_vanish_and_why(value: str, said: str) -> None:
    (step,) = local_steps(f"data y[i]\nparam x[i]\nu[i] = {value}\ncost C = sum(i) u[i]^3")
    assert step.remark == said
    assert step.detail is not None
    assert step.detail.remarks == (said,)


def test_a_matrix_is_tied_in_each_of_its_axes() -> None:
    (step,) = local_steps("param x[i,j]\nu[i,j] = x[i,j]^2\ncost C = sum(i,j) u[i,j]^3")
    assert "only u[i,j] depends on x[i,j], so the terms with k ≠ i or m ≠ j vanish" in step.remark


def test_a_scalar_has_one_path_and_needs_no_word_about_shares() -> None:
    found = derivation("param x\nu = x^2\ncost C = u^3")
    assert found.steps[0].statement == "C depends on x through u"
    assert found.steps[0].remark == ""


def test_what_is_substituted_is_said_with_where_it_comes_from() -> None:
    found = derivation("data y[k]\nparam x[k]\na[k] = sigmoid(x[k])\ncost C = sum(k) (a[k] - y[k])^2")
    assert found.inlined == ("a",)
    (step,) = [step for step in found.steps if step.rule == "substitute"]
    assert step.statement == "∂C/∂a[m] = 2·(a[m] − y[m]) and the local derivative"
    assert [(found.text(left), found.text(right)) for left, right in step.uses] == [("∂C/∂a[m]", "2·(a[m] − y[m])")]
    assert step.where == "chainrule.diff.chain_rule.product"


def test_the_derivative_of_the_cost_by_itself() -> None:
    found = backprop(parse("param x\ncost C = x^2"), ["C"]).derivation("C")
    assert found.equation() == "∂C/∂C = 1"


def test_an_unknown_cost_has_a_symbol_for_its_derivative() -> None:
    found = derivation("param x[k]\ncost C(x[k])")
    assert [step.rule for step in found.steps] == ["unknown function"]
    assert "its derivative is a symbol" in found.steps[0].statement
    assert found.equation() == "∂C/∂x[k] = ∂C/∂x[k]"


def test_what_cancels_is_said_in_the_letters_of_the_line() -> None:
    entropy = backprop(parse("param a[k]\ncost C = -(sum(k) a[k]*log(a[k]))")).derivation("a")
    (step,) = [step for step in entropy.steps if "cancel" in step.remark]
    assert (step.rule, step.remark) == ("derivative of log", "a[m] cancels")
    plain = backprop(parse("param a[k]\ncost C = sum(k) a[k]^2")).derivation("a")
    assert not any("cancel" in step.remark for step in plain.steps)

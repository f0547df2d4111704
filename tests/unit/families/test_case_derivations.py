"""Derivations of families are those of their windows: told case by case, verified, and graded against."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.expr.symbols import Tensor
from chainrule.family_derivations import derivations, local_derivative
from chainrule.rewrite.derivation_text import derivation_text
from unit.families.family_systems import FAMILIES, MLP, RNN, SIGMOID, UNKNOWN

HERE, ABOVE = Tensor("z", (("l", 0),)), Tensor("z", (("l", 1),))


def test_each_case_has_a_derivation_that_is_verified() -> None:
    told = {found.ranges: found.derivation for found in derivations(cr.backprop(cr.parse(MLP)), "z")}
    assert [*told] == ["", "l = 1..L-1"]
    for derivation in told.values():
        assert derivation.verify()
    page = derivation_text(told["l = 1..L-1"], 100)
    assert "substitute ∂C/∂a[l; m] = Σ_p W[l+1; p,m]·∂C/∂z[l+1; p] and the local derivative" in page


@pytest.mark.parametrize("text", FAMILIES.values(), ids=FAMILIES)
def test_all_derivations_end_at_the_lines_that_are_shown(text: str) -> None:
    back = cr.backprop(cr.parse(text))
    name = next(iter(back.cases))
    assert all(found.derivation.verify() for found in derivations(back, name))


def test_local_derivatives_between_neighbours_stand_by_themselves() -> None:
    back = cr.backprop(cr.parse(MLP))
    found = local_derivative(back, ABOVE, HERE)
    assert repr(found) == "∂z[l+1; k]/∂z[l; m] = W[l+1; k,m]·sigma'(z[l; m])"
    with pytest.raises(cr.DerivativeError, match=r"no case of ∂C/∂z\[l;\] reads q\[l;\]"):
        local_derivative(back, Tensor("q", (("l", 0),)), HERE)


RIGHT = [
    (MLP, "∂C/∂z[l; k] = sigma'(z[l; k])*(sum(m) W[l+1; m,k]*∂C/∂z[l+1; m])"),
    (MLP, "∂C/∂z[l; j] = sum(p) sigma'(z[l; j])*∂C/∂z[l+1; p]*W[l+1; p,j]"),
    (MLP, "∂C/∂z[l; k] = ∂C/∂a[l; k]*sigma'(z[l; k])"),
    (MLP, "∂C/∂z[L; k] = ∂C/∂a[L; k]*sigma'(z[L; k])"),
    (MLP, "∂C/∂W[l; j,k] = a[l-1; k]*∂C/∂z[l; j]"),
    (MLP, "∂C/∂b[l; j] = ∂C/∂z[l; j]"),
    (SIGMOID, "∂C/∂z[L; k] = (a[L; k] - y[k])*a[L; k]*(1 - a[L; k])"),
    (UNKNOWN, "∂C/∂z[l; k] = sum(m) ∂C/∂z[l+1; m]*∂z[l+1; m]/∂z[l; k]"),
    (RNN, "∂C/∂h[T; k] = sum(m) ∂C/∂o[T; m]*R[m,k]"),
]
WRONG = [
    (MLP, "∂C/∂z[l; k] = sigma'(z[l; k])*(sum(m) W[l+1; k,m]*∂C/∂z[l+1; m])", "W[l+1; k,m] is transposed"),
    (MLP, "∂C/∂z[l; k] = sum(m) W[l+1; m,k]*∂C/∂z[l+1; m]", "the factor sigma'(z[l; k]) is missing"),
    (MLP, "∂C/∂z[L; k] = ∂C/∂a[L; k]", "the factor sigma'(z[L; k]) is missing"),
    (SIGMOID, "∂C/∂z[L; k] = a[L; k] - y[k]", "is missing"),
    (MLP, "∂C/∂W[l; k,j] = a[l-1; j]*∂C/∂z[l; k]*sigma'(z[l; k])", "superfluous"),
]


@pytest.mark.parametrize(("text", "answer"), RIGHT, ids=[answer for _, answer in RIGHT])
def test_right_answers_in_the_letters_of_a_family_are_right(text: str, answer: str) -> None:
    assert cr.check(cr.parse(text), answer)


@pytest.mark.parametrize(("text", "answer", "reason"), WRONG, ids=[answer for _, answer, _ in WRONG])
def test_wrong_answers_are_told_why(text: str, answer: str, reason: str) -> None:
    verdict = cr.check(cr.parse(text), answer)
    assert not verdict
    assert reason in str(verdict)


def test_an_answer_says_which_case_it_is_of() -> None:
    families = cr.parse(MLP)
    assert cr.check(families, "∂C/∂a[L; k]*sigma'(z[L; k])", wrt="z[L]")
    with pytest.raises(cr.NotationError, match="nothing says what the answer is the derivative by"):
        cr.check(families, "∂C/∂a[L; k]")
    with pytest.raises(cr.DerivativeError, match=r"∂C/∂z\[q;\] is no case"):
        cr.check(families, "∂C/∂z[q; k] = 0")

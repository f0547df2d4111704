"""Symmetric tensors, signs and one-hot vectors: what simplification makes of them, named, and verified by value."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import VerificationError
from chainrule.expr.nodes import Call, Indexed, times
from chainrule.render.text import expression_text
from chainrule.simplify.simplifier import simplifier_of
from support import examples

SYMMETRIC = "data A[i,j]\ngiven A[i,j] = A[j,i]\nparam x[i]\n"
HOT = "data y[k], u[k], B[k,m]\ngiven onehot(k) y[k]\nparam z[k]\n"
CASES = {
    "quadratic form": (SYMMETRIC + "cost C = sum(i,j) x[i]*A[i,j]*x[j]", "x", "2·Σ_j x[j]·A[i,j]", "A[i,j] = A[j,i]"),
    "antisymmetric part": (
        SYMMETRIC + "data B[i,j]\ncost C = sum(i,j) (A[i,j] - A[j,i])*B[i,j]*x[i] + sum(i) x[i]",
        "x",
        "1",
        "A[i,j] = A[j,i]",
    ),
    "a tensor of three axes": (
        "data T[i,j,k], v[k]\ngiven T[i,j,k] = T[j,i,k]\nparam x[i]\ncost C = sum(i,j,k) x[i]*T[i,j,k]*x[j]*v[k]",
        "x",
        "2·Σ_{k,j} v[k]·x[j]·T[i,j,k]",
        "T[i,j,k] = T[j,i,k]",
    ),
    "positive": ("param s\ngiven s > 0\ncost C = abs(s) + sqrt(s^2) + relu(s) + maximum(s, 0)", "s", "4", "s > 0"),
    "negative": ("param s\ngiven s < 0\ncost C = abs(s) + relu(s) + 5*minimum(s, 0)", "s", "4", "s < 0"),
    "entries": ("param w[i]\ngiven w[i] > 0\ncost C = sum(i) relu(w[i])^2", "w", "2·w[i]", "w[i] > 0"),
    "not negative": (
        "data x[i]\ngiven x[i] >= 0\nparam w\ncost C = sum(i) w*abs(x[i])",
        "w",
        "Σ_i x[i]",
        "x[i] ≥ 0",
    ),
    "not zero": ("param s\ngiven s != 0\ncost C = [s != 0]*s^2 + [s = 0]*s", "s", "2·s", "s ≠ 0"),
    "larger than a number": ("param s\ngiven s >= 2\ncost C = abs(s)*3", "s", "3", "s ≥ 2"),
    "between": ("param p\ngiven 0 < p < 1\ncost C = abs(p)*abs(1 - p)", "p", "1 − 2·p", "0 < p"),
    "one less than another": ("param s, t\ngiven s < t\ncost C = abs(t - s)", "s", "-1", "s < t"),
    "products": ("data x\nparam s\ngiven s > 0\ngiven x < 0\ncost C = abs(s*x)", "s", "-x", "s > 0 and x < 0"),
    "the inverse of a symmetric matrix": (
        "param K[i,j]\ngiven K[i,j] = K[j,i]\ndata y[i]\na[i] = sum(j) inv(K)[i,j]*y[j]\ncost C = sum(i) y[i]*a[i]",
        "K",
        "-a[i]·a[j]",
        "K[i,j] = K[j,i]",
    ),
    "one-hot sums to one": (
        HOT + "a[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = -sum(k) y[k]*log(a[k])",
        "z",
        "a[k] − y[k]",
        "onehot(k) y[k]",
    ),
    "one-hot squares": (HOT + "cost C = sum(k) y[k]^2*z[k]", "z", "y[k]", "onehot(k) y[k]"),
    "one-hot products": (
        HOT + "cost C = sum(k) z[k]*y[k]*(sum(m) u[m]*y[m]*B[k,m])",
        "z",
        "y[k]·u[k]·B[k,k]",
        "onehot(k) y[k]",
    ),
}


@pytest.mark.parametrize(("text", "wrt", "result", "assumption"), CASES.values(), ids=CASES)
def test_a_fact_is_used_and_named_and_the_steps_are_right(text: str, wrt: str, result: str, assumption: str) -> None:
    derivation = cr.backprop(cr.parse(text)).derivation(wrt)
    assert derivation.text(derivation.result).replace("−", "-") == result.replace("−", "-")
    assert assumption in [step.assumption for step in derivation.steps]
    derivation.verify()


WITHOUT = [name for name in CASES if name not in ("not zero", "antisymmetric part")]


@pytest.mark.parametrize("name", WITHOUT)
def test_without_the_fact_the_result_is_another(name: str) -> None:
    text, wrt, result, _ = CASES[name]
    system = replace(cr.parse(text), givens=())
    derivation = cr.backprop(system).derivation(wrt)
    assert derivation.text(derivation.result) != result
    assert not any(step.assumption for step in derivation.steps)


@pytest.mark.parametrize("name", ["quadratic form", "negative", "one-hot squares", "one-hot products"])
def test_verification_catches_a_fact_that_does_not_hold(name: str) -> None:
    text, wrt, _, _ = CASES[name]
    derivation = cr.backprop(cr.parse(text)).derivation(wrt)
    free = cr.backprop(replace(cr.parse(text), givens=())).derivation(wrt)
    with pytest.raises(VerificationError, match="is wrong: given"):
        replace(derivation, verifier=free.verifier).verify()


def test_a_symmetry_is_used_only_where_terms_become_fewer() -> None:
    system = cr.parse(SYMMETRIC + "data b[j]\ncost C = sum(i,j) x[i]*A[j,i]*b[j]")
    derivation = cr.backprop(system).derivation("x")
    assert derivation.text(derivation.result) == "Σ_j b[j]·A[j,i]"
    assert not any(step.assumption for step in derivation.steps)


@pytest.mark.parametrize("relation", [">", ">=", "<", "<=", "!="])
@pytest.mark.parametrize("asked", [">", ">=", "<", "<=", "!=", "="])
def test_brackets_are_decided_as_the_relations_say(relation: str, asked: str) -> None:
    derivation = cr.backprop(cr.parse(f"param s, w\ngiven s {relation} 0\ncost C = w*[s {asked} 0]")).derivation("w")
    truths = {
        {">": s > 0, ">=": s >= 0, "<": s < 0, "<=": s <= 0, "!=": s != 0, "=": s == 0}[asked]
        for s in (-1, 0, 1)
        if {">": s > 0, ">=": s >= 0, "<": s < 0, "<=": s <= 0, "!=": s != 0}[relation]
    }
    expected = str(int(truths.pop())) if len(truths) == 1 else "open"
    found = derivation.text(derivation.result)
    assert (found if found in ("0", "1") else "open") == expected


ENTRIES = {"p": "p > 0", "q": "q < 0", "r": "r >= 0"}


@given(st.data())
@examples(60)
def test_known_signs_keep_the_value(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from("pqrf"), min_size=1, max_size=4))
    pieces = [
        data.draw(st.sampled_from(["{0}", "{0}^2", "exp({0})", "{0}^3", "2*{0}", "-{0}"])).format(n) for n in names
    ]
    inner = data.draw(st.sampled_from(["*", " + ", " - "])).join(f"({piece})" for piece in pieces)
    function = data.draw(
        st.sampled_from(["abs({0})", "relu({0})", "sign({0})*w", "maximum({0}, 0)", "[{0} > 0]", "[{0} <= 0]*f"])
    )
    system = cr.parse(
        "data p, q, r, f\nparam w\n"
        + "".join(f"given {fact}\n" for fact in ENTRIES.values())
        + f"cost C = w*{function.format(inner)}"
    )
    cr.backprop(system).derivation("w").verify()


def test_signs_without_a_fact_are_left_alone() -> None:
    expr = Call("abs", (times(Indexed("s"), Indexed("s"), Indexed("t")),))
    system = cr.parse("param s, t\ngiven s > 0\ncost C = s*t")
    assert expression_text(simplifier_of(system).simplify(expr)) == "abs(t·s^2)"

"""Verdicts as documents: what is mathematics in a sentence is laid out, what is words stays words."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.checking.verdict_document import verdict_document
from chainrule.render.document import Line
from chainrule.render.document_text import document_text
from chainrule.render.formula import ShownFormula
from web import formulas, signs, tree_of

SYSTEM = cr.parse("data x[i], y\nparam w[i]\nz = sum(i) w[i]*x[i]\na = relu(z)\ncost C = 1/2*(a - y)^2")


def found(sentence: str) -> list[str]:
    """Return the formulas of a sentence."""
    (line,) = verdict_document(sentence, ()).nodes
    assert isinstance(line, Line)
    assert document_text(line).replace("−", "-") == sentence.replace("−", "-")
    return [str(piece) for piece in line.words if isinstance(piece, ShownFormula)]


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Wrong: the factor [z1[j] > 0] is missing.", ["[z1[j] > 0]"]),
        ("Wrong: a factor 1/2 too much.", ["1/2"]),
        ("it is 1/extent(n) times what it should be", ["1/extent(n)"]),
        ("every entry of a[k] may depend on z[j], and W[k,j]·∂C/∂a[k] is one", ["a[k]", "z[j]", "W[k,j]·∂C/∂a[k]"]),
        ("it is right where Σ_k y[k] = 1, which is not said", ["Σ_k y[k] = 1"]),
        ("not a − y but (a − y)·b^2, it is", ["a − y", "(a − y)·b^2"]),
        ("Wrong: k stands free on the right, and no sum runs over k.", []),
        ("the sum over k is missing (so it is).", []),
        ("either and/or [or a bracket", []),
        ("z[l+1; k] has a step", []),
    ],
)  # fmt: skip
def test_formulas_in_a_sentence(sentence: str, shown: list[str]) -> None:
    assert found(sentence) == shown


def test_a_verdict_on_a_page_has_its_reason_as_mathematics() -> None:
    verdict = cr.check(SYSTEM, "∂C/∂w[i] = (a - y)*x[i]")
    page = tree_of(verdict._repr_html_())
    shown = [signs(one) for one in formulas(page)]
    assert shown[0] == "[z>0]"
    assert shown[1].startswith("∂C∂wi=")

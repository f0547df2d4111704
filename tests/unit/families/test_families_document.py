"""Families as documents: ranges in each form, and what the text says."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.families.families_document import range_formula
from chainrule.families.templates import StepRange
from chainrule.render.document_text import document_text
from chainrule.render.spoken import spoken

LAYERS = """data a[0; k], y[j]
param w[l; j,k]
abstract sigma(t)

for l = 1..L:
    a[l; j] = sigma(Σ_k w[l; j,k]·a[l-1; k])
cost C = Σ_j (a[L; j] − y[j])^2"""


@pytest.mark.parametrize(
    ("steps", "text", "latex", "words"),
    [
        (StepRange("l", ("", 1), ("L", -1)), "l = 1..L-1", r"l = 1, \ldots, L-1", "l equals 1 to L minus 1"),
        (StepRange("t", ("", 0), ("T", 0), down=True), "t = T..0", r"t = T, \ldots, 0", "t equals T to 0"),
    ],
)
def test_a_range_in_each_form(steps: StepRange, text: str, latex: str, words: str) -> None:
    shown = range_formula(steps)
    assert (str(shown), shown.latex(), spoken(shown)) == (text, latex, words)


def test_the_document_reads_as_the_text_does() -> None:
    families = cr.parse(LAYERS)
    assert str(families) == LAYERS
    assert document_text(families.document()) == LAYERS


def test_where_nothing_is_asked_for_nothing_is_shown() -> None:
    back = cr.backprop(cr.parse(LAYERS.replace("param", "data ")))
    assert str(back) == document_text(back.document()) == ""
    assert back._repr_html_() == "<div></div>"


def test_the_cases_of_a_backward_pass_read_as_its_lines_do() -> None:
    back = cr.backprop(cr.parse(LAYERS))
    assert document_text(back.document()) == str(back)

"""Matrix forms in MathML are elements that a browser takes, with the LaTeX and the text of the same line."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

import chainrule as cr
from unit.families.family_systems import MLP
from unit.matrix.test_matrix_forms import COOKBOOK, NETWORK, SOFTMAX

PARTS = {"msup": 2, "msub": 2, "mfrac": 2, "munder": 2, "munderover": 3}
"""How many elements stand in one of a kind: a browser shows none of it where there are more."""


@pytest.mark.parametrize("text", [NETWORK, SOFTMAX, MLP, *(text for _, text in COOKBOOK)])
def test_every_line_is_well_formed(text: str) -> None:
    for line in cr.backprop(cr.parse(text)).matrix():
        root = ET.fromstring(line.mathml())
        for element in root.iter():
            kind = element.tag.partition("}")[2]
            assert len(element) == PARTS.get(kind, len(element)), f"{line}: {kind} has {len(element)} parts"
        assert root.get("alttext") == str(line)
        assert root.findtext(".//{*}annotation") == line.latex()


def test_a_family_says_for_which_steps_a_line_holds() -> None:
    line = list(cr.backprop(cr.parse(MLP)).matrix())[1]
    root = ET.fromstring(line.mathml())
    assert "".join(root.find(".//{*}mrow").itertext()).endswith("for l = 1..L-1")  # type: ignore[union-attr]


def test_a_notebook_shows_mathematics() -> None:
    forms = cr.backprop(cr.parse(SOFTMAX)).matrix()
    shown = forms._repr_mimebundle_()
    assert list(shown) == ["text/plain", "text/html", "text/latex"]
    assert shown["text/html"].startswith("<math ")


def test_what_has_no_matrix_form_is_a_formula_in_index_notation() -> None:
    text = "data x[t]\nparam w[u]\ncost C = sum(p) (sum(u) w[u]*x[p+u])^2"
    line = list(cr.backprop(cr.parse(text)).matrix())[-1]
    assert line.value is None
    assert line.mathml().startswith("<math ")

"""Every system that there is as a piece of a web page: well-formed, with words, and with the equations of its text."""

from __future__ import annotations

import pytest

import chainrule as cr
from case_systems import folder, names, text_of
from cases import CASES, Case
from chainrule.families.families import Families
from chainrule.render.document_text import document_text
from web import MATH, formulas, signs, tree_of

without_cases = pytest.mark.skipif(
    folder() is None, reason="CHAINRULE_CASES is not set: it names the folder with systems/"
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_systems_and_their_steps(case: Case) -> None:
    system = cr.parse(case.text)
    back = cr.backprop(system, tuple(dict.fromkeys((*system.params, *case.results))))
    assert document_text(system.document()) == str(system)
    assert document_text(back.document()) == str(back)
    page = tree_of(back._repr_html_())
    rows = [signs(row) for row in page.iter(f"{MATH}mtr")]
    alone = len(back.system.equations) == 1
    assert len(rows) == (0 if alone else len(back.system.equations))
    steps = tree_of(back.steps()._repr_html_())
    assert len(list(formulas(steps))) >= len(back.wrt)


@without_cases
@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_systems_that_outsiders_wrote(name: str) -> None:
    system = cr.parse(text_of(name))
    tree_of(system._repr_html_())
    back = cr.backprop(system)
    assert document_text(system.document()) == str(system)
    assert document_text(back.document()) == str(back)
    tree_of(back._repr_html_())
    if not isinstance(back.forward, Families):
        tree_of(back.steps()._repr_html_())

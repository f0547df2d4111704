"""Pages as a browser shows them: signs of equality below each other, steps that open, colours of light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest

import chainrule as cr
from browser import look
from cases import NETWORKS
from chainrule.render.document import Group
from chainrule.render.document_html import page_html

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SYSTEM = cr.parse(NETWORKS[2].text)
"""Two layers with softmax and cross-entropy."""


def test_equations_stand_below_each_other_at_their_signs(tmp_path: Path) -> None:
    back = cr.backprop(SYSTEM)
    found = look(page_html(back.document(), "t"), tmp_path)
    (places,) = found["equals"]
    assert len(places) == len(back.system.equations)
    assert max(places) - min(places) < 1
    assert all(gap < 8 for gap in found["gaps"])
    assert all(width > 5 and height > 5 for _, _, width, height in found["formulas"])
    assert found["notes"] == 0
    assert not found["wide"]


def test_each_step_opens_and_shows_more(tmp_path: Path) -> None:
    found = look(page_html(cr.backprop(SYSTEM).derivation("z2").document(), "t"), tmp_path)
    assert len(found["folded"]) > 5
    assert not any(found["folded"])
    assert all(opened > closed + 10 for closed, opened in found["heights"] if closed)


def test_brackets_are_as_tall_as_what_they_enclose(tmp_path: Path) -> None:
    system = cr.parse("param x[k]\nz[k] = (x[k] + 1)^2\ncost C = (1 + 1/(sum(k) z[k]))^2")
    found = look(page_html(system.document(), "t"), tmp_path)
    low, high = (height for sign, _, _, _, height in found["fences"] if sign == "(")
    assert high > 1.5 * low


def test_text_is_light_on_dark_and_dark_on_light(tmp_path: Path) -> None:
    page = page_html(SYSTEM.document(), "t")
    assert look(page, tmp_path)["colour"] == "rgb(0, 0, 0)"
    assert look(page, tmp_path, dark=True)["colour"] == "rgb(255, 255, 255)"


def test_a_formula_that_is_too_wide_moves_and_the_page_does_not(tmp_path: Path) -> None:
    long = cr.parse("param x[k]\ncost C = " + " + ".join(f"{n}*(sum(k) x[k]^{n})" for n in range(2, 30)))
    back = cr.backprop(long)
    found = look(page_html(Group((long.document(), back.document())), "t"), tmp_path, width=500)
    assert max(width for _, _, width, _ in found["formulas"]) > 500
    assert not found["wide"]

"""One document, three writers: all of them say the same words, each in its own way."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.expr.nodes import Index, Indexed, minus, plus
from chainrule.render.document import (
    Among,
    Bar,
    Group,
    Heading,
    Line,
    Node,
    Note,
    Share,
    Table,
    added_numbers,
    joined,
    multiplied_numbers,
    words,
)
from chainrule.render.document_html import document_html, page_html
from chainrule.render.document_json import document_json
from chainrule.render.document_text import document_lines, document_text, words_text
from chainrule.render.formula import ShownFormula, added, continued, equal, formula
from web import formulas, seen, signs, tree_of

k = Index("k")
A1, Z1 = formula(Indexed("a1", (k,))), formula(Indexed("z1", (k,)))
TABLE = Table(
    ("k", A1, "share", ""), ((0, 12.5, Share(0.5), Bar(1.0)), (3, -0.25, Share(-0.02), Bar(-0.5))), ("…", "", "", "")
)


def from_json(node: Node) -> Any:
    return json.loads(document_json(node))["document"]


def test_groups_set_apart_have_one_blank_line_between_them_and_none_at_the_ends() -> None:
    one = Group((Line(("one",)),), apart=True)
    assert document_lines(Group((one, one, Group((), apart=True), Line(("end",)), one))) == [
        *("one", "", "one", "", "end", "", "one")
    ]


def test_the_number_of_an_item_stands_before_its_first_line_and_what_follows_is_further_in() -> None:
    inner = Group((Group((Line(("law",)), Note(("so",))), label="a"),), indent=2)
    assert document_text(Group((Group((Line(("rule",)), inner), label="12"),), indent=2)) == (
        "  12 rule\n       a  law\n          so"
    )


def test_long_lines_break_at_words_and_those_kept_whole_do_not() -> None:
    text = "one word after another, and so on"
    assert document_lines(Group((Line((text,)),), indent=4), width=24) == [
        "    one word after",
        "    another, and so on",
    ]
    assert document_lines(Line((text,), whole=True), width=24) == [text]
    assert document_lines(Line((text,))) == [text]


def test_an_equation_too_long_for_its_line_breaks_at_its_sign() -> None:
    long = equal(A1, Z1, Z1)
    assert document_lines(long, width=21) == ["a1[k] = z1[k] = z1[k]"]
    assert document_lines(long, width=20) == ["a1[k]", "= z1[k]", "= z1[k]"]
    assert document_lines(continued(Z1), width=3) == ["= z1[k]"]


def test_a_table_aligns_its_columns_and_leaves_bars_out() -> None:
    assert document_lines(TABLE) == [
        "  k    a1[k]   share",
        "  0   12.500    50 %",
        "  3   −0.250    −2 %",
        "  …",
    ]


def test_a_table_without_headings_of_unlike_numbers_aligned_to_the_left() -> None:
    table = Table((), ((A1, 12.5), ("product", 0.25)), left=(0,), unlike=True)
    assert document_lines(table) == ["  a1[k]     12.500", "  product   0.2500"]


def test_numbers_among_others_share_their_decimals() -> None:
    numbers = (12.5, 0.25)
    said = joined(tuple(Among(numbers, n) for n in range(2)), ", ")
    assert words_text(said) == "12.500, 0.250"
    assert from_json(Line(said))["words"] == [{"number": 12.5}, ", ", {"number": 0.25}]


def test_sums_and_products_of_numbers_have_the_signs_of_a_book() -> None:
    total = added_numbers((-0.5, -0.25, 2.0))
    assert words_text(total) == "−0.5000 − 0.2500 + 2"
    assert [part["number"] for part in from_json(Line(total))["words"]] == [-0.5, -0.25, 2.0]
    assert words_text(multiplied_numbers((0.5, -2.0))) == "0.5000·(−2)"


def test_a_formula_is_written_by_each_in_its_own_characters() -> None:
    shown = equal(A1, formula(plus(Indexed("z1", (k,)), minus(Indexed("b", (k,))))))
    assert document_text(shown) == "a1[k] = z1[k] − b[k]"
    assert from_json(shown) == {
        "kind": "formula",
        "text": "a1[k] = z1[k] − b[k]",
        "latex": "a^{1}_{k} = z^{1}_{k} - b_{k}",
    }
    assert shown.latex("&=") == "a^{1}_{k} &= z^{1}_{k} - b_{k}"
    assert continued(Z1).latex("&=") == "&= z^{1}_{k}"


def test_a_sum_of_formulas_subtracts_what_is_negative() -> None:
    assert str(added(A1, formula(minus(Indexed("z1", (k,)))), Z1)) == "a1[k] − z1[k] + z1[k]"
    assert str(added(A1)) == "a1[k]"


def test_a_web_page_escapes_all_text() -> None:
    evil = "<script>&"
    node = Group((Heading((evil,)), Line((evil,)), Table((evil,), ((evil,),)), Group((Note((evil,)),), label=evil)))
    page = document_html(node)
    assert "<script" not in page
    assert page.count("&lt;script&gt;&amp;") == 6


def test_the_number_of_an_item_stands_in_its_first_line_on_a_web_page() -> None:
    one, other = (tree_of(document_html(Group(nodes, label="2"))) for nodes in ((Line(("law",)), A1), (A1,)))
    assert [line.text for tree in (one, other) for line in tree.iter("p")] == ["2. law", "2. "]
    assert [signs(formula) for tree in (one, other) for formula in formulas(tree)] == ["ak1", "ak1"]


def test_a_web_page_draws_bars_and_has_the_cells_of_the_text() -> None:
    page = document_html(TABLE)
    cells = [[seen(cell) for cell in row] for row in tree_of(page).iter("tr")]
    assert cells[:2] == [["k", "ak1", "share", ""], ["0", "12.500", "50 %", ""]]
    assert cells[2:] == [["3", "−0.250", "−2 %", ""], ["…", "", "", ""]]
    assert "width:4.00em" in page


STEPS = tuple(Group((Line((law,)), A1), role="step", label=str(n)) for n, law in enumerate(("sum rule", "given"), 1))


def test_steps_are_opened_one_by_one_and_a_single_one_is_open() -> None:
    page = tree_of(document_html(Group(STEPS, role="steps")))
    assert [("open" in one.attrib, seen(one[0])) for one in page.iter("details")] == [
        (False, "1 sum rule"),
        (False, "2 given"),
    ]
    (alone,) = tree_of(document_html(Group(STEPS[:1], role="steps"))).iter("details")
    assert "open" in alone.attrib
    assert all("open" in one.attrib for one in tree_of(document_html(Group(STEPS))).iter("details"))


def test_equations_in_a_row_are_one_formula_and_a_line_goes_on_below_itself() -> None:
    shown = equal(A1, Z1)
    (table,) = formulas(tree_of(document_html(Group((shown, shown)))))
    assert signs(table) == "ak1=zk1" * 2
    line = Group((Line((shown, ", where ", A1)), Group((continued(A1),), indent=7)))
    (table,) = formulas(tree_of(document_html(line)))
    assert signs(table) == "ak1=zk1,\xa0where\xa0ak1=ak1"
    apart = tree_of(document_html(Group((shown, Line((shown,))))))
    assert len(list(formulas(apart))) == 2


def test_a_page_of_its_own_is_light_or_dark_and_fetches_nothing() -> None:
    page = page_html(Heading((A1,)), "a < b")
    assert "<title>a &lt; b</title>" in page
    assert "color-scheme: light dark" in page
    assert page.count("http") == page.count("http://www.w3.org/1999/xhtml") + page.count("http://www.w3.org/1998/Math")
    assert ET.fromstring(page).tag.endswith("html")


def test_json_has_every_kind_of_node() -> None:
    node = Group((Heading((A1,)), Line((3, " of ")), Note((Share(0.5),)), Bar(0.25), TABLE), role="all", label="1")
    found = from_json(node)
    assert (found["kind"], found["role"], found["label"]) == ("group", "all", "1")
    assert [part["kind"] for part in found["nodes"]] == ["heading", "line", "note", "bar", "table"]
    assert found["nodes"][1]["words"] == [3, " of "]
    assert found["nodes"][4]["rows"][0] == [0, {"number": 12.5}, {"share": 0.5}, {"bar": 1.0}]
    assert found["nodes"][4]["headings"][1] == {"text": "a1[k]", "latex": "a^{1}_{k}"}


@given(st.floats())
def test_json_gives_every_number_back(value: float) -> None:
    (found,) = from_json(Line((value,)))["words"]
    back = float(found["number"])
    assert back == value or (math.isnan(back) and math.isnan(value))
    assert isinstance(found["number"], float) == math.isfinite(value)


@pytest.mark.parametrize("unseen", ["\x1b[2J", "\u202e", "\x9b", "\u2028", "\U000e0001", "\ud800"])
def test_json_has_no_character_that_a_terminal_obeys(unseen: str) -> None:
    text = document_json(Line((unseen,)))
    assert text.isprintable()
    assert json.loads(text)["document"]["words"] == [unseen]


def test_words_of_words_are_one_line() -> None:
    assert words("a", words("b", 0.5), ()) == ("a", "b", 0.5)
    assert isinstance(formula(Indexed("x")), ShownFormula)

"""A style is a table: another form is another table, and the layout does not change."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import fields, replace
from html import escape

import pytest

from chainrule.expr.nodes import Call, Expr, Indexed, Power, delta, number, over, plus, times
from chainrule.render.arrange import arrange
from chainrule.render.latex import LATEX
from chainrule.render.layout import BigOperator, Entry, ExtentOf
from chainrule.render.style import Style, framed, write
from chainrule.render.text import ASCII, UNICODE, position_text
from unit.render.cases import a, b, j, k, reduced, x


def entry(node: Entry) -> str:
    below = "".join(f"<mi>{position_text(position)}</mi>" for position in node.positions)
    return f"<msub><mi>{escape(node.tensor)}</mi><mrow>{below}</mrow></msub>" if below else f"<mi>{node.tensor}</mi>"


def operator(node: BigOperator) -> str:
    return f"<munder><mo>Σ</mo><mi>{''.join(node.letters)}</mi></munder>"


def size(node: ExtentOf) -> str:
    return f"<mi>|{node.letter}|</mi>"


TWO = ("<mrow>", "</mrow><mrow>", "</mrow>")
MATHML = replace(
    LATEX,
    number=lambda mantissa, exponent: f"<mn>{mantissa}</mn>",
    name=lambda name: f"<mi>{name}</mi>",
    size=size,
    entry=entry,
    function=lambda name: f"<mi>{name}</mi>",
    times=lambda after: "<mo>·</mo>",
    big=operator,
    plus="<mo>+</mo>",
    minus="<mo>−</mo>",
    negative="<mo>−</mo>",
    fraction=(f"<mfrac>{TWO[0]}", TWO[1], f"{TWO[2]}</mfrac>"),
    power=(f"<msup>{TWO[0]}", TWO[1], f"{TWO[2]}</msup>"),
    prime="<mo>′</mo>",
    comma="<mo>,</mo>",
    relation=lambda relation: f"<mo>{escape(relation)}</mo>",
    parentheses=("<mo>(</mo>", "<mo>)</mo>"),
    bracket=("<mo>[</mo>", "<mo>]</mo>"),
    frames={"sqrt": ("<msqrt>", "</msqrt>")},
)


@pytest.mark.parametrize(
    "expr",
    [
        plus(a, times(number(-2), b)),
        over(plus(a, b), plus(a, x)),
        reduced(times(Indexed("W", (k, j)), x), k),
        Power(Call("sqrt", (plus(a, b),)), plus(a, number(1))),
        Call("exp", (over(a, b),)),
        times(delta(k, j), Call("maximum", (a, b))),
    ],
)
def test_mathml_is_one_more_table(expr: Expr) -> None:
    tree = ET.fromstring(f"<math>{write(arrange(expr, {}), MATHML)}</math>")
    outside = [*(node.text for node in tree.iter() if len(node)), *(node.tail for node in tree.iter())]
    assert {text for text in outside if text} == set(), "every sign is in an element"


def test_a_fraction_in_mathml_needs_no_parentheses() -> None:
    assert "<mo>(</mo>" not in write(arrange(over(plus(a, b), plus(a, x)), {}), MATHML)


def test_ascii_differs_from_unicode_in_characters_only() -> None:
    differing = {field.name for field in fields(Style) if getattr(ASCII, field.name) != getattr(UNICODE, field.name)}
    assert differing == {"times", "big", "minus", "negative", "relation"}


def test_a_frame_has_one_string_more_than_parts() -> None:
    assert framed(("(", ", ", ")"), "a", "b") == ("(", "a", ", ", "b", ")")
    with pytest.raises(ValueError, match="shorter"):
        framed(("(", ")"), "a", "b")

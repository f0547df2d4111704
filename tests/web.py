"""What every piece of a web page must be: well-formed, with MathML that says what it means, and without a script."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

MATH = "{http://www.w3.org/1998/Math/MathML}"
PARTS = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "munderover": 3}
"""How many parts these elements have."""
LEAVES = {"mi", "mn", "mo", "mtext", "annotation"}
SCRIPTED = {"script", "link", "img", "iframe", "style"}
"""What would be run, or fetched, or change the page around it."""


def tree_of(page: str) -> ET.Element:
    """Return the elements of a piece of a page, after looking at all of them."""
    tree = ET.fromstring(f"<div>{page}</div>")
    for element in tree.iter():
        name = element.tag.removeprefix(MATH)
        assert name not in SCRIPTED
        assert not any(key.startswith("on") or key in ("href", "src") for key in element.attrib)
        if element.tag.startswith(MATH):
            assert len(element) == PARTS.get(name, len(element)), f"{name} with {len(element)} parts"
            bare = (element.text if name not in LEAVES else "", element.tail if name != "math" else "")
            assert not any((text or "").strip() for text in bare), "every sign is in an element"
    for formula in formulas(tree):
        assert formula.get("alttext") == formula.get("aria-label")
        assert (formula.get("aria-label") or "").strip()
        (note,) = formula.iter(f"{MATH}annotation")
        assert note.get("encoding") == "application/x-tex"
        assert (note.text or "").strip()
    return tree


def formulas(tree: ET.Element) -> Iterator[ET.Element]:
    """Yield the formulas of a page."""
    return tree.iter(f"{MATH}math")


def signs(formula: ET.Element) -> str:
    """Return what is seen of a formula, in a row."""
    return seen(formula).replace("\n", "")


def seen(tree: ET.Element) -> str:
    """Return all text of a page that is seen, formulas as the signs in a row."""
    if tree.tag == f"{MATH}annotation":
        return ""
    return "".join((tree.text or "", *(seen(part) + (part.tail or "") for part in tree)))

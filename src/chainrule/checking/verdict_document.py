"""A verdict as a document, its equations as formulas: what LaTeX writes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.render.document import Group, Inline, Line, Words, joined, words
from chainrule.render.laws import formula_of

_OPENINGS = ("Right is ", "Right: ", "It rests on what is given: ", "right:  ", "answer: ")
"""What lines with formulas begin with; the formulas come next, with commas between them."""


def verdict_document(message: str, numbers: Sequence[str], where: str) -> Group:
    """Return the lines of a verdict as words and formulas; `where` is the entry that they speak of."""
    lines = [*message.splitlines(), *numbers]
    return Group(tuple(Line(_words(line, where)) for line in lines), role="verdict")


def _words(line: str, where: str) -> Words:
    opening = next((begun for begun in _OPENINGS if line.startswith(begun)), "")
    if opening and not line.startswith("Right: the"):
        return words(f"{opening.strip()} ", joined(tuple(_formulas(line.removeprefix(opening))), ", "))
    if where and f" {where} " in line:
        before, _, after = line.partition(where)
        return words(before, formula_of(where), after)
    return (line,)


def _formulas(text: str) -> Iterator[Inline]:
    """Yield the formulas of a list; a comma within brackets separates none."""
    depth, begun = 0, 0
    for place, mark in enumerate(text):
        depth += (mark in "[({") - (mark in "])}")
        if depth == 0 and text[place : place + 2] == ", ":
            yield formula_of(text[begun:place])
            begun = place + 2
    yield formula_of(text[begun:])

"""A verdict as a document, its equations as formulas: what LaTeX writes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chainrule.checking.verdicts import Verdict
from chainrule.render.document import Group, Inline, Line, Words, joined, words
from chainrule.render.formula import ShownFormula
from chainrule.render.laws import formula_of

_NAMED = r"[^\W\d]\w*(?:\[[^\]\[]*\])"
_ENTRY = re.compile(rf"∂\w+(?:\[[^\]\[]*\])?/∂{_NAMED}|(?<![\w'])(?<!Σ_){_NAMED}")
"""An entry, or a derivative of one, within a sentence."""
_OPENINGS = ("Right is ", "Right: ", "It rests on what is given: ", "right:  ", "answer: ")
"""What lines with formulas begin with; the formulas come next, with commas between them."""


def verdict_document(verdict: Verdict) -> Group:
    """Return a verdict as lines of words and formulas."""
    said = [Line(_words(line, verdict)) for line in verdict.message.splitlines()]
    numbers = [Line(_words(line, verdict)) for line in verdict.numbers]
    below = (Group(tuple(numbers), role="numbers", indent=2),) if numbers else ()
    return Group((*said, *below), role="verdict")


def _words(line: str, verdict: Verdict) -> Words:
    opening = next((begun for begun in _OPENINGS if line.startswith(begun)), "")
    if opening and not line.startswith("Right: the"):
        return words(opening, joined(tuple(_formulas(line.removeprefix(opening))), ", "))
    if verdict.where and f" {verdict.where} " in line:
        before, _, after = line.partition(verdict.where)
        return words(before, _formula(verdict.where), after)
    return tuple(_with_entries(line)) if line.startswith("Wrong: ") else (line,)


def _with_entries(line: str) -> Iterator[Inline]:
    """Yield a sentence with the derivatives and entries in it as formulas."""
    begun = 0
    for found in _ENTRY.finditer(line):
        yield line[begun : found.start()]
        yield _formula(found[0])
        begun = found.end()
    yield line[begun:]


def _formulas(text: str) -> Iterator[Inline]:
    """Yield the formulas of a list; a comma within brackets separates none."""
    depth, begun = 0, 0
    for place, mark in enumerate(text):
        depth += (mark in "[({") - (mark in "])}")
        if depth == 0 and text[place : place + 2] == ", ":
            yield _formula(text[begun:place])
            begun = place + 2
    yield _formula(text[begun:])


def _formula(text: str) -> Inline:
    """Return a formula of the system at hand: other than those of a law, its tensors may have other names in print."""
    read = formula_of(text)
    return ShownFormula(read.sides) if isinstance(read, ShownFormula) else read

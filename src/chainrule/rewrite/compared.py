"""Two derivations on one page as a document: steps of both once, the rest marked A or B, and where they part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher

from chainrule.render.document import Group, Line, Node
from chainrule.rewrite.derivation_text import derivation_parts, parting
from chainrule.rewrite.rules import Derivation


def compared_document(left: Derivation, right: Derivation, names: tuple[str, str]) -> Group:
    """Return two derivations on one page; `names` say what A and B are."""
    both = (left, right)
    (head, other), steps, ends = zip(*map(derivation_parts, both), strict=True)
    heads = (head,) if head == other else (head, other)
    titles = (Line((f"A: {names[0]}",)), Line((f"B: {names[1]}",)))
    numbered = tuple(_steps(both, steps))
    closing = ends[0] if ends[0] == ends[1] else tuple(_marked(ends))
    return Group((*titles, *heads, *numbered, *closing, Group(parting(left, right), apart=True)), role="comparison")


def _steps(both: tuple[Derivation, Derivation], steps: tuple[tuple[Group, ...], ...]) -> Iterator[Node]:
    rules = [[step.rule for step in derivation.steps] for derivation in both]
    for kind, start, end, first, last in SequenceMatcher(None, rules[0], rules[1], autojunk=False).get_opcodes():
        left, right = steps[0][start:end], steps[1][first:last]
        pairs = zip(left, right, strict=True) if kind == "equal" else [(None, None)]
        for one, other in pairs:
            if one is not None and one == other:
                yield one
                continue
            for letter, found in (("A", (one,) if one else left), ("B", (other,) if other else right)):
                yield from (replace(step, label=f"{letter}{step.label}") for step in found)


def _marked(ends: tuple[tuple[Node, ...], ...]) -> Iterator[Node]:
    for letter, nodes in zip("AB", ends, strict=True):
        yield Group(nodes, label=letter)

"""The derivations of a whole backward pass on one page: each derivative once, from the cost backwards.

What the pass names is derived in full. A derivative with a single path through a named one, whose local derivative is a
sum taken term by term and perhaps a Kronecker delta, takes two lines, as those of weights and biases do: by the form of
its derivation, not by what it is of. What was said once on the page is not said again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chainrule.render.document import Group, Line, Node, Words, joined, words
from chainrule.render.formula import ShownFormula, continued, equal
from chainrule.rewrite.derivation_text import derivation_document
from chainrule.rewrite.rules import Derivation, Step

_BRIEF = frozenset({"sum rule", "Kronecker delta", "one term remains", "differentiate", "equal indices"})
"""The laws of a local derivative that needs no lines of its own."""
_COLLAPSE = frozenset({"chain rule", "local derivative", "substitute", "one term remains"})
"""The steps of a derivation that is told in two lines."""


def backward_page(full: Sequence[Derivation], brief: Sequence[Derivation], *, where: bool = False) -> Group:
    """Return the page; `brief` are those of the derivations that may be told in two lines, in their order at the end.

    With `where` each step names the function that took it.
    """
    told = Told()
    nodes: list[Node] = []
    short: list[Node] = []
    for derivation in full:
        lines = told.in_short(derivation) if derivation in brief else None
        if lines is not None:
            short += lines
            continue
        nodes += [*_apart(short), Group((told.in_full(derivation, where=where),), apart=True)]
        short = []
    return Group((*nodes, *_apart(short)), role="derivatives")


def _apart(nodes: list[Node]) -> list[Node]:
    return [Group(tuple(nodes), role="derivation", apart=True)] if nodes else []


class Told:
    """Writes one derivation after the other, knowing what the page has said so far."""

    def __init__(self) -> None:
        self._remarked = False
        self._locals: dict[tuple[str, ...], ShownFormula] = {}

    def in_short(self, derivation: Derivation) -> tuple[Node, ...] | None:
        """Return a derivation in a line or two; None where that would hide something."""
        return None if derivation.notes else _in_two_lines(derivation) or _at_once(derivation)

    def in_full(self, derivation: Derivation, *, where: bool) -> Group:
        """Return all steps of a derivation."""
        return derivation_document(self._shortened(derivation), where=where)

    def _shortened(self, derivation: Derivation) -> Derivation:
        """Return a derivation without what stands on the page already."""
        return replace(derivation, steps=tuple(self._step(step, derivation) for step in derivation.steps))

    def _step(self, step: Step, derivation: Derivation) -> Step:
        if step.rule == "chain rule" and step.note:
            seen, self._remarked = self._remarked, True
            return replace(step, note=()) if seen else step
        if step.detail is None or len(step.detail.steps) < 2:
            return step
        form = _form(step.detail)
        known = self._locals.setdefault(form, derivation.formula(step.before))
        if known == derivation.formula(step.before):
            return step
        return replace(step, detail=None, law=words("as for ", known))


def _in_two_lines(derivation: Derivation) -> tuple[Node, ...] | None:
    """Return the sum over paths, with its local derivative, and what it comes to; None where that would hide a law.

    What is substituted stands on the page already.
    """
    local = [step for step in derivation.steps if step.rule == "local derivative"]
    if len(local) != 1 or any(step.rule not in _COLLAPSE for step in derivation.steps):
        return None
    (step,) = local
    if step.detail is None or any(inner.rule not in _BRIEF for inner in step.detail.steps):
        return None
    target, first = derivation.formula(derivation.target), derivation.formula(derivation.steps[0].after)
    known = equal(derivation.formula(step.before), derivation.formula(step.after))
    result = continued(derivation.formula(derivation.result))
    indent = len(str(target)) + 1
    return (
        Line(words(equal(target, first), ", where ", known), whole=True),
        Group((result,), indent=indent),
    )


def _at_once(derivation: Derivation) -> tuple[Node, ...] | None:
    """Return a derivative that takes no chain rule as one line with the laws it takes; None for others."""
    laws = dict.fromkeys(step.rule for step in derivation.steps if step.rule not in _BRIEF - {"sum rule"})
    if not laws or not all(law.endswith("rule") or law.startswith("derivative of") for law in laws):
        return None
    if "chain rule" in laws:
        return None
    *others, last = (f"the {law}" for law in laws)
    said: Words = words(joined(tuple(others), ", "), " and " if others else "", last)
    return (Line(words(derivation.equation_formula(), ", by ", said)),)


def _form(derivation: Derivation) -> tuple[str, ...]:
    """Return the steps of a derivation as text in which names are numbers: equal for what differs in names only."""
    sides = (side for step in derivation.steps for side in (step.before, step.after))
    whole = "\n".join((*(step.rule for step in derivation.steps), *map(derivation.text, sides)))
    numbers: dict[str, str] = {}
    names = {*derivation.taken}

    def number(found: re.Match[str]) -> str:
        name = found[0]
        return numbers.setdefault(name, f"<{len(numbers)}>") if name in names or len(name) == 1 else name

    return tuple(re.sub(r"[^\W\d]\w*", number, whole.replace("Σ_", "Σ ")).splitlines())

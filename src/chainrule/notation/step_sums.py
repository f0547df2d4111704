"""Sums over steps: sum(t) f[t;] in a text with `for t = …` adds up the f of all steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from chainrule.expr.nodes import Expr, walk
from chainrule.families.templates import letter_summed, raised_in


def summed_steps(letters: Sequence[str], body: Expr, steps: Collection[str]) -> list[str]:
    """Return those letters of a reduction that are steps: they stand in superscripts of its body."""
    if not steps:
        return []
    raised = {letter for tensor in raised_in(body) for letter, _ in tensor.superscript}
    inner = {letter_summed(part) for part in walk(body)}
    return [letter for letter in letters if letter in steps and letter in raised - inner]

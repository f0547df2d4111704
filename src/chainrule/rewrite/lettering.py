"""The laws of a derivation in letters that it does not use: in a network with an a and an i no law says a[i]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.render.laws import in_free_letters, names_in
from chainrule.rewrite.rules import Derivation, Step


def with_free_letters(derivation: Derivation) -> Derivation:
    """Return a derivation whose laws are stated in letters that stand for nothing in it, those of details too."""
    taken = frozenset(_names(derivation))
    return _lettered(derivation, taken)


def _lettered(derivation: Derivation, taken: frozenset[str]) -> Derivation:
    return replace(derivation, steps=tuple(_step(step, taken) for step in derivation.steps))


def _step(step: Step, taken: frozenset[str]) -> Step:
    detail = None if step.detail is None else _lettered(step.detail, taken)
    return replace(step, law=in_free_letters(step.law, taken), detail=detail)


def _names(derivation: Derivation) -> Iterator[str]:
    """Yield all names in what a derivation shows, and those of the tensors of its system."""
    for tensor in derivation.taken:
        yield from names_in(tensor)
    for step in derivation.steps:
        for side in (step.before, step.after):
            yield from names_in(derivation.text(side).replace("Σ_", ""))
        if step.detail is not None:
            yield from _names(step.detail)

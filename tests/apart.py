"""Derivations with nothing shared between equations that are alike, and everything tried: slow, to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chainrule.diff.inlining import Inlining
from chainrule.errors import ChainruleError
from chainrule.expr.skeleton import Shape
from chainrule.pipeline import backprop
from chainrule.rewrite import rules
from chainrule.simplify import factoring, shapes, simplifier
from chainrule.system.model import System


@contextmanager
def nothing_shared() -> Iterator[None]:
    """Give every shape a key of its own, and try every inlining, every rule and every product to multiply out."""

    def unlike(*parts: Any) -> Shape:
        return Shape((object(),), shapes.shape_of(*parts).names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simplifier, "shape_of", unlike)
        patch.setattr(Inlining, "_is_apart", lambda *_: False)
        patch.setattr(rules, "_classes", lambda _: -1)
        patch.setattr(factoring, "_stays", lambda *_: False)
        patch.setattr(simplifier, "_phases", lambda _: simplifier.PHASES)
        yield


def derived(system: System) -> str:
    """Return the text of a backward pass, or of the error that there is."""
    try:
        return str(backprop(system))
    except ChainruleError as error:
        return str(error)

"""Answers in the letters of a family: ∂C/∂z[l; k] is graded in the window of that case, ∂C/∂z[L; k] in another."""

from __future__ import annotations

import re

from chainrule.errors import NotationError
from chainrule.expr.symbols import Tensor, step_of
from chainrule.families.families import Families
from chainrule.family_derivations import window_at
from chainrule.pipeline import family_backprop
from chainrule.system.model import System

_LEFT = re.compile(r"∂\s*(?P<of>\w+)\s*/\s*∂\s*(?P<name>[^\W\d]\w*)\s*(?:\[(?P<steps>[^;\]]*);)?[^=]*=")
_NAME = re.compile(r"\s*(?:∂\s*\w+\s*/\s*∂\s*)?(?P<name>[^\W\d]\w*)\s*(?:\[(?P<steps>[^;\]]*);?[^\]]*\])?\s*")


def window_of_answer(families: Families, answer: str, wrt: str | None) -> tuple[System, str]:
    """Return the system in which an answer is graded, and what it is the derivative by.

    Raises NotationError where neither says so, and DerivativeError for what is no case.
    """
    found = _NAME.fullmatch(wrt) if wrt else _LEFT.match(answer.strip())
    if found is None:
        raise NotationError(
            "nothing says what the answer is the derivative by",
            expected="a left side, ∂C/∂z[l; k] = …, or wrt='z[l]'",
        )
    written = [step_of(part) for part in (found["steps"] or "").split(",") if part.strip()]
    tensor = Tensor(found["name"], tuple(step for step in written if step is not None))
    window = window_at(family_backprop(families, [tensor.name]), tensor)
    return window.system, window.tensor

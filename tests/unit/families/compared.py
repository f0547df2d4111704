"""The derivatives of a family compared with backprop of the system written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import chainrule as cr
from chainrule.execute.reference import evaluation
from chainrule.expr.symbols import Derivative
from support import assert_close
from unit.families.random_inputs import random_inputs


def compare(
    back: Any, numbers: Mapping[str, int], seed: int = 0, *extents: int, rtol: float = 1e-9, atol: float = 1e-12
) -> None:
    """Compare every derivative, by params and by what lies between, with backprop of the system written out."""
    forward, whole = back.prepared.at(**numbers), back.at(**numbers)
    inputs = random_inputs(forward, seed, *extents)
    found = evaluation.evaluate(whole, inputs)
    names = [e.name for e in whole.equations if isinstance(e.name, Derivative)]
    assert {str(name.wrt[0]) for name in names} >= set(forward.params)
    _, expected = cr.value_and_grad(forward, inputs, [str(name.wrt[0]) for name in names])
    for name in names:
        assert_close(found[name], expected[str(name.wrt[0])], rtol=rtol, atol=atol)

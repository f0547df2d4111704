"""A result that ends a cell is shown as `print` shows it."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

SYSTEM = "data x[i], y\nparam w[i]\np = tanh(sum(i) w[i]*x[i])\ncost C = (p - y)^2"


def results() -> dict[str, object]:
    system = cr.parse(SYSTEM)
    inputs = {"x": [1.0, 2.0], "y": 1.0, "w": [0.1, 0.2]}
    back = cr.backprop(system)
    network = cr.Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    return {
        "system": system,
        "backprop": back,
        "derivation": back.derivation("w"),
        "verdict": cr.check(system, "∂C/∂p = p - y"),
        "gradients": cr.gradient_check(system),
        "explanation": cr.explain(system, inputs, of="w", at=0),
        "paths": cr.paths(system, inputs, of="w", at=0),
        "why": cr.why(system, "w", inputs, at=0),
        "history": cr.train(network, np.zeros((2, 1)), np.zeros((2, 1)), epochs=1),
    }


@pytest.mark.parametrize(("name", "result"), results().items(), ids=results())
def test_a_cell_shows_the_text_and_repr_stays_what_it_was(name: str, result: object) -> None:
    assert result._repr_mimebundle_() == {"text/plain": str(result)}  # type: ignore[attr-defined]
    assert repr(result).startswith(type(result).__name__)

"""Optimizers: their lines for every param of a system."""

from __future__ import annotations

import math
from typing import Any

import pytest

from chainrule import nn
from chainrule.errors import OptionError
from chainrule.nn.updates import updates_text
from chainrule.notation import parse

SYSTEM = "data x[i]\nparam W[j,i], b[j], s, A[q,r]\ncost E = sum(j) (sum(i) W[j,i]*x[i] + b[j])^2*s*(sum(q,r) A[q,r])"


def test_weights_decay_and_biases_do_not() -> None:
    assert updates_text(nn.SGD(0.5, weight_decay=1e-4), parse(SYSTEM)).splitlines() == [
        "const learning_rate = 0.5",
        "const weight_decay = 0.0001",
        "update W[j,i] = W[j,i] - learning_rate*(∂E/∂W[j,i] + weight_decay*W[j,i])",
        "update b[j] = b[j] - learning_rate*∂E/∂b[j]",
        "update s = s - learning_rate*∂E/∂s",
        "update A[q,r] = A[q,r] - learning_rate*(∂E/∂A[q,r] + weight_decay*A[q,r])",
    ]


def test_without_decay_the_update_does_not_mention_it() -> None:
    text = updates_text(nn.SGD(1e-3), parse(SYSTEM))
    assert "weight_decay" not in text
    assert text.startswith("const learning_rate = 0.001\n")
    parse(f"{SYSTEM}\n{text}")


@pytest.mark.parametrize("rate", [0, -1.0, math.nan, math.inf, "0.5", None, True])
def test_learning_rates_that_make_no_sense(rate: Any) -> None:
    with pytest.raises(OptionError, match=r"learning_rate is .*\n  a number greater than 0"):
        nn.SGD(rate)


def test_a_weight_decay_below_0() -> None:
    with pytest.raises(OptionError, match=r"weight_decay is -0.1\n  a number, 0 or more"):
        nn.SGD(0.5, weight_decay=-0.1)

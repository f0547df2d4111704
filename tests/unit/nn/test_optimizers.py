"""Optimizers: their lines for every param of a system."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import MappingProxyType
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


OWN = """data x[i]
param W[j,i], step, t
const beta1 = 0.5
gradient_norm = step*t
cost E = beta1*gradient_norm*(sum(j,i) W[j,i]*x[i])^2"""


def test_names_that_the_system_has_already_are_written_otherwise() -> None:
    text = updates_text(nn.Adam(clip_norm=1.0), parse(OWN))
    for line in (
        "const beta1_2 = 0.9",
        "state step_2 = 0",
        "t_2 = step_2 + 1",
        "correction1 = 1 - beta1_2^t_2",
        "gradient_norm_2 = sqrt((sum(j,i) ∂E/∂W[j,i]^2) + ∂E/∂step^2 + ∂E/∂t^2)",
        "gradient_scale = minimum(1, clip_norm/(gradient_norm_2 + 1e-6))",
        "clipped_step = gradient_scale*∂E/∂step",
        "update step_2 = step_2 + 1",
    ):
        assert line in text.splitlines()
    parse(f"{OWN}\n{text}")


def test_steps_are_counted_only_where_somebody_asks() -> None:
    assert "step" not in updates_text(nn.RMSProp(), parse(SYSTEM))
    assert "state step = 0" in updates_text(nn.RMSProp(nn.Cosine(0.1, steps=9)), parse(SYSTEM)).splitlines()


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: nn.SGD(0.1, momentum=1.0), "momentum is 1.0\n  a number from 0 on, less than 1"),
    (lambda: nn.SGD(0.1, momentum=True), "momentum is True"),
    (lambda: nn.SGD(0.1, momentum=0.5, nesterov=1), "nesterov is 1\n  True or False"),  # type: ignore[arg-type]
    (lambda: nn.SGD(0.1, nesterov=True), "nesterov is a kind of momentum, and momentum is 0"),
    (lambda: nn.SGD(0.1, clip_norm=0), "clip_norm is 0\n  a number greater than 0"),
    (lambda: nn.SGD(0.1, clip_value=-1), "clip_value is -1"),
    (lambda: nn.SGD(0.1, clip_norm=1, clip_value=1), "gradients are clipped twice\n  either clip_norm or clip_value"),
    (lambda: nn.RMSProp(alpha=-0.1), "alpha is -0.1"),
    (lambda: nn.RMSProp(epsilon=math.nan), "epsilon is nan"),
    (lambda: nn.Adam(0), "learning_rate is 0"),
    (lambda: nn.Adam(beta1=1), "beta1 is 1"),
    (lambda: nn.Adam(beta2="0.9"), "beta2 is '0.9'"),  # type: ignore[arg-type]
    (lambda: nn.AdamW(weight_decay=-1), "weight_decay is -1"),
    (lambda: nn.StepDecay(0.1), "nothing says how long StepDecay takes\n  steps or epochs: nn.StepDecay"),
    (lambda: nn.StepDecay(0.1, 0, steps=1), "factor of StepDecay is 0"),
    (lambda: nn.StepDecay(-0.1, steps=1), "the initial rate of StepDecay is -0.1"),
    (lambda: nn.Cosine(0.1, steps=10, epochs=1), "Cosine lasts 10 steps, and 1 epochs\n  either steps or epochs"),
    (lambda: nn.Cosine(0.1, steps=0), "steps of Cosine is 0\n  a whole number, 1 or more"),
    (lambda: nn.Cosine(0.1, epochs=0), "epochs of Cosine is 0"),
    (lambda: nn.Cosine(0.1, minimum=-1), "minimum of Cosine is -1"),
    (lambda: nn.WarmUp(0.1), "nothing says how long WarmUp takes"),
    (lambda: nn.WarmUp(0.0, steps=1), "the rate after a WarmUp is 0.0"),
    (lambda: nn.WarmUp(0.1, steps=1, start=1.5), "start of WarmUp is 1.5"),
    (lambda: nn.WarmUp(nn.OneCycle(0.1), steps=1), "after a WarmUp comes OneCycle.*which begins with a warm-up"),
    (lambda: nn.OneCycle(0.1, warm_up=1), "warm_up of OneCycle is 1"),
    (lambda: nn.OneCycle(0.1, div_factor=0), "div_factor of OneCycle is 0"),
    (lambda: updates_text(nn.SGD(nn.Cosine(0.1)), parse(SYSTEM)), "nothing says how many steps the epochs of Cosine"),
]


@pytest.mark.parametrize(("make", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_makes_no_sense_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(OptionError, match=said.replace("(", r"\(").replace("*", "*")):
        make()


def test_a_weight_decay_below_0() -> None:
    with pytest.raises(OptionError, match=r"weight_decay is -0.1\n  a number, 0 or more"):
        nn.SGD(0.5, weight_decay=-0.1)


def test_an_optimizer_that_changes_nothing_is_refused() -> None:
    class Forgetful(nn.Optimizer):
        constants = MappingProxyType({"learning_rate": 0.5})

        def update(self, rank: int) -> str:
            return "new_p = p - learning_rate*∂C/∂p"

    with pytest.raises(
        OptionError, match=r"Forgetful changes nothing: no line updates p\n  new_p = .*\n  a line such as"
    ):
        updates_text(Forgetful(), parse(SYSTEM))

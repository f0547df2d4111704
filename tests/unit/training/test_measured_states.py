"""What is measured after an epoch is the network as it is then: with the number of steps so far, and its own states."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

COUNTED = """data x[i], y
param w[i]
batch n
p = (sum(i) w[i]*x[i]) + 1e-9*normal(1, step, n)
cost C = (p - y)^2 + 0.1*step
"""
KEPT = """data x[i], y
param w[i]
state late = 0
batch n
p = sum(i) w[i]*x[i]
cost C = (p - y)^2 + late
update late = late + 1
update w[i] = w[i] - 0.001*∂C/∂w[i]
"""


@pytest.mark.parametrize("executor", ["native", "reference"])
@pytest.mark.parametrize(
    ("text", "optimizer", "each"), [(COUNTED, nn.SGD(1e-3), 0.1), (KEPT, None, 1.0)], ids=["step", "state"]
)
def test_costs_and_metrics_are_those_of_the_step_that_training_is_at(
    executor: str, text: str, optimizer: nn.SGD | None, each: float
) -> None:
    network = cr.Network.from_system(cr.parse(text), {"w": [0.0, 0.0]})
    x, y = np.ones((8, 2)), np.zeros(8)
    validation = {"x_validation": x[:3], "y_validation": y[:3]}
    history = cr.train(
        network,
        x,
        y,
        epochs=3,
        batch_size=4,
        optimizer=optimizer,
        executor=executor,
        metrics=["all = C", "whole = max(n) C"],
        **validation,
    )
    steps = np.array([2, 4, 6])
    costs = np.array([epoch.validation_cost for epoch in history.epochs])
    assert np.allclose(costs, each * steps, atol=1e-5)
    for name in ("all", "whole"):
        for found in (
            [epoch.metrics[name] for epoch in history.epochs],
            [epoch.validation_metrics[name] for epoch in history.epochs],
        ):
            assert np.allclose(found, each * steps, atol=1e-5), name

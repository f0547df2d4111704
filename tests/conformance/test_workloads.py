"""The five dense workloads of the benchmark: all of each runs as machine code, and learns what the reference learns."""

from __future__ import annotations

import pytest

from chainrule.execute.native.executor import Native
from chainrule.system.batching import batch
from conformance.trained import tolerance, trained
from dense import Dense, relative

WORKLOADS = {
    "784-30-10 sigmoid, quadratic": (Dense((784, 30, 10)), 10, 0.125),
    "784-100-10 sigmoid, binary cross-entropy": (Dense((784, 100, 10), cost="binary-cross-entropy"), 10, 0.125),
    "64-32-10 relu, softmax": (Dense((64, 32, 10), "relu", "softmax", "cross-entropy", given=True), 32, 0.01),
    "784-256-128-10 relu, softmax": (
        Dense((784, 256, 128, 10), "relu", "softmax", "cross-entropy", given=True),
        64,
        0.01,
    ),
    "784-1024-1024-10 relu, softmax": (
        Dense((784, 1024, 1024, 10), "relu", "softmax", "cross-entropy", given=True),
        256,
        0.01,
    ),
}
LARGE = list(WORKLOADS)[3:]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "steps"),
    [
        *((name, 100) for name in WORKLOADS if name not in LARGE),
        (LARGE[0], 10),
        *(pytest.param(name, 100, marks=pytest.mark.slow) for name in LARGE),
    ],
)
def test_steps_give_the_weights_of_the_reference(name: str, steps: int, dtype: str) -> None:
    network, batch_size, eta = WORKLOADS[name]
    params, expected, start, (cost, expected_cost) = trained(network, batch_size, steps * batch_size, dtype, eta=eta)
    assert relative(params, expected, list(params)) < tolerance(network, dtype)
    assert relative(start, expected, list(params)) > 1e-3, "the weights did not move: the comparison says nothing"
    assert abs(cost - expected_cost) < tolerance(network, dtype) * abs(expected_cost)


@pytest.mark.parametrize("name", WORKLOADS)
def test_nothing_goes_to_the_reference(name: str) -> None:
    """In training, where Unsupported would be raised, and where every equation is asked for."""
    network, batch_size, _ = WORKLOADS[name]
    system, values, data = network.system(), network.values(0), network.data(batch_size, 0)
    session = Native().compile_training(system, values, data, batch_size=batch_size)
    executable = Native().compile(system)
    executable.step({**values, **data})
    for plan, names in (
        (session.plan, [*system.params, "C"]),
        (executable.plan, [e.name for e in batch(system).equations]),
    ):
        computed = [line.split("computes ")[1].split(", ") for line in plan.splitlines() if "computes " in line]
        assert "reference" not in plan
        assert {name for line in computed for name in line} >= set(names)

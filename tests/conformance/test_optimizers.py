"""Every optimizer and schedule on every executor: the same params and states after the same steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.execute.native.executor import Native
from chainrule.execute.native.training import Session
from chainrule.execute.reference.evaluation import Reference, start_values
from chainrule.network import Network
from chainrule.nn.optimizers import Optimizer
from chainrule.nn.schedules import Timing
from chainrule.nn.updates import updates_text
from chainrule.pipeline import training_step
from chainrule.system.model import System
from support import assert_close

OPTIMIZERS: list[Optimizer] = [
    nn.SGD(0.5, weight_decay=0.01),
    nn.SGD(0.5, clip_norm=0.05),
    nn.SGD(0.5, clip_value=0.02),
    nn.SGD(0.2, momentum=0.9),
    nn.SGD(0.2, momentum=0.9, nesterov=True, weight_decay=0.01, clip_norm=0.1),
    nn.RMSProp(weight_decay=0.01),
    nn.RMSProp(0.002, alpha=0.9, clip_value=0.02),
    nn.Adam(0.01),
    nn.Adam(0.01, weight_decay=0.02, clip_norm=0.1),
    nn.Adam(0.01, beta1=0.0, beta2=0.0, epsilon=1e-3),
    nn.AdamW(0.01, weight_decay=0.1, clip_value=0.01),
    nn.SGD(nn.StepDecay(0.5, 0.5, epochs=1)),
    nn.AdamW(nn.Cosine(0.02, minimum=0.001)),
    nn.SGD(nn.WarmUp(0.5, epochs=0.5, start=0.1)),
    nn.RMSProp(nn.WarmUp(nn.StepDecay(0.01, 0.5, steps=3), steps=4)),
    nn.Adam(nn.OneCycle(0.02)),
    nn.Adam(nn.Cosine(0.02), clip_norm=0.1, rate_factors={1: 0.1, "b2": 2.0}),
]
NAMES = [repr(optimizer) for optimizer in OPTIMIZERS]
SAMPLES, BATCH, EPOCHS = 23, 5, 3
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(SAMPLES, 6))
Y = np.eye(3)[GENERATOR.integers(3, size=SAMPLES)]
ORDERS = [GENERATOR.permutation(SAMPLES) for _ in range(EPOCHS)]


def network() -> Network:
    layers = [nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 3), nn.Softmax()]
    return Network(layers, cost=nn.CrossEntropy(), seed=1)


def step_of(optimizer: Optimizer) -> System:
    steps = -(-SAMPLES // BATCH)
    made = network()
    return training_step(made.with_updates(updates_text(optimizer, made.system, Timing(steps, steps * EPOCHS))))


def expected(system: System) -> dict[str, Any]:
    """Return params and states after all steps, by the reference in float64."""
    reference, kept = Reference().compile(system), dict(network().params)
    for order in ORDERS:
        for start in range(0, SAMPLES, BATCH):
            rows = order[start : start + BATCH]
            kept |= reference.step({**kept, "x": X[rows], "y": Y[rows]})[1]
    return kept


def session(system: System, **options: Any) -> Session:
    return Session(system, network().params, {"x": X, "y": Y}, batch_size=BATCH, **options)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=NAMES)
def test_whole_epochs_in_machine_code_keep_what_the_reference_keeps(optimizer: Optimizer) -> None:
    system = step_of(optimizer)
    wanted = expected(system)
    assert set(wanted) == set(system.kept)
    # what is divided by a root of its own square is sensitive: to 1e-7 in float32, times steps
    for dtype, close in (("float64", 1e-11), ("float32", 2e-4)):
        made = session(system, dtype=dtype)
        for order in ORDERS:
            made.run_epoch(order)
        kept = made.kept()
        assert set(kept) == set(wanted)
        for name, value in wanted.items():
            assert_close(kept[name], value, rtol=close, atol=close * 0.1)
        assert set(made.params()) == set(system.params)


@pytest.mark.parametrize("optimizer", OPTIMIZERS[::3], ids=NAMES[::3])
def test_steps_one_by_one_in_machine_code(optimizer: Optimizer) -> None:
    system = step_of(optimizer)
    wanted, kept = expected(system), dict(network().params)
    executable = Native().compile(system, dtype=np.float64)
    for order in ORDERS:
        for start in range(0, SAMPLES, BATCH):
            rows = order[start : start + BATCH]
            kept |= executable.step({**kept, "x": X[rows], "y": Y[rows]})[1]
    assert "reference" not in executable.plan
    for name, value in wanted.items():
        assert_close(kept[name], value, rtol=1e-11)


@pytest.mark.parametrize("optimizer", [OPTIMIZERS[4], OPTIMIZERS[8], OPTIMIZERS[14]])
def test_the_same_bits_in_any_number_of_threads(optimizer: Optimizer) -> None:
    system = step_of(optimizer)
    results = []
    for threads in (1, 2, 3):
        made = session(system, threads=threads)
        for order in ORDERS:
            made.run_epoch(order)
        results.append(made.kept())
    assert all(np.array_equal(results[0][name], other[name]) for other in results[1:] for name in other)


def test_states_begin_where_the_system_says_unless_they_are_given() -> None:
    system = step_of(nn.Adam(0.01))
    inputs = {**network().params, "x": X, "y": Y}
    first = Reference().compile(system).step(inputs)[1]
    assert first["step"] == 1
    again = Reference().compile(system).step({**inputs, **start_values(system, network().params)})[1]
    assert all(np.array_equal(first[name], again[name]) for name in first)
    later = Reference().compile(system).step({**inputs, "step": 41})[1]
    assert later["step"] == 42
    native = Native().compile(system, dtype=np.float64)
    assert native.step({**inputs, "step": 41})[1]["step"] == 42
    assert native.step(inputs)[1]["step"] == 1


def test_a_session_goes_on_where_another_was() -> None:
    """What is kept is all that a step reads of the steps before it: the same bits follow."""
    system = step_of(OPTIMIZERS[8])
    whole, begun, resumed = session(system), session(system), session(system)
    for order in ORDERS:
        whole.run_epoch(order)
    begun.run_epoch(ORDERS[0])
    resumed.put(begun.kept())
    for order in ORDERS[1:]:
        resumed.run_epoch(order)
    assert all(np.array_equal(value, whole.kept()[name]) for name, value in resumed.kept().items())


def test_nothing_of_nn_is_left_out() -> None:
    tried = {type(optimizer) for optimizer in OPTIMIZERS} | {type(optimizer.schedule) for optimizer in OPTIMIZERS}
    bases = (Optimizer, nn.Schedule)
    known = [getattr(nn, name) for name in nn.__all__]
    assert not [kind.__name__ for kind in known if issubclass(kind, bases) and kind not in (*tried, *bases)]

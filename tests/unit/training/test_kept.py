"""Params and states in training: read, set, and what follows is the same to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import InputError, TrainingError
from chainrule.execute.finite import NotFinite
from chainrule.execute.native.training import Session
from chainrule.execute.registry import executor
from chainrule.network import Network
from chainrule.network.initial import seeded
from chainrule.nn.updates import updates_text
from chainrule.notation import parse
from chainrule.pipeline import training_step
from chainrule.training import train
from chainrule.training.runs import Progress, Run, run_of
from chainrule.training.training_data import checked_samples
from unit.network.builders import classifier, clusters

EXECUTORS = ["reference", "native"]


def run(name: str) -> Run:
    network = classifier()
    system = training_step(network.with_updates(updates_text(nn.Adam(0.01), network.system)))
    samples = checked_samples(network, *clusters(23), ("x", "y"))
    return run_of(executor(name), network, system, samples, 5, None)


def epochs(made: Run, count: int, generator: np.random.Generator) -> dict[str, Any]:
    for _ in range(count):
        list(made.epoch(generator, Progress(1, 1, 0, made.steps, 0.0)))
    return made.kept


@pytest.mark.parametrize("name", EXECUTORS)
def test_a_run_is_taken_up_from_what_another_kept(name: str) -> None:
    whole = epochs(run(name), 3, seeded(0))
    assert whole["step"] == 15
    begun, resumed, generator = run(name), run(name), seeded(0)
    resumed.put(epochs(begun, 1, generator))
    found = epochs(resumed, 2, generator)
    assert list(found) == list(whole)
    assert all(np.array_equal(value, found[key]) for key, value in whole.items())


@pytest.mark.parametrize("name", EXECUTORS)
def test_params_are_a_part_of_what_is_kept(name: str) -> None:
    made = run(name)
    params, kept = made.params, made.kept
    assert list(params) == list(classifier().params)
    assert set(kept) - set(params) == {"step", *(f"{m}_{p}" for p in params for m in "mv")}
    assert all(value.dtype == np.float64 for value in kept.values())
    kept["W1"][...] = np.nan
    params["W1"][...] = np.nan
    assert np.isfinite(made.kept["W1"]).all()


@pytest.mark.parametrize("name", EXECUTORS)
def test_what_does_not_fit_is_refused(name: str) -> None:
    made = run(name)
    with pytest.raises(InputError, match=r"m_b1 has the shape \[2, 2\]"):
        made.put({"m_b1": np.zeros((2, 2))})
    with pytest.raises(InputError, match="v_b1 holds numbers that are not finite"):
        made.put({"v_b1": np.full(made.kept["v_b1"].shape, np.inf)})
    made.put({"step": 7.0, "another": 1.0})
    assert made.kept["step"] == 7


def until_lost(session: Session, order: Any) -> tuple[dict[str, Any], NotFinite]:
    """Run epochs; return what was kept before the one in which a number is lost, and where it was."""
    while True:
        before = session.kept()
        try:
            session.run_epoch(order)
        except NotFinite as lost:
            return before, lost


def test_after_a_number_is_lost_all_that_is_kept_is_as_before_that_step() -> None:
    """Which step it was is found by running the epoch again from a copy: states go back with the params."""
    network = Network([nn.Linear(4, 3)], cost=nn.QuadraticCost(), seed=0)
    optimizer = nn.SGD(nn.Cosine(3e3, steps=100), momentum=0.9)
    system = training_step(network.with_updates(updates_text(optimizer, network.system)))
    x, labels = clusters(23)
    order = np.random.default_rng(0).permutation(23)
    session = Session(system, network.params, {"x": x, "y": np.eye(3)[labels]}, batch_size=5)
    before, lost = until_lost(session, order)
    assert lost.step > 1
    kept = session.kept()
    assert kept["step"] == before["step"] + lost.step - 1
    again = Session(system, network.params, {"x": x, "y": np.eye(3)[labels]}, batch_size=5)
    again.put(before)
    again.run_epoch(order[: 5 * (lost.step - 1)])
    assert all(np.array_equal(value, again.kept()[name]) for name, value in kept.items())


@pytest.mark.parametrize("name", EXECUTORS)
def test_a_state_that_is_not_finite_any_more_is_named(name: str) -> None:
    text = "data x[i], y[i]\nparam w[i]\nstate s = 1\nbatch n\na[i] = w[i]*x[i]\ncost C = sum(i) (a[i] - y[i])^2"
    text += "\nupdate s = 1e30*s\nupdate w[i] = w[i] - 0.1*∂C/∂w[i]"
    network = Network.from_system(parse(text), {"w": [1.0]}, output="a")
    with pytest.raises(TrainingError, match=r"s is not finite any more, in epoch \d, step \d[^u]*update s = .*s\n"):
        train(network, [[1.0], [2.0]], [[1.0], [2.0]], epochs=9, batch_size=1, executor=name)

"""Every system beyond dense layers, trained natively through the public functions, beside JAX's own gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from case_systems import BATCH, BY_STEPS, Drawn, drawn, folder, names
from chainrule import nn

jax: Any = pytest.importorskip("jax")

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.slow,
    pytest.mark.skipif(folder() is None, reason="CHAINRULE_CASES is not set: it names the folder with systems/"),
]
STEPS, RATE = 20, 0.01


def batches_of(case: Drawn, counted: bool) -> tuple[list[dict[str, Any]], int]:
    """Return the mini-batches of a training with the seed 0, in float32, and its epochs."""
    whole = {n: d.values is not None for n, d in case.system.declared.items()}
    data = {n: np.asarray(v, np.int32 if whole[n] else np.float32) for n, v in case.data.items()}
    count = len(next(iter(data.values()))) if counted else 1
    starts = range(0, count, BATCH)
    generator, found = np.random.default_rng(0), []
    epochs = -(-STEPS // len(starts))
    for _ in range(epochs):
        order = generator.permutation(count)
        found += [{n: v[order[s : s + BATCH]] for n, v in data.items()} if counted else data for s in starts]
    return found, epochs


@pytest.mark.parametrize("name", names())
def test_twenty_steps_give_the_weights_of_jax(name: str) -> None:
    from oracle.notation_in_jax import descended

    case = drawn(name)
    network = cr.Network.from_system(case.system, case.values)
    start = {n: value.astype(np.float32) for n, value in network.params.items()}
    batches, epochs = batches_of(case, counted=bool(network.ends.samples.letter))
    history = cr.train(network, case.data, batch_size=BATCH, epochs=epochs, optimizer=nn.SGD(RATE))
    assert (BY_STEPS[name] in history.note) if name in BY_STEPS else "one by one" not in history.note
    consts = {n: np.float32(value) for n, value in network.consts.items()}
    expected = descended(case.system, case.sizes, start, consts, batches, RATE)
    moved = max(float(np.linalg.norm(start[param] - value)) for param, value in expected.items())
    for param, value in expected.items():
        off = float(np.linalg.norm(network.params[param] - value))
        assert off <= 1e-5 * float(np.linalg.norm(value)) + 1e-9, param
        assert 100 * off < moved, "nothing moved: the comparison says nothing"

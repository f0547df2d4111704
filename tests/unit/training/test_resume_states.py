"""Checkpoints hold what optimizers keep, the step of a schedule, and the masks that are still to be drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.network import Network
from chainrule.training import train
from chainrule.training.checkpoint import read_checkpoint
from unit.network.builders import clusters

X, LABELS = clusters(31)
OPTIMIZERS = {
    "momentum": nn.SGD(0.1, momentum=0.9),
    "adam": nn.Adam(0.01),
    "schedule": nn.RMSProp(nn.WarmUp(nn.Cosine(0.01, epochs=4), steps=9)),
}


def network() -> Network:
    layers = [nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, 3), nn.Softmax()]
    return Network(layers, cost=nn.CrossEntropy(), seed=1)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("executor", ["reference", "native"])
def test_states_and_masks_go_on_to_the_same_bits(tmp_path: Path, executor: str, optimizer: str) -> None:
    options: dict[str, Any] = {"batch_size": 7, "optimizer": OPTIMIZERS[optimizer], "executor": executor}
    unbroken, broken = network(), network()
    whole = train(unbroken, X, LABELS, epochs=5, **options)
    for epochs in (2, 3, 5):
        history = train(broken, X, LABELS, epochs=epochs, checkpoint=tmp_path / "run", resume=True, **options)
    assert [replace(epoch, seconds=0.0) for epoch in history.epochs] == [replace(e, seconds=0.0) for e in whole.epochs]
    assert all(np.array_equal(broken.params[name], unbroken.params[name]) for name in unbroken.params)
    kept = read_checkpoint(tmp_path / "run").kept
    assert set(kept) > set(unbroken.params), "a state is kept beside the params"

"""Data that lie in files, and the networks that are trained on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.network import Network
from chainrule.training import History, train
from unit.network.builders import Array, classifier, clusters


def mapped(folder: Path, **arrays: Any) -> dict[str, Any]:
    """Write arrays as .npy and return them memory-mapped."""
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in arrays}


def archives(folder: Path, x: Array, y: Any, lengths: list[int]) -> Path:
    """Write samples to a folder, so many into each file."""
    folder.mkdir(exist_ok=True)
    start = 0
    for number, length in enumerate(lengths):
        np.savez(folder / f"part{number:02}.npz", x=x[start : start + length], y=y[start : start + length])
        start += length
    return folder


def pairs(x: Array, y: Any, length: int) -> Iterator[tuple[Array, Any]]:
    """Yield batches of so many samples."""
    for start in range(0, len(x), length):
        yield x[start : start + length], y[start : start + length]


def trained(x: Any, y: Any = None, **options: Any) -> tuple[Network, History]:
    """Train a small classifier."""
    network = classifier()
    asked = {"epochs": 2, "batch_size": 8, "executor": "reference", **options}
    return network, train(network, x, y, **asked)


def same(one: Network, other: Network) -> bool:
    """Say whether two networks have the same params, to the bit."""
    return all(np.array_equal(array, other.params[name]) for name, array in one.params.items())


def numbers(history: History) -> list[Any]:
    """Return what was measured, without the time that it took."""
    return [(e.cost, e.accuracy, e.training_accuracy, e.validation_cost, e.validation_accuracy) for e in history.epochs]


SAMPLES = clusters(60)

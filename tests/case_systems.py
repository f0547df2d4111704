"""The systems beyond dense layers that outsiders wrote, with data drawn for them; CHAINRULE_CASES names the folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.diff.coupled_samples import uncoupled
from chainrule.errors import ChainruleError
from chainrule.expr.sizes import Size
from chainrule.pipeline import backprop
from chainrule.reading import parse
from chainrule.system.model import System
from chainrule.verify.sampling import random_evaluation

Array = npt.NDArray[Any]
COUNT, BATCH = 10, 4
WAITING = {
    "conv2d_groups_flat": "this is no position of an entry",
}
"""What cannot be derived yet, and what it waits for: flat groups."""
BY_STEPS = {"gp_nll": "inv(K), a function of a whole matrix", "rnn_recurrence": "the recurrence of h"}
"""What has no machine code yet."""


@dataclass(frozen=True)
class Drawn:
    """A system with numbers: params and consts, data for some samples, and the extents of one sample."""

    system: System
    values: dict[str, Array]
    data: dict[str, Array]
    sizes: Mapping[Size, int]


def folder() -> Path | None:
    """Return the folder of the systems, None where nobody names it."""
    named = os.environ.get("CHAINRULE_CASES", "")
    return Path(named) / "systems" if named else None


def names() -> list[str]:
    """Return the names of the systems that can be derived."""
    found = folder()
    return [path.stem for path in sorted(found.glob("*.eq")) if path.stem not in WAITING] if found else []


def text_of(name: str) -> str:
    """Return the text of a system."""
    found = folder()
    assert found is not None
    return (found / f"{name}.eq").read_text(encoding="utf-8")


def refusal(name: str) -> str:
    """Return why a system cannot be derived, "" where it can."""
    try:
        backprop(parse(text_of(name)))
    except ChainruleError as error:
        return str(error)
    return ""


def drawn(name: str) -> Drawn:
    """Return a system with small random numbers: the facts that it takes for given hold."""
    system = uncoupled(parse(text_of(name)))
    found = random_evaluation(system, 0, {})
    inputs = {d.tensor: np.asarray(found.values[d.tensor]) for d in system.declarations if d.value is None}
    data = {}
    for tensor in system.with_role("data"):
        one = inputs.pop(tensor)
        small = one if system.givens or system.declared[tensor].values else one / 4
        data[tensor] = small if not system.batch else np.stack([_shuffled(small, seed) for seed in range(COUNT)])
    return Drawn(system, {name: value / 2 for name, value in inputs.items()}, data, found.sizes)


def _shuffled(array: Array, seed: int) -> Array:
    flat = np.random.default_rng(seed).permutation(array.reshape(-1))
    return np.asarray(flat.reshape(array.shape))

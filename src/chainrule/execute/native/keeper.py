"""Params as they were at the start of some step, to go back to when a step was broken off.

A copy is made when an epoch begins, and on its way only so often that it costs a hundredth of the time: before each
step that takes long against copying its params, else after some. What was learned since is lost with a broken step.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from chainrule.execute.native.arena import Arena

SHARE = 0.01
"""The part of the time that goes into copies at most."""


class Keeper:
    """The copies of some buffers of an arena."""

    def __init__(self, arena: Arena, names: Sequence[str]) -> None:
        self._blocks = [arena.block(name) for name in names]
        self._copies = [np.empty_like(block) for block in self._blocks]
        self._due = 0.0

    def keep(self) -> bool:
        """Copy the buffers if it is time to, and say whether it was."""
        began = time.perf_counter()
        if began < self._due:
            return False
        self._due = 0.0  # what is half copied is worth nothing
        for block, copy in zip(self._blocks, self._copies, strict=True):
            np.copyto(copy, block)
        now = time.perf_counter()
        self._due = now + (now - began) / SHARE
        return True

    def forget(self) -> None:
        """Have the next copy made at once, whenever the last one was made."""
        self._due = 0.0

    def restore(self) -> None:
        """Put the copies back."""
        for block, copy in zip(self._blocks, self._copies, strict=True):
            np.copyto(block, copy)

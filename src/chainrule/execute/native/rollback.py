"""Params as they were at the start of some step, to go back to when a step was broken off or a number was lost.

A copy is made when an epoch begins. Another follows it on the way, only so often that it costs one part in two hundred
of the time: before each step that takes long against copying its params, else after some. What was learned since is
lost with a broken step. Copies are not looked at when they are made: a number that is not finite may be in the later
one, so the first is kept for the whole epoch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.finite import all_finite
from chainrule.execute.native.arena import Arena

Block = npt.NDArray[Any]
SHARE = 0.005
"""The part of the time that goes into copies at most."""


class Rollback:
    """Copies of some buffers of an arena.

    `first` is that of the epoch's beginning; `latest` the newest, with the number of stretches that had been run.
    """

    def __init__(self, arena: Arena, names: Sequence[str]) -> None:
        self._views = [arena.view(name) for name in names]
        self._blocks = [arena.block(name) for name in names]
        self.first = [np.empty_like(block) for block in self._blocks]
        self._later = [np.empty_like(block) for block in self._blocks]
        self.latest = self.first, 0
        self._due = 0.0

    def begin(self) -> None:
        """Copy the buffers: an epoch begins."""
        self.latest = self.first, 0
        self._copy(self.first)

    def due(self) -> bool:
        """Say whether it is time for another copy."""
        return time.perf_counter() >= self._due

    def keep(self, stretches: int) -> None:
        """Copy the buffers on the way, after so many stretches."""
        self.latest = self.first, 0  # what is half copied is worth nothing
        self._copy(self._later)
        self.latest = self._later, stretches

    def _copy(self, copies: Sequence[Block]) -> None:
        began = time.perf_counter()
        for block, copy in zip(self._blocks, copies, strict=True):
            np.copyto(copy, block)
        now = time.perf_counter()
        self._due = now + (now - began) / SHARE

    def finite(self) -> bool:
        """Say whether all numbers of the buffers are finite."""
        return all(all_finite(view) for view in self._views)

    def restore(self, copies: Sequence[Block]) -> None:
        """Put copies back."""
        for block, copy in zip(self._blocks, copies, strict=True):
            np.copyto(block, copy)

"""What an epoch learns from, in the order of its batches: samples in memory, or a buffer that is filled repeatedly.

A buffer holds whole batches: when it is full, all that is in it is learned from in an order that is drawn; so only the
last batch of an epoch is smaller, and nothing is carried from one filling to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from chainrule.training.streamed import StreamedSamples
from chainrule.training.training_data import Samples

Array = npt.NDArray[Any]
_BLOCKS, _LEAST = 32, 512
"""Blocks that fill a buffer, from as many places, where their length is free; shorter ones than the second make them
fewer, down to eight."""


class Supply(Protocol):
    """`rows` samples are held at once in `data`; `count` in an epoch, 0 as long as nobody knows."""

    rows: int
    count: int
    data: Mapping[str, Array]

    def orders(self, generator: np.random.Generator, into: Mapping[str, Array]) -> Iterator[Array]:
        """Yield the rows to learn from, in order, each time after they were written into arrays."""

    def some(self, chosen: Array) -> dict[str, Array]:
        """Return the data of the rows chosen."""


class InMemory:
    """All samples, in one order."""

    def __init__(self, samples: Samples) -> None:
        self.rows = self.count = samples.count
        self.data = samples.data
        self.some = samples.some

    def orders(self, generator: np.random.Generator, into: Mapping[str, Array]) -> Iterator[Array]:
        """Yield one permutation of all."""
        yield generator.permutation(self.count)


class ShuffleBuffer:
    """So many rows, in arrays of their own, that hold some samples of a stream at a time."""

    def __init__(self, samples: StreamedSamples, rows: int, dtype: Any) -> None:
        self.rows = rows
        self.count = samples.count or 0
        self._samples = samples
        self.data: Mapping[str, Array] = {name: _filled(array, rows, dtype) for name, array in samples.first.items()}

    def orders(self, generator: np.random.Generator, into: Mapping[str, Array]) -> Iterator[Array]:
        """Fill the arrays, yield a permutation of what they hold, and go on until the stream ends."""
        held = seen = 0
        for block in self._samples.blocks(_block_rows(self.rows), generator):
            start, length = 0, len(next(iter(block.values())))
            while start < length:
                if held == self.rows:
                    yield generator.permutation(held)
                    held = 0
                take = min(self.rows - held, length - start)
                for name, array in block.items():
                    into[name][held : held + take] = array[start : start + take]
                start, held, seen = start + take, held + take, seen + take
        if held:
            yield generator.permutation(held)
        self.count = seen

    def some(self, chosen: Array) -> dict[str, Array]:
        """Return the data of the rows chosen."""
        return {name: array[chosen] for name, array in self.data.items()}


def _block_rows(rows: int) -> int:
    return max(1, rows // _BLOCKS, min(_LEAST, rows // 8))


def _filled(first: Array, rows: int, dtype: Any) -> Array:
    """Return an array of so many rows, made of the first samples, so that it holds nothing that samples could not."""
    made = np.empty((rows, *first.shape[1:]), first.dtype if first.dtype.kind in "iu" else dtype)
    for start in range(0, rows, len(first)):
        made[start : start + len(first)] = first[: rows - start]
    return made

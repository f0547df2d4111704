"""Samples that are not all in memory: read block by block, each checked as samples in memory are.

What fits into the buffer is read once and is in memory from then on. Of what is larger, the first block settles the
extents that only data tell, and whether targets are classes; a later one that differs is refused by its number or file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.data.archive import read_archive
from chainrule.data.block_sources import (
    Batches,
    Block,
    BlockSource,
    ChosenRows,
    iterable_of,
    mapped_rows,
    used_up,
)
from chainrule.data.data_folders import open_folder
from chainrule.errors import DataFileError, InputError, OptionError
from chainrule.expr.sizes import Size
from chainrule.network.answers import Answers, answers_of
from chainrule.network.mapped_parts import placed
from chainrule.network.network import Network
from chainrule.training.training_data import VALIDATION, Samples, check_facts, marks_of

Array = npt.NDArray[Any]
_NUMBERS = 1 << 25
"""Numbers that are held at once where nothing else is asked for: 128 MiB of float32."""
_UNKNOWN = 1 << 16
"""Samples that are held at most of an iterable that does not say how many it has."""
_PEEK = 1024
"""Rows that are looked at first."""


@dataclass(frozen=True)
class StreamedSamples:
    """Samples of a source; `count` is None where only an epoch tells.

    `first` are the first of them; `sizes` the extents of all axes but that of the samples; `answers` as in `Samples`.
    """

    network: Network
    source: BlockSource
    names: tuple[str, str]
    first: Mapping[str, Array]
    sizes: Mapping[Size, int]
    classes: tuple[Answers, ...]
    numbers: tuple[Answers, ...]
    counted: bool = True

    @property
    def count(self) -> int | None:
        """How many samples there are, as far as it is known."""
        return self.source.count

    def buffer_rows(self, asked: int | None, batch_size: int) -> int:
        """Return how many samples are held at once, whole batches of them."""
        numbers = sum(prod(array.shape[1:]) for array in self.first.values())
        rows = asked or max(1, _NUMBERS // max(1, numbers))
        if asked is None and self.count is None:
            rows = min(rows, _UNKNOWN)
        if self.count is not None:
            rows = min(rows, self.count)
        return -(-rows // batch_size) * batch_size

    def blocks(self, rows: int, generator: np.random.Generator | None = None) -> Iterator[dict[str, Array]]:
        """Yield all samples once, in blocks that are checked. Raises InputError and DataFileError."""
        shapes = {name: array.shape[1:] for name, array in self.first.items()}
        for block in self.source.blocks(rows, generator):
            if len(block):
                values, _ = _read(self.network, block, self.names)
                found = {name: array.shape[1:] for name, array in values.items()}
                if found != shapes:
                    raise _other_shape(block, found, shapes)
                yield values

    def parts(self, rows: int) -> Iterator[tuple[int, dict[str, Array]]]:
        """Yield the samples so many at a time, in the order of the source, each with their number."""
        held: list[dict[str, Array]] = []
        count = 0
        for block in self.blocks(rows):
            start, length = 0, len(next(iter(block.values())))
            while start < length:
                take = min(rows - count, length - start)
                held.append({name: array[start : start + take] for name, array in block.items()})
                start, count = start + take, count + take
                if count == rows:
                    yield count, _joined(held)
                    held, count = [], 0
        if count:
            yield count, _joined(held)

    def in_memory(self) -> Samples:
        """Return them all, read once."""
        parts = list(self.blocks(_PEEK))
        values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        count = len(next(iter(values.values())))
        classes, numbers = answers_of(self.network.ends.pairs, self.network.ends.samples.in_front, values)
        return Samples(values, count, self.sizes, True, tuple(classes), tuple(numbers))


AnySamples = Samples | StreamedSamples


def source_of(network: Network, x: Any, y: Any, names: tuple[str, str]) -> BlockSource | None:
    """Return what x and y are read from block by block, None where they are arrays in memory.

    Raises InputError for an iterator that an epoch would use up, and for answers beside a source that has its own.
    """
    source: BlockSource | None
    if isinstance(x, str | Path) and Path(x).suffix.lower() != ".npz":
        source = open_folder(Path(x), network.ends.data)
    elif isinstance(x, Batches):
        source = x
    elif hasattr(x, "__next__"):
        raise used_up(names[0], x)
    elif (callable(x) and not hasattr(x, "__array__")) or iterable_of(x):
        source = Batches(x)
    else:
        return mapped_rows(x, y) if network.ends.samples.letter else None
    if y is not None:
        raise InputError(
            f"{names[1]} is given beside {names[0]}, which has the answers too",
            expected="batches that are pairs (x, y), or files with an array for each of the data",
            advice=f"Leave out {names[1]}.",
        )
    if not network.ends.samples.letter:
        raise InputError(f"{names[0]} comes in blocks, and the data have no axis of samples", expected="arrays")
    return source


def unpacked(network: Network, x: Any) -> Any:
    """Return the arrays of an .npz file that is named by its path, anything else as it is. Raises DataFileError."""
    if not isinstance(x, str | Path) or Path(x).suffix.lower() != ".npz":
        return x
    try:
        return read_archive(Path(x), network.ends.data)
    except DataFileError as error:
        raise error.inside(Path(x)) from error.__cause__


def streamed(network: Network, source: BlockSource, names: tuple[str, str]) -> StreamedSamples:
    """Return the samples of a source as the network takes them. Raises InputError for a block that does not fit."""
    block = next((block for block in source.blocks(_PEEK) if len(block)), None)
    if block is None:
        raise InputError(f"{names[0]} has no samples", expected="one sample or more")
    values, sizes = _read(network, block, names)
    network.begin(sizes)
    classes, numbers = answers_of(network.ends.pairs, network.ends.samples.in_front, values)
    return StreamedSamples(network, source, names, values, sizes, tuple(classes), tuple(numbers))


def divided_stream(samples: StreamedSamples, fraction: Any, seed: int) -> tuple[StreamedSamples, StreamedSamples]:
    """Return samples to learn from and others for validation, drawn by the seed whatever their classes.

    A mark for each sample is held. Raises OptionError where their number is not known, or the fraction makes no sense.
    """
    if samples.count is None or isinstance(samples.source, Batches):
        raise OptionError(
            "validation_fraction is given, and batches from an iterable cannot be divided",
            expected="data to validate with: x_validation",
        )
    marks = np.zeros(samples.count, bool)
    order = np.random.default_rng([seed, VALIDATION]).permutation(samples.count)
    marks[order[marks_of("validation_fraction", fraction, samples.count)]] = True
    kept, held = (ChosenRows(samples.source, chosen) for chosen in (~marks, marks))
    return streamed(samples.network, kept, samples.names), streamed(samples.network, held, samples.names)


def _read(network: Network, block: Block, names: tuple[str, str]) -> tuple[dict[str, Array], Mapping[Size, int]]:
    """Return a block as the system takes it, checked. Raises InputError, which says which block it is."""
    try:
        given = network.given(block.x, block.y, names, many=True, narrow=True)
        check_facts(network, given)
    except InputError as error:
        raise placed(error, block) from None
    return dict(given.values), given.sizes


def _other_shape(
    block: Block, found: Mapping[str, tuple[int, ...]], shapes: Mapping[str, tuple[int, ...]]
) -> InputError:
    name = next((name for name in shapes if found.get(name) != shapes[name]), next(iter(found)))
    shape, before = (list(one[name]) if name in one else "none" for one in (found, shapes))
    return InputError(
        f"a sample of {name} has the shape {shape}, and those before {before}",
        where=block.where,
        expected="samples of one shape in all blocks",
    )


def _joined(parts: list[dict[str, Array]]) -> dict[str, Array]:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

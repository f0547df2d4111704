"""Samples as they are given to `train` and `measure`: arrays in memory, or what is read block by block."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.data.block_sources import Batches
from chainrule.errors import InputError, OptionError
from chainrule.network.network import Network
from chainrule.training.streamed import (
    AnySamples,
    divided_stream,
    source_of,
    streamed,
    unpacked,
)
from chainrule.training.training_data import Samples, checked_samples, divided


def opened_samples(
    network: Network, x: Any, y: Any, names: tuple[str, str], buffer_size: int | None = None, batch_size: int = 1
) -> AnySamples:
    """Return samples and targets as the network takes them, in memory where they fit into the buffer.

    What an iterable gives is never kept: it may differ from epoch to epoch. Raises InputError, GivenError and
    DataFileError.
    """
    x = unpacked(network, x)
    source = source_of(network, x, y, names)
    if source is None:
        return checked_samples(network, x, y, names)
    made = streamed(network, source, names)
    fits = made.count is not None and made.count <= made.buffer_rows(buffer_size, batch_size)
    return made.in_memory() if fits and not isinstance(source, Batches) else made


def opened_pair(
    network: Network, x: Any, y: Any, part: str, buffer_size: int | None = None, batch_size: int = 1
) -> AnySamples | None:
    """Return samples that need not be there, None where neither they nor answers are. Raises InputError."""
    names = (f"x_{part}", f"y_{part}")
    alone = isinstance(x, Mapping | str | Path | Batches) or not network.ends.targets
    if x is None and y is None:
        return None
    if x is None or (y is None and not alone and source_of(network, x, None, names) is None):
        raise InputError(f"of {names[0]} and {names[1]} only one is given", expected="both, or neither")
    return opened_samples(network, x, y, names, buffer_size, batch_size)


def divided_samples(samples: AnySamples, fraction: Any, seed: int) -> tuple[AnySamples, AnySamples]:
    """Return samples to learn from and others to validate with, drawn by the seed. Raises OptionError."""
    if isinstance(samples, Samples):
        return divided(samples, fraction, seed)
    return divided_stream(samples, fraction, seed)


def all_at_once(samples: AnySamples) -> int:
    """Return how many samples there are, for equations that couple all of them. Raises OptionError."""
    if samples.count is None:
        raise OptionError(
            "the equations couple the samples, and nobody says how many there are",
            expected="arrays, files, or cr.Batches(…, samples=…)",
        )
    return samples.count

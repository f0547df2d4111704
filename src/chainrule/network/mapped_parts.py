"""Samples that lie in files, memory-mapped, some at a time, so that a network asked of them never reads them whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from chainrule.data.block_sources import Block, mapped_rows
from chainrule.errors import InputError
from chainrule.network.ends import Ends
from chainrule.system.model import System

T = TypeVar("T")
ROWS = 4096
"""Samples that are read at once."""


def mapped_blocks(system: System, ends: Ends, x: Any, y: Any = None) -> Iterator[Block] | None:
    """Return blocks of rows of memory-mapped samples, None for arrays in memory, few samples, or a single one."""
    name, array = next(iter(x.items()), ("", None)) if isinstance(x, Mapping) else (next(iter(ends.inputs), ""), x)
    shape: tuple[int, ...] = getattr(array, "shape", ())
    if not ends.samples.in_front or name not in system.declared:
        return None
    if len(shape) != len(system.axes(name)) + 1 or shape[0] <= ROWS:
        return None
    source = mapped_rows(x, y)
    return None if source is None else source.blocks(ROWS)


def of_each(blocks: Iterable[Block], computed: Callable[[Any], T]) -> list[T]:
    """Return what is computed of each block; an error says in which samples it is."""
    found = []
    for block in blocks:
        try:
            found.append(computed(block.x))
        except InputError as error:
            raise placed(error, block) from None
    return found


def mean_of_each(blocks: Iterable[Block], measured: Callable[[Any, Any], float]) -> float:
    """Return the mean over all samples of what is measured of each block."""
    parts = [(len(block), measured(block.x, block.y)) for block in blocks]
    return sum(count * part for count, part in parts) / sum(count for count, _ in parts)


def placed(error: InputError, block: Block) -> InputError:
    """Return an error that says in which samples it is."""
    where = "\n".join(part for part in (block.where, error.where) if part)
    return type(error)(error.what, where=where, expected=error.expected, advice=error.advice)

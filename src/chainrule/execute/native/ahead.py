"""The next batch on its way into the cache while this one is learned from: a few lines with every tile.

A burst of prefetches makes a core wait; spread over the tiles of the longest nest they cost next to nothing. They go
to the second cache: a batch of some size would drive all else out of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod

from chainrule.execute.native.writer import Writer

LINE = 64


@dataclass(frozen=True)
class Ahead:
    """What is fetched: `rows` rows of `lines` cache lines; a table at %ahead has their addresses."""

    rows: int
    lines: int


@dataclass(frozen=True)
class Round:
    """A loop being written: the name of its index, the step of that, and how many rounds it has."""

    index: str
    step: int
    count: int


def fetch(w: Writer, ahead: Ahead, rounds: Sequence[Round]) -> None:
    """Write the part that one round of nested loops has in fetching; the first of them is the slowest to change."""
    count = prod(r.count for r in rounds)
    parts, at_once = max(count // ahead.rows, 1), ceil(ahead.rows / count)
    turn = ""
    for r in rounds:
        own = w.value(f"udiv i64 {r.index}, {r.step}") if r.step > 1 else r.index
        turn = w.value(f"add i64 {w.value(f'mul i64 {turn}, {r.count}')}, {own}") if turn else own
    first = w.value(f"mul i64 {w.value(f'udiv i64 {turn}, {parts}')}, {at_once}")
    lines = ceil(ahead.lines / parts)
    for number in range(at_once):
        row = w.value(f"add i64 {first}, {number}")
        late = w.value(f"icmp ult i64 {row}, {ahead.rows}")
        row = w.value(f"select i1 {late}, i64 {row}, i64 {ahead.rows - 1}")
        place = w.value(f"load ptr, ptr {w.advanced('%ahead', row, 8)}")
        place = w.advanced(place, w.value(f"urem i64 {turn}, {parts}"), lines * LINE)
        for line in range(lines):
            there = w.advanced(place, line * LINE, 1)
            w.line(f"call void @llvm.prefetch.p0(ptr {there}, i32 0, i32 2, i32 1)")

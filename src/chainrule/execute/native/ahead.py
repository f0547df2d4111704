"""The next batch on its way into the cache while this one is learned from: a few lines in every round of a loop.

A burst of prefetches is dropped by the hardware; spread over the longest nest they cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from chainrule.execute.native.writer import Writer

LINE = 64


@dataclass(frozen=True)
class Ahead:
    """What is fetched: `rows` rows of `lines` cache lines; a table at %ahead has their addresses."""

    rows: int
    lines: int


def fetch(w: Writer, ahead: Ahead, index: str, step: int, count: int) -> None:
    """Write the part that one round of a loop of `count` rounds has in fetching."""
    parts, at_once = max(count // ahead.rows, 1), ceil(ahead.rows / count)
    turn = w.value(f"udiv i64 {index}, {step}")
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
            w.line(f"call void @llvm.prefetch.p0(ptr {there}, i32 0, i32 3, i32 1)")

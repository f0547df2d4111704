"""The next batch on its way into the cache while this one is learned from: a few lines with every tile.

A burst of prefetches makes a core wait; spread over the rounds of the long nests' sums they cost next to nothing. They
go to the second cache: a batch of some size would drive all else out of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, prod

from chainrule.execute.native.writer import Writer

LINE = 64
LONG_SHARE = 0.2
"""How long an instruction takes that fetches, as a part of the longest."""


@dataclass(frozen=True)
class Prefetch:
    """What is fetched: `rows` rows from `first` on, of `lines` cache lines; a table at %ahead has their addresses.

    Each of `threads` fetches all of it where each has a copy of the batch, else its share.
    """

    rows: int
    lines: int
    threads: int = 1
    first: int = 0


def shared_out(prefetch: Prefetch | None, cycles: Sequence[float]) -> list[Prefetch | None]:
    """Return what each instruction fetches: the long ones so many rows as their cycles allow.

    A core has a few dozen lines on their way at once: what is fetched in half the time arrives late.
    """
    least = LONG_SHARE * max(cycles, default=0.0)
    long = [c if c >= least else 0.0 for c in cycles]
    result: list[Prefetch | None] = []
    before, total = 0.0, sum(long)
    for own in long:
        first, last = (round(prefetch.rows * c / total) if prefetch else 0 for c in (before, before + own))
        result.append(replace(prefetch, rows=last - first, first=first) if prefetch and last > first else None)
        before += own
    return result


@dataclass(frozen=True)
class Round:
    """A loop being written: the name of its index, where that starts, its step, and how many rounds there are."""

    index: str
    start: str
    step: int
    count: int


@dataclass(frozen=True)
class Portion:
    """What a tile fetches: `lines` lines from each of some places on."""

    places: tuple[str, ...]
    lines: int


def portion(w: Writer, prefetch: Prefetch, rounds: Sequence[Round]) -> Portion:
    """Write where the part is that one round of nested loops fetches; the first of them is the slowest to change."""
    rounds = [_of_thread(w, r, prefetch.threads) for r in rounds]
    count = prod(r.count for r in rounds)
    parts, at_once = max(count // prefetch.rows, 1), ceil(prefetch.rows / count)
    turn = ""
    for r in rounds:
        own = w.value(f"udiv i64 {r.index}, {r.step}") if r.step > 1 else r.index
        turn = w.value(f"add i64 {w.value(f'mul i64 {turn}, {r.count}')}, {own}") if turn else own
    first = w.value(f"mul i64 {w.value(f'udiv i64 {turn}, {parts}')}, {at_once}")
    lines = ceil(prefetch.lines / parts)
    places = []
    for number in range(at_once):
        row = w.value(f"add i64 {first}, {number}")
        late = w.value(f"icmp ult i64 {row}, {prefetch.rows}")
        row = w.value(f"select i1 {late}, i64 {row}, i64 {prefetch.rows - 1}")
        place = w.value(f"load ptr, ptr {w.advanced(w.advanced('%ahead', prefetch.first, 8), row, 8)}")
        places.append(w.advanced(place, w.value(f"urem i64 {turn}, {parts}"), lines * LINE))
    return Portion(tuple(places), lines)


def fetch(w: Writer, what: Portion, turn: str = "0", turns: int = 1) -> None:
    """Write the prefetches of one of so many turns: about as many lines in each."""
    once = ceil(what.lines / turns)
    for place in what.places:
        here = place if turns == 1 else w.advanced(place, turn, ceil(what.lines * LINE / turns))
        for line in range(once):
            w.line(f"call void @llvm.prefetch.p0(ptr {w.advanced(here, line * LINE, 1)}, i32 0, i32 2, i32 1)")


def _of_thread(w: Writer, r: Round, threads: int) -> Round:
    """Return the rounds that are a thread's own, counted from its first, where threads share them."""
    if threads == 1 or r.start == "0":
        return r
    return Round(w.value(f"sub i64 {r.index}, {r.start}"), "0", r.step, max(r.count // threads, 1))

"""The next batch on its way: which rows each instruction fetches, and that machine code asks for all of them."""

from __future__ import annotations

import ctypes
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.native.arena import Arena
from chainrule.execute.native.compiler import compile_text
from chainrule.execute.native.epoch import prefetch_of
from chainrule.execute.native.module import module
from chainrule.execute.native.partition import MOST_COPIES, with_copies
from chainrule.execute.native.prefetch import LINE, LONG_SHARE, Prefetch, shared_out
from chainrule.execute.native.training import TOTAL
from dense import Dense
from unit.execute.native.programs import DATA, HOST, LARGE, run_together, step

CYCLES = st.lists(st.floats(1, 1e6), min_size=1, max_size=12)


@given(st.integers(1, 300), CYCLES)
def test_every_row_is_fetched_by_one_of_the_long_instructions(rows: int, cycles: list[float]) -> None:
    parts = shared_out(Prefetch(rows, 7, 2), cycles)
    fetched = [row for part in parts if part for row in range(part.first, part.first + part.rows)]
    assert fetched == list(range(rows))
    for part, own in zip(parts, cycles, strict=True):
        assert part is None or (own >= LONG_SHARE * max(cycles) and (part.lines, part.threads) == (7, 2))


def test_without_data_nothing_is_fetched() -> None:
    assert prefetch_of(step(Dense((20, 5, 3)), 6), "f32", (), 2) is None
    assert shared_out(None, [3.0, 1.0, 0.5]) == [None] * 3
    assert shared_out(Prefetch(3, 1), []) == []


def test_what_is_fetched_are_the_rows_of_the_widest_data() -> None:
    program = step(Dense((20, 5, 3)), 6)
    assert prefetch_of(program, "f32", DATA, 2) == Prefetch(6, 2, 1)
    assert prefetch_of(program, "f64", DATA, 1) == Prefetch(6, 3, 1)
    assert prefetch_of(with_copies(program, DATA, 2, 4), "f32", DATA, 2) == Prefetch(6, 2, 2)


NOTED = 1 << 18
NOTE = f"""
@count = global i64 0
@noted = global [{NOTED} x i64] zeroinitializer
@notes = global [{NOTED} x i64] zeroinitializer
define internal void @note(ptr %p, i64 %tid) nounwind {{
  %n = atomicrmw add ptr @count, i64 1 monotonic
  %address = ptrtoint ptr %p to i64
  %where = getelementptr i64, ptr @noted, i64 %n
  store i64 %address, ptr %where
  %whose = getelementptr i64, ptr @notes, i64 %n
  store i64 %tid, ptr %whose
  ret void
}}"""


@pytest.mark.parametrize(
    ("network", "samples", "threads"),
    [
        (Dense((784, 30, 10)), 10, 1),
        (Dense((784, 30, 10)), 10, 2),
        (LARGE, 64, 1),
        (LARGE, 64, 2),
        (LARGE, 64, MOST_COPIES + 1),
    ],
)
def test_machine_code_asks_for_every_line_of_the_next_batch(network: Dense, samples: int, threads: int) -> None:
    """The prefetches are replaced by notes; threads with a copy of the batch each ask for all of it."""
    program = with_copies(step(network, samples, HOST), DATA, threads, 4)
    text = module(program, HOST, "f32", data=DATA, totals=(TOTAL,), threads=threads).text
    noting = re.sub(r"call void @llvm\.prefetch\.p0\(ptr ([^,]*),[^)]*\)", r"call void @note(ptr \1, i64 %tid)", text)
    code, arena = compile_text(noting + NOTE, HOST), Arena(program, np.float32)
    arena.put(network.values(0))
    data = {n: np.ascontiguousarray(d, np.float32) for n, d in network.data(2 * samples, 0).items()}
    rows = np.arange(2 * samples)[::-1].copy()
    run_together(code, arena, [[data[n] for n in DATA]] * threads, rows, 2)
    count = ctypes.c_int64.from_address(code.address("count")).value
    assert 0 < count <= NOTED
    addresses, whose = (
        np.ctypeslib.as_array((ctypes.c_int64 * count).from_address(code.address(name))) for name in ("noted", "notes")
    )
    # the rows run backwards: the second batch is the first half
    lines = (addresses - data["x"].ctypes.data) // LINE
    wanted = set(range(data["x"].nbytes // 2 // LINE))
    copied = program.buffers["x"].pitch > 0
    assert copied == (samples == 10 and threads > 1)
    for thread in range(threads if copied else 1):
        own = whose == thread if copied else slice(None)
        assert wanted <= set(lines[own].tolist())

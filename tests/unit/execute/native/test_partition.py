"""How a step is shared among threads: whose memory is whose, where they wait, and that they wait often enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.native import module as modules
from chainrule.execute.native.compiled import compile_program
from chainrule.execute.native.machine import BYTES, Dtype, Machine
from chainrule.execute.native.partition import (
    ALL,
    FIRST,
    MOST_COPIES,
    Ownership,
    _foreign,
    barriers,
    chosen_parts,
    gathered,
    part,
    with_copies,
)
from chainrule.execute.native.schedule import LoopSchedule, pieces
from chainrule.expr.linear import LinearForm
from chainrule.lower.program import Access, Buffer, Instruction, Load, LoopAxis, Program, Store, over_axes
from chainrule.notation import parse
from dense import Dense, networks
from support import examples
from unit.execute.native.programs import DATA, HOST, LARGE, WIDE, lowered, owners, run_together, step
from unit.execute.native.races import elements, races

MACHINES = (WIDE, Machine("avx2", 32, 16, True), Machine("neon", 16, 32, True))
LANES = 16


# -- a detector that knows the tiles only finds no race, whatever axes are shared


@examples(40)
@given(st.data(), networks(), st.sampled_from([2, 3, 4]), st.sampled_from(MACHINES), st.sampled_from(["f32", "f64"]))
def test_threads_of_random_dense_networks_never_race(
    data: st.DataObject, drawn: tuple[Dense, int, int], threads: int, machine: Machine, dtype: Dtype
) -> None:
    """Forward, backward and update; the axes are drawn, for the cheapest of a small network are seldom shared."""
    network, samples, _ = drawn
    program = with_copies(step(network, samples, machine, dtype), DATA, threads, BYTES[dtype])
    options = modules._options(program, machine, dtype, threads)
    chosen = [data.draw(st.sampled_from(some)) for some in options]
    assert list(races(program, chosen, barriers(program, chosen, threads), threads)) == []


@pytest.mark.parametrize("threads", [2, 3, 4, 7])
def test_threads_of_a_large_network_never_race(threads: int) -> None:
    program = with_copies(step(LARGE, 64), DATA, threads, 4)
    chosen = chosen_parts(program, modules._options(program, WIDE, "f32", threads), "f32", DATA, threads)
    assert sum(bool(s.split) for s in chosen) > len(chosen) // 2
    assert list(races(program, chosen, barriers(program, chosen, threads), threads)) == []


@pytest.mark.parametrize("threads", [2, 4])
def test_where_threads_do_not_wait_the_detector_finds_the_race(threads: int) -> None:
    """And no barrier is there for nothing: without any one of them, there is a race."""
    program = with_copies(step(LARGE, 64), DATA, threads, 4)
    chosen = chosen_parts(program, modules._options(program, WIDE, "f32", threads), "f32", DATA, threads)
    waits = barriers(program, chosen, threads)
    assert sum(waits) >= 3
    for number in (n for n, wait in enumerate(waits) if wait):
        without = [wait and n != number for n, wait in enumerate(waits)]
        assert races(program, chosen, without, threads)


# -- what machine code does is what the detector and the barriers take it to do

N, I, J = 37, 64, 40
LETTERS = {"n": N, "i": I, "j": J}


def made_of(code: str) -> Program:
    return lowered(parse("data x[n,i]\n" + code), LETTERS, () if "update" in code else ("W",), HOST)


def turned() -> Program:
    """Return a copy of x to a layout with the samples innermost."""
    tall = -(-N // HOST.lanes("f32")) * HOST.lanes("f32")
    x = Buffer("x", "data", (N, I), (I, 1), N * I + LANES)
    w = Buffer("W", "param", (N, I), (1, tall), I * tall + LANES, -(-x.size // LANES) * LANES)
    load, store = Access("x", LinearForm({"n": I, "i": 1}, 0)), Access("W", LinearForm({"n": 1, "i": tall}, 0))
    copy = Instruction("W", (LoopAxis("n", N), LoopAxis("i", I)), None, (Load(load), Store(store, 0)))
    return Program({"x": x, "W": w}, (copy,), w.offset + w.size + LANES, HOST.lanes("f32"))


PROGRAMS: dict[str, Callable[[], Program]] = {
    "a copy": lambda: made_of("param W[n,i]\nupdate W[n,i] = x[n,i]"),
    "another layout": turned,
    "a sum": lambda: made_of("W[n] = max(i) x[n,i]"),
    "a product": lambda: made_of("param W[n,j], E[i,j]\nupdate W[n,j] = sum(i) x[n,i]*E[i,j]"),
}


@pytest.mark.parametrize("threads", [2, 3, 4])
@pytest.mark.parametrize("option", [0, 1, 2])
@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_write_what_they_are_taken_to_write(
    name: str, option: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thread learns from data that hold its own number, which then stands where it wrote."""
    picked: list[LoopSchedule] = []

    def pick(_: Program, options: Sequence[Sequence[LoopSchedule]], *__: object) -> list[LoopSchedule]:
        picked[:] = [some[min(option, len(some) - 1)] for some in options]
        return list(picked)

    monkeypatch.setattr(modules, "chosen_parts", pick)
    compiled = compile_program(PROGRAMS[name](), HOST, np.float32, data=("x",), threads=threads)
    compiled.arena.put({"E": np.full((I, J), 1 / I)})
    compiled.arena.block("W")[...] = -1
    own_data = [[np.full((N, I), float(t), np.float32)] for t in range(threads)]
    run_together(compiled.code, compiled.arena, own_data, np.arange(N), 1)
    program, instruction, chosen = compiled.program, compiled.program.instructions[-1], picked[-1]
    [store] = instruction.stores
    assert store.buffer == "W"
    wrote = compiled.arena.take("W")
    own = part(program, instruction, chosen, store, threads)
    expected = np.full(wrote.shape, -1.0)
    start = 0
    for end, thread in own.pieces or ((wrote.shape[0], 0),):
        np.moveaxis(expected, own.axis or 0, 0)[start:end] = thread
        start = end
    assert np.array_equal(wrote, expected)
    memory = np.full(program.size, -1.0)
    for thread in range(threads if chosen.split else 1):
        memory[elements(program, instruction, chosen, store, thread, threads)] = thread
    buffer = program.buffers["W"]
    places = np.tensordot(buffer.strides, np.indices(buffer.extents), 1) + buffer.offset
    assert np.array_equal(memory[places], wrote)


# -- parts, barriers and copies of small programs

ROWS, COLUMNS = 40, 64


def over(name: str, reads: str, writes: str, *, turned: bool = False, base: int = 0) -> Instruction:
    """Return a copy of one matrix to another, or to itself, by rows i and columns j."""
    own = Access(reads, LinearForm({"j": COLUMNS, "i": 1} if turned else {"i": COLUMNS, "j": 1}, base))
    axes = (LoopAxis("i", ROWS), LoopAxis("j", COLUMNS))
    return Instruction(name, axes, None, (Load(own), Store(over_axes(writes, axes, (COLUMNS, 1)), 0)))


def matrices(*instructions: Instruction, offsets: Sequence[int] = (0, 4096, 8192)) -> Program:
    """Return a program of the matrices A, B and C."""
    size = ROWS * COLUMNS + LANES
    places = zip("ABC", offsets, strict=True)
    made = {n: Buffer(n, "temporary", (ROWS, COLUMNS), (COLUMNS, 1), size, place) for n, place in places}
    return Program(made, instructions, max(offsets) + size, LANES)


BY_ROWS = LoopSchedule("j", False, (("i", 4), ("j", 4)), split="i")
BY_ODD_ROWS = LoopSchedule("j", False, (("i", 3), ("j", 4)), split="i")
BY_COLUMNS = LoopSchedule("j", False, (("j", 1), ("i", 4)), split="j")
BY_ONE = LoopSchedule("j", False, (("i", 4), ("j", 4)))
A_TO_B, B_TO_C, A_TO_C, C_TO_A = (over("one", a, b) for a, b in ("AB", "BC", "AC", "CA"))


@pytest.mark.parametrize(
    ("first", "then", "schedules", "waits"),
    [
        (A_TO_B, B_TO_C, (BY_ROWS, BY_ROWS), False),
        (A_TO_B, B_TO_C, (BY_ONE, BY_ONE), False),
        (A_TO_B, A_TO_C, (BY_ROWS, BY_COLUMNS), False),
        (A_TO_B, B_TO_C, (BY_ROWS, BY_COLUMNS), True),
        (A_TO_B, B_TO_C, (BY_ROWS, BY_ODD_ROWS), True),
        (A_TO_B, B_TO_C, (BY_ONE, BY_ROWS), True),
        (A_TO_B, B_TO_C, (BY_ROWS, BY_ONE), True),
        (A_TO_B, C_TO_A, (BY_ROWS, BY_COLUMNS), True),
        (A_TO_B, C_TO_A, (BY_ROWS, BY_ROWS), False),
        (A_TO_C, over("two", "B", "C"), (BY_ROWS, BY_COLUMNS), True),
    ],
    ids=["own rows", "one thread", "both read", "rows, columns", "other rows", "one, all", "all, one", "read, written",
         "own rows read, written", "written twice"],
)  # fmt: skip
def test_threads_wait_where_one_touches_what_another_wrote(
    first: Instruction, then: Instruction, schedules: tuple[LoopSchedule, LoopSchedule], waits: bool
) -> None:
    program = matrices(first, then)
    assert barriers(program, schedules, 2) == [False, waits]
    assert bool(list(races(program, schedules, [False, False], 2))) == waits
    assert barriers(program, schedules, 1) == [False, False]


def test_threads_wait_before_memory_that_is_used_again() -> None:
    program = matrices(A_TO_B, over("two", "A", "C"), offsets=(0, 4096, 4096 + 320))
    assert barriers(program, (BY_ROWS, BY_ROWS), 2) == [False, True]
    assert barriers(program, (BY_ONE, BY_ONE), 2) == [False, False]


def test_a_barrier_is_for_all_that_was_before_it() -> None:
    program = matrices(A_TO_B, B_TO_C, B_TO_C, over("two", "B", "A"))
    assert barriers(program, (BY_ROWS, BY_COLUMNS, BY_COLUMNS, BY_COLUMNS), 2) == [False, True, False, False]


def test_parts_are_told_only_where_the_whole_buffer_is_gone_through() -> None:
    program = matrices(A_TO_B)
    store = A_TO_B.stores[0]
    assert part(program, A_TO_B, BY_ROWS, store, 2) == Ownership(0, ((20, 0), (40, 1)))
    assert part(program, A_TO_B, BY_ODD_ROWS, store, 2) == Ownership(0, ((18, 0), (39, 1), (40, 0)))
    assert part(program, A_TO_B, BY_COLUMNS, store, 2) == Ownership(1, ((32, 0), (64, 1)))
    assert part(program, A_TO_B, BY_ONE, store, 2) == FIRST
    shifted, other = over("s", "A", "B", base=COLUMNS), over("t", "A", "B", turned=True)
    for instruction in (shifted, other):
        assert part(program, instruction, BY_ROWS, instruction.loads[0], 2) == ALL
    assert part(program, A_TO_B, BY_ROWS, Access("A", LinearForm({"j": 1}, 0)), 2) == ALL


@examples(20)
@given(st.integers(2, MOST_COPIES), st.integers(1, 70), st.integers(1, 40), st.sampled_from([4, 8]))
def test_every_thread_has_a_copy_of_the_batch_that_nothing_else_touches(
    threads: int, samples: int, width: int, element: int
) -> None:
    dtype: Dtype = "f32" if element == 4 else "f64"
    before = step(Dense((width, 5, 3)), samples, WIDE, dtype)
    program = with_copies(before, DATA, threads, element)
    line = 64 // element
    held = [b for b in program.buffers.values() if b.role != "temporary"]
    starts = [(b.offset + t * b.pitch, b.size) for b in held for t in range(threads if b.pitch else 1)]
    taken = [(start, start + size) for start, size in starts]
    assert all(end <= start for (_, end), (start, _) in pairwise(sorted(taken)))
    assert max(end for _, end in taken) <= program.size
    for name in DATA:
        own = program.buffers[name]
        assert own.offset >= before.size
        assert own.offset % line == own.pitch % line == 0
        assert own.pitch * element % 4096 != 0
    assert all(program.buffers[n] == b for n, b in before.buffers.items() if n not in DATA)


@pytest.mark.parametrize("threads", [1, MOST_COPIES + 1])
def test_one_thread_or_many_share_one_batch(threads: int) -> None:
    program = step(Dense((12, 5, 3)), 10)
    assert with_copies(program, DATA, threads, 4) is program
    assert gathered(program, DATA, 3) == dict.fromkeys(DATA, Ownership(0, ((3, 0), (6, 1), (10, 2))))
    assert gathered(with_copies(program, DATA, 2, 4), DATA, 2) == {}


@given(st.integers(1, 300), st.lists(st.tuples(st.sampled_from([1, 16]), st.integers(1, 6)), min_size=2, max_size=2),
       st.integers(2, 9))  # fmt: skip
def test_what_passes_between_threads_is_what_is_in_other_hands(
    extent: int, cuts: list[tuple[int, int]], threads: int
) -> None:
    before, now = (pieces(extent, stretch, size, threads) for stretch, size in cuts)
    moved = sum(one != other for one, other in zip(owners(before), owners(now), strict=True)) / extent
    assert _foreign(Ownership(1, before), Ownership(1, now), threads) == moved / threads
    assert _foreign(Ownership(1, before), FIRST, threads) == pytest.approx(1 - owners(before).count(0) / extent)
    assert (
        _foreign(Ownership(1, before), Ownership(1, before), threads) == _foreign(ALL, Ownership(1, now), threads) == 0
    )


def test_small_programs_are_one_threads_and_large_ones_are_shared() -> None:
    for network, samples, shared in ((Dense((12, 5, 3)), 10, False), (LARGE, 64, True)):
        program = with_copies(step(network, samples), DATA, 2, 4)
        options = modules._options(program, WIDE, "f32", 2)
        chosen = chosen_parts(program, options, "f32", DATA, 2)
        assert any(s.split for s in chosen) == shared
        assert chosen_parts(program, options, "f32", DATA, 1) == [some[0] for some in options]

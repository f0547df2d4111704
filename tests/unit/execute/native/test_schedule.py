"""How an axis is shared among threads, and what the schedules that share one have in common."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.native.machine import host, lowered
from chainrule.execute.native.schedule import LoopSchedule, largest_share, pieces, schedules
from chainrule.expr.linear import LinearForm
from chainrule.lower.program import Access, Contracted, Contraction, Instruction, LoopAxis, Store
from support import examples
from unit.execute.native.programs import WIDE, owners
from unit.execute.native.races import tiles

THREADS = st.integers(1, 9)


@given(st.integers(1, 400), st.sampled_from([1, 4, 16]), st.integers(1, 8), THREADS)
def test_every_value_of_a_shared_axis_is_one_threads(extent: int, stretch: int, size: int, threads: int) -> None:
    having = owners(pieces(extent, stretch, size, threads))
    assert len(having) == extent
    whole = -(-extent // stretch) // size * size * stretch
    assert having[:whole] == sorted(having[:whole]), "tiles are given out in order"
    assert set(having[whole:]) <= {0}, "what fills no tile is the first thread's"
    assert all(len(set(having[n : n + size * stretch])) == 1 for n in range(0, whole, size * stretch))
    assert largest_share(extent, stretch, size, threads) == max(map(having.count, range(threads))) / extent


@given(st.integers(1, 400), st.sampled_from(["", "j"]), st.integers(1, 8), THREADS)
def test_they_are_whose_the_machine_code_makes_them(extent: int, vector: str, size: int, threads: int) -> None:
    s = LoopSchedule(vector, False, (("j", size),), split="j")
    stretch = s.stretch("j", 16)
    if -(-extent // stretch) // size > 1:
        having = owners(pieces(extent, stretch, size, threads))
        for thread in range(threads):
            assert [n for n, t in enumerate(having) if t == thread] == tiles(extent, s, 16, thread, threads).tolist()


@given(st.integers(1, 10**9), THREADS)
def test_the_cut_of_a_long_axis_is_short(extent: int, threads: int) -> None:
    assert len(pieces(extent, 16, 3, threads)) <= threads + 1


def bilinear(terms: int, j: int, k: int) -> Instruction:
    """Return c[k,j] = Σ_i u[i]·v[k,j], whose vectors can lie along j and along the sum."""
    factors = (Access("u", LinearForm({"i": 1}, 0)), Access("v", LinearForm({"j": 1, "k": 80}, 0)))
    store = Store(Access("c", LinearForm({"j": 1, "k": 80}, 0)), 0)
    axes = (LoopAxis("j", j), LoopAxis("k", k))
    return Instruction("c", axes, Contraction("sum", (LoopAxis("i", terms),), factors), (Contracted(), store))


@examples(100)
@given(
    st.integers(1, 400),
    st.integers(1, 70),
    st.integers(1, 20),
    st.sampled_from(["", "avx2", "sse"]),
    st.sampled_from([2, 3, 4, 8]),
)
def test_no_bit_depends_on_which_axis_is_shared(terms: int, j: int, k: int, level: str, threads: int) -> None:
    """Lanes along the sum are added in another order than one after the other: all schedules do, or none."""
    instruction, machine = bilinear(terms, j, k), lowered(host(), level)
    options = schedules(instruction, machine, "f32", threads)
    assert len({s.along for s in (*options, *schedules(instruction, machine, "f32"))}) == 1


def test_the_outermost_loop_is_shared_and_no_other() -> None:
    for s in schedules(bilinear(100, 64, 20), WIDE, "f32", 2)[1:]:
        looped = [axis for axis, size in s.tile if bilinear(100, 64, 20).extent(axis) > size * s.stretch(axis, 16)]
        assert s.split == looped[0]
        assert s.cycles > 0


def test_an_axis_of_one_value_is_not_shared() -> None:
    assert "k" not in {s.split for s in schedules(bilinear(100, 64, 1), WIDE, "f32", 4)}
    assert [s.split for s in schedules(bilinear(100, 1, 1), WIDE, "f32", 4)] == [""]


def test_threads_share_another_loop_where_its_shares_are_fairer() -> None:
    """The gradient of 3×3 kernels: of 3 rows one thread would have 2."""
    place = LinearForm({"m": 1, "o": 64, "v": 1024, "u": 3072}, 0)
    factors = (
        Access("x", LinearForm({"n": 64, "o": 1, "u": 4096, "v": 8192}, 0)),
        Access("d", LinearForm({"n": 64, "m": 1}, 0)),
    )
    axes = tuple(LoopAxis(name, extent) for name, extent in (("u", 3), ("v", 3), ("o", 16), ("m", 64)))
    contraction = Contraction("sum", (LoopAxis("n", 500),), factors)
    gradient = Instruction("W", axes, contraction, (Contracted(), Store(Access("W", place), 0)))
    alone = schedules(gradient, WIDE, "f32")[0]
    options = schedules(gradient, WIDE, "f32", 2)
    assert options[0] == alone
    assert min(s.cycles for s in options[1:]) < 0.6 * alone.cycles
    assert any(s.split == "u" and s.cycles > 0.6 * alone.cycles for s in options)

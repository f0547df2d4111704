"""Where lanes meet: several vectors reduced at once have the bits of one at a time."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.native.compiler import compile_text
from chainrule.execute.native.lanes import Lanes
from chainrule.execute.native.machine import BYTES, Dtype, host, lowered
from chainrule.execute.native.writer import Writer
from support import examples

DTYPES: tuple[Dtype, ...] = ("f32", "f64")


def reduced(op: str, count: int, dtype: Dtype, level: str, together: bool, seed: int) -> np.ndarray:
    """Return vectors of random numbers, and each reduced over its lanes by machine code, as bits."""
    machine = lowered(host(), level)
    lanes, element = machine.lanes(dtype), BYTES[dtype]
    w = Writer()
    w.lines = ["define void @run(ptr %in, ptr %out) {", "entry:"]
    v = Lanes(w, dtype, lanes, machine.fma)
    places = [n * lanes for n in range(count)]
    values = [w.value(f"load {v.type}, ptr {w.advanced('%in', n, element)}, align {element}") for n in places]
    results = v.all_across(op, values) if together else [v.across(op, value) for value in values]
    for n, result in zip(places, results, strict=True):
        w.line(f"store {v.type} {result}, ptr {w.advanced('%out', n, element)}, align {element}")
    w.line("ret void")
    code = compile_text("\n".join([*w.lines, "}"]), machine)
    generator = np.random.default_rng(seed)
    given = generator.normal(size=(count, lanes)).astype(np.float32 if dtype == "f32" else np.float64)
    out = np.empty_like(given)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(code.address("run"))(given.ctypes.data, out.ctypes.data)
    wide = given.astype(np.float64)
    expected = {"sum": wide.sum(1), "prod": wide.prod(1), "max": wide.max(1), "min": wide.min(1)}[op]
    np.testing.assert_allclose(out, np.repeat(expected[:, None], lanes, 1), rtol=1e-5, atol=1e-5)
    return out.view(np.uint32 if dtype == "f32" else np.uint64)


@examples(30)
@given(
    st.sampled_from(["sum", "prod", "max", "min"]),
    st.integers(1, 35),
    st.sampled_from(DTYPES),
    st.sampled_from(["", "avx2", "sse"]),
    st.integers(0, 100),
)
def test_vectors_reduced_together_have_the_bits_of_one_by_one(
    op: str, count: int, dtype: Dtype, level: str, seed: int
) -> None:
    together, one_by_one = (reduced(op, count, dtype, level, way, seed) for way in (True, False))
    assert np.array_equal(together, one_by_one)


@pytest.mark.parametrize("count", [1, 2, 3, 15, 16, 17])
def test_together_takes_fewer_operations(count: int) -> None:
    """Of 16 vectors of 16 lanes 15 pairs are combined, not 64."""
    combined = []
    for together in (True, False):
        w = Writer()
        v = Lanes(w, "f32", 16, fma=True)
        values = [f"%v{n}" for n in range(count)]
        _ = v.all_across("sum", values) if together else [v.across("sum", value) for value in values]
        combined.append(sum(" fadd " in line for line in w.lines))
    assert combined[1] == 4 * count
    assert combined[0] <= {1: 4, 2: 4, 3: 5, 15: 15, 16: 15, 17: 19}[count]

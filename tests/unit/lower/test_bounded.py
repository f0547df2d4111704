"""Sums of marked entries between the ends of what is inside: the values of the reference, and no term that is 0."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

from chainrule.execute.inputs import check_inputs
from chainrule.execute.native.executor import Native, NativeExecutable
from chainrule.execute.native.machine import host, lowered
from chainrule.execute.native.training import Session
from chainrule.execute.reference.evaluation import evaluate
from chainrule.expr.linear import LinearForm
from chainrule.lower.allocation import reach
from chainrule.lower.lowering import lower
from chainrule.lower.program import Program, Range
from chainrule.lower.text import program_document
from chainrule.nn.optimizers import SGD
from chainrule.nn.updates import updates_text
from chainrule.notation import parse
from chainrule.pipeline import training_step
from chainrule.render.document_text import document_text
from support import assert_close

DRAW = np.random.default_rng(0)
SIZES = {"n": 16, "c": 3, "o": 9, "p": 13, "q": 11, "u": 5, "v": 4}
HEAD = "param x[n,c,p,q], y[n,c,p], W[o,c,u,v], w[o,c,u], e[n,o,p,q]\n"
FORMS = {
    "same size": "t[n,o,p,q] = sum(c,u,v) W[o,c,u,v]*x?[n,c,p+u-2,q+v-1]",
    "backward": "t[n,o,p,q] = sum(c,u,v) W[o,c,u,v]*x?[n,c,p-u,q-v]",
    "strided": "index r = 7\nt[n,o,r,q] = sum(c,u,v) W[o,c,u,v]*x?[n,c,2*r+u-2,q-v+1]",
    "dilated": "t[n,o,p] = sum(c,u) w[o,c,u]*y?[n,c,p+3*u-6]",
    "dilated backward": "t[n,o,p] = sum(c,u) w[o,c,u]*y?[n,c,p-3*u+5]",
    "far enough for none": "index r = 9\nt[n,o,r] = sum(c,u) w[o,c,u]*y?[n,c,5*r-7*u-4]",
    "one axis past one end": "t[n,o,p,q] = sum(c,u,v) W[o,c,u,v]*x?[n,c,p+u-4,q]",
    "an end that is fixed": "t[n,o] = sum(c,u) w[o,c,u]*y?[n,c,u-2]",
    "by a sum": "t[n,o] = sum(c,p,u) w[o,c,u]*y?[n,c,p+u-2]",
    "gradient of weights": "t[o,c,u] = sum(n,p,q) e[n,o,p,q]*y?[n,c,p+u-2]",
}


def arrays(text: str) -> dict[str, Any]:
    system = parse(text)
    return {d.tensor: DRAW.normal(size=tuple(SIZES[i.preferred] for i in d.indices)) for d in system.declarations}


def program(text: str, lanes: int = 16) -> Program:
    system = parse(text)
    return lower(system, check_inputs(system, arrays(text)).sizes, ("t",), lanes=lanes)


def ranges(made: Program) -> tuple[Range, ...]:
    return tuple(one for i in made.instructions if i.contraction for one in i.contraction.ranges)


@pytest.mark.parametrize("level", ["", "avx2", "sse"])
@pytest.mark.parametrize("name", FORMS)
def test_sums_between_ends_have_the_values_of_the_reference(
    name: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_CHECKED", "1")
    system, values = parse(HEAD + FORMS[name]), arrays(HEAD + FORMS[name])
    compiled = NativeExecutable(system, np.dtype("float64"), lowered(host(), level), None)
    assert_close(compiled.evaluate(values)["t"], evaluate(system, values)["t"], rtol=1e-11, atol=1e-11)
    assert "on the reference" not in compiled.plan


@pytest.mark.parametrize("name", ["same size", "backward", "strided", "dilated", "far enough for none"])
def test_no_term_of_a_sum_is_outside(name: str) -> None:
    made = program(HEAD + FORMS[name])
    assert ranges(made)
    assert not [b for b in made.with_role("temporary") if not b.name.endswith("ᵀ0")]
    assert all(i.share < 1 for i in made.instructions if i.contraction)


def test_the_share_of_a_full_correlation_is_what_the_convolution_multiplies() -> None:
    made = program("param d[n,c,v], w[o,c,u]\nindex k = 8\nt[n,o,k] = sum(c,u) w[o,c,u]*d?[n,c,k-u]")
    (instruction,) = (i for i in made.instructions if i.contraction)
    contraction = instruction.contraction
    assert contraction is not None
    every = prod(instruction.extent(one) for one in ("k", *(r.axis for r in contraction.ranges)))
    # each of 4 values meets each of 5 taps once
    assert instruction.share * every == pytest.approx(4 * 5)


def test_a_sum_with_too_little_beside_its_windows_reads_a_copy_with_zeros() -> None:
    text = "param x[n,p], w[u]\nt[n,p] = sum(u) w[u]*x?[n,p+u-2]"
    made = program(text)
    assert not ranges(made)
    assert made.with_role("temporary")


def test_nothing_that_is_outside_is_multiplied_whatever_the_weight() -> None:
    text = HEAD + "k[o,c,u] = 1/w[o,c,u]\nt[n,o] = sum(c,u) k[o,c,u]*y?[n,c,u-2]"
    system, values = parse(text), arrays(text)
    values["w"][:, :, 0] = 0
    found = Native().compile(system, dtype="float64", outputs=["t"]).evaluate(values)["t"]
    assert np.isfinite(found).all()


@pytest.mark.parametrize(("step", "start", "extent"), [(1, -2, 9), (2, 3, 9), (-1, 4, 7), (-3, 11, 8), (3, -40, 6)])
def test_the_values_of_a_range_are_those_whose_place_is_inside(step: int, start: int, extent: int) -> None:
    one = Range("u", LinearForm({"p": 2, "u": step}, start), extent)
    for p in range(12):
        inside = [u for u in range(6) if 0 <= 2 * p + step * u + start < extent]
        assert list(one.values({"p": p}, 6)) == inside
    assert sum(one.counts({"p": 12, "u": 6}.__getitem__)) == sum(
        0 <= 2 * p + step * u + start < extent for p in range(12) for u in range(6)
    )


def test_what_a_sum_reads_is_known_to_the_last_element() -> None:
    made = program(HEAD + FORMS["backward"])
    (instruction,) = (i for i in made.instructions if i.contraction)
    for access in instruction.loads:
        buffer = made.buffers[access.buffer]
        last = sum((extent - 1) * s for extent, s in zip(buffer.extents, buffer.strides, strict=True))
        assert reach(instruction, access) == (0, last)


def test_the_loops_of_a_program_say_where_they_end() -> None:
    assert "0 ≤ p + -1·u < 13" in document_text(program_document(program(HEAD + FORMS["backward"])))


STEP = """data x[c,p,q], y[k]
param W[o,c,u,v], U[m,o,u,v], V[k,m]
batch n
a[o,p,q] = tanh(sum(c,u,v) W[o,c,u,v]*x?[c,p+u-1,q+v-1])
b[m,p,q] = tanh(sum(o,u,v) U[m,o,u,v]*a?[o,p+u-1,q+v-1])
z[k] = sum(m,p,q) V[k,m]*b[m,p,q]
cost C = sum(k) (z[k] - y[k])^2
"""


def test_training_between_ends_gives_the_same_bits_with_any_number_of_threads() -> None:
    shapes = {"W": (8, 2, 3, 3), "U": (9, 8, 3, 3), "V": (3, 9), "x": (40, 2, 10, 7), "y": (40, 3)}
    values = {name: DRAW.normal(size=shape).astype(np.float32) / 3 for name, shape in shapes.items()}
    system = training_step(parse(STEP + updates_text(SGD(0.001), parse(STEP))))
    params, data = {n: values[n] for n in "WUV"}, {n: values[n] for n in "xy"}
    found = []
    for threads in (1, 2):
        session = Session(system, params, data, batch_size=20, threads=threads)
        session.run_epoch(np.arange(40))
        assert ranges(session.compiled.program)
        found.append(session.params())
    assert all(np.array_equal(found[0][name], found[1][name]) for name in "WUV")

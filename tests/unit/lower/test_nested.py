"""Sums inside sums: one sum where nothing is lost by it, two where one would multiply more often."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.inputs import check_inputs
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import evaluate
from chainrule.lower.lowering import lower
from chainrule.lower.program import Instruction, Program
from chainrule.notation import parse
from chainrule.pipeline import training_step
from chainrule.system.batching import batch
from support import assert_close, examples

SIZES = {"n": 5, "t": 7, "i": 6, "j": 4, "k": 3}
DRAW = np.random.default_rng(0)


def arrays(text: str) -> dict[str, Any]:
    declared = batch(parse(text)).declarations
    return {d.tensor: DRAW.normal(size=tuple(SIZES[i.preferred] for i in d.indices)) for d in declared}


def lowered(text: str) -> Program:
    whole = parse(text)
    system = batch(training_step(whole) if whole.cost else whole)
    outputs = () if system.updates else tuple(e.name for e in system.equations)
    return lower(system, check_inputs(system, arrays(text)).sizes, outputs)


def points(instruction: Instruction) -> int:
    inner = instruction.contraction.axes if instruction.contraction else ()
    return prod(a.extent for a in (*instruction.axes, *inner))


SHARED = """
data x[t,i], y[t,j]
param W[j,i]
batch n
z[t,j] = sum(i) W[j,i]*x[t,i]
cost C = sum(t,j) (z[t,j] - y[t,j])^2
update W[j,i] = W[j,i] - 1/10*∂C/∂W[j,i]
"""


def test_a_gradient_that_is_a_mean_of_sums_is_never_kept_for_each_sample() -> None:
    made = lowered(SHARED)
    (learning,) = (i for i in made.instructions if any(s.buffer == "W" for s in i.stores))
    assert learning.contraction is not None
    assert sorted(a.extent for a in learning.contraction.axes) == [SIZES["n"], SIZES["t"]]
    for_each = sorted((SIZES["n"], SIZES["i"], SIZES["j"]))
    assert all(sorted(buffer.extents) != for_each for buffer in made.buffers.values())


CHAIN = "param A[i,t], B[t,n], v[n]\n"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (CHAIN + "c[i] = sum(t) A[i,t]*(sum(n) B[t,n]*v[n])", SIZES["i"] * SIZES["t"]),
        (CHAIN + "param u[i]\nc = sum(i) (sum(n) u[i]*v[n])", SIZES["i"]),
        (CHAIN + "c[i] = sum(n) (sum(t) A[i,t])*v[n]*(sum(j<2) v[j])", SIZES["i"] * SIZES["t"]),
    ],
    ids=["a product of three matrices", "a factor that the inner sum does not vary with", "two sums"],
)
def test_two_sums_stay_two_where_one_would_multiply_more_often(text: str, most: int) -> None:
    assert max(map(points, lowered(text).instructions)) <= most


def test_a_sum_of_sums_of_different_ranges_is_a_sum_for_each() -> None:
    text = "param x[n,t,i], y[n,k,i]\nc[i] = mean(n) ((sum(t) x[n,t,i]*x[n,t,0]) + mean(k) y[n,k,i] + x[n,0,i])"
    inputs = arrays(text)
    found = Native().compile(parse(text), dtype="float64").evaluate(inputs)
    assert_close(found["c"], evaluate(parse(text), inputs)["c"])
    summed = [i.contraction.axes for i in lowered(text).instructions if i.contraction]
    assert sorted(map(len, summed)) == [1, 2, 2]


FACTORS = ("x[n,t,i]", "y[n,t,j]", "W[j,i]", "v[i]", "b[n,j]", "2", "[t > n]", "(v[i] + b[n,j])", "(mean(k) g[k,t])")


@st.composite
def sums_in_sums(draw: st.DrawFn) -> str:
    """Return a system of one equation: sums or means in each other, up to three deep, with factors beside them."""
    left = draw(st.permutations(["n", "t", "i", "j"]))
    free, text = left[: draw(st.integers(0, 2))], ""
    summed = left[len(free) :]
    while summed:
        count = draw(st.integers(1, len(summed)))
        own, summed = summed[-count:], summed[:-count]
        known = {*free, *own, *summed}
        fitting = [f for f in FACTORS if all(letter not in f or letter in known for letter in "ntij")]
        parts = [draw(st.sampled_from(fitting)) for _ in range(draw(st.integers(1, 2)))]
        body = "*".join([*parts, *([f"({text})"] if text else [])])
        body += f" + {draw(st.sampled_from(fitting))}" * draw(st.integers(0, 1))
        text = f"{draw(st.sampled_from(('sum', 'mean')))}({','.join(own)}) ({body})"
    head = "param x[n,t,i], y[n,t,j], W[j,i], v[i], b[n,j], g[k,t]\n"
    return head + f"c[{','.join(free)}] = {text}\n" if free else head + f"c = {text}\n"


@examples(40)
@given(text=sums_in_sums())
def test_sums_inside_sums_have_the_values_of_the_reference(text: str) -> None:
    inputs = arrays(text)
    compiled = Native().compile(parse(text), dtype="float64")
    assert "on the reference" not in compiled.plan
    assert_close(compiled.evaluate(inputs)["c"], evaluate(parse(text), inputs)["c"], rtol=1e-9, atol=1e-9)

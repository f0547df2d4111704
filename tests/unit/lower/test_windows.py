"""Sums over windows turned inside out: the values of the reference, no loop over all terms, no neighbour hurt."""

from __future__ import annotations

import re
from math import prod
from typing import Any

import numpy as np
import pytest

from chainrule.execute.inputs import check_inputs
from chainrule.execute.native.executor import Native
from chainrule.execute.native.machine import host
from chainrule.execute.native.schedule import is_transposition, schedules
from chainrule.execute.reference.evaluation import evaluate
from chainrule.lower.lowering import lower
from chainrule.lower.program import Instruction, Program, Store
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.system.batching import batch
from chainrule.system.model import System
from support import assert_close

DRAW = np.random.default_rng(0)
SIZES = {"p": 23, "q": 12, "r": 6, "s": 4, "u": 3, "v": 17, "n": 19, "m": 5}
HEAD = "param x[p], g[r], w[u], X[n,p], G[n,r], A[r,m]\n"
FORMS = {
    "side by side": "t[p] = sum(r) [0 <= p-3*r < 3]*x[p]*g[r]",
    "with gaps": "t[p] = sum(r) [1 <= p-4*r < 3]*x[p]^2*g[r]",
    "one place for each": "t[p] = sum(r) [p = 3*r+1]*g[r]*x[p]",
    "past both ends": "t[p] = sum(r) [-2 <= p-5*r < 2]*tanh(x[p]*g[r])",
    "as a mark": "t[p] = sum(r) w?[p-4*r]*g[r]",
    "as a mark of a power": "t[p] = sum(r) w?[p-4*r+1]^2*g[r]",
    "two conditions apart": "t[p] = sum(r) [p-3*r >= 0]*g[r]*[3*r+2 >= p]",
    "with a factor outside": "t[p] = [x[p] > 0]/4*(sum(r) [0 <= p-3*r < 3]*[x[p] < g[r]]*g[r])",
    "a matrix product in each": "t[p,m] = sum(r) w?[p-3*r]*A[r,m]",
    "a sum beside": "t[n,p] = sum(r,m) [0 <= p-3*r < 3]*A[r,m]*X[n,p]*A[0,m]",
    "for all samples": "t[n,p] = sum(r) [0 <= p-3*r < 3]*[X[n,p] > G[n,r]]*G[n,r]",
    "mean": "t[p] = mean(r) [0 <= p-3*r < 3]*g[r]",
    "more terms": "t[p] = sum(r) ([0 <= p-3*r < 3]*g[r] + [0 <= p-2*r < 2]*x[p] + g[r]^2)",
    "of what may be undefined outside": "t[p] = sum(r) [0 <= p-3*r < 3]*log(p-3*r+1)*g[r]",
    "overlapping": "t[p] = sum(r) [0 <= p-2*r < 5]*[x[p] > g[r]]*g[r]",
    "overlapping, past both ends": "t[p] = sum(r) [-3 <= p-4*r < 3]*tanh(x[p]*g[r])",
    "overlapping, of what may be undefined": "t[n,p] = sum(r,m) [0 <= p-4*r < 6]*A[r,m]*log(2*G[n,r]^2)*X[n,p]",
    "overlapping, some places in no window": "t[p] = sum(r) [-1 <= p-5*r+3 < 6]*x[p]*g[r]^2",
    "overlapping, as a mark": "t[p] = sum(r) w?[p-2*r]*g[r]",
    "overlapping, with a factor outside": "t[p] = [x[p] > 0]*x[p]*(sum(r) w?[p-2*r+1]*g[r])",
    "a matrix product in each that overlaps": "t[p,m] = sum(r) w?[p-2*r+1]*A[r,m]",
    "a product for all samples": "t[n,p,m] = sum(r) w?[p-2*r+1]*A[r,m]*G[n,r]",
    "a mean of what overlaps": "t[n,p] = mean(r,m) [0 <= p-3*r < 4]*A[r,m]*X[n,p]",
    "an equation of three": "t[p] = sum(r,u) [3*r+u = p]*w[u]*g[r]",
    "an equation of three that overlaps": "t[p] = sum(r,u) [2*r+u-1 = p]*w[u]*g[r]",
    "an equation of three, steps of one": "t[p] = sum(r,u) [p = r+u]*w[u]*x[p]*g[r]",
    "an equation that says the place": "t[r,u] = sum(p) [p = 3*r+u]*x[p]*g[r]",
    "a sum in each window": "t[p] = sum(r) [0 <= p-2*r < 5]*[x[p] > g[r]]*g[r]/(1 + (sum(u<3) [x[r+u] > g[r]]))",
    "a mean in each window": "t[n,p] = sum(r) [0 <= p-3*r < 3]*X[n,p]*(mean(m) A[r,m]^2)",
    "summed over the places": "t[r] = sum(p) [0 <= p-3*r < 5]*x[p]*g[r]",
    "summed over both": "t = sum(p,r) [0 <= p-3*r-1 < 5]*x[p]*g[r]",
    "steps of one": "t[p] = sum(r) [0 <= p-r < 4]*[x[p] > g[r]]*g[r]",
}


def arrays(system: System) -> dict[str, Any]:
    return {d.tensor: DRAW.normal(size=tuple(SIZES[i.preferred] for i in d.indices)) for d in system.declarations}


def assert_like_the_reference(text: str, dtype: str, inputs: dict[str, Any] | None = None) -> None:
    system = parse(text)
    values = inputs or arrays(system)
    values = {name: array.astype(dtype).astype(float) for name, array in values.items()}
    compiled = Native().compile(system, dtype=dtype)
    found, expected = compiled.evaluate(values)["t"], evaluate(system, values)["t"]
    assert "on the reference" not in compiled.plan
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    assert_close(found, expected, rtol=tolerance, atol=tolerance * max(1.0, float(np.abs(expected).max())))


@pytest.mark.parametrize("name", FORMS)
def test_windows_have_the_values_of_the_reference(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_CHECKED", "1")
    assert_like_the_reference(HEAD + FORMS[name], "float32")


def lowered(text: str) -> Program:
    system = parse(text)
    whole = batch(backprop(system).system if system.cost else system)
    return lower(whole, check_inputs(whole, arrays(whole)).sizes, tuple(e.name for e in whole.equations))


def points(instruction: Instruction) -> int:
    inner = instruction.contraction.axes if instruction.contraction else ()
    return prod(a.extent for a in (*instruction.axes, *inner))


@pytest.mark.parametrize("name", [n for n in FORMS if n not in {"more terms", "steps of one"}])
def test_no_loop_goes_over_all_places_and_all_windows(name: str) -> None:
    text = HEAD + FORMS[name]
    beside = prod(SIZES[letter] for letter in "nm" if re.search(rf"\b{letter}\b", FORMS[name]))
    assert max(map(points, lowered(text).instructions)) < SIZES["p"] * SIZES["r"] * beside


POOL = "data x[p,q], y[r,s]\nparam c\nbatch n\nh[p,q] = c*x[p,q]\na[r,s] = max(u<2,v<2) h[2*r+u,2*s+v]\n"
POOL += "cost C = sum(r,s) (a[r,s] - y[r,s])^2"


def test_the_gradient_of_a_maximum_over_windows_is_one_loop_over_places() -> None:
    made = lowered(POOL)
    assert max(map(points, made.instructions)) <= SIZES["n"] * SIZES["p"] * SIZES["q"]


@pytest.mark.parametrize("step", ["r", "2*r", "3*r"])
def test_the_gradient_of_a_maximum_over_windows_that_overlap_keeps_nothing_for_each_term(step: str) -> None:
    text = "data x[p], y[r]\nparam c\nindex r = 6\nbatch n\nh[p] = c*x[p]\n"
    text += f"a[r] = max(u<4) h[{step}+u]\ncost C = sum(r) (a[r] - y[r])^2"
    made = lowered(text)
    assert max(map(points, made.instructions)) <= SIZES["n"] * SIZES["r"] * 4
    # how many share a maximum is counted for each window, not for each place
    assert max(prod(b.extents) for b in made.with_role("temporary", "output")) <= SIZES["n"] * SIZES["p"]


def stores(text: str) -> list[tuple[Instruction, Store]]:
    return [(i, op) for i in lowered(text).instructions for op in i.code if isinstance(op, Store)]


def test_places_that_no_window_reaches_are_set_to_0_before() -> None:
    tiles = "param g[r]\nindex p = 18\nt[p] = sum(r) [0 <= p-3*r < 3]*g[r]"
    assert len(stores(HEAD + FORMS["with gaps"])) == 2
    assert len(stores(tiles)) == 1


STRIDED = "data x[c,p,q], y[m,r,s]\nparam w[o,c,u], v[m,o,u]\nindex r = 4, s = 3, k = 9\nbatch n\n"
STRIDED += "h[o,k,q] = tanh(sum(c,u) w[o,c,u]*x?[c,k+u-1,q])\n"
STRIDED += "z[m,r,s] = sum(o,u) v[m,o,u]*h?[o,2*r+u-1,2*s]\ncost C = sum(m,r,s) (z[m,r,s] - y[m,r,s])^2"


def test_the_gradient_of_a_strided_convolution_multiplies_no_more_than_the_convolution() -> None:
    extents = {"n": 2, "c": 2, "p": 9, "q": 6, "m": 3, "r": 4, "s": 3, "o": 5, "u": 3}
    system = backprop(parse(STRIDED)).system
    whole = batch(system)
    values = {d.tensor: np.zeros([extents[i.preferred] for i in d.indices]) for d in whole.declarations}
    made = lower(whole, check_inputs(whole, values).sizes, ("∂C[n]/∂h",))
    gradient = [i for i in made.instructions if i.equations[0].name == "∂C[n]/∂h" and i.contraction]
    # of every two rows one meets one of the three taps and one two; of every two columns one meets the only tap
    assert sum(map(points, gradient)) == 2 * 5 * 3 * (5 * 1 + 4 * 2) * 3


def test_the_digits_of_a_place_are_known() -> None:
    text = "param B[h,d]\nindex p = 35\nt[p] = sum(h,d) [p = 7*h+d]*B[h,d]\nu[h] = sum(p,d) [p = 7*h+d]*t[p]*B[h,d]"
    system, values = parse(text), {"B": DRAW.normal(size=(5, 7))}
    made = lower(system, check_inputs(system, values).sizes, ("t", "u"))
    assert max(map(points, made.instructions)) == 35
    assert_close(Native().compile(system, dtype="float64").evaluate(values)["t"], values["B"].ravel())


APART = "param x[p], g[r], h[v]\nt[p] = sum(r) h?[p - {step}*r]*g[r] + {more}*x[p]\n"


@pytest.mark.parametrize("step", [17, 20, 32, 40])
@pytest.mark.parametrize("more", [0, 1])
def test_lanes_beyond_a_window_hurt_no_neighbour(step: int, more: int) -> None:
    text = APART.format(step=step, more=more)
    extents = {"p": 3 * step, "r": 3, "v": 17}
    system = parse(text)
    values = {d.tensor: DRAW.normal(size=tuple(extents[i.preferred] for i in d.indices)) for d in system.declarations}
    assert_like_the_reference(text, "float32", values)
    assert_like_the_reference(text, "float64", values)


def test_vectors_lie_along_a_window_only_where_no_lane_is_idle() -> None:
    for width, fits in ((16, True), (17, False)):
        text = f"param g[r], h[v]\nt[p] = sum(r) h?[p - 48*r]*g[r]\nindex p = 96, v = {width}, r = 2"
        system = parse(text)
        values = {"g": DRAW.normal(size=2), "h": DRAW.normal(size=width)}
        made = lower(system, check_inputs(system, values).sizes, ("t",), lanes=16)
        (placed,) = (i for i in made.instructions if i.parts)
        chosen = schedules(placed, host(), "f32")[0]
        if host().lanes("f32") == 16:
            assert (chosen.vector != "") == fits


def test_what_is_copied_to_places_is_not_taken_for_a_copy_to_another_layout() -> None:
    text = "param B[u,r]\nindex p = 18\nt[p] = sum(r) B?[p - 3*r,r]"
    system = parse(text)
    made = lower(system, check_inputs(system, {"B": np.zeros((3, 6))}).sizes, ("t",))
    assert not any(map(is_transposition, made.instructions))
    assert_like_the_reference(text, "float32", {"B": DRAW.normal(size=(3, 6))})

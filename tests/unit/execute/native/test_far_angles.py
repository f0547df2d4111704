"""sin, cos and tan of angles beyond what straight-line code reduces, judged by mpmath with the digits that it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import llvmlite.binding as llvm
import mpmath
import numpy as np
import pytest

import chainrule as cr
from chainrule.execute.native.executor import NativeExecutable
from chainrule.execute.native.machine import host
from chainrule.execute.native.vectormath import COVERED, declarations
from chainrule.execute.native.vectormath_angles import LIMIT
from chainrule.execute.native.vectormath_builder import Dtype
from chainrule.execute.native.vectormath_far import FAR, TWO_OVER_PI, far_definitions
from chainrule.pipeline import training_step
from support import assert_close
from unit.execute.native.test_vectormath import DTYPES, MACHINES
from unit.execute.native.vector_loops import NUMPY, Floats, ulp_errors

NEAREST = 6381956970095103 * 2.0**797
"""The number of float64 that comes nearest to a multiple of π/2."""


def angles(dtype: Dtype) -> Floats:
    """Return angles on both sides of the limit, in all lanes, up to the largest number there is."""
    rng = np.random.default_rng(0)
    largest = np.finfo(NUMPY[dtype]).max
    turns = [LIMIT, np.nextafter(LIMIT, np.inf), 2 * LIMIT, 1e22, float(largest), 0.0, 1.0, 3e5]
    with np.errstate(over="ignore"):
        x = np.array([*turns, NEAREST, *np.exp2(rng.uniform(30, np.log2(largest), 80))]).astype(NUMPY[dtype])
    return np.concatenate([x, -x])[np.isfinite(np.concatenate([x, -x]))]


def computed(function: str, dtype: Dtype, x: Floats, *, fma: bool = True) -> Floats:
    system = cr.parse(f"data x[i]\nz[i] = {function}(x[i])")
    native = NativeExecutable(system, np.dtype(NUMPY[dtype]), replace(host(), fma=fma))
    values = native.evaluate({"x": x})["z"]
    assert "reference" not in native.plan
    return values


def exact(function: str, x: Floats) -> list[Any]:
    with mpmath.workprec(1300):
        return [getattr(mpmath, function)(mpmath.mpf(value)) for value in x.tolist()]


@pytest.mark.parametrize("fma", [True, False])
@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("function", FAR)
def test_an_angle_of_any_size_keeps_the_bound_of_the_others(function: str, dtype: Dtype, fma: bool) -> None:
    x = angles(dtype)
    assert np.isfinite(x).all()
    errors = ulp_errors(computed(function, dtype, x, fma=fma), exact(function, x), dtype)
    worst = int(np.argmax(errors))
    assert errors[worst] <= COVERED[function].bound(dtype), f"{function}({x[worst]!r}) is {errors[worst]:.3g} ulp off"


def test_the_digits_are_those_of_two_over_pi() -> None:
    with mpmath.workprec(1400):
        assert int(mpmath.floor(2 / mpmath.pi * mpmath.mpf(16) ** len(TWO_OVER_PI))) == int(TWO_OVER_PI, 16)


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("function", FAR)
def test_what_is_no_number_stays_none(function: str, dtype: Dtype) -> None:
    system = cr.parse(f"data x[i]\nz[i] = {function}(x[i]/[x[i] > 1])")
    native = NativeExecutable(system, np.dtype(NUMPY[dtype]), host())
    x = np.array([2.0, 0.0, -1.0, LIMIT * 8, 3.0, 0.5], dtype=NUMPY[dtype])
    assert np.isnan(native.evaluate({"x": x})["z"]).tolist() == [False, True, True, False, False, True]


def test_costs_and_gradients_there_are_those_of_the_reference() -> None:
    system = cr.parse("data x[i]\nparam w\ncost C = sum(i) sin(w*x[i])*cos(x[i])/x[i]")
    inputs = {"x": np.array([1e15, -3e200, 2.0, 1e300]), "w": np.array(1.5)}
    native = NativeExecutable(training_step(system), np.dtype(np.float64), host()).evaluate(inputs)
    cost, gradients = cr.value_and_grad(system, inputs)
    assert_close(native["C"], cost, rtol=1e-14)
    assert_close(native["∂C/∂w"], gradients["w"], rtol=1e-14)


@pytest.mark.parametrize(("triple", "cpu", "fma"), MACHINES, ids=[cpu for _, cpu, _ in MACHINES])
def test_no_machine_needs_a_library(triple: str, cpu: str, fma: bool) -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu)
    for dtype in DTYPES:
        definitions = far_definitions(FAR, dtype, 8, fma=fma).replace("define internal", "define")
        parsed = llvm.parse_assembly("\n".join([*declarations(dtype, 8), definitions]))
        words = str(target.emit_assembly(parsed)).split()
        assert "far_sin:" in words
        assert not {"call", "callq", "bl", "blr"} & set(words), dtype

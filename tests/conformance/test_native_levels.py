"""Programs written for other machines' vectors, run on this one: training, forms of equations, every function.

Of `neon` only the vectors are seen here, not the instructions: for those see tests/unit/execute/native.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.execute.native.executor import NativeExecutable
from chainrule.execute.native.machine import host, lowered
from chainrule.execute.native.training import Session
from chainrule.execute.native.vectormath import COVERED
from chainrule.execute.reference.evaluation import Reference
from chainrule.expr.functions import ARITY, DRAWN
from chainrule.notation import parse
from conformance.test_native import FORMS, inputs_of
from conformance.trained import tolerance, trained
from dense import Dense, relative
from unit.lower.test_guards import FORMS as GUARDED
from unit.lower.test_lookups import FORMS as LOOKED_UP

LEVELS = ["avx2", "sse", "neon"]
NETWORKS = {
    "softmax": Dense((19, 13, 5), "tanh", "softmax", "cross-entropy", decay=True, given=True),
    "deep": Dense((33, 17, 9, 3), "relu", "sigmoid", "binary-cross-entropy", turned=(True, False, True)),
    "swish": Dense((8, 40, 1), "swish", "linear"),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("level", LEVELS)
def test_training_gives_the_weights_of_the_reference(level: str, name: str, dtype: str) -> None:
    network = NETWORKS[name]
    params, expected, start, (cost, expected_cost) = trained(network, 7, 60, dtype, machine=level)
    assert relative(params, expected, list(params)) < tolerance(network, dtype)
    assert relative(start, expected, list(params)) > 1e-3, "the weights did not move: the comparison says nothing"
    assert abs(cost - expected_cost) < tolerance(network, dtype) * abs(expected_cost)


@pytest.mark.parametrize("level", LEVELS)
def test_threads_give_the_same_bits(level: str) -> None:
    network = Dense((40, 64, 10), "relu", "softmax", "cross-entropy")
    results: list[dict[str, Any]] = []
    for threads in (1, 3):
        data = network.data(70, 0)
        options: dict[str, Any] = {"threads": threads, "machine": lowered(host(), level)}
        session = Session(network.system(), network.values(0), data, batch_size=32, **options)
        cost = session.run_epoch(np.arange(70))
        results.append({"cost": cost, **session.params()})
    assert all(np.array_equal(value, results[1][name]) for name, value in results[0].items())


@pytest.mark.parametrize("name", [*GUARDED, *LOOKED_UP])
@pytest.mark.parametrize("level", LEVELS)
def test_entries_at_marked_and_looked_up_places(level: str, name: str) -> None:
    text, inputs = (GUARDED | LOOKED_UP)[name]
    executable = NativeExecutable(parse(text), np.dtype("float64"), lowered(host(), level))
    actual, expected = executable.step(inputs), Reference().compile(parse(text)).step(inputs)
    assert "on the reference" not in executable.plan
    for found, wanted in zip(actual, expected, strict=True):
        for key, value in wanted.items():
            np.testing.assert_allclose(found[key], value, rtol=1e-12, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("level", LEVELS)
def test_forms_of_equations(level: str, name: str, dtype: str) -> None:
    system, inputs = parse(FORMS[name]), inputs_of(FORMS[name])
    actual = NativeExecutable(system, np.dtype(dtype), lowered(host(), level)).step(inputs)
    expected = Reference().compile(system).step(inputs)
    near = {"float64": 1e-12, "float32": 1e-5}[dtype]
    for found, wanted in zip(actual, expected, strict=True):
        assert list(found) == list(wanted)
        for key, value in wanted.items():
            np.testing.assert_allclose(found[key], value, rtol=near, atol=near, err_msg=key)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("level", LEVELS)
def test_every_function_keeps_its_bound(level: str, dtype: str) -> None:
    """In float32, where float64 of the reference is exact; float64 itself within the bound and one place of numpy."""
    letters = ("x", "y", "w")
    calls = {f: ", ".join(f"{letter}[j]" for letter in letters[: ARITY[f]]) for f in COVERED}
    text = "param x[j], y[j], w[j]\n" + "\n".join(f"r{f}[j] = {f}({given})" for f, given in calls.items())
    generator = np.random.default_rng(0)
    inputs = {n: generator.uniform(0.05, 3.0, 37).astype(np.float32).astype(np.float64) for n in letters}
    system = parse(text)
    executable = NativeExecutable(system, np.dtype(dtype), lowered(host(), level))
    actual, expected = executable.evaluate(inputs), Reference().compile(system).evaluate(inputs)
    assert "reference" not in executable.plan
    assert len(actual) == len(COVERED)
    for function, accuracy in COVERED.items():
        places = accuracy.bound("f32" if dtype == "float32" else "f64") + (dtype == "float64")
        wanted = expected[f"r{function}"]
        near = places * float(np.finfo(dtype).eps)
        np.testing.assert_allclose(actual[f"r{function}"], wanted, rtol=near, atol=0, err_msg=function)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("level", LEVELS)
def test_drawn_numbers_have_the_same_bits(level: str, dtype: str) -> None:
    calls = [f"r{f}[i,j] = {f}(seed, 3*i - j, step, 7)" for f in sorted(DRAWN)]
    system = parse(
        "\n".join(["param x[i], y[j]", "const seed = 4000000000", *calls, "s[i,j] = runiform[i,j]*x[i]*y[j]"])
    )
    inputs = {"x": np.ones(5), "y": np.ones(19), "step": 11}
    executable = NativeExecutable(system, np.dtype(dtype), lowered(host(), level))
    actual, expected = executable.evaluate(inputs), Reference().compile(system).evaluate(inputs)
    assert "reference" not in executable.plan
    assert np.array_equal(actual["runiform"], expected["runiform"])
    near = {"float64": 1e-14, "float32": 2e-6}[dtype]
    np.testing.assert_allclose(actual["rnormal"], expected["rnormal"], rtol=near, atol=near)

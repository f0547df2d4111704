"""The native executor against the reference: training, random dense systems, awkward extents, both types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import CASES, Case
from chainrule.execute.native.executor import Native, NativeExecutable
from chainrule.execute.reference.evaluation import Reference
from chainrule.expr.sizes import Size
from chainrule.notation import parse
from chainrule.pipeline import backprop
from chainrule.system.batching import batch
from chainrule.system.model import System
from chainrule.verify.sampling import random_inputs
from conformance.trained import tolerance, trained
from dense import Dense, networks, relative
from support import examples


@examples(25)
@given(networks(), st.sampled_from(["float64", "float32"]))
def test_random_dense_networks_train_alike(drawn: tuple[Dense, int, int], dtype: str) -> None:
    network, batch_size, samples = drawn
    params, expected, _, (cost, expected_cost) = trained(network, batch_size, samples, dtype)
    assert relative(params, expected, list(params)) < tolerance(network, dtype)
    assert abs(cost - expected_cost) <= tolerance(network, dtype) * max(abs(expected_cost), 1.0)


@examples(15)
@given(networks())
def test_every_equation_of_random_dense_networks_has_the_value_of_the_reference(drawn: tuple[Dense, int, int]) -> None:
    network, _, samples = drawn
    inputs = {**network.values(1), **network.data(samples, 1)}
    system = network.system()
    expected = Reference().compile(system).step(inputs)
    actual = Native().compile(system, dtype=np.float64).step(inputs)
    for found, wanted in zip(actual, expected, strict=True):
        assert list(found) == list(wanted)
        for name, value in wanted.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def known(case: Case) -> bool:
    return "abstract" not in case.text and "C(a2" not in case.text


def fitting(system: System) -> dict[Size, int]:
    """Return extents for a system in which positions limit them, for which all of these lie inside."""
    inputs = random_inputs(system, 1) if system.derived else {}
    return {i.extent: n for t, a in inputs.items() for i, n in zip(system.axes(t), a.shape, strict=True)}


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("case", [c for c in CASES if known(c)], ids=lambda c: c.name)
def test_the_shared_cases_have_the_values_of_the_reference(case: Case, batched: bool) -> None:
    if batched and "[n" in case.text:
        pytest.skip("the case has samples of its own")
    system = backprop(parse(case.text + ("batch n\n" if batched else ""))).system
    generator, sizes, inputs = np.random.default_rng(0), fitting(system), {}
    for d in batch(system).declarations:
        shape = tuple(sizes.setdefault(i.extent, (5, 3, 7, 4, 17)[len(sizes)]) for i in d.indices)
        inputs[d.tensor] = generator.random(shape) * 0.8 + 0.1
    if "given" in case.text:
        inputs["y"] /= inputs["y"].sum(axis=-1, keepdims=True)
    expected = Reference().compile(system).evaluate(inputs)
    actual = Native().compile(system, dtype=np.float64).evaluate(inputs)
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def run(text: str, inputs: dict[str, Any], dtype: str = "float64") -> tuple[NativeExecutable, Any, Any]:
    """Run a system of forward equations on both; return the native executable and both results."""
    system = parse(text)
    executable = Native().compile(system, dtype=dtype)
    return executable, executable.step(inputs), Reference().compile(system).step(inputs)


A, B, V = np.arange(12.0).reshape(3, 4) - 4, np.arange(20.0).reshape(4, 5) / 7 - 1, np.array([0.5, -1.0, 2.0, 0.0])
S = np.arange(1369.0).reshape(37, 37) / 99 + 1
FORMS = {
    "a product turned": "param A[i,j], B[j,k]\nc[k,i] = sum(j) A[i,j]*B[j,k]",
    "three factors": "param A[i,j], B[j,k], v[j]\nc[i,k] = sum(j) A[i,j]*v[j]*B[j,k]",
    "a form": "param A[i,j], v[j]\nparam u[i]\nc = sum(i,j) u[i]*A[i,j]*v[j]",
    "an outer product": "param v[j]\nparam u[i]\nc[i,j] = u[i]*v[j] + v[j]",
    "rows and columns": "param A[i,j]\nr[i] = max(j) A[i,j]\nc[j] = min(i) A[i,j]\nt = mean(i,j) A[i,j]",
    "a softmax over the first axis": "param A[i,j]\ns[i,j] = exp(A[i,j])/(sum(m) exp(A[m,j]))",
    "fewer values than the axis has": "param v[j]\nindex u = 2\nt[j] = tanh(v[j])\nr = sum(k<3) t[k]\n"
    "s[u] = t[u] + t[0]\nm = max(j) v[j]\nq[u] = v[u]/m",
    "a sum over two axes, vectors along the first": "param A[i,j], v[j]\nT[i,j] = exp(A[i,j]*v[j])\n"
    "c[k] = sum(j,i) T[i,j]*A[i,k]*[k < 3]",
    "a row that stands behind its first reader": "param v[j]\nh[i] = (sum(k<2) v[i+k]) + v[i+1] + (sum(k<2) v[i+k])\n"
    "s = sum(i) h[i]\nc[t] = (sum(k<2) v[t+k])*v[t+1]\nr = s + (sum(t) c[t])",
    "marked entries": "param B[j,k]\nc[j,k] = B?[j-1,k+2]\nd[k] = sum(j) B?[2*j-k,k]*B[j,k]",
    "a product of all": "param v[j]\nparam A[i,j]\np[i] = prod(j) (1 + A[i,j]*v[j]/8)",
    "entries and shifts": "param B[j,k]\nc[k] = B[0,k] - B[1,k]\nd[j] = sum(k) B[j,k]*[k > j] + [j = 2]",
    "a turned copy": "param A[i,j]\nt[j,i] = A[i,j]\ng[i,k] = sum(j) t[j,i]*t[j,k]",
    "a false bracket kills": "param v[j]\nc[j] = [v[j] > 0]*log(v[j])\nd[j] = where(v[j] != 0, 1/v[j], 0)",
    "powers": "param v[j]\nc[j] = v[j]^3 + (v[j]^2 + 1)^(1/2)/(v[j]^2 + 2)^2",
    "powers of constants": "param v[j]\nconst q = 0.9\nc[j] = q^v[j] + 2^(v[j] - 1) - (1/3)^(2*v[j])\nd = 1 - q^0",
    "states": "param v[j]\nstate s[j] = 1/2, t = 3\nu[j] = s[j]*v[j] + t\nupdate t = t + (sum(j) s[j])\n"
    "update s[j] = t*u[j]\nupdate v[j] = v[j] - s[j]",
    "clips and signs": "param v[j]\nc[j] = clip(v[j], -1/2, 1/2) + sign(v[j]) + abs(v[j]) + maximum(v[j], 1/4)",
    "a function of one's own": "param v[j]\ndef f(t) = t*sigmoid(t) + t\nc[j] = f(v[j]) + f(2*v[j])",
    "updates that read each other": "param u[j], v[j]\ns[j] = u[j] + v[j]\nupdate u[j] = v[j] + s[j]\n"
    "update v[j] = 2*u[j] - s[j]",
    "an update that turns": "param A[i,j]\nt[j,i] = 2*A[i,j]\nupdate A[i,j] = A[i,j] + t[j,i]*(sum(k) A[i,k])",
    "an update that reads an entry": "param v[j]\ns = sum(j) v[j]\nupdate v[j] = v[j]*v[2] + s",
    "an update whose nest reads an entry": "param v[j]\ns[j] = v[j]*v[2]\nupdate v[j] = s[j] + 1",
    "an update whose nest reads it turned": "param S[i,j]\nt[i,j] = S[j,i] + 2*S[i,j]\nupdate S[i,j] = t[i,j]",
    "an update divided by other rows": "param S[i,j]\nr[i] = sum(j) S[i,j]\nupdate S[i,j] = S[i,j]/r[j]",
    "an update divided by columns": "param S[i,j]\nupdate S[i,j] = S[i,j]/(sum(m) S[m,i])",
}  # fmt: skip


def inputs_of(text: str) -> dict[str, Any]:
    """Return the inputs of one of the forms."""
    inputs = {n: v for n, v in {"A": A, "B": B, "v": V, "u": V[:3]}.items() if f"{n}[" in text.split("\n", 3)[0]}
    inputs |= {"u": V[:3]} if "param u[i]" in text else {"u": V[::-1]} if "param u[j]" in text else {}
    return inputs | {n: v for n, v in {"A": A, "v": V, "S": S}.items() if f"param {n}[" in text}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", FORMS)
def test_forms_of_equations(name: str, dtype: str) -> None:
    text = FORMS[name]
    tolerance = {"float64": 1e-12, "float32": 1e-5}[dtype]
    _, actual, expected = run(text, inputs_of(text), dtype)
    for found, wanted in zip(actual, expected, strict=True):
        assert list(found) == list(wanted)
        for key, value in wanted.items():
            np.testing.assert_allclose(found[key], value, rtol=tolerance, atol=tolerance, err_msg=key)


def test_what_has_no_machine_code_goes_to_the_reference_and_is_told() -> None:
    executable, actual, expected = run("param v[j]\nc[j] = x_pow(v[j])\ndef x_pow(t) = t^t", {"v": np.abs(V)})
    np.testing.assert_allclose(actual[0]["c"], expected[0]["c"])
    assert executable.plan == "on the reference: there is no machine code yet for a power whose exponent is no number"

"""Where softmax and sigmoid are saturated, gradients are finite wherever the cost is, and right: e^-800 is not 0.

The judge is the same system with hundreds of digits. Softmax outputs of 0 and 1, sigmoids of ±800, in both executors
and both types.
"""

from __future__ import annotations

from itertools import compress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.execute.inputs import check_inputs
from chainrule.execute.registry import executor
from chainrule.pipeline import training_step
from property.precise import cost_of, gradient_of
from support import assert_close, examples

FAR = [0.0, 800.0, 1.0]
Y, Z = "data y : int(k)\n", "param z[k]\n"
SOFTMAX = Z + "a[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
SIGMOID = Z + "a[k] = sigmoid(z[k])\n"
WARM = Z + "param T\na[k] = exp(z[k]/T)/(sum(m) exp(z[m]/T))\n"
ROWS = """data v[r,k]
param z[r,k]
a[r,k] = exp(z[r,k])/(sum(m) exp(z[r,m]))
h[r] = sum(k) a[r,k]*v[r,k]
"""
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "smooth labels": (
        Y + "data e\n" + SOFTMAX + "cost C = -(1 - e)*log(a[y]) - e*(mean(k) log(a[k]))",
        {"y": 1, "e": 0.1},
    ),
    "a bonus for entropy": (Y + SOFTMAX + "cost C = -log(a[y]) + 0.1*(sum(k) a[k]*log(a[k]))", {"y": 0}),
    "the entropy of one-hot data": (
        "data y[k]\n" + SOFTMAX + "cost C = -(sum(k) y[k]*log(a[k])) + (sum(k) a[k]*(1 - y[k]))",
        {"y": [1.0, 0.0, 0.0]},
    ),
    "focal": (Y + SOFTMAX + "cost C = -(1 - a[y])^2*log(a[y])", {"y": 0}),
    "focal, of any power": (Y + "data g\n" + SOFTMAX + "cost C = -(1 - a[y])^g*log(a[y])", {"y": 0, "g": 1.5}),
    "focal, of sigmoids": (
        "data y[k]\n" + SIGMOID + "cost C = -(sum(k) (y[k]*(1-a[k])^2*log(a[k]) + (1-y[k])*a[k]^(1/2)*log(1-a[k])))",
        {"y": [1.0, 0.0, 1.0], "z": [-800.0, 800.0, 800.0]},
    ),
    "a probability beside its logarithm": (Y + SOFTMAX + "cost C = 2*(1 - a[y]) - log(a[y])", {"y": 0}),
    "a logarithm with a name": (
        Y + SOFTMAX + "l[k] = log(a[k])\ncost C = -(sum(k) [y = k]*l[k]) + (sum(k) a[k]*l[k])",
        {"y": 0},
    ),
    "under a bracket": (Y + SOFTMAX + "cost C = -(sum(k) [k = y]*(3*a[k] + log(a[k])))", {"y": 0}),
    "with a temperature": (Y + WARM + "cost C = -log(a[y]) + 0.1*(sum(k) a[k]*log(a[k]))", {"y": 0, "T": 0.5}),
    "a power of its own": (Y + "data q\n" + SOFTMAX + "cost C = (1 - a[y]^q)/q", {"y": 0, "q": 0.7}),
    "a sum of powers": ("data q\n" + SOFTMAX + "cost C = log(sum(k) a[k]^q)/(1 - q)", {"q": 0.7}),
    "rows": (
        ROWS + "cost C = (sum(r) h[r]^2) + (sum(r,k) a[r,k]*log(a[r,k])) - log(a[0,0])",
        {"v": [[1.0, 2.0, -1.0], [0.5, -3.0, 1.0]], "z": [FAR, [3.0, -900.0, 1.0]]},
    ),
    "a gate and what it lets through": (
        "data w[k]\n" + SIGMOID + "f[k] = 1 - a[k]\n"
        "cost C = -(sum(k) (w[k]*log(a[k]) + log(f[k]) + a[k]*log(a[k]) + f[k]*log(f[k])))",
        {"w": [0.5, 0.5, 1.0], "z": [-800.0, 800.0, 0.5]},
    ),
    "log(1 − tanh^2)": (
        Z + "h[k] = tanh(z[k])\ncost C = -(sum(k) log(1 - h[k]^2))",
        {"z": [-300.0, 90.0, 0.5]},
    ),
}


RUNS = [(engine, dtype) for engine in ("reference", "native") for dtype in (np.float64, np.float32)]


def assert_right(text: str, inputs: dict[str, Any], runs: list[tuple[str, type]]) -> list[bool]:
    """Raise unless every gradient is right in all runs whose cost is finite; say which those are."""
    system = cr.parse(text)
    step, sizes = training_step(system), check_inputs(system, inputs).sizes
    found = [executor(engine).compile(step, dtype=dtype).evaluate(inputs) for engine, dtype in runs]
    finite = [bool(np.isfinite(values["C"])) for values in found]
    for tensor in system.params if any(finite) else ():
        truth = gradient_of(system, inputs, sizes, tensor)
        for values, (_, dtype) in compress(zip(found, runs, strict=True), finite):
            tolerance = 1e-9 if dtype is np.float64 else 1e-4
            scale = max(1.0, float(np.abs(truth).max()))
            assert_close(values[f"∂C/∂{tensor}"], truth, rtol=tolerance, atol=tolerance * scale)
    return finite


@pytest.mark.parametrize(("text", "inputs"), CASES.values(), ids=CASES)
def test_saturated_outputs_have_gradients(text: str, inputs: dict[str, Any]) -> None:
    assert all(assert_right(text, {"z": FAR, **inputs}, RUNS))


def test_the_value_of_the_issue() -> None:
    text, inputs = CASES["smooth labels"]
    cost, gradients = cr.value_and_grad(cr.parse(text), {"z": FAR, **inputs})
    assert_close(cost, 0.1 * (800 + 0 + 799) / 3)
    assert_close(gradients["z"], [-0.1 / 3, 0.1 * 2 / 3, -0.1 / 3])


def test_the_judge_knows_a_cost() -> None:
    system, inputs = cr.parse(Y + SOFTMAX + "cost C = -log(a[y])"), {"z": FAR, "y": 0}
    sizes = check_inputs(system, inputs).sizes
    assert_close(float(cost_of(system, inputs, sizes)), 800.0)
    assert_close(gradient_of(system, inputs, sizes, "z"), [-1.0, 1.0, 0.0])


POWERS = ["a[k]", "a[k]^2", "a[k]^(1/2)", "(1 - a[k])", "(1 - a[k])^2", "w[k]", "(1 - w[k])"]
LOGITS = [FAR, [-800.0, 3.0, -790.0], [40.0, -40.0, 0.0], [0.5, -1.0, 2.0], [800.0, 800.0, -800.0], [-100.0, 90.0, 0.0]]


@st.composite
def costs(draw: st.DrawFn) -> str:
    """Return a system whose cost is a sum of products of powers of outputs, what is left of 1, and logarithms."""
    outputs = draw(st.sampled_from([SOFTMAX, SIGMOID, WARM]))
    logarithms = ["log(a[k])", "l[k]", "log(a[k])^2", "1"] + (["log(1 - a[k])"] if outputs == SIGMOID else [])
    terms = []
    for _ in range(draw(st.integers(1, 3))):
        factors = [*draw(st.lists(st.sampled_from(POWERS), max_size=2)), draw(st.sampled_from(logarithms))]
        product = "*".join(factors)
        where = draw(st.sampled_from(["(sum(k) {})", "(mean(k) {})", "y"]))
        whole = product.replace("[k]", "[y]") if where == "y" else where.format(product)
        terms.append(draw(st.sampled_from(["", "0.3*", "-2*"])) + whole)
    return f"{Y}data w[k]\n{outputs}l[k] = log(a[k])\ncost C = " + " + ".join(terms).replace("+ -", "- ")


@examples(15)
@given(
    text=costs(),
    z=st.sampled_from(LOGITS),
    y=st.integers(0, 2),
    run=st.sampled_from(RUNS),
)
def test_costs_of_all_kinds(text: str, z: list[float], y: int, run: tuple[str, type]) -> None:
    inputs = {"z": z, "y": y, "w": [0.0, 1.0, 0.5], **({"T": 0.5} if "param T" in text else {})}
    assert_right(text, inputs, [run])

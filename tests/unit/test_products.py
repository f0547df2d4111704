"""Forward mode and Hessian-vector products as equations: what they read like, their numbers, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from cases import two_layers
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.system.model import System
from chainrule.verify.differences import numeric_derivative
from chainrule.verify.sampling import random_inputs
from chainrule.verify.verification import Verification
from support import assert_close

SOFTMAX = "param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\n"
UNKNOWN = "param z[j]\nabstract a[k](z[j])\ncost C(a[k])\n"
KINKS = """data x[i]
param w[i], W[j,i]
h[j] = relu(sum(i) W[j,i]*x[i])
m = max(j) h[j]^2
p = prod(i) w[i]
cost C = m*p + abs(p) + (sum(i) maximum(w[i], x[i]))
"""

POWERS = f"const p\n{SOFTMAX}cost C = sum(k) a[k]^p"
LATE = """data x[i], c[k,i]
param w[i], beta
n = sqrt(sum(i) w[i]^2)
u[i] = w[i]/n
d[k] = sum(i) (u[i] - c[k,i])^2
r[k] = exp(-beta*d[k])/(sum(m) exp(-beta*d[m]))
cost C = sum(k) r[k]*d[k]
"""
"""Changes that are written with what is defined below: dn with u, dr with the cost."""


def lines(system: System) -> list[str]:
    return str(system).partition("\n\n")[2].splitlines()


def test_the_change_of_the_softmax() -> None:
    assert lines(cr.jvp(cr.parse(SOFTMAX), of="a"))[1:] == ["da[k] = a[k]·(dz[k] − Σ_m dz[m]·a[m])"]


def test_a_change_that_is_divided_by_is_put_in_where_it_cancels() -> None:
    text = f"data y[k]\ngiven sum(k) y[k] = 1\n{SOFTMAX}cost C = -sum(k) y[k]*log(a[k])\n"
    assert lines(cr.jvp(cr.parse(text)))[-1] == "cost dC = Σ_k y[k]·(Σ_m a[m]·dz[m] − dz[k])"
    assert cr.hvp(cr.parse(text)).derivation("z").equation() == "∂dC/∂z[j] = a[j]·(dz[j] − Σ_k dz[k]·a[k])"


def test_every_change_stands_after_its_tensor_and_that_of_the_cost_is_the_cost() -> None:
    found = cr.jvp(cr.parse(two_layers("quadratic")))
    assert found.cost == "dC"
    names = [e.name for e in found.equations]
    assert names == ["z1", "dz1", "a1", "da1", "z2", "dz2", "a2", "da2", "C", "dC"]
    assert found.with_role("const") == ("dW1", "db1", "dW2", "db2")


def test_a_change_stands_below_what_it_is_written_with() -> None:
    assert lines(cr.jvp(cr.parse(LATE)))[1:3] == ["u[i] = w[i]/n", "dn = Σ_i dw[i]·u[i]"]


def test_the_change_along_one_tensor_leaves_the_others_out() -> None:
    found = cr.jvp(cr.parse(two_layers("quadratic")), of="a2", wrt="z1")
    assert [e.name for e in found.equations if e.name.startswith("d")] == ["da1", "dz2", "da2"]
    assert found.with_role("data") == ("y", "x", "dz1")
    assert found.cost == "C"


def test_what_does_not_depend_on_it_does_not_change() -> None:
    found = cr.jvp(cr.parse("data x\nparam w\ncost C = x^2"))
    assert lines(found) == ["C = x^2", "cost dC = 0"]
    assert cr.evaluate(found, {"x": 2, "w": 1, "dw": 1})["dC"] == 0


def test_unknown_functions_change_by_their_symbols() -> None:
    assert lines(cr.jvp(cr.parse(UNKNOWN))) == [
        "da[k] = Σ_j dz[j]·∂a[k]/∂z[j]",
        "cost dC = Σ_k da[k]·∂C/∂a[k]",
    ]


def test_a_gradient_changes_under_a_plain_name() -> None:
    back = cr.backprop(cr.parse("param w[i]\ncost C = sum(i) w[i]^4\n")).system
    found = cr.jvp(back, of="∂C/∂w")
    assert lines(found)[-1] == "dC_w[i] = 12·dw[i]·w[i]^2"
    assert cr.parse(str(found)) == found


def test_names_that_are_taken_are_not_taken_again() -> None:
    found = cr.jvp(cr.parse("param w, dw\nz = w*dw\nata = z^2\ncost C = ata"), wrt=("w", "dw"))
    changes = {e.name for e in found.equations} | set(found.with_role("const"))
    assert changes == {"dw2", "ddw", "z", "dz", "ata", "data2", "C", "dC"}
    assert cr.parse(str(found)) == found


@pytest.mark.parametrize("text", [two_layers("cross-entropy"), KINKS, UNKNOWN, f"batch n\n{two_layers('quadratic')}"])
def test_what_is_printed_is_read_back_to_an_equal_system(text: str) -> None:
    forward = cr.jvp(cr.parse(text))
    assert cr.parse(str(forward)) == forward
    product = cr.hvp(cr.parse(text)).system
    assert cr.parse(str(product)) == product


@pytest.mark.parametrize("text", [two_layers("cross-entropy"), KINKS, LATE])
def test_the_change_of_the_cost_is_the_gradient_times_the_changes(text: str) -> None:
    system = cr.parse(text)
    forward = cr.jvp(system)
    inputs = random_inputs(forward, 3)
    values = cr.evaluate(forward, inputs)
    _, gradients = cr.value_and_grad(system, {name: inputs[name] for name in inputs if not name.startswith("d")})
    assert_close(values["dC"], sum(float((gradients[p] * inputs[f"d{p}"]).sum()) for p in system.params))


@pytest.mark.parametrize("text", [SOFTMAX + "cost C = sum(k) a[k]^3\n", POWERS, KINKS, LATE])
def test_a_hessian_times_a_vector_is_the_hessian_times_the_vector(text: str) -> None:
    system = cr.parse(text)
    product, hessian = cr.hvp(system), cr.hessian(system, wrt=system.params)
    inputs = random_inputs(product.system, 5)
    evaluation = evaluate_all(product.system, inputs)
    first = evaluate_all(hessian, {name: inputs[name] for name in inputs if not name.startswith("d")})
    for param in system.params:
        expected = np.zeros_like(inputs[param])
        for other in system.params:
            block = numeric_derivative(first, f"∂C/∂{param}", other).values
            expected += np.tensordot(block, inputs[f"d{other}"], inputs[other].ndim)
        scale = max(1.0, float(np.abs(expected).max()))
        assert_close(evaluation.values[f"∂dC/∂{param}"] / scale, expected / scale, rtol=0, atol=1e-7)


def test_every_step_of_a_product_is_verified() -> None:
    product = cr.hvp(cr.parse(two_layers("quadratic", "tanh")), wrt=("W1", "b2"))
    for tensor in product.wrt:
        report = product.derivation(tensor).verify()
        assert isinstance(report, Verification)
        assert report.unverified == ()


def test_for_a_batch_the_product_is_the_mean_over_the_samples() -> None:
    text = two_layers("quadratic")
    single, together = cr.hvp(cr.parse(text)).system, cr.hvp(cr.parse(f"batch n\n{text}")).system
    inputs = random_inputs(single, 2)
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(3, *inputs["x"].shape)), draw.normal(size=(3, *inputs["y"].shape))
    found = cr.evaluate(together, inputs | {"x": x, "y": y})["∂dC/∂W1"]
    each = [cr.evaluate(single, inputs | {"x": x[n], "y": y[n]})["∂dC/∂W1"] for n in range(3)]
    assert_close(found, np.mean(each, axis=0))


def test_a_penalty_on_a_gradient_is_derived_through_the_equations_of_the_gradient() -> None:
    inner = cr.backprop(cr.parse("data x[i], y\nparam w[i]\nz = tanh(sum(i) w[i]*x[i])\ncost C = (z - y)^2"), ["x"])
    text = str(inner).replace("cost C =", "C =") + "\ncost P = C + 1/2*(sum(i) ∂C/∂x[i]^2)\n"
    outer = cr.backprop(cr.parse(text))
    assert "C_x[i] = " in str(outer)
    assert cr.parse(str(outer)) == outer.system
    inputs = random_inputs(outer.system, 1)
    evaluation = evaluate_all(outer.system, inputs)
    assert_close(evaluation.values["∂P/∂w"], numeric_derivative(evaluation, "P", "w").values, rtol=1e-7)
    assert isinstance(outer.derivation("w").verify(), Verification)


def test_what_has_no_change_is_refused() -> None:
    with pytest.raises(cr.DerivativeError, match="the system has no cost, so it must be said what changes") as caught:
        cr.jvp(cr.parse(SOFTMAX))
    assert 'of="a"' in str(caught.value)
    with pytest.raises(cr.DerivativeError, match="no tensor named 'q'") as caught:
        cr.jvp(cr.parse(SOFTMAX), of="q")
    assert "known are z, a" in str(caught.value)
    with pytest.raises(cr.DerivativeError, match="z does not depend on a") as caught:
        cr.jvp(cr.parse(SOFTMAX), of="z", wrt="a")
    assert "Did you mean of='a', wrt='z'?" in str(caught.value)
    with pytest.raises(cr.DerivativeError, match="no tensor to derive by"):
        cr.hvp(cr.parse("data x\ncost C = x^2"))

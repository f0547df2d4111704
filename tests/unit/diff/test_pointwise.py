"""Facts about what is differentiated: used in the last derivative, never in one that is differentiated again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chainrule.errors import DerivativeError
from chainrule.jacobians import hessian, hvp, jacobian, jvp
from chainrule.notation import parse
from chainrule.pipeline import backprop, evaluate, value_and_grad
from support import assert_close

SYMMETRIC = np.array([[2.0, 0.5], [0.5, 1.0]])
CASES = {
    "a sum that is 1": ("param p[k]\ngiven sum(k) p[k] = 1\ncost C = (sum(k) p[k])^2", [0.25, 0.75]),
    "a quotient by it": (
        "param p[k]\ngiven sum(k) p[k] = 1\ncost C = (sum(k) (k + 1)*p[k])/(sum(k) p[k])",
        [0.25, 0.75],
    ),
    "a length of 1": ("param x[k]\ngiven sum(k) x[k]^2 = 1\ncost C = (sum(k) x[k]^2)^2", [0.6, -0.8]),
    "a one-hot vector": ("param y[k]\ngiven onehot(k) y[k]\ncost C = sum(k) y[k]^3", [0.0, 1.0, 0.0]),
    "a symmetric matrix": ("param A[i,j]\ngiven A[i,j] = A[j,i]\ncost C = log(det(A))", SYMMETRIC),
    "a fact about what is computed": (
        "param z[k]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ngiven sum(k) a[k] = 1\ncost C = (sum(k) a[k])^2*z[0]^2",
        [0.3, -0.2],
    ),
}


@pytest.mark.parametrize(("text", "point"), CASES.values(), ids=CASES)
def test_second_derivatives_are_those_of_the_cost_and_not_of_what_the_fact_makes_of_it(
    text: str, point: object
) -> None:
    system = parse(text)
    (name,) = system.params
    at = np.asarray(point, np.float64)
    free = replace(system, givens=())
    step = 1e-5
    columns = []
    for place in np.ndindex(at.shape):
        moved = np.zeros(at.shape)
        moved[place] = step
        ahead, behind = (value_and_grad(free, {name: at + sign * moved})[1][name] for sign in (1, -1))
        columns.append((ahead - behind) / (2 * step))
    expected = np.stack(columns, axis=-1).reshape(at.shape * 2)
    second = hessian(system)
    assert_close(evaluate(second, {name: at})[second.result.name], expected, rtol=1e-6, atol=1e-6)
    assert second.derivation().verify()
    direction = np.arange(1.0, at.size + 1).reshape(at.shape)
    values = evaluate(hvp(system).system, {name: at, f"d{name}": direction})
    cost = jvp(system).cost
    along = np.tensordot(expected, direction, axes=at.ndim)
    assert_close(values[f"∂{cost}/∂{name}"], along, rtol=1e-6, atol=1e-6)


def test_facts_about_data_are_used_everywhere() -> None:
    system = parse("data y[k]\nparam z[k]\ngiven sum(k) y[k] = 1\ncost C = (sum(k) y[k])*(sum(k) z[k]^2)")
    assert str(hessian(system).defined["∂C/∂z"]) == "∂C/∂z[k] = 2·z[k]"
    assert str(jvp(system).defined["dC"]) == "dC = 2·Σ_k z[k]·dz[k]"


def test_inequalities_hold_all_around_and_are_used() -> None:
    system = parse("param t\ngiven t > 0\ncost C = abs(t)^3")
    assert str(hessian(system).defined["∂C/∂t"]) == "∂C/∂t = 3·t^2"


def test_a_gradient_that_a_fact_went_into_is_not_differentiated_again() -> None:
    inner = backprop(parse("param w[i]\ngiven sum(i) w[i] = 1\ncost C = (sum(i) w[i])^2"))
    text = str(inner).replace("cost C", "C")
    outer = parse(text + "\ncost P = sum(i) ∂C/∂w[i]^2")
    message = (
        r"∂C/∂w may have been simplified by a fact about what is to be derived by, given Σ_i w\[i\] = 1\n"
        r"  derivatives that hold around a point, not at it only\n"
        r"  cr.hessian, cr.hvp and cr.jvp of the first system see to that; or take away the line given Σ_i w\[i\] = 1"
    )
    for derive in (backprop, jvp, lambda system: jacobian(system, "∂C/∂w", "w")):
        with pytest.raises(DerivativeError, match=message):
            derive(outer)
    free = parse((text + "\ncost P = sum(i) ∂C/∂w[i]^2").replace("given Σ_i w[i] = 1\n", ""))
    assert str(backprop(free).system.cost) == "P"

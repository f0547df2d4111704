"""det and inv: their derivatives, their numbers, for one matrix and for that of each sample; and what has none."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.execute.native.executor import Native
from chainrule.execute.reference.evaluation import evaluate_all
from chainrule.execute.reference.matrices import condition
from chainrule.verify.differences import numeric_derivative
from chainrule.verify.sampling import random_inputs
from chainrule.verify.verification import Verification
from support import assert_close

DRAW = np.random.default_rng(0)
MATRIX = DRAW.normal(size=(3, 3))
BATCHED = """batch n
data x[i]
param W[i,j]
K[i,j] = W[i,j] + x[i]*x[j]
cost C = log(det(K)^2) + (sum(i,j) x[i]*inv(K)[i,j]*x[j])
"""


def test_the_values_are_numpys() -> None:
    system = cr.parse("data X[i,j]\nd = det(X)\nV[i,j] = inv(X)[i,j]\nv = inv(X)[0,2]\nt = sum(i) inv(X)[i,i]\n")
    values = cr.evaluate(system, {"X": MATRIX})
    inverse = np.linalg.inv(MATRIX)
    assert_close(values["d"], np.linalg.det(MATRIX))
    assert_close(values["V"], inverse)
    assert_close(values["v"], inverse[0, 2])
    assert_close(values["t"], np.trace(inverse))


def test_a_matrix_without_rows_has_the_determinant_one() -> None:
    values = cr.evaluate(cr.parse("data X[i,j]\nd = det(X)\nV[i,j] = inv(X)[i,j]\n"), {"X": np.zeros((0, 0))})
    assert values["d"] == 1
    assert values["V"].shape == (0, 0)


RULES = {
    "det(X)": "det(X)·inv(X)[j,i]",
    "log(det(X))": "inv(X)[j,i]",
    "1/det(X)": "−inv(X)[j,i]/det(X)",
    "sum(k) inv(X)[k,k]": "−Σ_k inv(X)[k,i]·inv(X)[j,k]",
    "sum(k,l) y[k]*inv(X)[k,l]*y[l]": "−(Σ_k y[k]·inv(X)[k,i])·Σ_l y[l]·inv(X)[j,l]",
    "inv(X)[0,1]": "−inv(X)[0,i]·inv(X)[j,1]",
}


@pytest.mark.parametrize("value", RULES)
def test_derivatives_by_the_matrix(value: str) -> None:
    back = cr.backprop(cr.parse(f"data y[i]\nparam X[i,j]\ncost C = {value}\n"))
    derivation = back.derivation("X")
    assert derivation.equation() == f"∂C/∂X[i,j] = {RULES[value]}"
    report = derivation.verify()
    assert isinstance(report, Verification)
    assert report.unverified == ()


def test_the_rules_are_said() -> None:
    back = cr.backprop(cr.parse("param X[i,j]\ncost C = log(det(X)) + inv(X)[0,0]\n"))
    said = "; ".join(step.statement for step in back.derivation("X").steps)
    assert "∂det(F)/∂F[p,q] = det(F)·inv(F)[q,p]" in said
    assert "∂inv(F)[p,q]/∂F[r,s] = −inv(F)[p,r]·inv(F)[s,q]" in said


def test_the_inverse_has_a_jacobian_and_log_det_a_hessian() -> None:
    inverse = cr.jacobian(cr.parse("param X[i,j]\nV[k,l] = inv(X)[k,l]\n"), of="V", wrt="X")
    assert repr(inverse) == "∂V[k,l]/∂X[i,j] = −V[k,i]·V[j,l]"
    hessian = cr.hessian(cr.parse("param X[i,j]\ncost C = log(det(X))\n"), wrt="X")
    assert repr(hessian) == "∂²C/∂X[i,j]∂X[k,m] = −inv(X)[j,k]·inv(X)[m,i]"
    assert cr.parse(str(hessian)) == hessian


def test_for_a_batch_each_sample_has_its_matrix() -> None:
    system = cr.parse(BATCHED)
    weights, x = MATRIX + 3 * np.eye(3), DRAW.normal(size=(4, 3))
    cost, gradients = cr.value_and_grad(system, {"W": weights, "x": x})
    each = [cr.value_and_grad(system, {"W": weights, "x": sample}) for sample in x]
    assert_close(cost, np.mean([c for c, _ in each]))
    assert_close(gradients["W"], np.mean([g["W"] for _, g in each], axis=0))
    evaluation = evaluate_all(system, {"W": weights, "x": x[0]})
    assert_close(each[0][1]["W"], numeric_derivative(evaluation, "C", "W").values, rtol=1e-8)


def test_a_system_is_read_back_as_it_was_printed() -> None:
    for back in (cr.backprop(cr.parse(BATCHED)), cr.backprop(cr.parse("param X[i,j]\ncost C = log(det(X))\n"))):
        assert cr.parse(str(back)) == back.system


def test_random_points_have_matrices_that_can_be_inverted() -> None:
    system = cr.parse("param u[i], v[j], X[i,j]\nK[i,j] = u[i]*v[j] + X[i,j]/100\ncost C = inv(K)[0,0]\n")
    for seed in range(5):
        evaluation = evaluate_all(system, random_inputs(system, seed))
        assert condition(evaluation.values["K"]) <= 1e3
    with pytest.raises(cr.VerificationError) as caught:
        random_inputs(cr.parse("param u[i], v[j]\nK[i,j] = u[i]*v[j]\ncost C = log(det(K)^2)\n"), 0)
    assert "K is near to a singular matrix" in str(caught.value) or "C is not finite" in str(caught.value)


def test_the_native_executor_hands_them_to_the_reference_and_says_so() -> None:
    system = cr.parse("data X[i,j]\nd = det(X)\n")
    executable = Native().compile(system, dtype=np.float64)
    assert_close(executable.evaluate({"X": MATRIX})["d"], np.linalg.det(MATRIX))
    assert "det(X), a function of a whole matrix" in executable.plan


SINGULAR = np.ones((2, 2))
REFUSED = [
    ("data X[i,j]\nv = inv(X)[0,0]\n", {"X": SINGULAR}, "X is singular: inv(X) does not exist", "1e-6*[i = j]"),
    (
        "batch n\ndata X[i,j]\nv = inv(X)[0,0]\n",
        {"X": np.stack([np.eye(2), SINGULAR])},
        "X is singular at n = 1: inv(X) does not exist",
        "a matrix whose determinant is not 0",
    ),
]


@pytest.mark.parametrize(("text", "inputs", "what", "more"), REFUSED)
def test_the_inverse_of_a_singular_matrix_is_refused(
    text: str, inputs: dict[str, np.ndarray], what: str, more: str
) -> None:
    with pytest.raises(cr.InputError) as caught:
        cr.evaluate(cr.parse(text), inputs)
    assert what in str(caught.value)
    assert more in str(caught.value)


def test_the_determinant_of_a_singular_matrix_is_zero_and_its_inverse_need_not_exist_where_it_is_not_read() -> None:
    system = cr.parse("data X[i,j]\nd = det(X)\nv = where(d = 0, 7, inv(X)[0,0])\nw = [d > 0]*inv(X)[0,0]\n")
    values = cr.evaluate(system, {"X": SINGULAR})
    assert (float(values["d"]), float(values["v"]), float(values["w"])) == (0, 7, 0)


def test_a_matrix_that_is_not_square_is_refused() -> None:
    with pytest.raises(cr.InputError) as caught:
        cr.evaluate(cr.parse("data X[i,j]\nd = det(X)\n"), {"X": np.ones((2, 3))})
    assert "X axis 1 (j) is 3 but X axis 0 (i) is 2" in str(caught.value)

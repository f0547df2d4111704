"""Explanations: their terms add up to the backward pass, per sample, for every tensor; and what the paths say."""

from __future__ import annotations

import time

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import InputError, VerificationError
from chainrule.explanation import explain
from chainrule.explanation.totals import verified
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.pipeline import value_and_grad
from support import assert_close
from unit.explanation.systems import REGRESSION, RESIDUAL, network, network_inputs, residual_inputs

TENSORS = ["x", "y", "W1", "b1", "W2", "b2", "z1", "a1", "z2", "a2"]


@pytest.mark.parametrize(("hidden", "given"), [("sigmoid", True), ("relu", False)])
@pytest.mark.parametrize("tensor", TENSORS)
def test_terms_and_paths_add_up_to_the_backward_pass(tensor: str, hidden: str, given: bool) -> None:
    system, inputs = network(hidden, given=given), network_inputs()
    gradient = value_and_grad(system, inputs, [tensor])[1][tensor]
    for place in [(0,) * gradient.ndim, tuple(n - 1 for n in gradient.shape)]:
        found = explain(system, inputs, of=tensor, at=place)
        scale = float(np.abs(found.terms).sum()) + 1e-300
        assert_close(found.value, gradient[place], rtol=1e-14)
        assert_close(found.terms.sum() / scale, gradient[place] / scale, atol=1e-12)
        assert_close(found.total / scale, gradient[place] / scale, atol=1e-12)
        if found.paths:
            assert_close(found.paths_total, gradient[place], rtol=1e-9, atol=1e-12)


def test_a_sum_is_opened_into_all_its_factors() -> None:
    inputs = network_inputs()
    found = explain(network(), inputs, of="z1", at={"j": 3})
    assert found.equation == "∂C/∂z1[3] = a1[3]·(1 − a1[3])·Σ_k W2[k,3]·∂C/∂z2[k]"
    (part,) = found.parts
    (opened,) = part.sums
    assert [f.text for f in opened.factors] == ["W2[k,3]", "∂C/∂z2[k]"]
    delta = value_and_grad(network(), inputs, ["z2"])[1]["z2"]
    assert_close(opened.terms, inputs["W2"][:, 3] * delta, rtol=1e-14)
    assert_close(found.terms, opened.terms * part.before_value, rtol=1e-14)
    assert_close(found.terms.sum(), found.value, rtol=1e-12)


def test_derivatives_are_those_of_one_sample_without_one_over_n() -> None:
    batched = network_inputs(6)
    for sample in range(6):
        one = {**batched, "x": batched["x"][sample], "y": batched["y"][sample]}
        found = explain(network(batch=True), batched, of="W2", at=(1, 2), sample=sample)
        assert_close(found.value, value_and_grad(network(), one)[1]["W2"][1, 2], rtol=1e-14)


def test_every_sum_of_a_residual_path_is_opened() -> None:
    found = explain(parse(RESIDUAL), residual_inputs(), of="z", at=2)
    assert found.equation == "∂C/∂z[2] = ∂C/∂h[2] + Σ_j W[j,2]·∂C/∂u[j]"
    assert [len(part.sums) for part in found.parts] == [0, 1]
    assert [path.through for path in found.paths] == ["every u[j]", "every h[j]"]
    assert found.terms.shape == (21,)
    assert_close(found.paths_total, found.value, rtol=1e-12)


def test_a_sum_over_two_indices_has_a_term_for_each_pair() -> None:
    system = parse("param w[i], v[j], a\ndata A[i,j]\nb = 3*a\ncost C = b*(sum(i,j) w[i]*A[i,j]*v[j])")
    inputs = {"w": [0.1, 0.2], "v": [0.5, 0.25, 1.0], "A": [[1.0, 2.0, 0.0], [4.0, 5.0, 6.0]], "a": 1.0}
    found = explain(system, inputs, of="b")
    assert [opened.terms.shape for opened in found.parts[0].sums] == [(2, 3)]
    assert "1 of 6 terms is 0: A[i,j] is 0 at (i,j) = (0,2)." in str(found)
    assert_close(found.value, value_and_grad(system, inputs, ["b"])[1]["b"], rtol=1e-14)


def test_of_two_sums_in_one_product_one_is_opened_and_the_other_a_factor() -> None:
    system = parse("param a, w[i], v[j]\nb = 3*a\ncost C = b*(sum(i) w[i])*(sum(j) v[j])")
    found = explain(system, {"a": 1.0, "w": [1.0, 2.0], "v": [4.0, 5.0, 6.0]}, of="b")
    assert [opened.total for opened in found.parts[0].direct] == [3.0, 15.0]
    assert found.value == 45.0
    assert_close(found.terms.sum(), 45.0)


def test_a_mean_is_a_sum_over_its_number_of_terms() -> None:
    draw = np.random.default_rng(0)
    inputs = {"x": draw.normal(size=(5, 3)), "y": draw.normal(size=5), "W": draw.normal(size=3)}
    found = explain(parse(REGRESSION), inputs, of="W", at=1)
    assert_close(found.value, value_and_grad(parse(REGRESSION), inputs)[1]["W"][1], rtol=1e-14)
    assert_close(found.terms.sum(), found.value, rtol=1e-12)


def test_a_sum_within_a_function_is_shown_but_is_no_part_of_the_terms() -> None:
    system = parse("param w\ndata x[i]\ncost C = exp(w*(sum(i) x[i]))")
    found = explain(system, {"w": 0.5, "x": [1.0, 2.0]}, of="w")
    assert found.has_sum
    assert_close(found.total, found.value, rtol=1e-14)
    assert_close(found.value, 3 * np.exp(1.5), rtol=1e-14)


def test_where_a_bracket_is_false_nothing_undefined_counts() -> None:
    system = parse("param w\ndata x[i]\nv = 2*w\ncost C = v*(sum(i) [x[i] > 0]*log(x[i]))")
    found = explain(system, {"w": 1.0, "x": [1.0, -2.0, 3.0]}, of="v")
    assert_close(found.value, np.log(3.0), rtol=1e-14)
    (opened,) = found.parts[0].sums
    assert opened.terms.tolist() == [0.0, 0.0, np.log(3.0)]
    assert [zeros.places.tolist() for zeros in opened.zeros] == [[1], [0]]


def test_a_kronecker_delta_says_why_paths_vanish() -> None:
    found = explain(network(), network_inputs(), of="z1", at=3)
    (path,) = found.paths
    assert path.local == "∂a1[k]/∂z1[3] = [k = 3]·a1[3]·(1 − a1[3])"
    assert path.reason == "a Kronecker delta: a1[k] does not depend on z1[3] where k ≠ 3"
    assert path.opened.terms.shape == (7,)
    assert np.flatnonzero(path.opened.terms).tolist() == [3]


def test_a_tensor_that_the_cost_does_not_depend_on_has_no_terms() -> None:
    found = explain(parse("param w, u\ncost C = w^2"), {"w": 2.0, "u": 1.0}, of="u")
    assert found.value == 0
    assert found.paths == ()
    assert str(found).endswith("No path leads to the cost: ∂C/∂u is 0 whatever the numbers are.")


def test_a_path_that_overflows_is_said_to_and_not_refused() -> None:
    inputs = network_inputs()
    inputs["b2"] = np.asarray([0.0, 0.0, 0.0, 2000.0])
    inputs["y"] = np.eye(4)[0]
    found = explain(network(), inputs, of="z2", at=1, paths=True)
    assert_close(found.value, 0.0, atol=1e-300)
    assert not np.isfinite(found.paths_total)
    assert "These products overflow at such numbers; the simplified equation does not." in str(found)


def test_a_network_is_explained_by_samples_and_labels() -> None:
    made = Network([nn.Linear(5, 7), nn.Sigmoid(), nn.Linear(7, 4), nn.Softmax()], cost=nn.CrossEntropy(), seed=1)
    x = np.random.default_rng(0).normal(size=(6, 5))
    y = np.asarray([0, 3, 2, 1, 0, 2])
    one = explain(made, made.inputs(x[4], y[4]), of="z1", at={"j": 2})
    several = explain(made, {"x": x, "y": y}, of="z1", at={"j": 2}, sample=4)
    assert one.value == several.value
    assert one.equation == "∂C/∂z1[2] = a1[2]·(1 − a1[2])·Σ_k W2[k,2]·∂C/∂z2[k]"


def test_an_unknown_function_has_no_numbers() -> None:
    with pytest.raises(InputError, match="is an unknown function: it can be shown but not run"):
        explain(parse("param z[j]\nabstract a[k](z[j])\ncost C(a[k])"), {"z": [1.0]}, of="z", at=0)


def test_a_million_terms_are_opened_in_a_moment() -> None:
    draw = np.random.default_rng(0)
    inputs = {"x": draw.normal(size=(1_000_000, 1)), "y": draw.normal(size=1_000_000), "W": np.ones(1)}
    system = parse(REGRESSION)
    start = time.perf_counter()
    found = explain(system, inputs, of="W", at=0)
    text = str(found)
    assert time.perf_counter() - start < 4
    assert found.terms.size > 1_000_000
    assert len(text.splitlines()) < 30


@pytest.mark.parametrize(("total", "value"), [(1.0, 1.0 + 1e-9), (1.0, 1.0005), (0.5, 1.0), (-1.0, 1.0)])
def test_terms_that_do_not_add_up_are_an_error(total: float, value: float) -> None:
    with pytest.raises(VerificationError, match=r"the terms of ∂C/∂z do not add up to its value") as caught:
        verified("∂C/∂z", total, value, 2.0)
    assert "the backward pass has" in str(caught.value)


@pytest.mark.parametrize(("total", "value", "magnitude"), [(1e-16, 0.0, 1.0), (np.nan, 0.0, 1.0), (2.0, 2.0, 2.0)])
def test_rounding_is_no_error(total: float, value: float, magnitude: float) -> None:
    assert verified("∂C/∂z", total, value, magnitude) is total

"""The terms of a sum of any size: the largest, the rest, exactly, quantiles, and what makes terms 0."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.errors import OptionError
from chainrule.explanation import Explanation, explain
from chainrule.explanation.paths import paths
from chainrule.explanation.tables import zero_sentences
from chainrule.notation import parse
from chainrule.render.document_text import words_text
from unit.explanation.systems import network, network_inputs

WEIGHTED = parse("data d[k], W[k]\nparam a\nz = a\ncost C = z*(sum(k) W[k]*d[k])")
MILLION = 10**6


@pytest.fixture(scope="module")
def million() -> tuple[Explanation, np.ndarray]:
    draw = np.random.default_rng(0)
    d = draw.normal(size=MILLION) * (draw.random(MILLION) < 0.75)
    W = draw.normal(size=MILLION) * 10.0 ** draw.integers(-6, 3, size=MILLION)
    return explain(WEIGHTED, {"W": W, "d": d, "a": 1.0}, of="z", top=20), d * W


def weighted(d: list[float], *, top: int = 12, quantiles: tuple[float, ...] = ()) -> Explanation:
    return explain(WEIGHTED, {"d": d, "W": np.ones(len(d)), "a": 1.0}, of="z", top=top, quantiles=quantiles)


def test_of_a_million_terms_the_largest_the_rest_and_the_quantiles_are_exact(
    million: tuple[Explanation, np.ndarray],
) -> None:
    found, terms = million
    (opened,) = found.parts[0].sums
    order = np.argsort(-np.abs(terms), kind="stable")
    assert opened.largest(20).tolist() == order[:20].tolist()
    assert opened.residual(20) == math.fsum(terms[order[20:]])
    assert opened.sum == math.fsum(terms)
    nonzero = np.sort(terms[terms != 0])
    assert opened.nonzero == len(nonzero)
    low, middle, high = opened.quantiles((0.0, 0.5, 1.0))
    assert (low, high) == (nonzero[0], nonzero[-1])
    assert nonzero[(len(nonzero) - 1) // 2] <= middle <= nonzero[len(nonzero) // 2]


def test_of_a_million_terms_those_that_are_0_are_counted_with_the_factor_that_is(
    million: tuple[Explanation, np.ndarray],
) -> None:
    found, terms = million
    (zeros,) = found.parts[0].sums[0].zeros
    assert zeros.cause is not None
    assert zeros.cause.text == "d[k]"
    assert zeros.places.tolist() == np.flatnonzero(terms == 0).tolist()
    text = str(found)
    assert f"{len(zeros.places)} of 1000000 terms are 0: d[k] is 0 at k = " in text
    assert f"… stands for {MILLION - len(zeros.places) - 20} smaller terms together." in text
    assert f"Quantiles of the {MILLION - len(zeros.places)} terms that are not 0: smallest −" in text


def test_equal_terms_stand_in_their_order_and_not_a_number_first() -> None:
    (opened,) = weighted([1.0, -3.0, 3.0, 0.0, 3.0, 2.0]).parts[0].sums
    assert [opened.largest(n).tolist() for n in (0, 1, 2, 3, 4, 9)] == [
        [],
        [1],
        [1, 2],
        [1, 2, 4],
        [1, 2, 4, 5],
        [1, 2, 4, 5, 0],
    ]
    system = parse("data d[k]\nparam a\nz = a\ncost C = z*(sum(k) 1/d[k]*log(d[k]))")
    (opened,) = explain(system, {"d": [1.0, 2.0, 0.0, 4.0], "a": 1.0}, of="z").parts[0].sums
    assert opened.largest(2)[0] == 2


def test_the_rest_is_rounded_once() -> None:
    (opened,) = weighted([3e16, 1e16, 1.0, -1e16]).parts[0].sums
    assert opened.residual(1) == 1.0
    assert opened.residual(4) == 0.0


def test_quartiles_are_told_where_terms_are_left_out() -> None:
    text = str(weighted([1.0, 2.0, 3.0, 4.0, 50.0, 0.0], top=2))
    assert "Quantiles of the 5 terms that are not 0: smallest 1, 25 % 2, median 3, 75 % 4, largest 50." in text
    assert "Quantiles" not in str(weighted([1.0, 2.0, 3.0, 4.0, 50.0]))


def test_quantiles_that_are_asked_for_are_told_always() -> None:
    text = str(weighted([1.0, 2.0, 3.0], quantiles=(0.25, 0.5)))
    assert "Quantiles of the 3 terms: 25 % 1.5000, median 2.0000." in text
    assert "Quantiles" not in str(weighted([], quantiles=(0.5,)))


@pytest.mark.parametrize("level", [-0.1, 1.5, float("nan")])
def test_a_level_outside_0_to_1_is_refused(level: float) -> None:
    with pytest.raises(OptionError, match="is no level of a quantile\n  numbers from 0, the smallest term, to 1"):
        weighted([1.0], quantiles=(0.5, level))


def test_a_derivative_that_is_0_behind_relu_is_told_with_the_sign_that_makes_it_so() -> None:
    inputs = network_inputs()
    off = np.flatnonzero(inputs["W1"] @ inputs["x"] + inputs["b1"] <= 0)
    text = str(explain(network("relu"), inputs, of="x", at=1))
    places = ", ".join(map(str, off))
    why = "z1[j] ≤ 0, where the derivative of relu is 0"
    assert f"{len(off)} of 7 terms are 0: ∂C/∂z1[j] is 0 at j = {places}: {why}." in text


def test_an_activation_that_is_0_is_told_with_the_sign_that_makes_it_so() -> None:
    system = parse("data x[j]\nparam s\na[j] = relu(x[j])\nz = s\ncost C = z*(sum(j) a[j]*x[j])")
    text = str(explain(system, {"x": [1.0, -2.0, 3.0], "s": 1.0}, of="z"))
    assert "1 of 3 terms is 0: a[j] is 0 at j = 1: x[j] ≤ 0, where relu is 0." in text


def test_a_name_that_is_0_is_followed_to_the_factor_that_is() -> None:
    system = parse(
        "data x[j], v[j]\nparam s\nq[j] = x[j]*v[j]\nr[j] = 2*q[j]\nz = s\ncost C = z*(sum(j) r[j]*(1 + v[j]))"
    )
    text = str(explain(system, {"x": [1.0, 0.0, 3.0, 0.0], "v": [1.0, 2.0, 0.0, 0.0], "s": 1.0}, of="z"))
    assert "2 of 4 terms are 0: r[j] is 0 at j = 1, 3: x[j] is 0." in text
    assert "1 of 4 terms is 0: r[j] is 0 at j = 2: v[j] is 0." in text


def test_a_delta_is_called_by_its_name() -> None:
    (path,) = explain(network(), network_inputs(), of="W2", at=(2, 3)).paths
    assert [words_text(said) for said in zero_sentences(path.opened)] == [
        "3 of 4 terms are 0: [m = 2], a Kronecker delta, is 0 at m = 0, 1, 3.",
    ]


def test_a_delta_is_the_reason_before_any_number_is() -> None:
    system, inputs = network("relu"), network_inputs()
    off = np.flatnonzero(inputs["W1"] @ inputs["x"] + inputs["b1"] <= 0)
    on = int(np.setdiff1d(np.arange(7), off)[0])
    text = str(explain(system, inputs, of="W1", at=(on, 0), paths=True))
    assert f"z1[k] does not depend on W1[{on},0] where k ≠ {on}, so one term is left" in text


def test_a_product_that_is_0_is_so_by_another_factor() -> None:
    system = parse("param y[j], t\nu[j] = y[j]*t\ncost C = prod(j) u[j]")
    inputs = {"y": [1.0, 0.0, 3.0, 0.0], "t": 1.0}
    reason = "u[k] is 0 for a k with k ≠ j"
    assert f"2 of 4 terms are 0: ∂C/∂u[j] is 0 at j = 0, 2: {reason}." in str(explain(system, inputs, of="t"))
    assert f"4 of 4 ∂C/∂u[j] = prod(k) where(k = j, 1, u[k]): {reason}" in str(paths(system, inputs, of="t"))

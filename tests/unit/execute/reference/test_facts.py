"""Facts that the data must obey: relations, samples, tolerance."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import GivenError
from chainrule.execute.reference.evaluation import evaluate
from chainrule.expr.nodes import ONE, ZERO, number, times
from chainrule.system.model import Declaration, Given, System
from unit.execute.build import CLASSIFIER, SUM_TO_ONE, compare, entry, i, index, k, total, x, y
from unit.execute.test_inputs import BATCH, GOOD


def check(given: Given, data: Any, batch: str = "") -> None:
    tensor = "y" if given is SUM_TO_ONE else "x"
    axis = k if tensor == "y" else i
    evaluate(System((Declaration("data", tensor, (axis,)),), givens=(given,), batch=batch), {tensor: data})


def test_data_that_obey_pass_within_a_millionth() -> None:
    check(SUM_TO_ONE, [0.2, 0.8])
    check(SUM_TO_ONE, [0.2, 0.8 + 4e-7])
    check(SUM_TO_ONE, np.asarray([0.1] * 10, np.float32))


def test_the_fact_and_both_sides_are_in_the_message() -> None:
    with pytest.raises(GivenError) as caught:
        check(SUM_TO_ONE, [0.2, 0.9])
    assert str(caught.value).splitlines()[:2] == [
        "the data break the fact given Σ_k y[k] = 1",
        "  the left side is 1.1, the right side 1",
    ]
    with pytest.raises(GivenError):
        check(SUM_TO_ONE, [0.2, 0.8 + 4e-6])


def test_the_first_sample_that_breaks_a_fact_is_named() -> None:
    data = np.full((5, 2), 0.5)
    data[3, 1] = 0.6
    with pytest.raises(
        GivenError, match=r"given Σ_k y\[n,k\] = 1 at n = 3\n.*left side is 1\.1(.|\n)*at 1 of 5 places"
    ):
        evaluate(CLASSIFIER, BATCH | {"y": data})
    with pytest.raises(GivenError, match=r"given Σ_k y\[k\] = 1\n"):
        evaluate(CLASSIFIER, GOOD | {"y": data[3]})


@pytest.mark.parametrize(
    ("relation", "good", "bad"),
    [
        ("<", [-1, -2], [-1, 0]),
        (">", [1, 2], [1, 0]),
        ("!=", [1, -2], [1, 0]),
        ("<=", [-1, 0], [-1, 1e-3]),
        (">=", [1, 0], [1, -1e-3]),
        ("=", [0, 0], [0, 1e-3]),
    ],
)
def test_every_relation_is_checked_entry_by_entry(relation: str, good: list[float], bad: list[float]) -> None:
    given = Given(compare(x, relation, ZERO))
    check(given, good)
    with pytest.raises(GivenError, match=r"at i = 1\n"):
        check(given, bad)


def test_the_tolerance_shrinks_with_the_data() -> None:
    given = Given(compare(total(i, x), "=", ZERO))
    check(given, np.asarray([1e-9, -1e-9]))
    with pytest.raises(GivenError):
        check(given, np.asarray([1e-9, -2e-9]))


def test_the_tolerance_does_not_grow_with_other_entries() -> None:
    given = Given(compare(x, "=", ONE))
    with pytest.raises(GivenError, match="at i = 0"):
        check(given, [1.1, 1e9])


def test_facts_of_two_tensors_are_for_all_indices() -> None:
    p = index("p", "w", 0)
    given = Given(compare(x, "<", times(number(2), entry("w", p))))
    system = System((Declaration("data", "x", (i,)), Declaration("data", "w", (p,))), givens=(given,))
    evaluate(system, {"x": [1, 2], "w": [3, 2, 4]})
    with pytest.raises(GivenError, match=r"given x\[i\] < 2·w\[p\] at i = 1, p = 1\n"):
        evaluate(system, {"x": [1, 2], "w": [3, 1, 4]})


def test_facts_about_nothing_hold() -> None:
    check(Given(compare(x, ">", ZERO)), [])
    assert y.tensor == "y"

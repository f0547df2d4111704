"""The first equation with a number that is not finite, and what a sum says of its terms."""

from __future__ import annotations

import numpy as np

from chainrule.execute.finite import all_finite, first_not_finite, not_finite
from chainrule.notation import parse

SYSTEM = parse("param w, v[j]\ns = sum(j) v[j]\nr[j] = 1/v[j]\ncost C = s\nupdate w = w - 1\nupdate v[j] = v[j]/w")


def test_the_first_in_order_is_named_with_its_first_entry() -> None:
    values = {"s": np.asarray(np.inf), "r": np.array([1.0, np.nan]), "C": np.asarray(np.inf)}
    assert first_not_finite(SYSTEM, values, {}).splitlines() == [
        "s = Σ_j v[j]",
        "is the first equation with a number that is not finite: s is inf",
    ]
    values["s"] = np.asarray(1.0)
    assert first_not_finite(SYSTEM, values, {}).endswith(": r[1] is nan")


def test_updates_come_last() -> None:
    values = {"s": np.asarray(1.0), "r": np.ones(2), "C": np.asarray(1.0)}
    updated = {"w": np.asarray(0.0), "v": np.array([np.inf, 1.0])}
    said = first_not_finite(SYSTEM, values, updated)
    assert said.startswith("update v[j] = v[j]/w\n")
    assert said.endswith(": v[0] is inf")
    assert first_not_finite(SYSTEM, values, {}) == ""


def test_a_sum_that_overflows_is_no_proof() -> None:
    large = np.full(10, 3e38, np.float32)
    assert all_finite(large)
    assert all_finite(np.zeros((0, 3)))
    assert not all_finite(np.array([1.0, np.nan]))
    assert not all_finite(np.array([np.inf, -np.inf, 1.0]))


def test_the_cost_comes_before_the_params() -> None:
    assert not_finite(np.nan, {"W": np.array([np.inf])}) == "the cost is nan"
    assert not_finite(1.0, {"b": np.ones(2), "W": np.array([np.inf])}) == "W is not finite any more"
    assert not_finite(1.0, {"b": np.ones(2)}) == ""

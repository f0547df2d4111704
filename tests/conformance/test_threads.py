"""Threads: however many share a step, and whichever axes they share, the bits are those of one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.native import module as modules
from chainrule.execute.native.schedule import LoopSchedule
from chainrule.execute.native.training import Session
from chainrule.lower.program import Program
from dense import Dense, networks
from support import examples

Drawn = tuple[Dense, int, int]
DTYPES = st.sampled_from(["float32", "float64"])


def trained(drawn: Drawn, dtype: str, threads: int) -> tuple[list[float], dict[str, Any], set[str]]:
    """Train for two epochs; return their costs, the params, and the axes that were shared."""
    network, batch_size, samples = drawn
    values, data = network.values(0), network.data(samples, 0)
    session = Session(network.system(), values, data, batch_size=batch_size, dtype=dtype, threads=threads)
    generator = np.random.default_rng(1)
    costs = [session.run_epoch(generator.permutation(samples)) for _ in range(2)]
    assert session.threads == threads
    return costs, session.params(), {s.split for s in session.compiled.module.schedules} - {""}


def assert_same_bits(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert one[0] == other[0]
    assert list(one[1]) == list(other[1])
    for name, array in one[1].items():
        assert array.tobytes() == other[1][name].tobytes(), name


def sharing(seed: int) -> Any:
    """Return a choice of schedules that shares an axis of all instructions that have one; small ones are, too."""
    generator = random.Random(seed)

    def chosen(_: Program, options: Sequence[Sequence[LoopSchedule]], *__: object) -> list[LoopSchedule]:
        return [generator.choice(some[1:] or some) for some in options]

    return chosen


@examples(4)
@given(networks(), DTYPES)
def test_random_networks_have_the_same_bits_whatever_the_threads(drawn: Drawn, dtype: str) -> None:
    one = trained(drawn, dtype, 1)
    for threads in (2, 3, 4):
        assert_same_bits(one, trained(drawn, dtype, threads))


@pytest.mark.parametrize("checked", [False, True])
@examples(6)
@given(drawn=networks(), dtype=DTYPES, threads=st.sampled_from([2, 3, 4]), seed=st.integers(0, 99))
def test_they_have_them_whichever_axes_are_shared(
    drawn: Drawn, dtype: str, threads: int, seed: int, checked: bool
) -> None:
    """Threads that read what another has not yet written would show here, were a barrier missing."""
    one = trained(drawn, dtype, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules, "chosen_parts", sharing(seed))
        patch.setenv("CHAINRULE_CHECKED", "1" if checked else "0")
        assert_same_bits(one, trained(drawn, dtype, threads))


@pytest.mark.parametrize(
    ("dtype", "checked"), [("float32", False), pytest.param("float64", True, marks=pytest.mark.slow)]
)
def test_a_network_that_is_worth_it_is_shared_and_has_the_same_bits(
    dtype: str, checked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last batch has fewer samples than the others. Four threads have a batch each, five share one."""
    monkeypatch.setenv("CHAINRULE_CHECKED", "1" if checked else "0")
    drawn = Dense((70, 96, 33, 10), "relu", "softmax", "cross-entropy", given=True), 40, 100
    one = trained(drawn, dtype, 1)
    assert not one[2]
    for threads in (2, 4, 5):
        several = trained(drawn, dtype, threads)
        assert several[2], "nothing was shared: the comparison says nothing"
        assert_same_bits(one, several)

"""Which number is meant: every way of not saying it is refused, with what could have been said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.explanation import explain
from unit.explanation.systems import network, network_inputs


def message(of: str = "z1", at: Any = 3, sample: Any = None, samples: int = 0, **changed: Any) -> str:
    with pytest.raises(InputError) as caught:
        explain(network(batch=True), {**network_inputs(samples), **changed}, of=of, at=at, sample=sample)
    return str(caught.value)


@pytest.mark.parametrize("at", [{"j": 3}, (3,), [3], 3, np.int64(3), {"j": np.int32(3)}])
def test_an_entry_is_named_by_letter_or_by_position(at: Any) -> None:
    assert explain(network(), network_inputs(), of="z1", at=at).name == "∂C/∂z1[3]"


@pytest.mark.parametrize("of", ["W2", "∂C/∂W2"])
def test_several_indices_are_named_in_any_order(of: str) -> None:
    assert explain(network(), network_inputs(), of=of, at={"j": 5, "k": 2}).name == "∂C/∂W2[2,5]"
    assert explain(network(), network_inputs(), of=of, at=(2, 5)).name == "∂C/∂W2[2,5]"


def test_an_unknown_tensor_is_refused_with_the_nearest_name() -> None:
    said = message(of="z11").splitlines()
    assert said == ["no tensor is named z11", "  one of x, y, W1, b1, W2, b2, z1, a1, z2, a2, C", "  Did you mean z1?"]


def test_the_cost_itself_is_refused() -> None:
    said = message(of="C")
    assert said.startswith("C is the cost itself; its derivative by itself is 1\n  a tensor that the cost is computed")


def test_a_system_without_a_cost_is_refused() -> None:
    from chainrule.notation import parse

    with pytest.raises(InputError, match="the system has no cost, so there is no derivative to explain"):
        explain(parse("param w\nv = 2*w"), {"w": 1.0}, of="w")


@pytest.mark.parametrize("at", [None, {}])
def test_a_missing_index_is_asked_for(at: Any) -> None:
    assert message(at=at) == (
        "∂C/∂z1[j] has a value for each j: which one is meant?\n  j = 0 … 6\n  Say which, for example j = 3."
    )


def test_an_unknown_letter_is_refused() -> None:
    assert message(at={"q": 1, "j": 2}).splitlines()[:2] == ["∂C/∂z1[j] has no index q", "  j = 0 … 6"]


@pytest.mark.parametrize("place", [7, -1])
def test_an_entry_out_of_range_is_refused(place: int) -> None:
    assert message(at=place) == f"j = {place} is no entry of ∂C/∂z1[j]\n  j = 0 … 6"


@pytest.mark.parametrize("place", [1.5, "3", True, None])
def test_an_entry_that_is_no_whole_number_is_refused(place: Any) -> None:
    assert message(at={"j": place}) == f"j = {place!r} is no whole number\n  a whole number, counted from 0"


def test_too_many_positions_are_refused() -> None:
    assert message(at=(1, 2)).splitlines()[0] == "2 numbers given for the indices of ∂C/∂z1[j]"


def test_a_scalar_needs_no_entry() -> None:
    from chainrule.notation import parse

    system = parse("param w\ncost C = w^2")
    assert explain(system, {"w": 1.5}, of="w").value == 3.0
    with pytest.raises(InputError, match="1 number given for the indices of ∂C/∂w") as caught:
        explain(system, {"w": 1.5}, of="w", at=0)
    assert str(caught.value).endswith("Leave it out: this is one number.")


def test_of_several_samples_one_must_be_named() -> None:
    assert message(samples=6) == (
        "there are 6 samples, and an explanation is of one\n  sample = 0 … 5\n  Say which, for example sample=0."
    )


def test_a_single_sample_need_not_be_named() -> None:
    alone = explain(network(batch=True), network_inputs(1), of="z1", at=3)
    assert alone.value == explain(network(), network_inputs(), of="z1", at=3).value


@pytest.mark.parametrize("sample", [6, -1])
def test_a_sample_that_is_not_there_is_refused(sample: int) -> None:
    assert message(samples=6, sample=sample) == f"there is no sample {sample}\n  sample = 0 … 5"


def test_a_sample_is_a_whole_number() -> None:
    assert message(samples=6, sample=0.5).startswith("sample = 0.5 is no whole number")


def test_a_sample_of_data_without_an_axis_of_samples_is_refused() -> None:
    assert message(sample=0).splitlines() == [
        "sample 0 was asked for, but the data have no axis of samples n",
        "  data with the samples in front",
        "  Leave sample out: the data are one sample.",
    ]


def test_data_that_differ_in_the_number_of_samples_are_refused() -> None:
    assert "x has 6, y has 5" in message(samples=6, sample=0, y=np.eye(4)[[0, 1, 2, 3, 0]])


def test_missing_inputs_are_refused_by_name() -> None:
    inputs = network_inputs()
    del inputs["W2"]
    with pytest.raises(InputError, match=r"missing inputs: param W2\[k,j\]"):
        explain(network(), inputs, of="z1", at=3)

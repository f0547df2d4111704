"""Params by name: what may be set, what state_dict gives and takes, and what stays as it was for those who read."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import InputError, OptionError
from chainrule.network import Network
from chainrule.notation import parse
from support import assert_close
from unit.network.builders import classifier


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("W3", np.zeros((3, 4)), r"has (no param )?W3(, which.*)?\n  arrays for the params W1, b1, W2, b2"),
        (
            "W1",
            np.zeros((4, 3)),
            r"W1 is given with the shape \[4, 3\]\n  param W1\[j,i\]\n  the shape \[3, 4\]\n  Its",
        ),
        ("b1", 0.0, r"b1 is given with the shape \[\]"),
        ("b1", [0.0, np.inf, 0.0], r"b1\[1\] is inf\n  param b1\[j\]\n  finite numbers"),
        ("b1", ["a", "b", "c"], "b1 is not an array of real numbers: it holds text"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(name: str, value: Any, message: str) -> None:
    network = classifier()
    before = network.state_dict()
    with pytest.raises(InputError, match=message):
        network.params[name] = value
    with pytest.raises(InputError, match=message):
        network.params.update({"b2": np.ones(3), name: value})
    with pytest.raises(InputError, match=message):
        network.params = {**before, name: value}
    with pytest.raises(InputError, match=message):
        network.load_state_dict({**before, name: value})
    assert all(np.array_equal(network.params[n], array) for n, array in before.items())


def test_a_param_that_is_set_is_what_predicts() -> None:
    network = classifier()
    network.params["W1"] = np.zeros((3, 4), np.float32)
    network.params["b1"] = [0, 0, 0]
    network.params |= {"W2": np.zeros((3, 3))}
    network.params["b2"][:] = [0.0, np.log(2.0), 0.0]
    assert {array.dtype for array in network.params.values()} == {np.dtype(np.float64)}
    assert_close(network([1.0, 2.0, 3.0, 4.0]), [0.25, 0.5, 0.25])
    assert_close(network(np.ones((2, 4))), network.predict(np.ones((2, 4))))


def test_an_array_of_float64_is_taken_as_it_is_as_it_was_in_a_plain_dict() -> None:
    network, array = classifier(), np.ones(3)
    network.params["b1"] = array
    array[0] = 5.0
    assert network.params["b1"][0] == 5.0
    network.params = {**network.params, "b2": array}
    assert network.params["b2"] is array


def test_params_are_a_dict_to_those_who_read_and_a_plain_one_when_copied() -> None:
    network = classifier()
    assert isinstance(network.params, dict)
    assert list(network.params) == ["W1", "b1", "W2", "b2"]
    pickled = pickle.dumps(network.params)
    for copied in (copy.copy(network.params), copy.deepcopy(network.params), pickle.loads(pickled)):  # noqa: S301
        assert type(copied) is dict
        assert np.array_equal(copied["W1"], network.params["W1"])
    other = copy.deepcopy(network)
    other.params["b1"][:] = 7.0
    assert network.params["b1"][0] != 7.0
    other.params["b1"] = np.zeros(3)
    with pytest.raises(InputError, match="shape"):
        other.params["b1"] = np.zeros(4)


@pytest.mark.parametrize("take", ["pop('W1')", "popitem()", "clear()", "__delitem__('W1')"])
def test_no_param_can_be_taken_away(take: str) -> None:
    network = classifier()
    with pytest.raises(OptionError, match="cannot be taken from the network: its equations read it"):
        eval(f"params.{take}", {"params": network.params})  # noqa: S307
    assert len(network.params) == 4


def test_params_that_are_missing_are_named_when_all_are_set() -> None:
    network = classifier()
    with pytest.raises(InputError, match="nothing is given for b1, W2, b2"):
        network.params = {"W1": np.zeros((3, 4))}


def test_a_state_is_a_copy_and_goes_into_another_network() -> None:
    first, second = classifier(0), classifier(1)
    state = first.state_dict()
    assert second.load_state_dict(state) == ((), ())
    assert_close(first([1.0, 2.0, 3.0, 4.0]), second([1.0, 2.0, 3.0, 4.0]))
    state["W1"][:] = 9.0
    assert not np.any(second.params["W1"] == 9.0)
    assert not np.any(first.params["W1"] == 9.0)


def test_missing_and_unexpected_names_are_told_together() -> None:
    network = classifier()
    state = network.state_dict()
    state["scale"] = state.pop("b1") + 1
    with pytest.raises(
        InputError, match=r"it lacks b1, and it has scale, which the network has not(.|\n)*strict=False"
    ):
        network.load_state_dict(state)
    before = network.params["b1"].copy()
    state["W1"] = state["W1"] + 1
    found = network.load_state_dict(state, strict=False)
    assert (found.missing, found.unexpected) == (("b1",), ("scale",))
    assert np.array_equal(network.params["b1"], before)
    assert np.array_equal(network.params["W1"], state["W1"])
    with pytest.raises(InputError, match="shape"):
        network.load_state_dict({"W1": np.zeros(3)}, strict=False)


def test_a_state_under_the_names_of_another_library_is_told_how_to_fit() -> None:
    network = classifier()
    state = dict(zip(["0.weight", "0.bias", "2.weight", "2.bias"], classifier(1).state_dict().values(), strict=True))
    with pytest.raises(InputError, match=r"In their order they fit: network.load_state_dict\(dict\(zip"):
        network.load_state_dict(state)
    network.load_state_dict(dict(zip(network.params, state.values(), strict=True)))
    assert np.array_equal(network.params["W2"], classifier(1).params["W2"])


def test_a_state_that_is_no_dict_is_refused() -> None:
    with pytest.raises(InputError, match="the state is a list"):
        classifier().load_state_dict([1.0])  # type: ignore[arg-type]


def test_params_that_wait_for_data_are_set_all_at_once() -> None:
    text = "data x[i], y\nparam w[i], b\nbatch n\na = sum(i) w[i]*x[i] + b\ncost C = (a - y)^2"
    network = Network.from_system(parse(text))
    assert network.waiting == ("w",)
    assert list(network.state_dict()) == ["b"]
    with pytest.raises(OptionError, match="the param w has not begun: only data tell how many entries it has"):
        network.params["w"] = np.ones(3)
    with pytest.raises(InputError, match="it lacks b"):
        network.load_state_dict({"w": np.ones(3)})
    with pytest.raises(InputError, match=r"w is given with the shape \[1, 3\]\n  param w\[i\]\n  1 axes"):
        network.load_state_dict({"w": np.ones((1, 3)), "b": 2.0})
    network.load_state_dict({"w": np.ones(3), "b": 2.0})
    assert network.waiting == ()
    assert network(np.ones((2, 3))).tolist() == [5.0, 5.0]
    with pytest.raises(InputError, match=r"the shape \[3\]"):
        network.params["w"] = np.ones(4)


@pytest.mark.oracle
def test_tensors_of_torch_are_taken_with_their_gradients_left_behind() -> None:
    torch = pytest.importorskip("torch")
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 3), nn.Softmax(dim=1))
    network = classifier()
    with pytest.raises(InputError, match=r"it has 0.weight, 0.bias, 2.weight, 2.bias"):
        network.load_state_dict(model.state_dict())
    network.load_state_dict(dict(zip(network.params, model.parameters(), strict=True)))
    x = np.random.default_rng(0).normal(size=(5, 4))
    expected = model(torch.as_tensor(x, dtype=torch.float32)).detach().numpy()
    assert_close(network(x), expected, rtol=1e-5)  # float32
    with torch.no_grad():
        model[0].weight.zero_()
    assert network.params["W1"].any()


@pytest.mark.parametrize("dtype", ["float32", np.float32, "float16"])
def test_a_state_comes_in_the_type_asked_for(dtype: Any) -> None:
    network = classifier()
    state = network.state_dict(dtype)
    assert {array.dtype for array in state.values()} == {np.dtype(dtype)}
    assert_close(state["W1"], network.params["W1"], rtol=1e-2 if dtype == "float16" else 1e-6)


def test_a_type_of_no_floats_and_a_number_too_large_are_refused() -> None:
    network = classifier()
    for wrong in ("int8", "float128", "half a byte"):
        with pytest.raises(OptionError, match=r"dtype is .*\n  one of float64, float32, float16"):
            network.state_dict(wrong)
    network.params["b1"][2] = 1e39
    with pytest.raises(InputError, match=r"b1\[2\] is 1e\+39, too large for float32\n  numbers up to 3.4e\+38"):
        network.state_dict("float32")


def test_a_file_of_float32_has_half_the_size_and_loses_nothing_of_float32_params(tmp_path: Path) -> None:
    network = classifier()
    network.load_state_dict(network.state_dict("float32"))
    whole, half = tmp_path / "whole", tmp_path / "half"
    network.save(whole)
    network.save(half, dtype="float32")
    found = Network.load(half)
    assert {array.dtype for array in found.params.values()} == {np.dtype(np.float64)}
    for name, array in network.params.items():
        assert np.array_equal(found.params[name], array)
    count = sum(array.size for array in network.params.values())
    # what stands before the numbers differs by some characters
    assert abs(whole.stat().st_size - half.stat().st_size - 4 * count) <= 16
    found.save(half)
    assert half.read_bytes() == whole.read_bytes()
    with pytest.raises(OptionError, match="one of float64, float32"):
        network.save(half, dtype="float16")

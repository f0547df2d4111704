"""Saving and loading: the round trip, and every file that is refused, by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from chainrule import nn
from chainrule.errors import InputError, ModelFileError
from chainrule.network import Network, load
from chainrule.network.files import checksum, read_metadata
from chainrule.notation import parse
from chainrule.training import train
from unit.network.builders import classifier, clusters

Change = Callable[[dict[str, str], dict[str, Any]], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A saved classifier."""
    path = tmp_path / "net.safetensors"
    classifier().save(path)
    return path


def refusal(path: Path) -> str:
    """Return the message with which a file is refused; the file is always named."""
    with pytest.raises(ModelFileError) as caught:
        load(path)
    assert f"in {path}" in str(caught.value)
    return str(caught.value)


def rewrite(path: Path, change: Change, *, sign: bool = True) -> None:
    """Write the file anew with other facts or params, with a checksum that fits unless `sign` is false."""
    facts = read_metadata(path.read_bytes())
    params: dict[str, Any] = dict(classifier().params)
    change(facts, params)
    if sign:
        signed = {k: v for k, v in facts.items() if k not in ("format", "version", "sha256")}
        facts["sha256"] = checksum(signed, params)
    path.write_bytes(save(params, metadata=facts))


def test_a_network_comes_back_as_it_was(path: Path) -> None:
    network, loaded = classifier(), load(path)
    x, _ = clusters()
    assert np.array_equal(loaded.predict(x), network.predict(x))
    assert loaded.system == network.system
    assert list(loaded.params) == list(network.params)
    assert repr(loaded) == repr(network)
    assert str(loaded.equations()) == str(network.equations())
    with pytest.raises(InputError, match=r"layer 1, Linear\(4, 3\), takes 4"):
        loaded.predict([[1.0]])


def test_a_trained_network_keeps_its_update_and_trains_on(path: Path) -> None:
    network = classifier()
    x, labels = clusters()
    train(network, x, labels, epochs=1, optimizer=nn.SGD(0.3))
    network.save(path)
    loaded = load(path)
    assert loaded.updates == network.updates
    assert loaded.trained == network.trained
    assert (loaded.trained["epochs"], loaded.trained["samples"]) == (1, len(x))
    assert "learning_rate = 0.3" in str(loaded.equations())
    train(network, x, labels, epochs=1, optimizer=nn.SGD(0.3))
    train(loaded, x, labels, epochs=1, optimizer=nn.SGD(0.3))
    assert np.array_equal(loaded.params["W1"], network.params["W1"])


def test_what_was_written_by_hand_and_own_activations_come_back(path: Path) -> None:
    own = nn.Activation("s = sum(m) exp(c*z[m])\na[k] = exp(c*z[k])/s", c=0.5)
    network = Network([nn.Linear(2, 3), own], cost=nn.CrossEntropy())
    network.save(path)
    assert np.array_equal(load(path).predict([1.0, 2.0]), network.predict([1.0, 2.0]))
    text = "data x[i], y[i]\nparam w[i]\nbatch n\nz[i] = w[i]*x[i]\ncost C = sum(i) (z[i] - y[i])^2"
    Network.from_system(parse(text), {"w": [2.0, 3.0]}, output="z").save(path)
    assert load(path).predict([1.0, 1.0]).tolist() == [2.0, 3.0]


def test_the_same_network_makes_the_same_file(path: Path, tmp_path: Path) -> None:
    classifier().save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_params_that_are_broken_are_not_saved(path: Path) -> None:
    before = path.read_bytes()
    network = classifier()
    network.params["b1"][1] = np.nan
    with pytest.raises(InputError, match=r"b1\[1\] is nan"):
        network.save(path)
    assert path.read_bytes() == before


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert "the file cannot be read: No such file" in refusal(tmp_path / "none")
    assert "the file cannot be read" in refusal(tmp_path)


@pytest.mark.parametrize("keep", [0, 7, 8, 100, 0.5, -1])
def test_a_file_that_is_cut_short(path: Path, keep: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if keep == 0.5 else int(keep)])
    assert "this is no safetensors file, or it is cut short" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [b"\x80\x04K\x01.", b"PK\x03\x04" + b"0" * 50, b"\xff" * 40, b"\x02" + b"\0" * 7 + b"[]", b"hello, world"],
)
def test_a_file_of_another_kind(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "this is no safetensors file" in refusal(path)


def test_every_altered_byte_is_noticed(path: Path) -> None:
    content = path.read_bytes()
    for place in range(0, len(content), 13):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refusal(path)


def test_altered_notation_and_altered_numbers(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b"sigmoid(z1[j])", b"softsig(z1[j])"))
    assert "the file was altered" in refusal(path)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 64]))
    assert "the file was altered: its content does not have the checksum that it names" in refusal(path)


def test_tensors_of_somebody_else(path: Path) -> None:
    path.write_bytes(save({"W": np.zeros(3)}))
    assert "no network of chainrule: its format is nothing" in refusal(path)
    path.write_bytes(save({"W": np.zeros(3)}, metadata={"format": "pt"}))
    assert "its format is pt\n  in " in refusal(path)


def _set(key: str, value: str) -> Change:
    return lambda facts, params: facts.update({key: value})


def _drop(key: str) -> Change:
    return lambda facts, params: facts.__delitem__(key)


def _param(name: str, value: Any) -> Change:
    return lambda facts, params: params.update({name: value})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("version", "2"), "the file has version 2"),
        (_drop("version"), "the file has version none"),
        (_drop("output"), "the file does not say its output"),
        (_set("layers", "Linear"), "the layers named in the file are no list of texts"),
        (_set("layers", json.dumps([1])), "the layers named in the file are no list of texts"),
        (_set("trained", "["), "what the file says of the training makes no sense"),
        (_set("trained", "[1]"), "what the file says of the training makes no sense"),
        (_set("trained", '{"epochs": [1]}'), "what the file says of the training makes no sense"),
        (_set("notation", "z[j] = "), "the network in the file makes no sense: the statement ends too early"),
        (_set("notation", ""), "makes no sense: the system has no cost"),
        (_set("output", "a7"), "makes no sense: no equation defines the output a7"),
        (_set("updates", "update q = 1"), "makes no sense"),
        (_set("updates", "q = 1"), "the lines of the optimizer define more than updates"),
        (_set("updates", "param q\nupdate q = 1"), "the lines of the optimizer define more than updates"),
        (_set("updates", "state q = 1\nr = 2*q\nupdate q = 1"), "the lines of the optimizer define more than updates"),
        (_param("b1", np.zeros(4)), "makes no sense: b1 axis 0 (j) is 4"),
        (_param("b1", np.zeros((3, 1))), "makes no sense: b1 has 2 axes"),
        (_param("b1", np.array([0, np.inf, 0])), "makes no sense: b1[1] is inf"),
        (_param("b1", np.zeros(3, np.float16)), "b1 holds float16 numbers\n"),
        (_param("b9", np.zeros(3)), "b9"),
        (lambda facts, params: params.__delitem__("b2"), "missing inputs: param b2"),
    ],
)
def test_contents_that_make_no_sense(path: Path, change: Change, said: str) -> None:
    rewrite(path, change)
    assert said in refusal(path)


def test_nothing_in_a_file_is_executed(path: Path) -> None:
    """The text of a file goes to the parser, which knows equations only."""
    rewrite(path, _set("notation", "__import__('os').system('true')"))
    assert "makes no sense" in refusal(path)

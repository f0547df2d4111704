"""Checkpoints: after a break training goes on to the same bits, and another training does not go on by mistake."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ModelFileError, OptionError
from chainrule.network import Network
from chainrule.network.files import read_file, write_file
from chainrule.training import EarlyStopping, History, Progress, train
from chainrule.training.checkpoint import KIND, read_checkpoint, write_checkpoint
from unit.network.builders import classifier, clusters

RUNS = [("reference", None), ("native", 1), ("native", 2)]
X, LABELS = clusters(31)


def trained(network: Network, path: Path | None, epochs: int, **options: Any) -> History:
    given = {"batch_size": 7, "seed": 3, "optimizer": nn.SGD(1.0), "validation_fraction": 0.2, **options}
    return train(network, X, LABELS, epochs=epochs, checkpoint=path, resume=bool(path and path.exists()), **given)


def numbers(history: History) -> list[Any]:
    return [replace(epoch, seconds=0.0) for epoch in history.epochs]


def same(one: Network, other: Network) -> bool:
    return all(np.array_equal(one.params[name], other.params[name]) for name in other.params)


@pytest.mark.parametrize(("executor", "threads"), RUNS)
def test_training_goes_on_to_the_same_bits(tmp_path: Path, executor: str, threads: int | None) -> None:
    options = {"executor": executor, "threads": threads, "early_stopping": EarlyStopping(100)}
    unbroken = classifier()
    whole = trained(unbroken, None, 7, **options)
    for epochs in (2, 3, 7):
        network = classifier(seed=epochs)  # the first params are those of the checkpoint, not of the network given
        if epochs == 2:
            network = classifier()
        history = trained(network, tmp_path / "run", epochs, **options)
        assert len(history.epochs) == epochs
    assert same(network, unbroken)
    assert numbers(history) == numbers(whole)
    assert history.restored == whole.restored
    assert network.trained == unbroken.trained


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_a_second_training_on_a_checkpoint_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    """Two would overwrite each other's epochs, and a kill would lose more than one."""
    path, network, unbroken, refused = tmp_path / "run", classifier(), classifier(), []

    def start_another(report: Progress) -> None:
        if report.finished is not None:
            with pytest.raises(OptionError, match=f"another training writes the checkpoint {path}\n") as caught:
                trained(classifier(), path, 9, executor="reference")
            refused.append(caught.value)

    history = trained(network, path, 3, executor="reference", progress=start_another)
    trained(unbroken, None, 3, executor="reference")
    assert (len(history.epochs), len(refused)) == (3, 3)
    assert same(network, unbroken)
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert len(trained(classifier(), path, 5, executor="reference").epochs) == 5


def test_a_break_within_an_epoch_loses_that_epoch_only(tmp_path: Path) -> None:
    def interrupt(report: Progress) -> None:
        if (report.epoch, report.step) == (3, 2):
            raise KeyboardInterrupt

    network, unbroken = classifier(), classifier()
    broken = trained(network, tmp_path / "run", 5, executor="reference", progress=interrupt)
    assert (broken.interrupted, len(broken.epochs)) == (True, 2)
    assert len(read_checkpoint(tmp_path / "run").epochs) == 2
    again = trained(network, tmp_path / "run", 5, executor="reference")
    whole = trained(unbroken, None, 5, executor="reference")
    assert same(network, unbroken)
    assert numbers(again) == numbers(whole)
    assert not again.interrupted


def test_what_has_stopped_stays_so(tmp_path: Path) -> None:
    options = {"early_stopping": EarlyStopping(2, min_delta=9.0)}
    network, again = classifier(), classifier(seed=1)
    first = trained(network, tmp_path / "run", 9, **options)
    second = trained(again, tmp_path / "run", 9, **options)
    assert first.stopped == second.stopped == "validation_cost has not been lower by more than 9 for 2 epochs"
    assert (len(second.epochs), second.restored) == (3, 1)
    assert same(again, network)


def test_the_file_is_there_before_anybody_is_told(tmp_path: Path) -> None:
    found: list[tuple[int, int]] = []

    def look(report: Progress) -> None:
        if report.finished is not None:
            found.append((report.epoch, len(read_checkpoint(tmp_path / "run").epochs)))

    def check(history: History, network: Network) -> None:
        assert len(read_checkpoint(tmp_path / "run").epochs) == len(history.epochs)

    trained(classifier(), tmp_path / "run", 3, progress=look, callbacks=[check])
    assert found == [(1, 1), (2, 2), (3, 3)]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_last_network_of_a_finished_training(tmp_path: Path) -> None:
    network, again = classifier(), classifier(seed=1)
    trained(network, tmp_path / "run", 3)
    history = trained(again, tmp_path / "run", 3)
    assert len(history.epochs) == 3
    assert same(again, network)


def test_resume_begins_where_there_is_no_file_yet(tmp_path: Path) -> None:
    network, other = classifier(), classifier()
    train(network, X, LABELS, epochs=2, checkpoint=tmp_path / "run", resume=True)
    train(other, X, LABELS, epochs=2)
    assert same(network, other)


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".run.abc.part").write_bytes(b"half")
    (tmp_path / ".other.abc.part").write_bytes(b"half")
    trained(classifier(), tmp_path / "run", 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.abc.part", "run"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch_size": 8}, "the checkpoint is of another training: batch_size is 7 there and 8 here\n  in "),
        ({"seed": 4}, "seed is 3 there and 4 here"),
        ({"executor": "reference"}, "the executor is native there and reference here"),
        ({"optimizer": nn.SGD(0.5)}, "the optimizer's updates differ"),
        ({"early_stopping": EarlyStopping()}, "early_stopping is None there and {'patience': 10"),
        ({"validation_fraction": 0.3}, "x and y differ"),
        ({"x_test": X, "y_test": LABELS}, "the test data differ"),
        ({"network": Network([nn.Linear(4, 3), nn.Softmax()], cost=nn.CrossEntropy())}, "the equations of the network"),
    ],
)
def test_another_training_does_not_go_on(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    trained(classifier(), tmp_path / "run", 1)
    network = change.get("network", classifier())
    before = {name: array.copy() for name, array in network.params.items()}
    with pytest.raises(OptionError) as caught:
        trained(network, tmp_path / "run", 2, **{name: value for name, value in change.items() if name != "network"})
    assert said in str(caught.value)
    assert "epochs, threads and callbacks may differ" in str(caught.value)
    assert all(np.array_equal(network.params[name], before[name]) for name in before)


def test_a_checkpoint_is_not_overwritten_by_mistake(tmp_path: Path) -> None:
    trained(classifier(), tmp_path / "run", 1)
    with pytest.raises(OptionError) as caught:
        train(classifier(), X, LABELS, checkpoint=tmp_path / "run")
    assert f"there is a checkpoint already, {tmp_path / 'run'}\n  a new file, or resume" in str(caught.value)
    with pytest.raises(OptionError, match="resume is given, and no checkpoint"):
        train(classifier(), X, LABELS, resume=True)
    with pytest.raises(OptionError, match="there is no folder"):
        train(classifier(), X, LABELS, checkpoint=tmp_path / "none" / "run")


def test_a_network_is_no_checkpoint_and_the_other_way_round(tmp_path: Path) -> None:
    classifier().save(tmp_path / "net")
    trained(classifier(), tmp_path / "run", 1)
    with pytest.raises(ModelFileError, match="the file is a saved network, and no checkpoint of chainrule\n"):
        train(classifier(), X, LABELS, checkpoint=tmp_path / "net", resume=True)
    with pytest.raises(ModelFileError, match="the file is a checkpoint of a training, and no network of chain"):
        cr.load(tmp_path / "run")


def test_every_byte_of_a_checkpoint_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "run"
    trained(classifier(), path, 1)
    content = path.read_bytes()
    refused = 0
    for place in (*range(0, len(content), 97), len(content) - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ModelFileError) as caught:
            read_checkpoint(path)
        refused += str(path) in str(caught.value)
        path.write_bytes(content[:place])
        with pytest.raises(ModelFileError):
            read_checkpoint(path)
    assert refused == len(range(0, len(content), 97)) + 1


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"epochs": "[1]"}, "the checkpoint in the file makes no sense: the epochs have the shape [1, 8], and 1 names"),
        ({"epochs": "3"}, "the checkpoint in the file makes no sense"),
        ({"epochs": '["a", "b", "c", "d", "e", "f", "g", "h"]'}, "the checkpoint in the file makes no sense"),
        ({"best": "{}"}, "the checkpoint in the file makes no sense"),
        ({"generator": '{"bit_generator": "PCG65"}'}, "the generator's state in the file makes no sense"),
    ],
)
def test_texts_that_make_no_sense(tmp_path: Path, facts: dict[str, str], said: str) -> None:
    path = tmp_path / "run"
    trained(classifier(), path, 1)
    found, tensors = read_file(path, KIND)
    write_file(path, KIND, {**found, **facts}, tensors)
    with pytest.raises(ModelFileError) as caught:
        trained(classifier(), path, 2)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("kept", "said"),
    [({}, "the checkpoint holds nothing\n"), ({"W1": np.zeros(3)}, "the checkpoint holds W1 [3]\n")],
)
def test_tensors_of_another_network(tmp_path: Path, kept: dict[str, Any], said: str) -> None:
    path = tmp_path / "run"
    trained(classifier(), path, 1)
    write_checkpoint(path, replace(read_checkpoint(path), kept=kept))
    with pytest.raises(ModelFileError) as caught:
        trained(classifier(), path, 2)
    assert said in str(caught.value)


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "run"
    trained(classifier(), path, 1)
    found = read_checkpoint(path)
    write_checkpoint(path, replace(found, kept={**found.kept, "b1": np.full(3, np.inf)}))
    with pytest.raises(ModelFileError, match="b1 holds numbers that are not finite"):
        trained(classifier(), path, 2)


def test_what_makes_the_updates_differ_is_named_before_them(tmp_path: Path) -> None:
    cosine = nn.SGD(nn.Cosine(0.1))
    trained(classifier(), tmp_path / "run", 2, optimizer=cosine)
    with pytest.raises(OptionError, match="batch_size is 7 there and 8 here"):
        trained(classifier(), tmp_path / "run", 2, optimizer=cosine, batch_size=8)
    with pytest.raises(OptionError, match="the optimizer's updates differ"):
        trained(classifier(), tmp_path / "run", 2)
    trained(classifier(), tmp_path / "other", 2)
    with pytest.raises(OptionError, match="the optimizer's updates differ"):
        trained(classifier(), tmp_path / "other", 2, optimizer=cosine)


def test_rates_that_are_spread_over_all_epochs_need_as_many(tmp_path: Path) -> None:
    x, labels = clusters(20)
    file = tmp_path / "run"
    for schedule, epochs in ((nn.Cosine(0.1), 4), (nn.Cosine(0.1, epochs=2), 2)):
        file.unlink(missing_ok=True)
        train(classifier(), x, labels, epochs=2, optimizer=nn.SGD(schedule), checkpoint=file)
        if epochs == 2:
            train(classifier(), x, labels, epochs=4, optimizer=nn.SGD(schedule), checkpoint=file, resume=True)
            continue
        with pytest.raises(OptionError) as caught:
            train(classifier(), x, labels, epochs=4, optimizer=nn.SGD(schedule), checkpoint=file, resume=True)
        assert "epochs that its learning rates are spread over is 2 there and 4 here\n" in str(caught.value)
        assert "as before; threads and callbacks may differ\n  Give 2 epochs, as then. To" in str(caught.value)
        lasting = nn.SGD(nn.Cosine(0.1, epochs=2))
        train(classifier(), x, labels, epochs=4, optimizer=lasting, checkpoint=file, resume=True)


def test_a_training_that_is_over_is_told_as_such(tmp_path: Path) -> None:
    x, labels = clusters(20)
    train(classifier(), x, labels, epochs=3, checkpoint=tmp_path / "run")
    history = train(classifier(), x, labels, epochs=2, checkpoint=tmp_path / "run", resume=True)
    assert len(history.epochs) == 3
    assert history.note == "the checkpoint has 3 epochs already: of 2 none is left"

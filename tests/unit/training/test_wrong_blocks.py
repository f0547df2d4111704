"""Data in blocks that do not fit are refused by the number of the batch, or the name of the file."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.data.block_sources import Batches
from chainrule.errors import ChainruleError, DataFileError, InputError, OptionError
from chainrule.training import Progress
from unit.network.builders import classifier
from unit.training.streams import SAMPLES, archives, mapped, pairs, trained

X, Y = SAMPLES


def changed(array: Any, place: Any, value: Any) -> Any:
    """Return a copy with other entries at a place."""
    made = array.copy()
    made[place] = value
    return made


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ((changed(X, (3, 1), np.nan), Y), "x[3,1] is nan"),
        ((X, changed(Y, 5, 9)), "y[5] is 9, but the network has 3 outputs"),
        ((X[:, :3], Y), "x has 3 numbers in each sample"),
        ((X, Y[:-1]), "x has 60 samples, y has 59 answers"),
        ({"x": X, "labels": Y}, "names 'labels', which is no data of the system"),
        ({"x": X}, "missing data: y"),
        ((X, Y, Y), "batch 2 is a tuple of 3"),
        ((X.astype(str), Y), "it holds text"),
    ],
)
@pytest.mark.parametrize("executor", ["reference", "native"])
def test_a_batch_that_does_not_fit_is_named(batch: Any, said: str, executor: str) -> None:
    with pytest.raises(InputError) as raised:
        trained(Batches([(X, Y), batch]), buffer_size=16, executor=executor)
    assert said in str(raised.value)
    assert "batch 2" in str(raised.value)


def test_what_was_learned_until_then_is_kept() -> None:
    epochs = 0

    def batches() -> Iterator[Any]:
        yield from pairs(X, Y, 9)
        if epochs == 2:
            yield X * np.nan, Y

    def count(report: Progress) -> None:
        nonlocal epochs
        epochs = report.epoch if report.finished else epochs

    network = classifier()
    before = {name: array.copy() for name, array in network.params.items()}
    with pytest.raises(InputError, match="in batch 8"):
        train_on(network, batches, count)
    assert any((network.params[name] != array).any() for name, array in before.items())
    assert network.trained["epochs"] == 2


def train_on(network: Any, batches: Any, progress: Any) -> None:
    """Train on a function that makes batches."""
    from chainrule.training import train

    train(network, batches, epochs=5, batch_size=8, executor="reference", progress=progress)


def test_samples_of_two_shapes_are_no_blocks_of_one_stream() -> None:
    from chainrule.network import Network
    from chainrule.notation import parse
    from chainrule.training import train

    network = Network.from_system(parse("data x[t]\nparam w\nbatch n\ncost C = (w - (mean(t) x[t]))^2"))
    with pytest.raises(InputError, match=r"a sample of x has the shape \[5\], and those before \[4\]"):
        train(network, Batches([np.ones((6, 4)), np.ones((6, 5))]), epochs=1)


def test_an_iterator_that_is_used_up_is_refused_before_the_first_step() -> None:
    for given in (pairs(X, Y, 9), iter([(X, Y)])):
        with pytest.raises(InputError, match="used up after one epoch") as raised:
            trained(given)
        assert "cr.Batches(lambda: …)" in str(raised.value)
    used = pairs(X, Y, 9)
    with pytest.raises(InputError, match="gives no samples"):
        trained(Batches(lambda: used))


def test_iterables_that_are_no_arrays_are_taken_for_batches() -> None:
    class Loader:
        """Begins anew for every epoch."""

        def __iter__(self) -> Iterator[Any]:
            return pairs(X, Y, 9)

    for given in (Loader(), lambda: pairs(X, Y, 9), [{"x": X, "y": Y}], Batches([{"x": X, "y": Y}, (X[:0], Y[:0])])):
        _, history = trained(given)
        assert len(history.epochs) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"batches": 3}, "batches are a int"),
        ({"batches": [], "samples": 0}, "samples is 0"),
        ({"batches": [], "samples": 2.0}, "samples is 2.0"),
    ],
)
def test_batches_that_make_no_sense(given: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        Batches(**given)


def test_another_number_of_samples_than_was_said_is_an_error() -> None:
    with pytest.raises(InputError, match="the batches have 60 samples"):
        trained(Batches(list(pairs(X, Y, 9)), samples=61))
    with pytest.raises(InputError, match="gives no samples"):
        trained(Batches([]))
    with pytest.raises(InputError, match="y is given beside x"):
        trained(Batches([(X, Y)]), Y)


def test_a_schedule_needs_the_number_of_samples() -> None:
    adam = nn.Adam(nn.Cosine(0.01))
    with pytest.raises(OptionError, match="nobody says how many samples"):
        trained(Batches(list(pairs(X, Y, 9))), optimizer=adam)
    trained(Batches(list(pairs(X, Y, 9)), samples=60), optimizer=adam)


class Trap:
    """Would be called if a file were unpickled."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("unpickled",)


def test_folders_and_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="has no data"):
        trained(tmp_path)
    with pytest.raises(OptionError, match="there is no such folder"):
        trained(tmp_path / "nothing")
    folder = archives(tmp_path / "npz", X, Y, [30, 30])
    second = folder / "part01.npz"
    whole = second.read_bytes()
    for damaged, said in ((whole[:200], "cut short"), (b"", "not an .npz archive")):
        second.write_bytes(damaged)
        with pytest.raises(DataFileError, match=said) as raised:
            trained(folder)
        assert "part01.npz" in str(raised.value)
    np.savez(second, x=X, y=np.array([Trap()] * 60, object))
    with pytest.raises(DataFileError, match="holds Python objects"):
        trained(folder)
    np.savez(second, x=X)
    with pytest.raises(DataFileError, match="there is no array y"):
        trained(folder)
    np.savez(second, x=X, y=Y[:9])
    with pytest.raises(DataFileError, match="different numbers of samples"):
        trained(folder)
    np.savez(second, x=changed(X, (3, 1), np.inf), y=Y)
    with pytest.raises(InputError, match=r"x\[3,1\] is inf") as found:
        trained(folder)
    assert "part01.npz" in str(found.value)
    np.save(folder / "x.npy", X)
    with pytest.raises(OptionError, match=r"both \.npz and \.npy files"):
        trained(folder)


def test_arrays_of_a_folder_that_cannot_be_mapped_are_named(tmp_path: Path) -> None:
    mapped(tmp_path, x=X)
    with pytest.raises(OptionError, match=r"has no y\.npy"):
        trained(tmp_path)
    for content, said in ((np.save, "Python objects"), (None, "memory-mapped")):
        if content is not None:
            with (tmp_path / "y.npy").open("wb") as stream:
                content(stream, np.array([Trap()] * 60, object), allow_pickle=True)
        else:
            (tmp_path / "y.npy").write_bytes(pickle.dumps([1, 2]))
        with pytest.raises(DataFileError, match=said) as raised:
            trained(tmp_path)
        assert "y.npy" in str(raised.value)
    np.save(tmp_path / "y.npy", Y[:50])
    with pytest.raises(ChainruleError, match="different numbers of samples"):
        trained(tmp_path)


def test_a_file_that_changes_between_epochs_is_an_error(tmp_path: Path) -> None:
    folder = archives(tmp_path / "npz", X, Y, [30, 30])

    def change(report: Progress) -> None:
        if report.finished:
            np.savez(folder / "part01.npz", x=X, y=Y)

    with pytest.raises(DataFileError, match="was changed since the training began") as raised:
        trained(folder, buffer_size=16, progress=change)
    assert "part01.npz" in str(raised.value)


def test_a_mapped_file_that_is_cut_short_is_an_error(tmp_path: Path) -> None:
    """To read beyond the end of a file would end the process."""
    there = mapped(tmp_path, x=np.tile(X, (200, 1)), y=np.tile(Y, 200))

    def cut(report: Progress) -> None:
        if report.finished:
            with (tmp_path / "x.npy").open("r+b") as stream:
                stream.truncate(1000)

    with pytest.raises(DataFileError, match="cut short since it was memory-mapped") as raised:
        trained(there["x"], there["y"], buffer_size=4000, batch_size=400, progress=cut, x_test=X, y_test=Y)
    assert "x.npy" in str(raised.value)

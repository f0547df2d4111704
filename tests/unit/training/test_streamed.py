"""Training on data that are read block by block: the same bits however they are read, and no more held than asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.data.block_sources import Batches, Block, MappedRows
from chainrule.errors import OptionError
from chainrule.network import Network
from chainrule.notation import parse
from chainrule.training import EarlyStopping, Progress, measure, train
from unit.network.builders import classifier
from unit.training.streams import SAMPLES, archives, mapped, numbers, pairs, same, trained

X, Y = SAMPLES


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("executor", ["reference", "native"])
def test_files_that_fit_into_the_buffer_train_like_arrays_in_memory(tmp_path: Path, executor: str, dtype: Any) -> None:
    given = X.astype(dtype)
    there = mapped(tmp_path, x=given, y=Y)
    plain, told = trained(given, Y, executor=executor, validation_fraction=0.2)
    for x, y in ((there["x"], there["y"]), (tmp_path, None), (archives(tmp_path / "npz", given, Y, [25, 0, 35]), None)):
        network, history = trained(x, y, executor=executor, validation_fraction=0.2)
        assert same(plain, network)
        assert numbers(told) == numbers(history)


@pytest.mark.parametrize("kind", ["mapped", "archives", "batches"])
def test_executors_and_threads_agree_on_what_is_streamed(tmp_path: Path, kind: str) -> None:
    there = mapped(tmp_path, x=X, y=Y)
    x = {
        "mapped": tmp_path,
        "archives": archives(tmp_path / "npz", X, Y, [25, 0, 20, 15]),
        "batches": Batches(lambda: pairs(there["x"], there["y"], 7)),
    }[kind]
    slow, told = trained(x, buffer_size=16)
    one, counted = trained(x, buffer_size=16, executor="native", threads=1)
    two, _ = trained(x, buffer_size=16, executor="native", threads=2)
    assert same(one, two)
    assert all(np.allclose(slow.params[name], one.params[name], atol=1e-5) for name in slow.params)
    assert [e.training_accuracy for e in told.epochs] == [e.training_accuracy for e in counted.epochs]


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_a_streamed_training_goes_on_to_the_same_bits(tmp_path: Path, executor: str) -> None:
    x = archives(tmp_path / "npz", X, Y, [25, 20, 15])
    options: dict[str, Any] = {"executor": executor, "buffer_size": 16}
    unbroken, told = trained(x, epochs=4, **options)
    trained(x, epochs=2, checkpoint=tmp_path / "run", **options)
    resumed, history = trained(x, epochs=4, checkpoint=tmp_path / "run", resume=True, **options)
    assert same(unbroken, resumed)
    assert numbers(told) == numbers(history)


def test_ctrl_c_within_an_epoch_loses_that_epoch_only(tmp_path: Path) -> None:
    x = archives(tmp_path / "npz", X, Y, [25, 20, 15])

    def broken(report: Progress) -> None:
        if (report.epoch, report.step) == (2, 5):
            raise KeyboardInterrupt

    unbroken, _ = trained(x, epochs=3, buffer_size=16)
    _, history = trained(x, epochs=3, buffer_size=16, checkpoint=tmp_path / "run", progress=broken)
    assert history.interrupted
    assert len(history.epochs) == 1
    resumed, _ = trained(x, epochs=3, buffer_size=16, checkpoint=tmp_path / "run", resume=True)
    assert same(unbroken, resumed)


def test_a_checkpoint_is_of_the_data_and_the_buffer_that_it_was_made_with(tmp_path: Path) -> None:
    there = mapped(tmp_path, x=X, y=Y)
    trained(there["x"], there["y"], buffer_size=16, checkpoint=tmp_path / "run")
    with pytest.raises(OptionError, match="buffer_size is 16 there and 24 here"):
        trained(there["x"], there["y"], buffer_size=24, checkpoint=tmp_path / "run", resume=True)
    (tmp_path / "other").mkdir()
    other = mapped(tmp_path / "other", x=X + 1, y=Y)
    with pytest.raises(OptionError, match="x and y differ"):
        trained(other["x"], other["y"], buffer_size=16, checkpoint=tmp_path / "run", resume=True)


def test_every_sample_is_learned_from_once_in_an_epoch(tmp_path: Path) -> None:
    there = mapped(tmp_path, x=np.arange(50.0)[:, None])
    system = parse("data x[i]\nparam w[i]\nindex i = 1\nbatch n\ncost C = sum(i) w[i]*x[i]")
    for x in (there["x"], Batches(lambda: (there["x"][n : n + 7] for n in range(0, 50, 7)))):
        for executor in ("reference", "native"):
            network = Network.from_system(system, {"w": [1.0]})
            asked: dict[str, Any] = {"batch_size": 8, "buffer_size": 16, "optimizer": nn.SGD(1e-9)}
            history = train(network, x, epochs=1, executor=executor, **asked)
            assert history.epochs[0].cost == pytest.approx(24.5, rel=1e-5)


def test_no_more_than_the_buffer_and_a_block_are_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that were read are ahead of those that were learned from by the buffer and a block at the most."""
    there = mapped(tmp_path, x=np.tile(X, (20, 1)), y=np.tile(Y, 20))
    read = ahead = longest = 0
    given = Block.__len__

    def blocks(self: MappedRows, rows: int, generator: Any = None) -> Any:
        nonlocal read, longest
        read = longest = 0
        for block in made(self, rows, generator):
            read += given(block)
            longest = max(longest, given(block))
            yield block

    def report(progress: Progress) -> None:
        nonlocal ahead
        ahead = max(ahead, read - 8 * progress.step)

    made = MappedRows.blocks
    monkeypatch.setattr(MappedRows, "blocks", blocks)
    trained(there["x"], there["y"], epochs=1, buffer_size=64, progress=report, x_test=X, y_test=Y)
    assert read == 1200
    assert longest == 8
    assert ahead <= 64 + longest


def test_classes_in_files_of_their_own_are_learned(tmp_path: Path) -> None:
    order = np.argsort(Y, kind="stable")
    x = archives(tmp_path / "npz", np.tile(X[order], (4, 1)), np.tile(Y[order], 4), [20] * 12)
    network, _ = trained(x, buffer_size=120, epochs=30)
    assert network.accuracy(X, Y) == 1.0
    (tmp_path / "rows").mkdir()
    sorted_rows = np.argsort(np.tile(Y, 8), kind="stable")
    there = mapped(tmp_path / "rows", x=np.tile(X, (8, 1))[sorted_rows], y=np.tile(Y, 8)[sorted_rows])
    network, _ = trained(there["x"], there["y"], buffer_size=64, epochs=20)
    assert network.accuracy(X, Y) == 1.0


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_streams_to_validate_with_measure_what_arrays_in_memory_do(tmp_path: Path, executor: str) -> None:
    there = mapped(tmp_path, x=X, y=Y)
    asked: dict[str, Any] = {"executor": executor, "metrics": ["perplexity", "worst = max(n) max(k) abs(a[k] - y[k])"]}
    _, plain = trained(X, Y, x_validation=X, y_validation=Y, x_test=X, y_test=Y, **asked)
    _, history = trained(
        X,
        Y,
        x_validation=Batches(lambda: pairs(there["x"], there["y"], 7)),
        x_test=Batches(list(pairs(X, Y, 13))),
        **asked,
    )
    assert numbers(plain) == numbers(history)
    assert [e.metrics for e in plain.epochs] == [e.metrics for e in history.epochs]
    assert [e.validation_metrics for e in plain.epochs] == [e.validation_metrics for e in history.epochs]


def test_measuring_a_stream_is_measuring_its_samples() -> None:
    network = classifier()
    assert measure(network, Batches(list(pairs(X, Y, 7))), metrics=["perplexity"]) == measure(
        network, X, Y, metrics=["perplexity"]
    )


def test_a_fraction_of_a_stream_validates(tmp_path: Path) -> None:
    there = mapped(tmp_path, x=X, y=Y)
    _, history = trained(
        there["x"], there["y"], buffer_size=16, validation_fraction=0.25, early_stopping=EarlyStopping(3)
    )
    assert history.epochs[-1].validation_accuracy is not None
    with pytest.raises(OptionError, match="cannot be divided"):
        trained(Batches(list(pairs(X, Y, 9))), validation_fraction=0.25)


def test_steps_are_known_after_the_first_epoch() -> None:
    told: list[tuple[int, int]] = []
    trained(Batches(list(pairs(X, Y, 9))), progress=lambda p: told.append((p.step, p.steps)))
    assert told[0] == (1, 0)
    assert told[-1] == told[-2 - 7] == (8, 8)
    told.clear()
    trained(Batches(list(pairs(X, Y, 9)), samples=60), progress=lambda p: told.append((p.step, p.steps)))
    assert told[0] == (1, 8)


def test_the_first_block_settles_the_sizes_that_nothing_else_tells(tmp_path: Path) -> None:
    text = "data x[i], y : int(k)\nparam W[k,i]\nindex k = 3\nbatch n\nz[k] = sum(i) W[k,i]*x[i]\n"
    system = parse(text + "cost C = log(sum(m) exp(z[m])) - z[y]")
    network = Network.from_system(system)
    train(network, archives(tmp_path, X, Y, [25, 35]), epochs=1, batch_size=8, buffer_size=16)
    assert network.params["W"].shape == (3, 4)


def test_equations_that_name_their_samples_are_streamed(tmp_path: Path) -> None:
    text = "data x[n,i], y[n,k]\nparam W[k,i]\nz[n,k] = sum(i) W[k,i]*x[n,i]\n"
    system = parse(text + "m[k] = mean(n) z[n,k]\ncost C = mean(n) sum(k) (z[n,k] - m[k] - y[n,k])^2")
    costs = []
    for executor in ("reference", "native"):
        network = Network.from_system(system)
        there = archives(tmp_path, X, np.eye(3)[Y], [25, 35])
        history = train(network, there, epochs=2, batch_size=8, buffer_size=16, executor=executor)
        costs.append([e.cost for e in history.epochs])
    assert np.allclose(*costs, rtol=1e-4)
    assert costs[0][1] < costs[0][0]


def test_dropout_is_the_same_for_any_number_of_threads(tmp_path: Path) -> None:
    there = archives(tmp_path, X, Y, [25, 35])
    made = []
    for options in ({"executor": "native", "threads": 1}, {"executor": "native", "threads": 2}, {}):
        layers = [nn.Linear(4, 8), nn.Sigmoid(), nn.Dropout(0.3), nn.Linear(8, 3), nn.Softmax()]
        network = Network(layers, cost=nn.CrossEntropy())
        asked: dict[str, Any] = {"executor": "reference", **options}
        train(network, there, epochs=2, batch_size=8, buffer_size=16, **asked)
        made.append(network.params)
    assert all(np.array_equal(made[0][name], made[1][name]) for name in made[0])
    assert all(np.allclose(made[0][name], made[2][name], atol=1e-5) for name in made[0])


@pytest.mark.oracle
def test_a_loader_of_pytorch_is_an_iterable_of_batches() -> None:
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(Y))
    loader = torch.utils.data.DataLoader(data, batch_size=25)
    network, _ = trained(loader, buffer_size=16)
    other, _ = trained(Batches(list(pairs(X.astype(np.float32), Y, 25))), buffer_size=16)
    assert same(network, other)

"""Trainings told to TensorBoard, MLflow, Weights & Biases and Trackio: with the real packages where they are installed.

Where one is not, its test is skipped, saying so; what a package is told is then tried with one that only takes notes.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import OptionError
from chainrule.training import Callback, Epoch, History, MLflow, TensorBoard, Trackio, WandB

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)
FIELDS = ["cost", "accuracy", "seconds", "validation_accuracy", "training_accuracy", "validation_cost"]


def told(*callbacks: Callback, epochs: int = 3) -> History:
    network = cr.Network([nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), nn.Softmax()], cost=nn.CrossEntropy())
    options: dict[str, Any] = {"x_validation": X, "y_validation": Y, "executor": "reference"}
    return cr.train(network, X, Y, epochs=epochs, callbacks=callbacks, **options)


class Noting(ModuleType):
    """Stands for a package: takes down what it is asked to do."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.notes: list[tuple[Any, ...]] = []

    def init(self, **options: Any) -> Noting:
        self.notes.append(("init", options))
        return self

    def log(self, values: dict[str, float], *, step: int) -> None:
        self.notes.append(("log", step, values))

    def finish(self) -> None:
        self.notes.append(("finish",))


@pytest.mark.parametrize(("tracker", "package"), [(WandB, "wandb"), (Trackio, "trackio")])
def test_each_epoch_is_told_once_with_its_number_and_what_was_measured(
    tracker: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = Noting(package)
    monkeypatch.setitem(sys.modules, package, module)
    with tracker("digits", name="first", config={"by": "me"}) as run:
        history = told(run)
        assert module.notes[-1][0] == "log"
    (_, options), *logs, end = module.notes
    assert options["project"] == "digits"
    assert options["name"] == "first"
    assert options["config"]["by"] == "me"
    assert options["config"]["params"] == 26
    assert "Linear(3, 4)" in options["config"]["network"]
    assert [step for _, step, _ in logs] == [1, 2, 3]
    assert [values["cost"] for *_, values in logs] == [epoch.cost for epoch in history.epochs]
    assert list(logs[0][2]) == FIELDS
    assert end == ("finish",)


def test_a_training_after_the_end_begins_a_run_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    module = Noting("wandb")
    monkeypatch.setitem(sys.modules, "wandb", module)
    run = WandB("digits")
    run.close()
    for _ in range(2):
        told(run, epochs=1)
        run.close()
    assert [kind for kind, *_ in module.notes] == ["init", "log", "finish"] * 2


def test_numbers_that_are_not_finite_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    module = Noting("wandb")
    monkeypatch.setitem(sys.modules, "wandb", module)
    network = cr.Network([nn.Linear(1, 1)], cost=nn.QuadraticCost())
    epoch = Epoch(0.5, None, 1.0, validation_cost=float("inf"), error=float("nan"))
    WandB("digits").on_epoch_end(History([epoch]), network)
    assert module.notes[-1] == ("log", 1, {"cost": 0.5, "seconds": 1.0})


@pytest.mark.parametrize(
    ("tracker", "given", "package"),
    [
        (TensorBoard, "runs", "tensorboard"),
        (WandB, "digits", "wandb"),
        (Trackio, "digits", "trackio"),
        (MLflow, None, "mlflow"),
    ],
)
def test_a_package_that_is_missing_is_named(
    tracker: Any, given: str | None, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.summary", None)
    with pytest.raises(OptionError) as caught:
        tracker(*([] if given is None else [given]))
    assert f"needs {package}, which is not installed" in str(caught.value)
    assert f"pip install 'chainrule[{package}]'" in str(caught.value)


def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    with TensorBoard(tmp_path / "runs") as board:
        history = told(board)
    events = EventAccumulator(str(tmp_path / "runs"), size_guidance={"tensors": 0})
    events.Reload()
    assert sorted(events.Tags()["tensors"]) == sorted(FIELDS)
    costs = [(e.step, float(tensor_util.make_ndarray(e.tensor_proto))) for e in events.Tensors("cost")]
    assert [step for step, _ in costs] == [1, 2, 3]
    np.testing.assert_allclose([cost for _, cost in costs], [e.cost for e in history.epochs], rtol=1e-6)


def test_mlflow_has_the_run_with_its_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    with MLflow(run_name="first") as run:
        history = told(run)
    assert mlflow.active_run() is None
    (found,) = mlflow.search_runs(output_format="list")
    assert (found.info.run_name, found.info.status, found.data.params["params"]) == ("first", "FINISHED", "26")
    assert sorted(found.data.metrics) == sorted(FIELDS)
    costs = mlflow.MlflowClient().get_metric_history(found.info.run_id, "cost")
    assert [(m.step, m.value) for m in costs] == [(n, e.cost) for n, e in enumerate(history.epochs, start=1)]
    with mlflow.start_run(run_name="mine"), MLflow() as run:
        told(run, epochs=1)
        run.close()
        assert mlflow.active_run() is not None, "a run that was there before goes on"


def test_wandb_writes_a_run_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    with WandB("chainrule", dir=str(tmp_path)) as run:
        told(run)
    assert len(list(tmp_path.rglob("*.wandb"))) == 1


def test_trackio_has_the_run_with_its_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    pytest.importorskip("trackio")
    with Trackio("chainrule", name="first") as run:
        told(run)
    (file,) = tmp_path.rglob("chainrule.db")
    with sqlite3.connect(file) as base:
        assert base.execute("select count(*) from metrics").fetchone() == (3,)


def test_a_history_is_a_frame_of_pandas() -> None:
    pytest.importorskip("pandas")
    history = told()
    frame = history.to_frame()
    assert list(frame.columns) == FIELDS
    assert frame.index.name == "epoch"
    assert list(frame.index) == [1, 2, 3]
    assert list(frame["cost"]) == [epoch.cost for epoch in history.epochs]
    assert len(History().to_frame()) == 0


def test_a_frame_needs_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(OptionError, match="to_frame needs pandas, which is not installed") as caught:
        History().to_frame()
    assert "pip install 'chainrule[pandas]'" in str(caught.value)

"""`chainrule train`: what it shows and writes, and everything that is refused, before it begins."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

import chainrule as cr
from chainrule.cli import train_job
from chainrule.cli.main import app
from chainrule.cli.train_progress import watching
from chainrule.cli.train_report import confusions, validation
from chainrule.training import Epoch, History, Progress
from unit.network.builders import clusters

QUICK = ["--epochs", "2", "--batch-size", "10"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An .npz of 3 classes, with a part to test on."""
    (x, y), (x_test, y_test) = clusters(30), clusters(9, seed=1)
    np.savez(tmp_path / "points.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    return tmp_path / "points.npz"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def shown(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refusal(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    return result.stderr


def test_everything_that_is_shown(file: Path) -> None:
    output = shown(file, "--layers", "4,5,3", "--epochs", 40, "--batch-size", 5, "--learning-rate", 1)
    assert "points: 30 samples of 4 numbers for training, 9 others for testing." in output
    assert "Network 4-5-3: sigmoid units, softmax outputs, cost cross-entropy, 43 params, seed 0." in output
    assert "Stochastic gradient descent: learning rate 1, batches of 5, 40 epochs." in output
    assert "  epoch      cost  test accuracy   seconds\n      1  " in output
    assert "validat" not in output
    assert "100.00 % right on samples it has never seen, after 40 epochs" in output
    assert "  δ1[j] = ∂C/∂z1[j] = a1[j]·(1 − a1[j])·Σ_k W2[k,j]·δ2[k]\n" in output
    assert "  W1[j,i] ← W1[j,i] − learning_rate·∂C/∂W1[j,i]\n" in output
    assert "One error of a hidden unit, opened" in output
    assert "sum of 3 terms" in output.lower()
    assert "True class (rows) and predicted class (columns)" in output
    assert "\x1b" not in output


def test_the_digits_with_the_options_of_the_command_line() -> None:
    output = shown("digits", "--epochs", 1, "--batch-size", 200)
    assert "digits: 1,438 handwritten 8×8 digits for training, 359 others for testing." in output
    assert "Network 64-30-10: sigmoid units, softmax outputs, cost cross-entropy, 2,260 params, seed 0." in output
    assert ": its class is " in output


def test_equal_layers_are_shown_once_or_each() -> None:
    deep = ("digits", "--layers", "64,6,6,6,10", "--epochs", 1, "--batch-size", 400)
    once = "  for l = 1..L-1:\n      z[l; j] = Σ_i W[l; j,i]·a[l-1; i] + b[l; j]\n      a[l; j] = sigmoid(z[l; j])\n"
    assert once in shown(*deep)
    assert "  z3[m] = Σ_k W3[m,k]·a2[k] + b3[m]\n" in shown(*deep, "--flat")


def test_history_and_network_are_written(file: Path, tmp_path: Path) -> None:
    saved, history = tmp_path / "net.safetensors", tmp_path / "history.json"
    output = shown(file, *QUICK, "--save", saved, "--json", history, "--seed", 3, "--weight-decay", 0.001)
    assert f"The network is saved in {saved}." in output
    assert f"The history is saved in {history}." in output
    read = json.loads(history.read_text())
    fields = {
        "cost", "accuracy", "seconds", "validation_accuracy", "training_accuracy", "validation_cost", "error",
        "validation_error",
    }  # fmt: skip
    assert [set(epoch) for epoch in read["epochs"]] == [fields] * 2
    assert read["accuracy_on"] == "test"
    assert read["interrupted"] is False
    assert read["settings"]["widths"] == [4, 30, 3]
    assert read["settings"]["seed"] == 3
    assert [read["settings"][name] for name in ("learning_rate", "weight_decay", "batch_size", "threads")] == [
        0.5,
        0.001,
        10,
        None,
    ]
    assert "learning rate 0.5, weight decay 0.001, batches of 10, 2 epochs." in output
    assert f"{100 * read['epochs'][-1]['accuracy']:.2f} % right" in output
    with np.load(file) as data:
        accuracy = cr.load(saved).accuracy(data["x_test"], data["y_test"])
    assert accuracy == read["epochs"][-1]["accuracy"]


@pytest.mark.parametrize(
    ("options", "said", "settings"),
    [
        (["--optimizer", "momentum"], "Gradient descent with momentum 0.9: learning rate 0.05, batches of 10", {}),
        (["--optimizer", "nesterov"], "Gradient descent with Nesterov momentum 0.9: learning rate 0.05, ", {}),
        (["--optimizer", "rmsprop", "--learning-rate", 0.01], "RMSProp: learning rate 0.01, batches", {}),
        (["--optimizer", "adam"], "Adam: learning rate 0.001, batches of 10", {"weight_decay": 0.0}),
        (["--optimizer", "adamw"], "AdamW: learning rate 0.001, weight decay 0.01, batches", {"weight_decay": 0.01}),
        (["--optimizer", "adamw", "--weight-decay", 0], "AdamW: learning rate 0.001, batches", {"weight_decay": 0.0}),
        (["--schedule", "step"], "learning rate 0.5, a tenth of it after every third of the epochs, batches", {}),
        (["--schedule", "cosine"], "learning rate 0.5, down to 0 along a cosine, batches", {"schedule": "cosine"}),
        (["--schedule", "warm-up"], "learning rate 0.5 after a warm-up, batches", {"warm_up_epochs": None}),
        (["--schedule", "warm-up", "--warm-up-epochs", 1], "after a warm-up of 1 epoch, ", {"warm_up_epochs": 1.0}),
        (["--schedule", "step", "--decay-epochs", 0.5], "0.5, a tenth of it after every 0.5 epochs, batches", {}),
        (["--schedule", "cosine", "--decay-epochs", 2], ", down to 0 along a cosine of 2 epochs, batches", {}),
        (["--schedule", "warm-up-cosine"], "learning rate 0.5 after a warm-up, down to 0 along a cosine, ", {}),
        (["--schedule", "one-cycle"], "learning rate 0.5 at the most, up and down in one cycle, batches", {}),
        (["--clip-norm", 0.5], "learning rate 0.5, gradients no longer than 0.5, batches", {"clip_norm": 0.5}),
        (["--dropout", 0.25], "sigmoid units with dropout 0.25, softmax outputs", {"dropout": 0.25}),
    ],
)
def test_how_steps_are_made(
    file: Path, tmp_path: Path, options: list[object], said: str, settings: dict[str, object]
) -> None:
    history, saved = tmp_path / "history.json", tmp_path / "net.safetensors"
    assert said in shown(file, *QUICK, "--json", history, "--save", saved, *options)
    read = json.loads(history.read_text())["settings"]
    assert settings == {key: read[key] for key in settings}
    assert cr.load(saved).updates


def test_the_same_seed_gives_the_same_file(file: Path, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        shown(file, *QUICK, "--save", tmp_path / name, "--seed", seed)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "other").read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--cost", "quadratic"], "sigmoid units, sigmoid outputs, cost quadratic"),
        (["--cost", "binary-cross-entropy"], "sigmoid units, sigmoid outputs, cost binary-cross-entropy"),
        (["--cost", "cross-entropy", "--activation", "tanh"], "tanh units, softmax outputs, cost cross-entropy"),
        (["--cost", "quadratic", "--output", "softmax"], "softmax outputs, cost quadratic"),
        (["--cost", "quadratic", "--output", "linear", "--activation", "relu"], "relu units, linear outputs"),
        (["--cost", "quadratic", "--output", "softplus", "--activation", "elu"], "elu units, softplus outputs"),
        (["--output", "sigmoid"], "sigmoid outputs, cost cross-entropy"),
        (["--layers", "4, 3"], "Network 4-3: softmax outputs"),
        (["--threads", "2"], "sigmoid units, softmax outputs"),
        (["--layers", "4,3,3,3", "--executor", "reference"], "Network 4-3-3-3: sigmoid units"),
    ],
)
def test_costs_and_the_outputs_they_imply(file: Path, options: list[str], said: str) -> None:
    output = shown(file, *QUICK, "--learning-rate", 0.1, *options)
    assert said in output
    assert ("One error of a hidden unit" in output) == ("Network 4-3:" not in said)


@pytest.mark.parametrize("activation", ["leaky-relu", "elu", "gelu", "softplus", "swish", "mish"])
def test_every_activation_trains(file: Path, tmp_path: Path, activation: str) -> None:
    history = tmp_path / "history.json"
    output = shown(file, *QUICK, "--learning-rate", 0.1, "--activation", activation, "--json", history)
    assert f"{activation} units, softmax outputs" in output
    first, second = (epoch["cost"] for epoch in json.loads(history.read_text())["epochs"])
    assert second < first


def test_other_numbers_than_classes_get_linear_outputs(tmp_path: Path) -> None:
    x, _ = clusters(30)
    np.savez(tmp_path / "line.npz", x_train=x, y_train=x[:, :2] * 3)
    output = shown(tmp_path / "line.npz", *QUICK)
    assert "sigmoid units, linear outputs, cost quadratic" in output
    assert "Cost " in output
    assert "columns" not in output
    assert "for testing" not in output
    assert "The cost of sample" in output


def test_classes_without_a_part_to_test_on(tmp_path: Path) -> None:
    x, y = clusters(30)
    np.savez(tmp_path / "points.npz", x_train=x, y_train=np.eye(3)[y])
    output = shown(tmp_path / "points.npz", *QUICK)
    assert "softmax outputs, cost cross-entropy" in output
    assert " % right on the samples it learned from" in output
    assert "  epoch      cost  training accuracy   seconds\n" in output


def test_samples_to_validate_with(tmp_path: Path) -> None:
    (x, y), (xv, yv) = clusters(30), clusters(9, seed=1)
    np.savez(tmp_path / "points.npz", x_train=x, y_train=y, x_validation=xv, y_validation=yv, x_test=x, y_test=y)
    output = shown(tmp_path / "points.npz", "--epochs", 40, "--learning-rate", 1, "--json", tmp_path / "json")
    assert "4 numbers for training, 9 for validation, 30 others for testing." in output
    assert "  epoch      cost  validation cost  validation accuracy  test accuracy   seconds\n      1  " in output
    assert "100.00 % right on the validation samples, the best of all epochs." in output
    assert json.loads((tmp_path / "json").read_text())["epochs"][-1]["validation_accuracy"] == 1.0


def test_the_best_epoch_is_named_where_it_is_not_the_last() -> None:
    console = Console(record=True, width=100, file=io.StringIO())
    epochs = [Epoch(1.0, 0.8, 0.1, accuracy) for accuracy in (0.5, 0.75, 0.625)]
    validation(console, History(epochs))
    assert console.export_text() == ("62.50 % right on the validation samples; the best was 75.00 %, after epoch 2.\n")


def test_an_interruption_saves_what_was_learned(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient:
        def __call__(self, report: Progress) -> None:
            if report.epoch == 2:
                raise KeyboardInterrupt

    class Watching:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> Impatient:
            return Impatient()

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(train_job, "watching", Watching)
    result = run(file, *QUICK, "--save", tmp_path / "net", "--json", tmp_path / "history")
    assert result.exit_code == 130
    assert "Interrupted; the network keeps what it has learned so far." in result.output
    assert json.loads((tmp_path / "history").read_text())["interrupted"] is True
    assert "learning_rate" in cr.load(tmp_path / "net").updates


def test_a_cost_that_explodes_fails_with_1_and_writes_nothing(file: Path, tmp_path: Path) -> None:
    options = ["--learning-rate", "1e200", "--cost", "quadratic", "--output", "linear", "--save", tmp_path / "net"]
    result = run(file, *QUICK, *options)
    assert result.exit_code == 1
    assert "Error: " in result.stderr
    assert "in epoch 1" in result.stderr
    assert "A smaller learning rate helps" in result.stderr
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--layers", "4,abc,3"], "--layers is '4,abc,3': 'abc' is no width\n"),
        (["--layers", "4,0,3"], "'0' is no width"),
        (["--layers", "4,,3"], "'' is no width"),
        (["--layers", "4,-2,3"], "'-2' is no width"),
        (["--layers", "4"], "--layers is '4'\n  at least two whole numbers"),
        (["--layers", "4,abc"], "For example --layers 4,30,3"),
        (["--layers", "5,3"], "--layers begins with 5, but each sample has 4 numbers\n  Begin with 4."),
        (["--layers", "4,2"], "--layers ends with 2, but there are 3 classes\n  End with 3."),
        (
            ["--activation", "gelo"],
            "--activation is 'gelo'\n  one of sigmoid, tanh, relu, leaky-relu, elu, gelu, softplus, swish, mish\n",
        ),
        (["--cost", "log"], "--cost is 'log'\n  one of quadratic, binary-cross-entropy, cross-entropy"),
        (["--output", "max"], "--output is 'max'\n  one of sigmoid, tanh, relu, leaky-relu, "),
        (["--output", "linear"], "--cost cross-entropy takes the logarithm of the outputs, and linear outputs can be"),
        (["--cost", "binary-cross-entropy", "--output", "tanh"], "--output sigmoid, or --cost quadratic"),
        (["--cost", "binary-cross-entropy", "--output", "softmax"], "add up to 1\n  --output sigmoid, or --cost cross"),
        (
            ["--optimizer", "adagrad"],
            "--optimizer is 'adagrad'\n  one of sgd, momentum, nesterov, rmsprop, adam, adamw",
        ),
        (["--schedule", "linear"], "--schedule is 'linear'\n  one of constant, step, cosine, warm-up, warm-up-cosine,"),
        (["--schedule", "step", "--decay-epochs", "0"], "--decay-epochs is 0.0\n  a number greater than 0"),
        (
            ["--decay-epochs", "2"],
            "--schedule constant has no such length\n  --schedule step, cosine or warm-up-cosine\n  Leave out --decay",
        ),
        (["--schedule", "one-cycle", "--warm-up-epochs", "2"], "--warm-up-epochs is given, and --schedule one-cycle"),
        (["--clip-norm", "0"], "--clip-norm is 0.0\n  a number greater than 0"),
        (["--dropout", "1"], "--dropout is 1.0\n  a number from 0 on, less than 1"),
        (["--learning-rate", "0"], "--learning-rate is 0.0\n  a number greater than 0"),
        (["--learning-rate", "nan"], "--learning-rate is nan"),
        (["--weight-decay", "-1"], "--weight-decay is -1.0\n  a number, 0 or more"),
        (["--epochs", "0"], "--epochs is 0\n  a whole number, 1 or more"),
        (["--batch-size", "0"], "--batch-size is 0"),
        (["--seed", "-1"], "--seed is -1\n  a whole number, 0 or more"),
        (["--executor", "gpu"], "there is no executor named 'gpu'"),
        (["--threads", "0"], "--threads is 0\n  a whole number, 1 or more"),
        (
            ["--threads", "2", "--executor", "reference"],
            "--threads is 2, and the executor reference does not divide its work among threads\n  the executor native",
        ),
        (["--data-dir", "."], "--data-dir is for mnist, and the data are "),
        (["--epochs", "many"], "Invalid value for '--epochs'"),
    ],
)
def test_options_that_make_no_sense(file: Path, options: list[str], said: str) -> None:
    assert said in refusal(file, *options)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    said = refusal(tmp_path / "none.npz")
    assert "none.npz cannot be read: there is no such file\n  digits, mnist, or a file with x_train and y_train" in said
    assert "it is a folder" in refusal(tmp_path)
    (tmp_path / "text.npz").write_text("hello")
    assert f"in {tmp_path / 'text.npz'}" in refusal(tmp_path / "text.npz")
    np.savez(tmp_path / "zero.npz", x_train=np.zeros((3, 2)), y_train=np.zeros(3, int))
    assert "all labels in" in refusal(tmp_path / "zero.npz")


@pytest.mark.parametrize("option", ["--save", "--json"])
def test_files_that_cannot_be_written_are_found_before_training(file: Path, tmp_path: Path, option: str) -> None:
    assert f"{tmp_path} cannot be written: it is a folder" in refusal(file, option, tmp_path)
    assert f"there is no folder {tmp_path / 'none'}" in refusal(file, option, tmp_path / "none" / "file")
    assert f"{option} {file} is a file that is learned from" in refusal(file, option, file)


def test_two_results_in_one_file(file: Path, tmp_path: Path) -> None:
    said = refusal(file, "--save", tmp_path / "one", "--json", tmp_path / "one")
    assert f"--save and --json name the same file, {tmp_path / 'one'}" in said


def test_training_stops_in_time_and_is_drawn(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    options = ["--validation-fraction", 0.2, "--patience", 3, "--min-delta", 5, "--monitor", "validation_accuracy"]
    output = shown(file, "--epochs", 50, *options, "--plot", tmp_path / "plot.png", "--json", tmp_path / "json")
    assert "50 epochs.\nIt stops earlier where the validation accuracy has not been better for 3 epochs.\n" in output
    assert "Stopped after epoch 4: validation_accuracy has not been higher by more than 5 for 3 epochs." in output
    assert "The network has the weights of epoch 1, the best." in output
    assert "after 1 epoch, " in output
    assert f"The plot is saved in {tmp_path / 'plot.png'}." in output
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"
    read = json.loads((tmp_path / "json").read_text())
    assert (len(read["epochs"]), read["restored"], read["settings"]["patience"]) == (4, 1, 3)


def test_training_goes_on_after_a_break(file: Path, tmp_path: Path) -> None:
    path, nets = tmp_path / "run", [tmp_path / "whole", tmp_path / "resumed"]
    shown(file, "--epochs", 6, "--save", nets[0])
    first = shown(file, "--epochs", 2, "--checkpoint", path, "--resume")
    assert f"Begins with the first epoch, for there is no checkpoint yet: {path}\n" in first
    second = shown(file, "--epochs", 6, "--checkpoint", path, "--resume", "--save", nets[1])
    assert f"Goes on from {path}.\n" in second
    assert second.index("      3    ") < second.index("after 6 epochs")
    assert nets[0].read_bytes() == nets[1].read_bytes()
    said = refusal(file, "--checkpoint", path)
    assert "there is a checkpoint already" in said
    assert "Go on with resume=True, --resume on the command line" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--patience", 0], "patience is 0"),
        (["--patience", 3], "--patience waits for a better validation cost, and there are no validation data\n  --val"),
        (["--validation-fraction", 1], "--validation-fraction is 1\n  a number between 0 and 1"),
        (["--monitor", "cost"], "--monitor and --min-delta say when to stop, and --patience is missing"),
        (["--min-delta", "1"], "and --patience is missing\n  --patience N"),
        (["--patience", 2, "--monitor", "loss"], "monitor is 'loss'"),
        (["--resume"], "--resume is given, and no --checkpoint\n  --checkpoint FILE"),
        (["--plot", "plot.jpg"], "plot.jpg has no format that a plot can have"),
        (["--checkpoint", "none/run"], "there is no folder none"),
        (["--checkpoint", "same.png", "--plot", "same.png"], "--plot and --checkpoint name the same file, same.png"),
    ],
)
def test_options_of_a_training_that_ends_earlier(file: Path, options: list[object], said: str) -> None:
    assert said in refusal(file, *options)


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    console = Console(force_terminal=True, width=80, record=True, file=io.StringIO())
    with watching(console, accuracy_on="test") as watcher:
        watcher(Progress(1, 2, 1, 4, 0.75))
        watcher(Progress(1, 2, 4, 4, 0.5, Epoch(0.5, 0.25, 1.5, 0.5)))
        watcher(Progress(2, 2, 4, 4, 0.25, Epoch(0.25, 0.75, 1.5, 1.0)))
    text = console.export_text()
    assert "  epoch      cost  validation accuracy  test accuracy   seconds" in text
    assert "      1    0.5000              50.00 %        25.00 %    1.5000" in text
    assert "      2    0.2500             100.00 %        75.00 %    1.5000" in text


def test_many_classes_are_shown_as_a_list() -> None:
    console = Console(record=True, quiet=False, width=80)
    right = np.arange(30)
    found = right.copy()
    found[4], found[7] = 5, 5
    confusions(console, right, found, 30)
    text = console.export_text()
    assert "  4 taken for 5: 1" in text
    assert "  7 taken for 5: 1" in text
    assert "─" not in text

"""`chainrule train mnist`: where the files are looked for, the textbook's defaults, and what is said of other files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import chainrule as cr
from chainrule.cli.main import app
from unit.data.idx_files import write_mnist


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder of data is known, whatever the tests were started with."""
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_mnist(tmp_path / "files", train=60, test=20, packed=True)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["train", "mnist", *map(str, arguments)])


def settings_of(path: Path, *arguments: object) -> dict[str, Any]:
    result = run("--epochs", 1, "--json", path, *arguments)
    assert result.exit_code == 0, result.output
    settings: dict[str, Any] = json.loads(path.read_text())["settings"]
    return settings


def refusal(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    return result.stderr


def test_what_is_shown(folder: Path, tmp_path: Path) -> None:
    result = run("--data-dir", folder, "--epochs", 2, "--save", tmp_path / "net", "--json", tmp_path / "history")
    assert result.exit_code == 0, result.output
    assert (
        "mnist: 50 images of 28×28 pixels for training, 10 for validation, 20 others for testing.\n"
        "Note: train-images-idx3-ubyte.gz is not the original file of MNIST (SHA-256 "
    ) in result.output
    assert "Network 784-30-10: sigmoid units, sigmoid outputs, cost quadratic, 23,860 params, seed 0." in result.output
    assert "Stochastic gradient descent: learning rate 3, batches of 10, 2 epochs." in result.output
    assert (
        "  epoch      cost  validation cost  validation accuracy  test accuracy   seconds\n      1  " in result.output
    )
    assert " % right on the validation samples" in result.output
    assert "δ2[k] = ∂C/∂z2[k] = a2[k]·(a2[k] − y[k])·(1 − a2[k])" in result.output
    assert cr.load(tmp_path / "net").predict([0.0] * 784).shape == (10,)


def test_the_originals_are_called_what_they_are(mnist_dir: Path) -> None:
    result = run("--data-dir", mnist_dir, "--epochs", 1)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(
        "mnist: 50,000 handwritten 28×28 digits for training, 10,000 for validation, 10,000 others for testing."
        "\nNetwork 784-30-10: "
    )


@pytest.mark.parametrize(
    ("options", "cost", "output", "rate", "batch_size"),
    [
        ([], "quadratic", "sigmoid", 3.0, 10),
        (["--layers", "784,20,10"], "quadratic", "sigmoid", 3.0, 10),
        (["--learning-rate", "0.25", "--batch-size", "20"], "quadratic", "sigmoid", 0.25, 20),
        (["--output", "softmax"], "quadratic", "softmax", 0.5, 10),
        (["--activation", "relu"], "quadratic", "sigmoid", 0.5, 10),
        (["--cost", "binary-cross-entropy"], "binary-cross-entropy", "sigmoid", 0.5, 10),
        (["--cost", "cross-entropy"], "cross-entropy", "softmax", 0.5, 10),
    ],
)
def test_the_defaults_are_those_of_the_textbook(
    folder: Path, tmp_path: Path, options: list[str], cost: str, output: str, rate: float, batch_size: int
) -> None:
    found = settings_of(tmp_path / "history", "--data-dir", folder, *options)
    assert found["source"] == "mnist"
    assert (found["cost"], found["output"]) == (cost, output)
    assert (found["learning_rate"], found["batch_size"]) == (rate, batch_size)


def test_the_folder_may_be_named_by_the_environment(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_DATA", str(folder))
    assert settings_of(tmp_path / "history")["widths"] == [784, 30, 10]
    assert f"the folder of MNIST does not exist: {tmp_path / 'none'}" in refusal("--data-dir", tmp_path / "none")
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "other"))
    assert f"the folder of MNIST does not exist: {tmp_path / 'other'}" in refusal()
    assert settings_of(tmp_path / "history", "--data-dir", folder)["epochs"] == 1


def test_nobody_says_where_the_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        "Error: nothing says where the files of MNIST are\n"
        "  --data-dir DIR, or the environment variable CHAINRULE_DATA\n"
        "  chainrule train digits needs no files"
    )
    assert said in refusal()
    monkeypatch.setenv("CHAINRULE_DATA", "")
    assert said in refusal()


def test_missing_and_damaged_files_are_named(folder: Path, tmp_path: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    said = refusal("--data-dir", folder)
    assert "one of the four files of MNIST is missing" in said
    assert "t10k-labels-idx1-ubyte" in said
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"<html>Not found</html>"))
    assert "this is no IDX file but a web page" in refusal("--data-dir", folder)


@pytest.mark.parametrize("option", ["--save", "--json"])
def test_no_file_of_mnist_is_written_over(folder: Path, option: str) -> None:
    path = folder / "train-labels-idx1-ubyte.gz"
    before = path.read_bytes()
    assert f"{option} {path} is a file that is learned from" in refusal("--data-dir", folder, option, path)
    assert path.read_bytes() == before


def test_the_data_dir_is_for_mnist_only(folder: Path) -> None:
    result = CliRunner().invoke(app, ["train", "digits", "--data-dir", str(folder)])
    assert result.exit_code == 2
    assert result.stderr == ("Error: --data-dir is for mnist, and the data are digits\n  Leave out --data-dir.\n")


def test_the_digits_do_not_mind_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_DATA", str(folder))
    result = CliRunner().invoke(app, ["train", "digits", "--epochs", "1"])
    assert result.exit_code == 0
    assert result.output.startswith("digits: 1,438 handwritten 8×8 digits for training, 359 others")


def test_the_help_shows_both_networks_of_the_textbook() -> None:
    text = " ".join(run("--help").output.split())
    assert "chainrule train mnist --data-dir DIR chainrule train mnist --data-dir DIR --layers 784,100,10" in text
    assert "--cost binary-cross-entropy \\ --learning-rate 0.5 --weight-decay 0.0001" in text

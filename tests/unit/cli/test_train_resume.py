"""`chainrule train --resume` with more epochs: learning rates that depend on how many there are, and others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.training.checkpoint import read_checkpoint
from unit.cli.commands import run
from unit.network.builders import clusters


@pytest.fixture
def options(tmp_path: Path) -> list[object]:
    """A quick training with a checkpoint, `run` in the folder."""
    x, labels = clusters(60)
    np.savez(tmp_path / "points.npz", x_train=x, y_train=labels)
    return ["train", tmp_path / "points.npz", "--batch-size", 2, "--checkpoint", tmp_path / "run", "--resume"]


def longer(options: list[object], *others: object, epochs: int) -> str:
    result = run(*options, *others, "--epochs", epochs)
    assert result.exit_code in (0, 2), result.output
    return result.stderr


@pytest.mark.parametrize(
    ("schedule", "lengths"),
    [
        ("warm-up", ["--warm-up-epochs", 0.15]),
        ("step", ["--decay-epochs", 1]),
        ("cosine", ["--decay-epochs", 3]),
        ("warm-up-cosine", ["--warm-up-epochs", 0.15, "--decay-epochs", 2.85]),
    ],
)
def test_a_length_that_comes_of_the_number_of_epochs(
    options: list[object], tmp_path: Path, schedule: str, lengths: list[object]
) -> None:
    assert longer(options, "--schedule", schedule, epochs=3) == ""
    assert longer(options, "--schedule", schedule, epochs=5) == (
        "Error: the checkpoint is of another training: the number of epochs that its learning rates are spread over is "
        f"3 there and 5 here\n  in {tmp_path / 'run'}\n"
        "  the same network, data and settings as before; threads and callbacks may differ\n"
        "  Give 3 epochs, as then. To train for longer, give the schedule the length that it had:\n"
        "  epochs=… of the schedule, on the command line --decay-epochs and --warm-up-epochs.\n"
    )
    assert longer(options, "--schedule", schedule, *lengths, epochs=5) == ""
    assert len(read_checkpoint(tmp_path / "run").epochs) == 5


def test_a_length_hidden_by_rounding_is_named_too(options: list[object]) -> None:
    few = [*options, "--batch-size", 60, "--schedule", "warm-up"]
    assert longer(few, epochs=3) == ""
    assert longer(few, epochs=5) == "", "both warm up for one step, the least"
    assert "learning rates are spread over is 5 there and 50 here" in longer(few, epochs=50)


@pytest.mark.parametrize("schedule", [["step", "--decay-epochs", 2], ["warm-up", "--warm-up-epochs", 1]])
def test_a_length_that_is_given_leaves_the_number_of_epochs_free(
    options: list[object], tmp_path: Path, schedule: list[object]
) -> None:
    assert longer(options, "--schedule", *schedule, epochs=2) == ""
    assert longer(options, "--schedule", *schedule, epochs=4) == ""
    broken = read_checkpoint(tmp_path / "run")
    (tmp_path / "run").unlink()
    assert longer(options, "--schedule", *schedule, epochs=4) == ""
    whole = read_checkpoint(tmp_path / "run")
    assert all(np.array_equal(broken.kept[name], whole.kept[name]) for name in whole.kept)

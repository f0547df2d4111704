"""`chainrule train`: options on validating and on threads that do not fit are refused in its own words, at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unit.cli.commands import run
from unit.data.idx_files import write_mnist
from unit.network.builders import clusters


def refusal(*arguments: object) -> str:
    result = run("train", *arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == "", "it comes before anything is shown"
    return result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--patience", 0], "--patience is 0\n  a whole number, 1 or more"),
        (["--patience", 3, "--min-delta", -1], "--min-delta is -1.0\n  a number, 0 or more"),
        (["--patience", 3, "--monitor", "loss"], "--monitor is 'loss'\n  one of validation_cost, validation_accuracy"),
        (["--threads", 100_000], "--threads is 100000\n  1 to 256\n  More are no quicker.\n"),
        (["--validation-fraction", 0.0001], "--validation-fraction is 0.0001, which makes 0 of 1438 samples"),
        (
            ["--patience", 3, "--monitor", "validation_error", "--validation-fraction", 0.1],
            "and the answers in digits are classes\n  --monitor validation_cost, validation_accuracy or cost\n",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_options_that_do_not_fit_the_digits(options: list[object], said: str) -> None:
    assert said in refusal("digits", *options)


def test_an_accuracy_of_other_numbers_is_not_watched(tmp_path: Path) -> None:
    x, _ = clusters(30)
    np.savez(tmp_path / "line.npz", x_train=x, y_train=x[:, :2] * 3)
    watching = ["--patience", 3, "--monitor", "validation_accuracy", "--validation-fraction", 0.1]
    said = refusal(tmp_path / "line.npz", *watching)
    assert f"validation_accuracy is for classes, and the answers in {tmp_path / 'line.npz'} are none\n" in said
    assert "  --monitor validation_cost, validation_error or cost\n" in said


def test_data_that_have_samples_to_validate_with_of_their_own(tmp_path: Path) -> None:
    folder = write_mnist(tmp_path / "files", train=60, test=20)
    assert refusal("mnist", "--data-dir", folder, "--validation-fraction", 0.1) == (
        "Error: --validation-fraction is given, and mnist has validation samples of its own: 10\n"
        "  Leave out --validation-fraction.\n"
    )

"""What `predict` and `evaluate` work on: samples, with or without answers, from a name or a file."""

from __future__ import annotations

from pathlib import Path

from chainrule.cli.sources import check_data_dir, read_dataset
from chainrule.data.arrays import load_pair
from chainrule.data.dataset import Answers, Dataset, Samples
from chainrule.data.sample_files import load_samples
from chainrule.errors import OptionError

NAMED = ("digits", "mnist")


def samples_of(source: str, data_dir: Path | None) -> tuple[Samples, str]:
    """Return samples, and what they are in words; of digits and mnist those to test with."""
    if source in NAMED:
        data = read_dataset(source, data_dir)
        return data.shown[0], f"the samples to test with, {data.name}"
    _check_file(source, data_dir, "digits, mnist, or a file of samples: .npz, .npy or .csv")
    return load_samples(source), source


def pair_of(source: str, data_dir: Path | None) -> tuple[Samples, Answers, str]:
    """Return samples and answers, and what they are in words: those to test with where there are any."""
    if source in NAMED:
        data: Dataset = read_dataset(source, data_dir)
        return *data.shown, f"the samples to test with, {data.name}"
    _check_file(source, data_dir, "digits, mnist, or an .npz with x_test and y_test, x and y, or x_train and y_train")
    return *load_pair(source), source


def _check_file(source: str, data_dir: Path | None, expected: str) -> None:
    check_data_dir(source, data_dir)
    if not Path(source).is_file():
        what = "it is a folder" if Path(source).is_dir() else "there is no such file"
        raise OptionError(f"{source} cannot be read: {what}", expected=expected)

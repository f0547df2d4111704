"""The data that commands name: digits, mnist with its folder, or a file of arrays."""

from __future__ import annotations

import os
from pathlib import Path

from chainrule.data import Dataset, digits_split, load_npz, mnist
from chainrule.data.archive import array_names
from chainrule.data.part_names import unread
from chainrule.errors import OptionError

DATA = "CHAINRULE_DATA"
"""The environment variable that names the folder of data sets."""


def read_dataset(source: str, data_dir: Path | None) -> Dataset:
    """Return the data of that name. Raises OptionError for a file that is not there, DataFileError for a bad one."""
    check_data_dir(source, data_dir)
    if source == "digits":
        return digits_split()
    if source == "mnist":
        return mnist(mnist_folder(data_dir))
    path = Path(source)
    if not path.is_file():
        what = "it is a folder" if path.is_dir() else "there is no such file"
        raise OptionError(
            f"{source} cannot be read: {what}",
            expected="digits, mnist, or a file with x_train and y_train",
            advice="Write one with np.savez('data.npz', x_train=x, y_train=y)",
        )
    return load_npz(path)


def unread_in(source: str) -> tuple[str, ...]:
    """Return the arrays of a file that a training on rows does nothing with."""
    return unread(array_names(Path(source)), ("x", "y")) if source not in ("digits", "mnist") else ()


def check_data_dir(source: str, data_dir: Path | None) -> None:
    """Raise OptionError where a folder is given that is not read."""
    if data_dir is not None and source != "mnist":
        raise OptionError(f"--data-dir is for mnist, and the data are {source}", advice="Leave out --data-dir.")


def mnist_folder(data_dir: Path | None) -> Path:
    """Return the folder of MNIST. Raises OptionError where nobody names one."""
    named = data_dir or os.environ.get(DATA)
    if not named:
        raise OptionError(
            "nothing says where the files of MNIST are",
            expected=f"--data-dir DIR, or the environment variable {DATA}",
            advice="chainrule train digits needs no files: it has smaller digits of its own.",
        )
    return Path(named)

"""MNIST, the handwritten digits of 28×28 pixels that textbooks train on, from its four IDX files.

The files are the user's: nothing is downloaded. Four files of the same form, such as those of a set made on MNIST's
model, are taken too; that they are not the originals is said in the `note` of the `Dataset`, and not refused.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset, Samples
from chainrule.data.idx import IdxFile, read_idx
from chainrule.errors import DataFileError, escaped

FILES: Mapping[str, str] = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""The four files, each with the SHA-256 of the original, unpacked."""

FOLDERS = ("", "mnist", "MNIST/raw")
"""Where in a directory the files are looked for; the last is where torchvision puts them."""

CLASSES = 10
_SAMPLE = (28, 28)
_BRIGHTEST = 255
_VALIDATING = 6
"""One in so many of the samples in the training files validates: 10,000 of 60,000."""

_SOURCE = (
    "They are the MNIST database of handwritten digits, by Y. LeCun, C. Cortes and C. Burges:\n"
    "yann.lecun.com/exdb/mnist or its mirrors."
)


def mnist(directory: str | os.PathLike[str]) -> Dataset:
    """Read MNIST from its four files: 50,000 digits to learn from, 10,000 to validate with, 10,000 to test on.

    x has the shape (samples, 784), from 0 for paper to 1 for ink; y holds the labels 0 to 9. As in the textbooks, the
    first 50,000 samples of the training files are learned from and the next 10,000 validate; of files with another
    number of samples, too, the last sixth validates. The files lie in the directory itself or in its folder mnist;
    each may be gzipped, and its name spelled with .idx for -idx. Raises DataFileError, which names the files that are
    missing, or the file at fault and what is wrong with it.
    """
    paths = mnist_files(directory)
    files = {name: read_idx(path) for name, path in paths.items()}
    x, y = _pair(paths, files, "train")
    x_test, y_test = _pair(paths, files, "t10k")
    if len(x) < _VALIDATING or not len(x_test):
        raise DataFileError(
            f"there are {len(x)} samples in the training files, and {len(x_test)} in the test files",
            where=f"in {escaped(paths['train-images-idx3-ubyte'].parent)}",
            expected=f"{_VALIDATING} or more to train and validate with, 1 or more to test on",
        )
    learned = len(x) - len(x) // _VALIDATING
    return Dataset(
        "mnist",
        _scaled(x[:learned]),
        y[:learned],
        _scaled(x_test),
        y_test,
        sample_shape=_SAMPLE,
        x_validation=_scaled(x[learned:]),
        y_validation=y[learned:],
        classes=CLASSES,
        note="\n".join(
            f"{paths[name].name} is not the original file of MNIST (SHA-256 {file.sha256[:16]}…)"
            for name, file in files.items()
            if file.sha256 != FILES[name]
        ),
    )


def mnist_files(directory: str | os.PathLike[str]) -> dict[str, Path]:
    """Return the paths of the four files, by the names of the originals. Raises DataFileError for those missing."""
    directory = Path(directory)
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        raise DataFileError(f"the folder of MNIST {what}: {directory}", expected=_wanted(FILES), advice=_SOURCE)
    found = max((_files_in(directory / folder) for folder in FOLDERS), key=len)
    missing = [name for name in FILES if name not in found]
    if missing:
        folder = next(iter(found.values())).parent if found else directory
        what = "one of the four files of MNIST is" if len(missing) == 1 else f"{len(missing)} files of MNIST are"
        raise DataFileError(f"{what} missing", where=f"in {escaped(folder)}", expected=_wanted(missing), advice=_SOURCE)
    return found


def _files_in(folder: Path) -> dict[str, Path]:
    """Return those of the files that a folder has, under whichever of their names."""
    found: dict[str, Path] = {}
    for name in FILES:
        for spelling in (name, name.replace("-idx", ".idx")):
            for path in (folder / spelling, folder / f"{spelling}.gz"):
                if path.is_file():
                    found.setdefault(name, path)
    return found


def _wanted(names: Iterable[str]) -> str:
    return "\n".join(["each of these as it is, or with .gz at its end:", *(f"  {name}" for name in names)])


def _pair(
    paths: Mapping[str, Path], files: Mapping[str, IdxFile], part: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the images and the labels of a part, verified to be such and to belong together."""
    x_name, y_name = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
    for name, sample in ((x_name, _SAMPLE), (y_name, ())):
        array = files[name].array
        if array.dtype != np.uint8 or array.shape[1:] != sample:
            expected = ("samples", *map(str, sample))
            raise DataFileError(
                f"in the file is an array of {array.dtype} of the shape {array.shape}",
                where=f"in {escaped(paths[name])}",
                expected=f"uint8 of the shape ({', '.join(expected)}{',' * (not sample)})",
                advice="See whether it has another file's name.",
            )
    x, y = files[x_name].array, files[y_name].array
    if len(x) != len(y):
        raise DataFileError(
            f"there are {len(x):,} images, and {len(y):,} labels",
            where=f"in {escaped(paths[x_name])}\nand {escaped(paths[y_name].name)}",
            expected="one label for each image",
            advice="See whether both are of the same set.",
        )
    if len(y) and y.max() >= CLASSES:
        at = int(np.argmax(y >= CLASSES))
        raise DataFileError(
            f"label {at} is {y[at]}", where=f"in {escaped(paths[y_name])}", expected=f"labels 0 to {CLASSES - 1}"
        )
    return x, y.astype(np.int64)


def _scaled(images: NDArray[np.uint8]) -> Samples:
    return images.reshape(-1, math.prod(_SAMPLE)) / _BRIGHTEST

"""Samples without answers, from an .npy, .npz or .csv file that a stranger wrote.

Nothing in the file is executed. A .csv holds a sample on each line, numbers with commas between, perhaps with a line of
names above; lines that begin with # are comments. What cannot be a number is named with its line and column.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chainrule.data.archive import AnyArray, array_names, read_archive, read_array
from chainrule.data.arrays import numbers
from chainrule.data.dataset import Samples
from chainrule.data.part_names import unread
from chainrule.errors import DataFileError

NAMES = ("x", "x_test", "x_validation", "x_train")
"""The arrays of an .npz that may hold samples, the first that is there is taken."""


def load_samples(path: str | os.PathLike[str]) -> Samples:
    """Read samples of shape (samples, features); more axes are flattened, a single axis is one sample.

    Raises DataFileError, which names the file and what is wrong with it.
    """
    path = Path(path)
    kind = path.suffix.lower()
    try:
        if kind == ".csv":
            return _table(path)
        if kind == ".npy":
            return _samples("the array", read_array(path))
        if kind == ".npz":
            arrays = read_archive(path, NAMES)
            unread(array_names(path), ("x", "y"))
            name = next(name for name in NAMES if name in arrays)
            return _samples(f"the array {name}", arrays[name])
        raise DataFileError(
            f"the name ends in {kind or 'nothing'}",
            expected="samples in a file that ends in .npz, .npy or .csv",
            advice="Write one with np.save('samples.npy', x)",
        )
    except DataFileError as error:
        raise error.inside(path) from error.__cause__


def _samples(what: str, array: AnyArray) -> Samples:
    if array.ndim == 0 or array.size == 0:
        raise DataFileError(f"{what} has the shape {array.shape}", expected="samples: the shape (samples, features)")
    return numbers(
        what.removeprefix("the array").strip() or "x", array.reshape(1 if array.ndim == 1 else len(array), -1)
    )


def _table(path: Path) -> Samples:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataFileError("the file is not text in UTF-8", expected="numbers with commas between") from None
    except OSError as error:
        raise DataFileError(f"the file cannot be read: {error.strerror or error}") from error
    lines = list(_lines(text))
    _refuse_other_signs(lines)
    names = [] if not lines or any(map(_is_number, lines[0][1])) else [name.strip() for name in lines.pop(0)[1]]
    if not lines:
        raise DataFileError("there is no sample in the file", expected="numbers with commas between, a sample a line")
    width = len(names or lines[0][1])
    rows = np.empty((len(lines), width))
    for row, (number, cells) in zip(rows, lines, strict=True):
        if len(cells) != width:
            first = "the names above" if names else "the first line"
            raise DataFileError(f"line {number} has {len(cells)} values, {first} {width}", expected="as many on each")
        for column, cell in enumerate(cells):
            if not _is_number(cell) or not np.isfinite(float(cell)):
                name = f"{column + 1} ({names[column]})" if names else str(column + 1)
                found = repr(cell.strip()) if cell.strip() else "nothing"
                raise DataFileError(f"line {number}, column {name} holds {found}", expected="finite numbers")
            row[column] = float(cell)
    return rows


def _refuse_other_signs(lines: list[tuple[int, list[str]]]) -> None:
    """Raise DataFileError for values that something else than commas divides: they would pass for names."""
    for number, cells in lines[:2]:
        found = [
            name
            for sign, name in ((";", "semicolons"), ("\t", "tabs"))
            if any(_is_number(part.replace(",", ".")) for cell in cells if sign in cell for part in cell.split(sign))
        ]
        if any(len(parts) > 1 and all(map(_is_number, parts)) for parts in map(str.split, cells)):
            found.append("spaces")
        if found:
            raise DataFileError(
                f"line {number} has {found[0]} between its values",
                expected="numbers with commas between, and points in them",
                advice="Save it anew as a .csv with commas; NumPy does with np.savetxt(path, x, delimiter=',').",
            )


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are neither empty nor comments, with their numbers."""
    reader = csv.reader("\n" if line.lstrip().startswith("#") else line for line in io.StringIO(text))
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise DataFileError(f"line {reader.line_num} cannot be read: {error}", expected="commas between") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

"""A folder of data: archives (.npz) that are read one after the other, or arrays (.npy) that are memory-mapped.

Of each archive the headers are read once; from them it is known how many samples there are, and that a file was not
changed since. Nothing in a file is executed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.archive import ArrayHeader, read_archive, read_headers
from chainrule.data.block_sources import Block, BlockSource, MappedRows, mapped_rows
from chainrule.errors import DataFileError, OptionError, escaped, listed


@dataclass(frozen=True)
class _Archive:
    """A file of a folder: its headers, and how many bytes it had when they were read."""

    path: Path
    headers: dict[str, ArrayHeader]
    size: int
    start: int

    @property
    def count(self) -> int:
        """The samples in it."""
        return next(iter(self.headers.values())).shape[0]

    def read(self, names: Sequence[str]) -> dict[str, Any]:
        """Return its arrays. Raises DataFileError where the file is not what it was."""
        try:
            if _size(self.path) == self.size:
                found = read_archive(self.path, names)
                if all(found[name].shape == header.shape for name, header in self.headers.items()):
                    return {name: found[name] for name in self.headers}
        except DataFileError as error:
            raise error.inside(self.path) from error.__cause__
        raise DataFileError(
            "the file was changed since the training began",
            where=f"in {escaped(self.path)}",
            expected="the same files for all epochs",
        )


@dataclass(frozen=True)
class ArchiveFolder:
    """The archives of a folder, in the order of their names: a block each."""

    files: tuple[_Archive, ...]
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """The samples in all files."""
        return sum(file.count for file in self.files)

    def blocks(self, rows: int, generator: np.random.Generator | None = None) -> Iterator[Block]:
        """Yield the arrays of each file, the files in an order that is drawn; empty ones are passed over."""
        numbers = range(len(self.files)) if generator is None else generator.permutation(len(self.files)).tolist()
        for number in numbers:
            file = self.files[number]
            if file.count:
                yield Block(file.read(self.names), None, f"in {escaped(file.path)}", file.start)

    def identity(self) -> str:
        """Return a hash of names, headers and checksums of all arrays, as the files have them."""
        told = [
            (f.path.name, sorted((n, h.shape, h.dtype, h.checksum) for n, h in f.headers.items())) for f in self.files
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()


def open_folder(path: Path, names: Sequence[str]) -> BlockSource:
    """Return what a folder holds of the data named. Raises DataFileError and OptionError, which name file or folder."""
    if not path.is_dir():
        raise OptionError(f"{path} cannot be read: there is no such folder", expected="a folder of .npz files")
    there = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    archives = [file for file in there if file.suffix.lower() == ".npz"]
    arrays = [file for file in there if file.suffix.lower() == ".npy"]
    if archives and arrays:
        raise OptionError(
            f"the folder {path} has both .npz and .npy files",
            expected=f"archives with {listed(names)}, or an array for each: {listed(f'{n}.npy' for n in names)}",
        )
    if archives:
        return _archives(archives, tuple(names))
    if arrays:
        return _arrays(path, names)
    raise OptionError(
        f"the folder {path} has no data: no .npz or .npy file is in it",
        expected=f"archives with {listed(names)}, or an array for each: {listed(f'{n}.npy' for n in names)}",
        advice=f"Write one with np.savez('{path.name}/part1.npz', {listed(f'{n}={n}' for n in names)})",
    )


def _archives(paths: Sequence[Path], names: tuple[str, ...]) -> ArchiveFolder:
    files: list[_Archive] = []
    start = 0
    for path in paths:
        try:
            size = _size(path)
            headers = read_headers(path, names)
            _check_headers(headers, names)
        except DataFileError as error:
            raise error.inside(path) from error.__cause__
        files.append(_Archive(path, headers, size, start))
        start += files[-1].count
    if not start:
        raise DataFileError("none of the files has a sample", where=f"in {escaped(paths[0].parent)}")
    return ArchiveFolder(tuple(files), names)


def _check_headers(headers: dict[str, ArrayHeader], names: Sequence[str]) -> None:
    missing = [name for name in names if name not in headers]
    if missing:
        raise DataFileError(f"there is no array {missing[0]}", expected=f"an array for each of {listed(names)}")
    counts = {name: header.shape[0] if header.shape else -1 for name, header in headers.items()}
    if len(set(counts.values())) > 1 or -1 in counts.values():
        told = listed(f"{name} {list(header.shape)}" for name, header in headers.items())
        raise DataFileError(f"the arrays have different numbers of samples, or none: {told}")


def _arrays(path: Path, names: Sequence[str]) -> MappedRows:
    found: dict[str, Any] = {}
    for name in names:
        file = path / f"{name}.npy"
        if not file.is_file():
            raise OptionError(f"the folder {path} has no {file.name}", expected=listed(f"{n}.npy" for n in names))
        try:
            found[name] = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            reason = str(error).partition("\n")[0]
            raise DataFileError(f"the array cannot be memory-mapped: {reason}", where=f"in {escaped(file)}") from error
    rows = mapped_rows(found, None)
    if rows is None:
        told = listed(f"{name} {list(array.shape)}" for name, array in found.items())
        raise DataFileError(
            f"the arrays have different numbers of samples, or none: {told}", where=f"in {escaped(path)}"
        )
    return rows


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise DataFileError(f"the file cannot be read: {error.strerror or error}") from error

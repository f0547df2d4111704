"""Reading the arrays of an .npz file that a stranger wrote.

Nothing in the file is executed: arrays of objects, which are pickles, are refused, and a header is read and compared
with what is there before memory is taken for it. This module knows nothing of what the arrays are for; see `arrays`.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataFileError, listed
from chainrule.system.lookalikes import difference, twin_of

AnyArray: TypeAlias = NDArray[Any]
T = TypeVar("T")

WRITE = "Write one with np.savez_compressed('data.npz', x_train=x, y_train=y)"
_AGAIN = "Copy or write the file again"


@dataclass(frozen=True)
class ArrayHeader:
    """What an archive says of an array without reading it; `checksum` is that of all its bytes."""

    shape: tuple[int, ...]
    dtype: str
    checksum: int


def read_archive(path: Path, names: Sequence[str]) -> dict[str, AnyArray]:
    """Return those of the named arrays that the file holds; others are not looked at.

    Raises DataFileError where the file or one of those arrays cannot be read, none is there, or one differs from its
    name in upper and lower case only.
    """
    return _read_each(path, names, _member)


def read_headers(path: Path, names: Sequence[str]) -> dict[str, ArrayHeader]:
    """Return what the file says of those of the named arrays that it holds. Raises DataFileError as `read_archive`."""
    return _read_each(path, names, _header_of)


def _read_each(
    path: Path, names: Sequence[str], read: Callable[[zipfile.ZipFile, zipfile.ZipInfo, str], T]
) -> dict[str, T]:
    try:
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise _not_an_archive(stream)
            with _archive(stream) as archive:
                return {name: read(archive, info, name) for name, info in _members(archive, names).items()}
    except OSError as error:
        raise DataFileError(f"the file cannot be read: {error.strerror or error}") from error


def array_names(path: Path) -> tuple[str, ...]:
    """Return the names of all arrays in the file. Raises DataFileError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise _not_an_archive(stream)
            with _archive(stream) as archive:
                return tuple(info.filename.removesuffix(".npy") for info in archive.infolist())
    except OSError as error:
        raise DataFileError(f"the file cannot be read: {error.strerror or error}") from error


def read_array(path: Path) -> AnyArray:
    """Return the array of an .npy file. Raises DataFileError where it cannot be read."""
    try:
        return _checked("", lambda: path.open("rb"), path.stat().st_size)
    except OSError as error:
        raise DataFileError(f"the file cannot be read: {error.strerror or error}") from error


def _archive(stream: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except Exception as error:
        # A damaged table of contents raises BadZipFile, NotImplementedError, UnicodeDecodeError and more.
        raise DataFileError(f"the archive is damaged: {error}", advice=_AGAIN) from error


def _not_an_archive(stream: IO[bytes]) -> DataFileError:
    stream.seek(0)
    start = stream.read(6)
    if start == b"\x93NUMPY":
        return DataFileError("this is a single array (.npy), not an archive of named arrays (.npz)", advice=WRITE)
    if start.startswith(b"PK"):
        return DataFileError("the archive is cut short: its end is missing", advice=_AGAIN)
    return DataFileError("this is not an .npz archive", expected="a zip file of NumPy arrays", advice=WRITE)


def _members(archive: zipfile.ZipFile, names: Sequence[str]) -> dict[str, zipfile.ZipInfo]:
    found = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    for name in found:
        twin = twin_of(name, names)
        if twin and name not in names:
            what = f"the array {name} would not be read: it looks like {twin}, but {difference(name, twin)}"
            raise DataFileError(what, expected=f"the name {twin}")
        if name not in names and name.lower() in names:
            raise DataFileError(f"the array {name} would not be read", expected=f"the name {name.lower()}")
    if not any(name in found for name in names):
        holds = listed(found) or "nothing"
        raise DataFileError(f"there is no array {names[0]}: the file holds {holds}", advice=WRITE)
    return {name: found[name] for name in names if name in found}


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> AnyArray:
    return _checked(name, lambda: archive.open(info), info.file_size)


def _header_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> ArrayHeader:
    what = f"the array {name}"
    try:
        with archive.open(info) as stream:
            shape, dtype = _header(stream)
    except Exception as error:
        # Whatever a malformed header raises, it is the file that is at fault.
        raise _unreadable(what, error) from error
    if dtype.hasobject:
        raise _objects(what, name)
    return ArrayHeader(shape, dtype.str, info.CRC)


def _checked(name: str, opened: Callable[[], IO[bytes]], size: int) -> AnyArray:
    """Return an array whose header was compared with the size of what is there before memory is taken for it."""
    what = f"the array {name}".rstrip()
    try:
        with opened() as stream:
            shape, dtype = _header(stream)
        if not dtype.hasobject and math.prod(shape) * dtype.itemsize <= size:
            with opened() as stream:
                return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
    except MemoryError:
        raise DataFileError(
            f"{what} does not fit into memory: it has {size:,} bytes", advice="Read fewer samples at a time."
        ) from None
    except Exception as error:
        # A malformed header, a wrong checksum, a broken stream: whatever it raises, it is the file that is at fault.
        raise _unreadable(what, error) from error
    if dtype.hasobject:
        raise _objects(what, name)
    sizes = f"its header promises {math.prod(shape) * dtype.itemsize:,} bytes, the file holds {size:,}"
    raise DataFileError(f"{what} is cut short: {sizes}", advice=_AGAIN)


def _unreadable(what: str, error: Exception) -> DataFileError:
    reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    return DataFileError(f"{what} cannot be read: {reason}", advice=_AGAIN)


def _objects(what: str, name: str) -> DataFileError:
    return DataFileError(
        f"{what} holds Python objects, which are never loaded: they could run code",
        expected="numbers in an array of one shape",
        advice=f"Rows of unequal length make objects. Pad or cut them, then: {name or 'x'} = np.stack(rows)",
    )


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype

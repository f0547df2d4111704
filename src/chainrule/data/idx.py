"""Reading IDX files, the form in which MNIST is handed out: a short head, then one array, perhaps gzipped.

Nothing is believed before it is checked: the head says how many bytes must follow, and no more than those and one are
ever unpacked. Whether a file is gzipped is seen from its first bytes, not its name. This module knows nothing of what
the arrays are for; see `mnist`.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataFileError, escaped

Stream: TypeAlias = IO[bytes] | gzip.GzipFile

TYPES: Mapping[int, str] = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The type of the entries, by the third byte of the file."""

MOST_BYTES = 2**30
"""A larger array is refused: about twenty times the largest file of MNIST."""

MOST_AXES = 8
_CHUNK = 2**20
_GZIP = b"\x1f\x8b"
_EXPECTED = "an IDX file: two zero bytes, the type of its entries, the number of axes, the length of each"
_AGAIN = "Copy or download the file again."
_OTHERS: Mapping[bytes, str] = {
    b"PK": "a zip archive: unpack it first",
    b"\x93NUMPY": "a NumPy array: np.savez can make an .npz of it, which chainrule reads",
    b"<": "a web page, perhaps instead of the file that should have been downloaded",
    b"BZh": "packed by bzip2: unpack it first",
    b"\xfd7zXZ": "packed by xz: unpack it first",
}
"""What is found in place of an IDX file, by its first bytes."""


@dataclass(frozen=True, eq=False)
class IdxFile:
    """The array in an IDX file, and the SHA-256 of the file's content, unpacked."""

    array: NDArray[Any]
    sha256: str


def read_idx(path: str | os.PathLike[str]) -> IdxFile:
    """Read an IDX file, gzipped or not, whose array takes up to 1 GiB.

    The entries come in the type that the file names, in the machine's order of bytes. Raises DataFileError, which
    names the file, where it is no such file, is cut short or too long, or promises more than that.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw, _unpacked(raw) as stream:
            return _read(stream)
    except DataFileError as error:
        raise error.inside(path) from error.__cause__
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        # The reader of gzip says so in the middle of reading; an archive that is cut short ends in EOFError.
        what = "the gzip file is cut short" if isinstance(error, EOFError) else f"the gzip file is damaged: {error}"
        raise DataFileError(what, where=f"in {escaped(path)}", advice=_AGAIN) from error
    except OSError as error:
        what = f"the file cannot be read: {error.strerror or error}"
        raise DataFileError(what, where=f"in {escaped(path)}") from error


@contextmanager
def _unpacked(raw: IO[bytes]) -> Iterator[Stream]:
    """Give the stream of the file's content."""
    start = raw.read(len(_GZIP))
    raw.seek(0)
    if start != _GZIP:
        yield raw
        return
    with gzip.GzipFile(fileobj=raw, mode="rb") as unpacked:
        yield unpacked


def _read(stream: Stream) -> IdxFile:
    head, dtype, shape = _head(stream)
    size = f"{_times(shape)} entries of {dtype.itemsize} byte{'s' * (dtype.itemsize > 1)}"
    # An axis of length 0 makes the product 0; the lengths of the others may be absurd all the same.
    if math.prod(max(length, 1) for length in shape) * dtype.itemsize > MOST_BYTES:
        raise DataFileError(
            f"the head promises {size}", expected=f"an array of up to {MOST_BYTES:,} bytes", advice=_AGAIN
        )
    promised = math.prod(shape) * dtype.itemsize
    body = _at_most(stream, promised + 1)
    if len(body) != promised:
        found = "more follow" if len(body) > promised else f"{len(body):,} follow"
        raise DataFileError(
            f"the head promises {size}, {promised:,} bytes in all, and {found}",
            expected="exactly as many bytes as the head promises",
            advice=_AGAIN,
        )
    array = np.frombuffer(body, dtype).reshape(shape)
    return IdxFile(array.astype(dtype.newbyteorder("=")), hashlib.sha256(head + body).hexdigest())


def _head(stream: Stream) -> tuple[bytes, np.dtype[Any], tuple[int, ...]]:
    """Return the head, the type of the entries, and the lengths of the axes."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataFileError(f"this is no IDX file{_instead(magic + stream.read(4))}", expected=_EXPECTED)
    code, axes = magic[2], magic[3]
    if code not in TYPES:
        known = ", ".join(f"{known:#04x}" for known in TYPES)
        raise DataFileError(f"the type of the entries is {code:#04x}", expected=f"one of {known}", advice=_AGAIN)
    if not 1 <= axes <= MOST_AXES:
        raise DataFileError(f"the array has {axes} axes", expected=f"1 to {MOST_AXES}", advice=_AGAIN)
    lengths = stream.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise DataFileError(
            f"the file ends within its head, after {4 + len(lengths)} bytes",
            expected=f"{4 + 4 * axes} bytes for the head of an array with {axes} axes",
            advice=_AGAIN,
        )
    return magic + lengths, np.dtype(TYPES[code]), struct.unpack(f">{axes}I", lengths)


def _instead(start: bytes) -> str:
    if not start:
        return ": it is empty"
    for known, said in _OTHERS.items():
        if start.startswith(known):
            return f" but {said}"
    return f": it begins with the bytes {start[:4].hex(' ')}"


def _at_most(stream: Stream, count: int) -> bytes:
    """Return up to so many bytes, in memory that grows with what is there and not with what is promised."""
    parts: list[bytes] = []
    while count and (part := stream.read(min(count, _CHUNK))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{length:,}" for length in shape)

"""IDX files made by hand: any array as bytes, and small sets in the form of MNIST."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array: npt.NDArray[Any]) -> bytes:
    """Return an array as an IDX file."""
    head = bytes((0, 0, CODES[array.dtype.str[1:]], array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def images(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28)).astype(np.uint8)


def labels(count: int) -> npt.NDArray[np.uint8]:
    return (np.arange(count) % 10).astype(np.uint8)


def write_mnist(folder: Path, *, train: int = 24, test: int = 5, packed: bool = False, **instead: bytes) -> Path:
    """Write four files in the form of MNIST; `instead` is the content of one of them, by train_images and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", train), ("t10k", test)):
        for kind, array in (("images-idx3", images(count)), ("labels-idx1", labels(count))):
            content = instead.get(f"{part}_{kind.partition('-')[0]}", idx_bytes(array))
            path = folder / f"{part}-{kind}-ubyte{'.gz' * packed}"
            path.write_bytes(gzip.compress(content) if packed else content)
    return folder

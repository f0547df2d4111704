"""The memory of a compiled program: one aligned block, and its buffers as NumPy views with the tensors' own axes."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError
from chainrule.execute.native.control import SIZE, cells_at
from chainrule.lower.program import Buffer, Program

Array = npt.NDArray[Any]
ALIGNED = 4096
HUGE = 2 << 20
"""The size of a large page: memory of at least that size asks for them, which large matrices gain a tenth from."""


def _block(size: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Return zeroed bytes, more than `size`, and where in them to begin."""
    if size < HUGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        block = np.zeros(size + ALIGNED, np.uint8)
        return block, -block.ctypes.data % ALIGNED
    # the default is memory shared with forked processes, for which most systems have no large pages either
    try:
        mapped = mmap.mmap(-1, size + HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError, ValueError):
        raise MemoryError(f"unable to allocate {size / 2**30:,.1f} GiB for a program") from None
    with contextlib.suppress(OSError):
        mapped.madvise(mmap.MADV_HUGEPAGE)
    block = np.frombuffer(mapped, np.uint8)
    return block, -block.ctypes.data % HUGE


def whole_of(dtype: Any) -> np.dtype[Any]:
    """Return the type in which whole numbers stand beside numbers of a type: as many bits."""
    return np.dtype(f"i{np.dtype(dtype).itemsize}")


class Arena:
    """A block for one program; it must outlive every call that is given its address."""

    def __init__(self, program: Program, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        size = cells_at(program, self.dtype.itemsize)
        block, start = _block(size + SIZE)
        self._flat = block[start : start + size].view(self.dtype)
        self.cells = block[start + size : start + size + SIZE].view(np.int64)
        """What Python and machine code tell each other; see `control`."""
        self._blocks: dict[str, Array] = {
            name: self._flat[b.offset : b.offset + b.size].view(whole_of(self.dtype) if b.integers else self.dtype)
            for name, b in program.buffers.items()
        }
        self._views = {name: self._view(buffer) for name, buffer in program.buffers.items()}

    @property
    def address(self) -> ctypes.c_void_p:
        """Where the block begins."""
        return ctypes.c_void_p(self._flat.ctypes.data)

    def _view(self, buffer: Buffer) -> Array:
        steps = tuple(s * self.dtype.itemsize for s in buffer.strides)
        return np.lib.stride_tricks.as_strided(self._blocks[buffer.name], buffer.extents, steps)

    def view(self, name: str) -> Array:
        """Return a buffer as it lies in memory: writing to it changes it."""
        return self._views[name]

    def block(self, name: str) -> Array:
        """Return all that is set aside for a buffer, as it lies in memory, padding included."""
        return self._blocks[name]

    def put(self, values: Mapping[str, npt.ArrayLike]) -> None:
        """Copy values into their buffers; those the program does not need are left out. Raises InputError by name."""
        for name, value in values.items():
            if name in self._views:
                array = np.asarray(value, self._views[name].dtype)
                if array.shape != self._views[name].shape:
                    raise InputError(
                        f"{name} has the shape {list(array.shape)}",
                        expected=f"{list(self._views[name].shape)}, which the program was compiled for",
                    )
                self._views[name][...] = array

    def take(self, name: str) -> Array:
        """Return a copy of a buffer."""
        return self._views[name].copy()

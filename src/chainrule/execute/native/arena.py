"""The memory of a compiled program: one aligned block, and its buffers as NumPy views with the tensors' own axes."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError
from chainrule.lower.program import Buffer, Program

Array = npt.NDArray[Any]
ALIGNED = 4096


class Arena:
    """A block for one program; it must outlive every call that is given its address."""

    def __init__(self, program: Program, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        size = program.size * self.dtype.itemsize
        self._block = np.zeros(size + ALIGNED, np.uint8)
        start = -self._block.ctypes.data % ALIGNED
        self._flat = self._block[start : start + size].view(self.dtype)
        self._views = {name: self._view(buffer) for name, buffer in program.buffers.items()}

    @property
    def address(self) -> ctypes.c_void_p:
        """Where the block begins."""
        return ctypes.c_void_p(self._flat.ctypes.data)

    def _view(self, buffer: Buffer) -> Array:
        flat = self._flat[buffer.offset : buffer.offset + buffer.size]
        steps = tuple(s * self.dtype.itemsize for s in buffer.strides)
        return np.lib.stride_tricks.as_strided(flat, buffer.extents, steps)

    def view(self, name: str) -> Array:
        """Return a buffer as it lies in memory: writing to it changes it."""
        return self._views[name]

    def put(self, values: Mapping[str, npt.ArrayLike]) -> None:
        """Copy values into their buffers; those the program does not need are left out. Raises InputError by name."""
        for name, value in values.items():
            if name in self._views:
                array = np.asarray(value, self.dtype)
                if array.shape != self._views[name].shape:
                    raise InputError(
                        f"{name} has the shape {list(array.shape)}",
                        expected=f"{list(self._views[name].shape)}, which the program was compiled for",
                    )
                self._views[name][...] = array

    def take(self, name: str) -> Array:
        """Return a copy of a buffer."""
        return self._views[name].copy()

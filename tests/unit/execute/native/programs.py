"""Steps of dense networks as programs, and their stretches run by threads, for the tests of native code."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from chainrule.execute.native.arena import Arena
from chainrule.execute.native.compiler import MachineCode
from chainrule.execute.native.machine import BYTES, Dtype, Machine, host
from chainrule.execute.native.schedule import Pieces
from chainrule.execute.native.threads import _yielding
from chainrule.execute.native.training import TOTAL, with_totals
from chainrule.lower.lowering import lower
from chainrule.lower.program import Program
from chainrule.system.batching import batch
from chainrule.system.model import System
from dense import Dense

HOST, WIDE = host(), Machine("avx512", 64, 32, True)
DATA = ("x", "y")
LARGE = Dense((784, 256, 128, 10), "relu", "softmax", "cross-entropy", given=True)


def owners(cut: Pieces) -> list[int]:
    """Return the thread of each value of an axis."""
    ends = [0, *(end for end, _ in cut)]
    return [thread for (start, end), (_, thread) in zip(pairwise(ends), cut, strict=True) for _ in range(start, end)]


def lowered(
    system: System, letters: Mapping[str, int], outputs: Sequence[str], machine: Machine, dtype: Dtype = "f32"
) -> Program:
    """Return a system as a program for a machine, its extents given by letter."""
    sizes = {i.extent: letters[i.preferred] for d in system.declarations for i in d.indices}
    return lower(system, sizes, outputs, lanes=machine.lanes(dtype), element=BYTES[dtype])


def step(network: Dense, samples: int, machine: Machine = WIDE, dtype: Dtype = "f32") -> Program:
    """Return a step of training, with the sum of the costs."""
    letters = {"n": samples, "i": network.widths[0], "k": network.widths[-1]}
    letters |= {f"j{l}": width for l, width in enumerate(network.widths) if 0 < l < len(network.widths) - 1}
    return lowered(with_totals(batch(network.system()), ()), letters, (TOTAL,), machine, dtype)


def run_together(
    code: MachineCode,
    arena: Arena,
    data: Sequence[Sequence[npt.NDArray[np.float32]]],
    rows: npt.NDArray[np.int64],
    steps: int,
) -> None:
    """Run steps by as many threads as there are data: each is given its own."""
    kinds = (ctypes.c_void_p,) * 3 + (ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    stretch = ctypes.CFUNCTYPE(None, *kinds)(code.address("stretch"))
    if len(data) > 1:
        ctypes.c_void_p.from_address(code.address("yield")).value = _yielding()
    totals = np.zeros(4)
    sources = [(ctypes.c_void_p * len(own))(*(array.ctypes.data for array in own)) for own in data]
    team = []
    for number, source in enumerate(sources):
        places = (arena.address, ctypes.addressof(source), rows.ctypes.data, steps, totals.ctypes.data)
        team.append(threading.Thread(target=stretch, args=(*places, number, len(data))))
    for one in team:
        one.start()
    for one in team:
        one.join()

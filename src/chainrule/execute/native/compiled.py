"""A lowered program made ready to run: its code and its memory."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.execute.native.arena import Arena
from chainrule.execute.native.compiler import MachineCode, compile_text
from chainrule.execute.native.control import STOP
from chainrule.execute.native.machine import Dtype, Machine
from chainrule.execute.native.module import Module, module
from chainrule.execute.native.partition import with_copies
from chainrule.execute.native.threads import aside
from chainrule.lower.known_powers import exponent_consts
from chainrule.lower.program import Program, Unsupported
from chainrule.system.model import System


def dtype_of(dtype: Any) -> Dtype:
    """Return the type by its LLVM suffix. Raises Unsupported for another than float32 and float64."""
    names: dict[str, Dtype] = {"float32": "f32", "float64": "f64"}
    name = np.dtype(dtype).name
    if name not in names:
        raise Unsupported(f"numbers of type {name}")
    return names[name]


def exponents_given(system: System, given: Mapping[str, npt.NDArray[Any]]) -> dict[str, Fraction]:
    """Return the consts in exponents whose values are given: a program is made for these numbers."""
    return {name: Fraction(float(given[name])) for name in exponent_consts(system) if name in given}


def checked_mode() -> bool:
    """Say whether code is compiled with bounds checks: CHAINRULE_CHECKED=1."""
    return os.environ.get("CHAINRULE_CHECKED", "") not in {"", "0"}


@dataclass(frozen=True)
class Compiled:
    """A program, its code and its memory; `totals` are the scalars that a stretch adds up."""

    program: Program
    module: Module
    code: MachineCode
    arena: Arena
    totals: tuple[str, ...]
    checked: bool

    def step(self) -> None:
        """Run the program once on what is in its memory. Ctrl-C ends it on its way if it takes long."""
        step = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.code.address("step"))
        if self.module.long:
            self.arena.cells[STOP] = 0
            aside(lambda: step(self.arena.address), self.arena.cells)
        else:
            step(self.arena.address)
        self.refuse_outside()

    def refuse_outside(self) -> None:
        """Raise in checked mode where an access was outside its buffer: that is a fault of chainrule."""
        if self.checked:
            flag = ctypes.c_int64.from_address(self.code.address("outside"))
            if flag.value:
                raise RuntimeError("native code left a buffer; please report the system that it was made from")


def compile_program(
    program: Program,
    machine: Machine,
    dtype: Any,
    *,
    data: tuple[str, ...] = (),
    totals: tuple[str, ...] = (),
    threads: int = 1,
) -> Compiled:
    """Return a program as machine code with memory of its own."""
    checked = checked_mode()
    program = with_copies(program, data, threads, np.dtype(dtype).itemsize)
    text = module(program, machine, dtype_of(dtype), data=data, totals=totals, checked=checked, threads=threads)
    return Compiled(program, text, compile_text(text.text, machine), Arena(program, dtype), totals, checked)
